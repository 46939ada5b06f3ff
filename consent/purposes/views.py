"""Pages of purposes."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from consent.ledger.queries import consents_in_force
from consent.purposes.actions import create_purpose, update_purpose
from consent.purposes.forms import PurposeForm
from consent.purposes.models import Purpose
from consent.purposes.queries import has_events, purpose_by_key
from portal.channels import Channel
from portal.errors import DomainError
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.roles import Capability
from portal.ui.components import Text
from portal.ui.forms import add_problems
from portal.ui.lists import Column, ListSpec

PURPOSES = ListSpec(
    columns=(
        Column("name", _("Name"), sort="name"),
        Column("key", _("Key"), sort="key"),
        Column("basis", _("Basis"), sort="basis"),
        Column("channels", _("Channel")),
        Column("in_force", _("People who agreed"), numeric=True),
    ),
    default_sort="name",
)


@member_page(Capability.PURPOSES_VIEW)
def purpose_list(request: MemberRequest) -> HttpResponse:
    listing = PURPOSES.read(request)
    listing.load(Purpose.objects.filter(organisation=request.organisation))
    counts = consents_in_force(request.organisation).counts
    listing.rows = [PurposeRow(purpose, counts.get(purpose.pk, {})) for purpose in listing.rows]
    may_edit = request.actor.may(Capability.PURPOSES_EDIT)
    create_url = organisation_url(request.organisation, "consent:purpose_create") if may_edit else ""
    return render(request, "consent/purpose_list.html", {"listing": listing, "create_url": create_url})


@dataclass(frozen=True)
class PurposeRow:
    """A line of the list: ``counts`` is channel -> people who have agreed."""

    purpose: Purpose
    counts: dict[str, int]

    @property
    def channels(self) -> list[tuple[Text, int]]:
        """Label and people of each channel the purpose uses."""
        return [(Channel(channel).label, self.counts.get(channel, 0)) for channel in self.purpose.channels]


@member_page(Capability.PURPOSES_EDIT)
def purpose_create(request: MemberRequest) -> HttpResponse:
    form = PurposeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            create_purpose(actor=request.actor, key=form.cleaned_data["key"], values=form.values)
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, _("The purpose is there. Imports, forms and audiences can use it now."))
            return redirect(organisation_url(request.organisation, "consent:purpose_list"))
    return form_page(request, form, None)


@member_page(Capability.PURPOSES_EDIT)
def purpose_edit(request: MemberRequest, key: str) -> HttpResponse:
    purpose = purpose_by_key(request.organisation, key)
    form = PurposeForm(request.POST or None, purpose=purpose, used=has_events(purpose))
    if request.method == "POST" and form.is_valid():
        try:
            update_purpose(actor=request.actor, purpose=purpose, changes=asdict(form.values))
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(organisation_url(request.organisation, "consent:purpose_list"))
    return form_page(request, form, purpose)


def form_page(request: MemberRequest, form: PurposeForm, purpose: Purpose | None) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, "consent/purpose_form.html", {"form": form, "purpose": purpose}, status=status)
