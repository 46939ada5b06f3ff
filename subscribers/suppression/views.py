"""Pages of the suppression list."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from portal.channels import Channel
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.roles import Capability
from portal.ui.confirmation import confirm_page, confirmed
from portal.ui.lists import Column, Filter, ListSpec
from subscribers.suppression.actions import remove_suppression, suppress_entries
from subscribers.suppression.forms import SuppressForm
from subscribers.suppression.models import SuppressionReason
from subscribers.suppression.queries import suppression_of, suppressions
from subscribers.suppression.recording import Outcome
from subscribers.suppression.rules import REACHED_BY

PROBLEMS_SHOWN = 100

SUPPRESSIONS = ListSpec(
    columns=(
        Column("entry", _("Entry"), sort="id"),
        Column("channel", _("Channel")),
        Column("reason", _("Reason")),
        Column("kept_as", _("Kept as")),
        Column("contact", _("Contact")),
        Column("created_at", _("Since")),
        Column("actions", _("Actions")),
    ),
    filters=(
        Filter("channel", _("Channel"), choices=[(each, Channel(each).label) for each in REACHED_BY]),
        Filter("reason", _("Reason"), choices=SuppressionReason.choices),
    ),
    default_sort="-id",
)


@member_page(Capability.SUPPRESSIONS_VIEW)
def suppression_list(request: MemberRequest) -> HttpResponse:
    """The list. It holds hashes, so it shows no address."""
    listing = SUPPRESSIONS.read(request)
    listing.load(suppressions(**listing.filters))
    context = {"listing": listing, "may_edit": request.actor.may(Capability.SUPPRESSIONS_EDIT)}
    return render(request, "subscribers/suppression_list.html", context)


@member_page(Capability.SUPPRESSIONS_EDIT)
def suppression_add(request: MemberRequest) -> HttpResponse:
    """Suppress one address or a pasted list."""
    form = SuppressForm(request.POST or None)
    outcomes: list[Outcome] = []
    if request.method == "POST" and form.is_valid():
        outcomes = suppress_entries(actor=request.actor, organisation=request.organisation, entries=form.entries())
        if not any(outcome.problem for outcome in outcomes):
            added = sum(outcome.created for outcome in outcomes)
            text = _now("%(added)s added, %(known)s listed already.")
            messages.success(request, text % {"added": added, "known": len(outcomes) - added})
            return redirect(organisation_url(request.organisation, "subscribers:suppression_list"))
    context = {"form": form, **report(form, outcomes)}
    status = 422 if form.errors or outcomes else 200
    return render(request, "subscribers/suppression_form.html", context, status=status)


def report(form: SuppressForm, outcomes: list[Outcome]) -> dict[str, object]:
    """What was taken, and the first lines that were not."""
    if not outcomes:
        return {}
    refused = [
        (number, line, outcome.problem)
        for number, (line, outcome) in enumerate(zip(form.cleaned_data["lines"], outcomes, strict=True), start=1)
        if outcome.problem
    ]
    return {
        "taken": len(outcomes) - len(refused),
        "refused": refused[:PROBLEMS_SHOWN],
        "refused_count": len(refused),
    }


@member_page(Capability.SUPPRESSIONS_EDIT)
def suppression_remove(request: MemberRequest, suppression_id: int) -> HttpResponse:
    """Ask, then take an entry off the list."""
    entry = suppression_of(suppression_id)
    back = organisation_url(request.organisation, "subscribers:suppression_list")
    if not confirmed(request):
        return confirm_page(
            request,
            title=_now("Take this address off the list?"),
            text=_now(
                "It may be written to again where a purpose allows it. Only the person can ask for this, and you must"
                " be able to prove that they did. The audit log keeps that it was you."
            ),
            action=_now("Take it off"),
            back=back,
        )
    remove_suppression(actor=request.actor, suppression=entry)
    messages.success(request, _now("The address has been taken off the list."))
    return redirect(back)
