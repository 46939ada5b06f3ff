"""Pages of purposes."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.contrib import messages
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Coalesce, Concat
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.ledger.queries import consents_in_force
from consent.purposes.actions import create_purpose, update_purpose
from consent.purposes.forms import PurposeForm
from consent.purposes.models import Basis, Purpose
from consent.purposes.pages import detail_of, differences
from consent.purposes.queries import has_events, purpose_by_key, purposes_of, versions_of
from consent.purposes.rules import Shortcoming, shortcomings
from portal.channels import Channel
from portal.errors import DomainError, NotFoundError
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.roles import Capability
from portal.ui.components import Text
from portal.ui.forms import add_problems
from portal.ui.lists import Column, Filter, ListSpec

PURPOSES = ListSpec(
    columns=(
        Column("name", _("Name"), sort="place"),
        Column("basis", _("Basis"), sort="basis"),
        Column("channels", _("Channel")),
        Column("in_force", _("People who agreed"), numeric=True),
        Column("state", _("To be settled")),
    ),
    filters=(Filter("basis", _("Basis"), choices=Basis.choices),),
    search=_("Name or key"),
    default_sort="place",
)


@member_page(Capability.PURPOSES_VIEW)
def purpose_list(request: MemberRequest) -> HttpResponse:
    listing = PURPOSES.read(request)
    listing.load(in_groups(purposes_of(request.organisation, search=listing.search, **listing.filters)))
    counts = consents_in_force(request.organisation).counts
    today = timezone.localdate(timezone=request.organisation.zone)
    listing.rows = [
        PurposeRow(purpose, counts.get(purpose.pk, {}), shortcomings(purpose, today=today)) for purpose in listing.rows
    ]
    may_edit = request.actor.may(Capability.PURPOSES_EDIT)
    create_url = organisation_url(request.organisation, "consent:purpose_create") if may_edit else ""
    return render(request, "consent/purpose_list.html", {"listing": listing, "create_url": create_url})


def in_groups(purposes: QuerySet[Purpose]) -> QuerySet[Purpose]:
    """Each purpose after the one it is shown below."""
    own = Case(When(parent=None, then=Value("")), default=F("name"))
    return purposes.annotate(place=Concat(Coalesce("parent__name", "name"), Value(" · "), own))


@dataclass(frozen=True)
class PurposeRow:
    """A line of the list: ``counts`` is channel -> people who have agreed."""

    purpose: Purpose
    counts: dict[str, int]
    lacks: list[Shortcoming]

    @property
    def channels(self) -> list[tuple[Text, int]]:
        """Label and people of each channel the purpose uses."""
        return [(Channel(channel).label, self.counts.get(channel, 0)) for channel in self.purpose.channels]

    @property
    def missing(self) -> int:
        return sum(found.missing for found in self.lacks)


@member_page(Capability.PURPOSES_VIEW)
def purpose_detail(request: MemberRequest, key: str) -> HttpResponse:
    """What the purpose says, what it lacks, where people stand, and what it said before."""
    purpose = purpose_by_key(request.organisation, key)
    context = {
        "purpose": purpose,
        "may_edit": request.actor.may(Capability.PURPOSES_EDIT),
        **detail_of(purpose, now=timezone.now()),
    }
    return render(request, "consent/purpose_detail.html", context)


@member_page(Capability.PURPOSES_VIEW)
def purpose_versions(request: MemberRequest, key: str) -> HttpResponse:
    """Two versions side by side: ``?from=1&to=2``; the last two unless told otherwise."""
    purpose = purpose_by_key(request.organisation, key)
    known = {version.number: version for version in versions_of(purpose)}
    if not known:
        raise NotFoundError
    after = known.get(number_of(request.GET.get("to", "")), known[max(known)])
    earlier = [number for number in known if number < after.number]
    before = known.get(number_of(request.GET.get("from", "")), known[max(earlier)] if earlier else after)
    context = {
        "purpose": purpose,
        "versions": list(known.values()),
        "before": before,
        "after": after,
        "differences": differences(before.values, after.values),
    }
    return render(request, "consent/purpose_versions.html", context)


def number_of(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0


@member_page(Capability.PURPOSES_EDIT)
def purpose_create(request: MemberRequest) -> HttpResponse:
    form = form_of(request, None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            purpose = create_purpose(
                actor=request.actor,
                key=given["key"],
                values=form.values,
                replaces=given["replaces"],
                replaces_reason=given["replaces_reason"],
                complete=True,
            )
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, _("The purpose is there. Imports, forms and audiences can use it now."))
            return redirect(organisation_url(request.organisation, "consent:purpose_detail", key=purpose.key))
    return form_page(request, form, None)


@member_page(Capability.PURPOSES_EDIT)
def purpose_edit(request: MemberRequest, key: str) -> HttpResponse:
    purpose = purpose_by_key(request.organisation, key)
    form = form_of(request, purpose)
    if request.method == "POST" and form.is_valid():
        try:
            update_purpose(
                actor=request.actor,
                purpose=purpose,
                changes=asdict(form.values),
                materiality=form.materiality,
                complete=True,
            )
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(organisation_url(request.organisation, "consent:purpose_detail", key=purpose.key))
    return form_page(request, form, purpose)


def form_of(request: MemberRequest, purpose: Purpose | None) -> PurposeForm:
    return PurposeForm(
        request.POST or None,
        purpose=purpose,
        used=purpose is not None and has_events(purpose),
        others=list(purposes_of(request.organisation).order_by("name")),
        locale=request.organisation.locale,
    )


def form_page(request: MemberRequest, form: PurposeForm, purpose: Purpose | None) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, "consent/purpose_form.html", {"form": form, "purpose": purpose}, status=status)
