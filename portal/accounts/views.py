"""The profile page: a person's own name and language."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.accounts.actions import own_account, update_profile
from portal.accounts.forms import InvitationAnswerForm, ProfileForm
from portal.accounts.models import User
from portal.errors import DomainError
from portal.organisations.actions import accept_invitation, open_invitation
from portal.organisations.client_address import client_address
from portal.ui.forms import add_problems


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change the signed-in person's own details."""
    user = cast("User", request.user)
    form = ProfileForm(request.POST or None, initial={"name": user.name, "language": user.language or get_language()})
    if request.method == "POST" and form.is_valid():
        update_profile(actor=own_account(user, ip=client_address(request)), user=user, **form.cleaned_data)
        translation.activate(user.language)
        messages.success(request, _("Your profile was saved."))
        response = redirect("accounts:profile")
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, user.language, max_age=365 * 86400, samesite="Lax")
        return response
    return render(request, "account/profile.html", {"form": form})


def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind an invitation: name and password, then into the organisation; a GET changes nothing."""
    waiting = open_invitation(token=token)
    known = User.objects.filter(email=waiting.email).exists()
    form = InvitationAnswerForm(request.POST or None, known=known)
    if request.method == "POST" and form.is_valid():
        try:
            user = accept_invitation(token=token, ip=client_address(request), **form.cleaned_data)
        except DomainError as error:
            add_problems(form, error)
        else:
            login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
            return redirect("portal:dashboard", organisation=waiting.organisation.slug)
    context = {"form": form, "invitation": waiting, "known": known}
    return render(request, "account/invitation.html", context)
