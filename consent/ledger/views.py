"""Pages of the ledger: look through it, and record what a person chose."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from consent.ledger.actions import record_consent, withdraw_consent
from consent.ledger.forms import ChoiceForm
from consent.ledger.models import Action, ConsentEvent, EventSource
from consent.ledger.queries import event_of, events_of, evidence_of
from consent.purposes.models import Purpose
from consent.purposes.queries import purpose_by_key
from portal.channels import Channel
from portal.errors import DomainError, NotFoundError
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability
from portal.ui.confirmation import confirm_page, confirmed
from portal.ui.forms import add_problems
from portal.ui.lists import Column, Filter, ListSpec
from subscribers.contacts.queries import contact_of, find_contact


def purpose_choices() -> list[tuple[str, str]]:
    """The purposes of the scope."""
    return [(purpose.key, purpose.name) for purpose in Purpose.objects.all()]


EVENTS = ListSpec(
    columns=(
        Column("occurred_at", _("When")),
        Column("action", _("What")),
        Column("purpose", _("Purpose")),
        Column("channel", _("Channel")),
        Column("contact", _("Contact")),
        Column("source", _("How we know")),
    ),
    filters=(
        Filter("purpose", _("Purpose"), choices=purpose_choices),
        Filter("channel", _("Channel"), choices=Channel.choices),
        Filter("action", _("What"), choices=Action.choices),
        Filter("source", _("How we know"), choices=EventSource.choices),
    ),
    default_sort="-pk",
)


@member_page(Capability.CONSENTS_VIEW)
def event_list(request: MemberRequest) -> HttpResponse:
    listing = EVENTS.read(request)
    listing.load(matching(request.organisation, listing.filters))
    return render(request, "consent/event_list.html", {"listing": listing})


def matching(organisation: Organisation, filters: dict[str, str]) -> QuerySet[ConsentEvent]:
    named = {"purpose": "purpose__key"}
    return events_of(organisation).filter(**{named.get(name, name): value for name, value in filters.items()})


@member_page(Capability.CONSENTS_VIEW)
def event_detail(request: MemberRequest, event_id: int) -> HttpResponse:
    event = event_of(request.organisation, event_id)
    evidence = evidence_of(event)
    context: dict[str, Any] = {
        "event": event,
        "contact": find_contact(request.organisation, id=event.contact_id),
        "evidence": json.dumps(evidence, ensure_ascii=False, indent=2) if evidence else "",
        "digest": bytes(event.evidence_digest).hex() if event.evidence_digest else "",
    }
    return render(request, "consent/event_detail.html", context)


@member_page(Capability.CONSENTS_RECORD)
def choice_create(request: MemberRequest, contact_id: int) -> HttpResponse:
    contact = contact_of(request.organisation, contact_id)
    purposes = list(Purpose.objects.filter(organisation=request.organisation))
    form = ChoiceForm(request.POST or None, purposes=purposes, initial={"topic": request.GET.get("topic", "")})
    back = organisation_url(request.organisation, "subscribers:contact_detail", contact_id=contact.pk)
    if request.method == "POST" and form.is_valid():
        try:
            record_consent(actor=request.actor, contact_id=contact.pk, **form.choice())
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, _("Recorded in the ledger."))
            return redirect(back)
    context = {"form": form, "contact": contact, "back": back, "purposes": purposes}
    return render(request, "consent/choice_form.html", context, status=422 if form.is_bound else 200)


@member_page(Capability.CONSENTS_RECORD)
def consent_withdraw(request: MemberRequest, contact_id: int, key: str, channel: str) -> HttpResponse:
    contact = contact_of(request.organisation, contact_id)
    purpose = purpose_by_key(request.organisation, key)
    if channel not in Channel.values:
        raise NotFoundError
    back = organisation_url(request.organisation, "subscribers:contact_detail", contact_id=contact.pk)
    if not confirmed(request):
        return confirm_page(
            request,
            title=_("Stop writing to this person?"),
            text=_("The ledger keeps that they asked to stop, when, and that you recorded it."),
            action=_("Record it"),
            back=back,
        )
    withdraw_consent(actor=request.actor, contact_id=contact.pk, purpose=purpose, channel=channel)
    messages.success(request, _("Recorded in the ledger. The gate keeps them out from now on."))
    return redirect(back)
