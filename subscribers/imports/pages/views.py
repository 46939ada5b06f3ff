"""Imports as pages: the list, how each one goes and went, and its files. The steps before are in `step_views`."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRefresh

from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.roles import Capability
from portal.ui.confirmation import confirm_page, confirmed
from portal.ui.lists import Column, Filter, ListSpec
from subscribers.imports import actions, queries
from subscribers.imports.models import Import, ImportState
from subscribers.imports.pages import lot_page, outcome_page
from subscribers.imports.pages.responses import document_response, outcome_response, rejects_response
from subscribers.imports.pages.step_views import STEPS, to
from subscribers.imports.passport import documents
from subscribers.imports.passport.declaring import require_changeable

IMPORTS = ListSpec(
    columns=(
        Column("file", gettext_lazy("File")),
        Column("state", gettext_lazy("State")),
        Column("origin", gettext_lazy("Origin")),
        Column("read", gettext_lazy("Rows"), numeric=True),
        Column("created", pgettext_lazy("rows", "Created"), numeric=True),
        Column("rejected", pgettext_lazy("rows", "Rejected"), numeric=True),
        Column("created_at", gettext_lazy("Started"), sort="id"),
    ),
    filters=(Filter("state", gettext_lazy("State"), choices=ImportState.choices),),
    search=gettext_lazy("Name of the file"),
    default_sort="-id",
)


@member_page(Capability.IMPORTS_VIEW)
def import_list(request: MemberRequest) -> HttpResponse:
    listing = IMPORTS.read(request)
    listing.load(queries.imports(request.organisation, search=listing.search, **listing.filters))
    return render(request, "subscribers/imports/list.html", {"listing": listing})


@member_page(Capability.IMPORTS_VIEW)
def import_detail(request: MemberRequest, import_id: int) -> HttpResponse:
    """Step 4 and after: progress, then what became of the rows.

    Asked by htmx it answers the live part alone, and once all is over has the whole page read anew: its title, state
    and steps have changed too.
    """
    source = queries.import_by_id(request.organisation, import_id)
    job = queries.job_at_work(source)
    if request.htmx and job is None:
        return HttpResponseClientRefresh()
    context = {
        "source": source,
        "steps": STEPS,
        "job": job,
        "percent": round(job.progress * 100) if job else None,
        "may_run": request.actor.may(Capability.IMPORTS_RUN),
        "may_release": request.actor.may(Capability.IMPORTS_RELEASE),
    }
    if request.htmx:
        return render(request, "subscribers/imports/live.html", context)
    context |= facts_of(source) | outcome_page.outcome_context(source)
    context["may_segment"] = source.state == ImportState.DONE and request.actor.may(Capability.SEGMENTS_EDIT)
    if source.dry_run and job is None:
        context |= outcome_page.dry_run_context(source)
    return render(request, "subscribers/imports/detail.html", context)


def facts_of(source: Import) -> dict[str, Any]:
    """Where the file comes from, and what can still be done with it."""
    return {
        "documents": documents.documents_of(source),
        "point": queries.point_of(source),
        "digest": bytes(source.file_digest).hex(),
        "time_left": lot_page.undo_time(source, timezone.now()),
        "undone": lot_page.undone(source),
        "to_inform": queries.to_inform(source),
    }


@member_page(Capability.IMPORTS_RUN)
def import_start(request: MemberRequest, import_id: int) -> HttpResponse:
    """The dry run was right: import. What is risky is typed first."""
    source = queries.import_by_id(request.organisation, import_id)
    require_changeable(source)
    context = outcome_page.dry_run_context(source)
    if not confirmed(request, typed=context["typed"]):
        back = organisation_url(request.organisation, "subscribers:import_detail", import_id=source.pk)
        title, text = _("Import this file?"), "\n".join(context["risks"])
        return confirm_page(
            request,
            title=title,
            text=text,
            action=pgettext("button", "Import"),
            typed=context["typed"],
            back=back,
            kind="primary",
        )
    actions.start_import(actor=request.actor, source=source, dry_run=False)
    return to("import_detail", source)


@require_POST
@member_page(Capability.IMPORTS_RUN)
def import_cancel(request: MemberRequest, import_id: int) -> HttpResponse:
    source = queries.import_by_id(request.organisation, import_id)
    actions.cancel_import(actor=request.actor, source=source)
    messages.info(request, _("The import stops at its next step; what is imported by then stays."))
    return to("import_detail", source)


@require_POST
@member_page(Capability.IMPORTS_RUN)
def import_pause(request: MemberRequest, import_id: int) -> HttpResponse:
    source = queries.import_by_id(request.organisation, import_id)
    actions.pause_import(actor=request.actor, source=source)
    return to("import_detail", source)


@require_POST
@member_page(Capability.IMPORTS_RUN)
def import_resume(request: MemberRequest, import_id: int) -> HttpResponse:
    source = queries.import_by_id(request.organisation, import_id)
    actions.resume_import(actor=request.actor, source=source)
    return to("import_detail", source)


@member_page(Capability.IMPORTS_RUN)
def import_rejects(request: MemberRequest, import_id: int) -> HttpResponseBase:
    source = queries.import_by_id(request.organisation, import_id)
    return rejects_response(source, actions.download_rejects(actor=request.actor, source=source))


@member_page(Capability.IMPORTS_RUN)
def import_outcome(request: MemberRequest, import_id: int, category: str) -> HttpResponseBase:
    """What would happen to the rows of one kind, as CSV."""
    source = queries.import_by_id(request.organisation, import_id)
    lines = actions.download_outcome(actor=request.actor, source=source, category=category)
    return outcome_response(source, category, lines)


@member_page(Capability.IMPORTS_VIEW)
def document_download(request: MemberRequest, import_id: int, document_id: int) -> HttpResponseBase:
    """A document of the passport, as a download and never as a page."""
    source = queries.import_by_id(request.organisation, import_id)
    found = documents.download_document(actor=request.actor, source=source, document_id=document_id)
    return document_response(*found)


@require_POST
@member_page(Capability.IMPORTS_RUN)
def document_remove(request: MemberRequest, import_id: int, document_id: int) -> HttpResponse:
    source = queries.import_by_id(request.organisation, import_id)
    documents.remove_document(actor=request.actor, source=source, document_id=document_id)
    return to("import_origin", source)
