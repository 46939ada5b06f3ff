"""The seals' page: how far the ledger is sealed, when it was last verified, and by which keys it is signed."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.roles import Capability
from portal.seals.actions import start_verification
from portal.seals.queries import key_history, running_verification, seals_of, stream_state
from portal.seals.streams import Stream, stream_named, streams
from portal.ui.components import Text
from portal.ui.lists import Column, ListSpec

SEALS = ListSpec(
    columns=(
        Column("number", _("No."), sort="number"),
        Column("signed_at", _("Signed")),
        Column("count", _("Rows"), numeric=True),
        Column("total", _("Rows so far"), numeric=True),
        Column("hash", _("Hash")),
        Column("key", _("Key")),
    ),
    default_sort="-number",
)


@member_page(Capability.CONSENTS_VIEW)
def seal_list(request: MemberRequest) -> HttpResponse:
    """The newest seals of the ledger, or of the audit log for those who may see it."""
    listing = SEALS.read(request)
    may_audit = request.actor.may(Capability.AUDIT_VIEW)
    stream = stream_named("audit" if may_audit and request.GET.get("of") == "audit" else "ledger")
    listing.load(seals_of(stream.name, request.organisation))
    context = {
        "listing": listing,
        "stream": stream,
        "streams": tabs(request, stream) if may_audit else [],
        "state": stream_state(stream, request.organisation),
        "now": timezone.now(),
        "keys": key_history(request.organisation),
        "may_verify": may_audit,
        "job": running_verification(request.organisation) if may_audit else None,
    }
    return render(request, "consent/seal_list.html", context)


def tabs(request: MemberRequest, current: Stream) -> list[tuple[Text, str, bool]]:
    """A tab a stream: its label, its address, and whether it is the one shown."""
    url = organisation_url(request.organisation, "consent:seal_list")
    return [(stream.label, f"{url}?of={stream.name}", stream is current) for stream in streams()]


@require_POST
@member_page(Capability.AUDIT_VIEW)
def verification_start(request: MemberRequest) -> HttpResponse:
    """Verify now, as a job."""
    job = start_verification(actor=request.actor, organisation=request.organisation)
    if job is None:
        messages.info(request, gettext("The seals are being verified already."))
        return redirect(organisation_url(request.organisation, "consent:seal_list"))
    return redirect(organisation_url(request.organisation, "jobs:job_detail", job=job.pk))
