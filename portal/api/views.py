"""The page of an organisation's tokens: list, make (shown once), revoke."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from portal.api import actions
from portal.api.forms import TokenForm
from portal.api.models import ApiToken
from portal.errors import DomainError
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.roles import Capability
from portal.ui.confirmation import confirm_page, confirmed
from portal.ui.forms import add_problems
from portal.ui.lists import Column, ListSpec

TOKENS = ListSpec(
    columns=(
        Column("name", gettext_lazy("Name"), sort="name"),
        Column("member", gettext_lazy("Member")),
        Column("scopes", gettext_lazy("Scopes")),
        Column("last_used_at", gettext_lazy("Last used")),
        Column("expires_at", gettext_lazy("Valid until")),
        Column("state", gettext_lazy("State")),
    ),
)


@member_page(Capability.TOKENS_MANAGE)
def token_list(request: MemberRequest) -> HttpResponse:
    listing = TOKENS.read(request)
    listing.load(ApiToken.objects.select_related("membership__user"))
    return render(request, "portal/tokens/list.html", {"listing": listing, "now": timezone.now()})


@never_cache
@member_page(Capability.TOKENS_MANAGE)
def token_create(request: MemberRequest) -> HttpResponse:
    """The answer to the POST is the page that shows the token: it is stored nowhere, so no redirect can
    show it.
    """
    form = TokenForm(request.POST or None, allowed=request.actor.capabilities, zone=request.organisation.zone)
    if request.method == "POST" and form.is_valid():
        try:
            issued = actions.issue_member_token(
                actor=request.actor,
                membership=request.membership,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=form.expires_at,
            )
        except DomainError as error:
            add_problems(form, error)
        else:
            return render(request, "portal/tokens/shown.html", {"issued": issued}, status=201)
    return render(request, "portal/tokens/create.html", {"form": form}, status=422 if form.errors else 200)


@member_page(Capability.TOKENS_MANAGE)
def token_revoke(request: MemberRequest, token: int) -> HttpResponse:
    row = get_object_or_404(ApiToken, pk=token)
    back = organisation_url(request.organisation, "tokens:token_list")
    if not confirmed(request):
        text = _("Whatever uses “%(name)s” is refused from this moment. This can't be undone.") % {"name": row.name}
        return confirm_page(request, title=_("Revoke this token?"), text=text, action=_("Revoke"), back=back)
    actions.revoke_token(actor=request.actor, token_id=row.pk)
    messages.success(request, _("The token is revoked."))
    return redirect(back)
