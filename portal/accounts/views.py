"""The profile page: a person's own name and language."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _

from portal.accounts.actions import own_account, update_profile
from portal.accounts.forms import ProfileForm
from portal.accounts.models import User
from portal.organisations.client_address import client_address


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change the signed-in person's own details."""
    user = cast("User", request.user)
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        update_profile(actor=own_account(user, ip=client_address(request)), user=user, **form.cleaned_data)
        translation.activate(user.language)
        messages.success(request, _("Your profile was saved."))
        response = redirect("accounts:profile")
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, user.language, max_age=365 * 86400, samesite="Lax")
        return response
    return render(request, "account/profile.html", {"form": form})
