"""Long work as pages: the list, one job with live progress, cancel."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRefresh

from portal.jobs import queries
from portal.jobs.actions import request_cancel
from portal.jobs.models import Job, JobState
from portal.jobs.names import job_name
from portal.jobs.queues import Queue
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.roles import Capability
from portal.ui.lists import Column, Filter, ListSpec

JOBS = ListSpec(
    columns=(
        Column("task", gettext_lazy("Job")),
        Column("state", gettext_lazy("State")),
        Column("progress", gettext_lazy("Progress")),
        Column("created_at", gettext_lazy("Started"), sort="id"),
        Column("by", gettext_lazy("By")),
    ),
    filters=(
        Filter("state", gettext_lazy("State"), choices=JobState.choices),
        Filter("queue", gettext_lazy("Queue"), choices=Queue.choices),
    ),
    default_sort="-id",
)


@member_page(Capability.JOBS_VIEW)
def job_list(request: MemberRequest) -> HttpResponse:
    listing = JOBS.read(request)
    listing.load(queries.jobs(**listing.filters))
    for job in listing.rows:
        job.name = job_name(job.task)
    return render(request, "portal/jobs/list.html", {"listing": listing})


@member_page(Capability.JOBS_VIEW)
def job_detail(request: MemberRequest, job: int) -> HttpResponse:
    """One job; asked by htmx it answers the live part alone, and once it has ended has the whole page read anew."""
    found: Job = get_object_or_404(Job.objects.select_related("created_by"), pk=job)
    if request.htmx and found.ended:
        return HttpResponseClientRefresh()
    template = "portal/jobs/live.html" if request.htmx else "portal/jobs/detail.html"
    context = {"job": found, "name": f"{job_name(found.task)} {found.pk}", "may_cancel": may_cancel(request, found)}
    return render(request, template, context)


@require_POST
@member_page(Capability.JOBS_VIEW)
def job_cancel(request: MemberRequest, job: int) -> HttpResponse:
    """Whoever started a job may stop it; owners may stop any."""
    found = get_object_or_404(Job, pk=job)
    if may_cancel(request, found):
        request_cancel(actor=request.actor, job=found)
        messages.info(request, _("The job will stop at its next step; what is done by then stays."))
    return redirect(organisation_url(request.organisation, "jobs:job_detail", job=found.pk))


def may_cancel(request: MemberRequest, job: Job) -> bool:
    mine = job.created_by_id == request.user.pk or request.actor.may(Capability.ORGANISATION_EDIT)
    return mine and not job.ended
