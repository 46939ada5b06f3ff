"""Pages of the ledger: look through it, and record what a person chose."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.ledger.actions import record_consent, record_event_export, record_evidence_read, withdraw_consent
from consent.ledger.forms import ChoiceForm, PastForm
from consent.ledger.history import standing_as_of
from consent.ledger.listing import EVENTS, download_rows, matching
from consent.ledger.models import ConsentEvent
from consent.ledger.places import places
from consent.ledger.queries import event_of, evidence_of, neighbours, notice_shown, sealed_events
from consent.ledger.showing import answered_by, parent_named, shortened
from consent.proofs.actions import take_proof
from consent.purposes.models import Purpose
from consent.purposes.queries import purpose_by_key
from portal.channels import Channel
from portal.errors import DomainError, NotFoundError
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.roles import Capability
from portal.seals.queries import sealed_place
from portal.seals.streams import stream_named
from portal.ui.confirmation import confirm_page, confirmed
from portal.ui.csv_files import csv_response
from portal.ui.forms import add_problems
from subscribers.contacts.queries import contact_of, find_contact, known_among


@member_page(Capability.CONSENTS_VIEW)
def event_list(request: MemberRequest) -> HttpResponse:
    listing = EVENTS.read(request)
    listing.load(matching(request.organisation, listing.filters))
    context = {
        "listing": listing,
        "sealed": sealed_events(request.organisation, [event.pk for event in listing.rows]),
        "known": known_among(request.organisation, {event.contact_id for event in listing.rows}),
        "may_export": request.actor.may(Capability.PERSONAL_DATA_EXPORT),
        "query": request.GET.urlencode(),
    }
    return render(request, "consent/event_list.html", context)


@member_page(Capability.PERSONAL_DATA_EXPORT)
def event_download(request: MemberRequest) -> HttpResponseBase:
    """The same list as a file, all of it, written while it is read."""
    listing = EVENTS.read(request)
    record_event_export(actor=request.actor, organisation=request.organisation, filters=listing.filters)
    return csv_response(download_rows(request.organisation, listing.filters), name="ledger.csv")


@member_page(Capability.CONSENTS_VIEW)
def event_detail(request: MemberRequest, event_id: int) -> HttpResponse:
    """One event with everything; ``?evidence=full`` shows whole addresses to those who may export personal data."""
    event = event_of(request.organisation, event_id)
    whole = request.GET.get("evidence") == "full" and request.actor.may(Capability.PERSONAL_DATA_EXPORT)
    if whole:
        record_evidence_read(actor=request.actor, event=event)
    return render(request, "consent/event_detail.html", event_context(request, event, whole=whole))


def event_context(request: MemberRequest, event: ConsentEvent, *, whole: bool) -> dict[str, Any]:
    evidence = evidence_of(event)
    shown = evidence if whole or evidence is None else shortened(evidence)
    before, after = neighbours(event)
    return {
        "event": event,
        "contact": find_contact(request.organisation, id=event.contact_id),
        "evidence": json.dumps(shown, ensure_ascii=False, indent=2) if shown else "",
        "is_short": shown != evidence,
        "may_see_all": request.actor.may(Capability.PERSONAL_DATA_EXPORT),
        "digest": bytes(event.evidence_digest).hex() if event.evidence_digest else "",
        "notice": notice_shown(event),
        "point": places().get(event.collection_point_id or 0),
        "place": sealed_place(stream_named("ledger"), event.organisation_id, event.pk),
        "answered_by": answered_by(event.actor),
        "before_by": parent_named(before.actor) if before else "",
        "after_by": parent_named(after.actor) if after else "",
        "before": before,
        "after": after,
    }


@member_page(Capability.PERSONAL_DATA_EXPORT)
def event_proof(request: MemberRequest, event_id: int) -> HttpResponse:
    """The proof file, to hand on."""
    found = take_proof(actor=request.actor, event=event_of(request.organisation, event_id), now=timezone.now())
    response = JsonResponse(found, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = f'attachment; filename="proof-{event_id}.json"'
    response["Cache-Control"] = "no-store"
    return response


@member_page(Capability.CONSENTS_VIEW)
def contact_history(request: MemberRequest, contact_id: int) -> HttpResponse:
    """Where a person stood at the end of a day."""
    contact = contact_of(request.organisation, contact_id)
    form = PastForm(request.GET or None, initial={"day": timezone.localdate()})
    found = None
    if form.is_valid():
        found = standing_as_of(request.organisation, contact.pk, form.end_of_day(), known_at=form.known_at())
    context = {"contact": contact, "form": form, "found": found, "at": form.end_of_day() if found is not None else None}
    return render(request, "consent/contact_history.html", context)


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
