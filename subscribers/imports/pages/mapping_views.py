"""What is remembered of earlier files: the list, and forgetting one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.roles import Capability
from portal.ui.confirmation import confirm_page, confirmed
from portal.ui.lists import Column, ListSpec
from subscribers.contacts.models import Origin
from subscribers.imports.pages.forms import target_labels
from subscribers.imports.passport.saved_mappings import forget_mapping, saved_mappings

ORIGINS = dict(Origin.choices)
MAPPINGS = ListSpec(
    columns=(
        Column("name", gettext_lazy("Source")),
        Column("columns", gettext_lazy("Columns")),
        Column("origin", gettext_lazy("Origin")),
        Column("used_at", gettext_lazy("Last used"), sort="used_at"),
        Column("forget", gettext_lazy("Action")),
    ),
    default_sort="-used_at",
)


@member_page(Capability.IMPORTS_VIEW)
def mapping_list(request: MemberRequest) -> HttpResponse:
    """The files that are recognised when they come again."""
    listing = MAPPINGS.read(request)
    listing.load(saved_mappings(request.organisation))
    labels = target_labels()
    for saved in listing.rows:
        saved.columns = [(column, labels.get(target, target)) for column, target in saved.mapping.items()]
        saved.origin = ORIGINS.get(saved.declaration.get("origin_kind", ""), "")
    context = {"listing": listing, "may_run": request.actor.may(Capability.IMPORTS_RUN)}
    return render(request, "subscribers/imports/mappings.html", context)


@member_page(Capability.IMPORTS_RUN)
def mapping_forget(request: MemberRequest, saved_id: int) -> HttpResponse:
    """Ask, then forget."""
    back = organisation_url(request.organisation, "subscribers:mapping_list")
    if not confirmed(request):
        text = _("The next file with these columns is guessed anew. Imports that have run stay as they are.")
        title, action = _("Forget how this file is read?"), _("Forget")
        return confirm_page(request, title=title, text=text, action=action, back=back)
    forget_mapping(actor=request.actor, organisation=request.organisation, saved_id=saved_id)
    messages.success(request, _("The next file with these columns is guessed anew."))
    return redirect(back)
