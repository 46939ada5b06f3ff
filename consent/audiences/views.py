"""Pages of audiences."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from consent.audiences import actions
from consent.audiences.forms import AudienceForm, DecisionForm
from consent.audiences.models import Audience, AudienceState
from consent.audiences.queries import audiences, field_labels, find_audience, funnel_steps, history, snapshot_job
from consent.audiences.rules import is_own_work
from portal.channels import Channel
from portal.errors import DomainError
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.roles import Capability
from portal.ui.confirmation import confirm_page, confirmed
from portal.ui.forms import add_problems
from portal.ui.lists import Column, Filter, ListSpec

AUDIENCES = ListSpec(
    columns=(
        Column("name", _("Name")),
        Column("purpose", _("Purpose")),
        Column("channel", _("Channel")),
        Column("state", _("State")),
        Column("allowed", _("People"), numeric=True),
        Column("created_at", _("Created"), sort="pk"),
    ),
    filters=(
        Filter("state", _("State"), choices=AudienceState.choices),
        Filter("channel", _("Channel"), choices=Channel.choices),
    ),
    search=_("Name"),
)


@member_page(Capability.AUDIENCES_VIEW)
def audience_list(request: MemberRequest) -> HttpResponse:
    listing = AUDIENCES.read(request)
    rows = audiences(request.organisation).filter(**listing.filters)
    if listing.search:
        rows = rows.filter(name__icontains=listing.search)
    listing.load(rows)
    return render(request, "consent/audience_list.html", {"listing": listing})


@member_page(Capability.AUDIENCES_PREPARE)
def audience_create(request: MemberRequest) -> HttpResponse:
    form = AudienceForm(request.POST or None, initial={"segment": request.GET.get("segment", "")})
    if request.method == "POST" and form.is_valid():
        try:
            audience = actions.create_audience(actor=request.actor, organisation=request.organisation, draft=form.draft)
        except DomainError as error:
            add_problems(form, error)
        else:
            return to_page(request, audience)
    status = 422 if form.is_bound else 200
    return render(request, "consent/audience_form.html", {"form": form}, status=status)


@member_page(Capability.AUDIENCES_VIEW)
def audience_detail(request: MemberRequest, audience_id: int) -> HttpResponse:
    """The funnel and what was done; for an approver the same page with one decision."""
    return detail_page(request, find_audience(request.organisation, audience_id), DecisionForm())


@member_page(Capability.AUDIENCES_VIEW)
def audience_progress(request: MemberRequest, audience_id: int) -> HttpResponse:
    """The part of the page that moves while a large snapshot is taken."""
    audience = find_audience(request.organisation, audience_id)
    return render(request, "consent/audience_progress.html", shown(request, audience))


@member_page(Capability.AUDIENCES_PREPARE)
def audience_submit(request: MemberRequest, audience_id: int) -> HttpResponse:
    audience = find_audience(request.organisation, audience_id)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    actions.submit_audience(actor=request.actor, audience=audience)
    messages.success(request, _("Submitted. Somebody else can approve it now."))
    return to_page(request, audience)


@member_page(Capability.AUDIENCES_APPROVE)
def audience_decide(request: MemberRequest, audience_id: int) -> HttpResponse:
    """The approver's one decision: the button pressed says which."""
    audience = find_audience(request.organisation, audience_id)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    form = DecisionForm(request.POST)
    if form.is_valid():
        try:
            decide(request, audience, form.cleaned_data["reason"])
        except DomainError as error:
            add_problems(form, error)
        else:
            return to_page(request, audience)
    return detail_page(request, audience, form, status=422)


def decide(request: MemberRequest, audience: Audience, reason: str) -> None:
    if request.POST.get("decision") == "approve":
        actions.approve_audience(actor=request.actor, audience=audience, comment=reason)
        messages.success(request, _("Approved. The engine can fetch it now."))
    else:
        actions.reject_audience(actor=request.actor, audience=audience, reason=reason)
        messages.success(request, _("Rejected. Whoever prepared it can read why."))


@member_page(Capability.AUDIENCES_PREPARE)
def audience_cancel(request: MemberRequest, audience_id: int) -> HttpResponse:
    audience = find_audience(request.organisation, audience_id)
    if not confirmed(request):
        return confirm_page(
            request,
            title=_("Cancel this audience?"),
            text=_("Nobody can approve or send to it afterwards."),
            action=_("Cancel the audience"),
            back=organisation_url(request.organisation, "consent:audience_detail", audience_id=audience.pk),
        )
    actions.cancel_audience(actor=request.actor, audience=audience)
    messages.success(request, _("Cancelled."))
    return to_page(request, audience)


def to_page(request: MemberRequest, audience: Audience) -> HttpResponse:
    return redirect(organisation_url(request.organisation, "consent:audience_detail", audience_id=audience.pk))


def detail_page(request: MemberRequest, audience: Audience, form: DecisionForm, *, status: int = 200) -> HttpResponse:
    context = {**shown(request, audience), "form": form, "fields": field_labels(audience), "history": history(audience)}
    return render(request, "consent/audience_detail.html", context, status=status)


def shown(request: MemberRequest, audience: Audience) -> dict[str, Any]:
    """What the page says, and which buttons this member gets."""
    actor, state = request.actor, audience.state
    own = is_own_work(actor.user_id, [audience.created_by_id, audience.submitted_by_id])
    deciding = state == AudienceState.SUBMITTED and actor.may(Capability.AUDIENCES_APPROVE)
    open_states = (AudienceState.DRAFT, AudienceState.SUBMITTED, AudienceState.APPROVED)
    prepares = actor.may(Capability.AUDIENCES_PREPARE)
    return {
        "audience": audience,
        "steps": funnel_steps(audience),
        "job": snapshot_job(audience),
        "pending": state == AudienceState.SUBMITTED and audience.snapshot_at is None,
        "may_submit": state == AudienceState.DRAFT and prepares,
        "may_cancel": state in open_states and audience.claimed_at is None and prepares,
        "may_decide": deciding and not own and audience.snapshot_at is not None,
        "own_work": deciding and own,
    }
