"""Proofs handed over from the portal; the archive opened for a reason; what the organisation decided about both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from mimetypes import guess_extension
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from consent.archive.actions import archive_evidence, destroy_evidence, open_archived, open_archived_file, set_policy
from consent.archive.models import FIVE_YEARS, ArchivedEvidence
from consent.archive.queries import archived_evidence_of, evidence_of_erased, policy_of
from consent.ledger.models import ConsentEvent
from consent.ledger.queries import event_of
from consent.proofs.actions import export_proof, export_proofs
from consent.proofs.api import as_file
from consent.proofs.forms import ArchiveForm, DestructionForm, PolicyForm, ReasonForm
from portal.errors import DomainError, NotFoundError
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.roles import Capability
from portal.ui.confirmation import confirm_page, confirmed
from portal.ui.forms import add_problems
from portal.ui.numbers import number
from subscribers.contacts.queries import contact_of


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
    return archived_page(request, event, row, form, document)


def archived_page(
    request: MemberRequest, event: ConsentEvent, row: ArchivedEvidence, form: ReasonForm, document: str = ""
) -> HttpResponse:
    context: dict[str, Any] = {"event": event, "row": row, "form": form, "document": document}
    status = 422 if form.is_bound and not document else 200
    response = render(request, "consent/proofs/archived.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@member_page(Capability.EVIDENCE_ARCHIVE)
def archived_scan(request: MemberRequest, event_id: int) -> HttpResponseBase:
    """The scan or the recording behind an archived document, for a reason as well; a GET asks for it."""
    event = event_of(request.organisation, event_id)
    row = archived_evidence_of(event)
    if row is None or row.file is None:
        raise NotFoundError
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            file, pieces = open_archived_file(
                actor=request.actor,
                organisation=request.organisation,
                event_id=event.pk,
                reason=form.cleaned_data["reason"],
            )
            return sealed_file_response(
                f"evidence-{event.pk}{guess_extension(file.media_type) or ''}", pieces, file.size
            )
        except DomainError as error:
            add_problems(form, error)
    return archived_page(request, event, row, form)


def sealed_file_response(name: str, pieces: Iterator[bytes], size: int) -> HttpResponseBase:
    """Somebody else made this file: it is saved, and no browser shows or runs it on our address."""
    response = StreamingHttpResponse(pieces, content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    response["Content-Length"] = str(size)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "no-store"
    return response


@member_page(Capability.EVIDENCE_ARCHIVE)
def evidence_archive(request: MemberRequest, contact_id: int) -> HttpResponse:
    """Move what is still in active use of somebody who is erased into the archive: for how long, and why."""
    held = evidence_of_erased(request.organisation, contact_id)
    policy = policy_of(request.organisation)
    initial = {"days": policy.archive_days or FIVE_YEARS, "reason": policy.archive_reason}
    form = ArchiveForm(request.POST or None, initial=initial)
    if not (request.method == "POST" and form.is_valid()):
        numbers = {"documents": number(held.active), "files": number(held.active_files), "contact": contact_id}
        return confirm_page(
            request,
            title=_("Move this evidence to the archive?"),
            text=_(
                "Documents of the erased contact %(contact)s that leave active use: %(documents)s. Scans and "
                "recordings that come along: %(files)s. Only the DPO and an owner may open them then, for a written "
                "reason. The events and their seals stay."
            )
            % numbers,
            action=_("Move to the archive"),
            back=events_of_contact(request, contact_id),
            kind="primary",
            form=form,
        )
    moved = archive_evidence(
        actor=request.actor, organisation=request.organisation, contact_id=contact_id, **form.cleaned_data
    )
    told = ngettext("%(n)s document is in the archive now.", "%(n)s documents are in the archive now.", moved)
    messages.success(request, told % {"n": number(moved)})
    return redirect(events_of_contact(request, contact_id))


@member_page(Capability.EVIDENCE_ARCHIVE)
def evidence_destroy(request: MemberRequest, contact_id: int) -> HttpResponse:
    """Destroy what is held of somebody who is erased, wherever it lies; the number of the contact is typed first."""
    held = evidence_of_erased(request.organisation, contact_id)
    form, typed = DestructionForm(request.POST or None), str(contact_id)
    if not (confirmed(request, typed=typed) and form.is_valid()):
        numbers = {
            "documents": number(held.documents),
            "archived": number(held.archived),
            "files": number(held.files),
            "events": number(held.events),
        }
        return confirm_page(
            request,
            title=_("Destroy this evidence?"),
            text=_(
                "Documents that will be destroyed: %(documents)s (in the archive: %(archived)s). "
                "Events they belong to: %(events)s. Scans and recordings destroyed with them: %(files)s.\n"
                "The events and their seals stay, and the ledger verifies as before. But nobody can show any more how "
                "and to which words this person agreed. This can't be undone.\n"
                "Type the number of the contact to confirm."
            )
            % numbers,
            action=_("Destroy for ever"),
            typed=typed,
            back=events_of_contact(request, contact_id),
            form=form,
        )
    gone = destroy_evidence(
        actor=request.actor, organisation=request.organisation, contact_id=contact_id, **form.cleaned_data
    )
    told = ngettext("%(n)s document is destroyed.", "%(n)s documents are destroyed.", gone)
    messages.success(request, told % {"n": number(gone)})
    return redirect(events_of_contact(request, contact_id))


def events_of_contact(request: MemberRequest, contact_id: int) -> str:
    return f"{organisation_url(request.organisation, 'consent:event_list')}?contact={contact_id}"


@member_page(Capability.EVIDENCE_ARCHIVE)
def proof_policy(request: MemberRequest) -> HttpResponse:
    """How long evidence outlives an erasure, and whether people get receipts."""
    form = PolicyForm(request.POST or None, instance=policy_of(request.organisation))
    if request.method == "POST" and form.is_valid():
        set_policy(actor=request.actor, organisation=request.organisation, values=form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect(organisation_url(request.organisation, "consent:event_list"))
    return render(request, "consent/proofs/policy.html", {"form": form}, status=422 if form.is_bound else 200)
