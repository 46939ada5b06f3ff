"""Proofs handed over from the portal; the archive opened for a reason; what the organisation decided about both."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.archive.actions import open_archived, set_policy
from consent.archive.queries import archived_evidence_of, policy_of
from consent.ledger.queries import event_of
from consent.proofs.actions import export_proof, export_proofs
from consent.proofs.api import as_file
from consent.proofs.forms import PolicyForm, ReasonForm
from portal.errors import DomainError, NotFoundError
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.roles import Capability
from portal.ui.forms import add_problems
from subscribers.contacts.queries import contact_of


@member_page(Capability.PERSONAL_DATA_EXPORT)
def proof_json(request: MemberRequest, event_id: int) -> HttpResponse:
    return exported(request, event_id, "json")


@member_page(Capability.PERSONAL_DATA_EXPORT)
def proof_pdf(request: MemberRequest, event_id: int) -> HttpResponse:
    return exported(request, event_id, "pdf")


@member_page(Capability.PERSONAL_DATA_EXPORT)
def proof_bundle(request: MemberRequest, event_id: int) -> HttpResponse:
    return exported(request, event_id, "zip")


def exported(request: MemberRequest, event_id: int, kind: str) -> HttpResponse:
    organisation = request.organisation
    event = event_of(organisation, event_id)
    return as_file(
        export_proof(actor=request.actor, organisation=organisation, event=event, kind=kind, now=timezone.now())
    )


@member_page(Capability.PERSONAL_DATA_EXPORT)
def contact_proofs(request: MemberRequest, contact_id: int) -> HttpResponse:
    """Everything that proves what this person agreed to, in one ZIP."""
    contact = contact_of(request.organisation, contact_id)
    return as_file(
        export_proofs(actor=request.actor, organisation=request.organisation, contact_id=contact.pk, now=timezone.now())
    )


@member_page(Capability.EVIDENCE_ARCHIVE)
def archived_evidence(request: MemberRequest, event_id: int) -> HttpResponse:
    """GET asks for the reason; POST opens the document for it and shows it once."""
    event = event_of(request.organisation, event_id)
    row = archived_evidence_of(event)
    if row is None:
        raise NotFoundError
    form = ReasonForm(request.POST or None)
    document = ""
    if request.method == "POST" and form.is_valid():
        try:
            found = open_archived(
                actor=request.actor,
                organisation=request.organisation,
                event_id=event.pk,
                reason=form.cleaned_data["reason"],
            )
            document = json.dumps(found, ensure_ascii=False, indent=2)
        except DomainError as error:
            add_problems(form, error)
    context: dict[str, Any] = {"event": event, "row": row, "form": form, "document": document}
    status = 422 if form.is_bound and not document else 200
    response = render(request, "consent/proofs/archived.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@member_page(Capability.EVIDENCE_ARCHIVE)
def proof_policy(request: MemberRequest) -> HttpResponse:
    """How long evidence outlives an erasure, and whether people get receipts."""
    form = PolicyForm(request.POST or None, instance=policy_of(request.organisation))
    if request.method == "POST" and form.is_valid():
        set_policy(actor=request.actor, organisation=request.organisation, values=form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect(organisation_url(request.organisation, "consent:event_list"))
    return render(request, "consent/proofs/policy.html", {"form": form}, status=422 if form.is_bound else 200)
