"""Imports as pages: the list, a new one in four steps, and how each one went."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRefresh

from portal.errors import DomainError
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.roles import Capability
from portal.ui.components import Part
from portal.ui.forms import add_problems
from portal.ui.lists import Column, Filter, ListSpec
from subscribers.imports import actions, queries
from subscribers.imports.declaring import require_changeable
from subscribers.imports.files import preview
from subscribers.imports.forms import OriginForm, ReadingForm, UploadForm
from subscribers.imports.models import Import, ImportState
from subscribers.imports.problems import REJECT_DETAILS
from subscribers.imports.responses import rejects_response

IMPORTS = ListSpec(
    columns=(
        Column("file", gettext_lazy("File")),
        Column("state", gettext_lazy("State")),
        Column("origin", gettext_lazy("Origin")),
        Column("read", gettext_lazy("Rows"), numeric=True),
        Column("created", gettext_lazy("Created"), numeric=True),
        Column("rejected", gettext_lazy("Rejected"), numeric=True),
        Column("created_at", gettext_lazy("Started"), sort="id"),
    ),
    filters=(Filter("state", gettext_lazy("State"), choices=ImportState.choices),),
    search=gettext_lazy("Name of the file"),
    default_sort="-id",
)
STEPS = (
    gettext_lazy("File"),
    gettext_lazy("Columns"),
    gettext_lazy("Origin"),
    gettext_lazy("Dry run"),
    gettext_lazy("Import"),
)
PARTS = (
    ("created", gettext_lazy("Created")),
    ("updated", gettext_lazy("Updated")),
    ("unchanged", gettext_lazy("Unchanged")),
    ("duplicate", gettext_lazy("Repeated in the file")),
    ("suppressed", gettext_lazy("Suppressed")),
    ("rejected", gettext_lazy("Rejected")),
)


@member_page(Capability.IMPORTS_VIEW)
def import_list(request: MemberRequest) -> HttpResponse:
    listing = IMPORTS.read(request)
    listing.load(queries.imports(request.organisation, search=listing.search, **listing.filters))
    return render(request, "subscribers/imports/list.html", {"listing": listing})


@member_page(Capability.IMPORTS_RUN)
def import_new(request: MemberRequest) -> HttpResponse:
    """Step 1: a file."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            source = actions.upload_file(
                actor=request.actor, organisation=request.organisation, upload=form.cleaned_data["file"]
            )
        except DomainError as error:
            add_problems(form, error)
        else:
            return to("import_reading", source)
    return render(request, "subscribers/imports/new.html", {"form": form, "steps": STEPS})


@member_page(Capability.IMPORTS_RUN)
def import_reading(request: MemberRequest, import_id: int) -> HttpResponse:
    """Step 2: the file as it is read, and what its columns hold."""
    source = queries.import_by_id(request.organisation, import_id)
    require_changeable(source)
    form = ReadingForm(source, request.POST or None)
    if request.method == "POST" and form.is_valid():
        anew = "anew" in request.POST
        try:
            actions.choose_reading(actor=request.actor, source=source, choice=form.choice(anew=anew))
        except DomainError as error:
            add_problems(form, error)
        else:
            return to("import_reading" if anew else "import_origin", source)
    rows = preview(source)
    context = {"form": form, "source": source, "steps": STEPS, "rows": rows, "columns": form.column_fields(rows)}
    return render(request, "subscribers/imports/reading.html", context)


@member_page(Capability.IMPORTS_RUN)
def import_origin(request: MemberRequest, import_id: int) -> HttpResponse:
    """Step 3: where the file comes from; then the dry run starts."""
    source = queries.import_by_id(request.organisation, import_id)
    require_changeable(source)
    form = OriginForm(request.organisation, source, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.declare_origin(actor=request.actor, source=source, declaration=form.declaration())
            actions.start_import(actor=request.actor, source=source, dry_run=True)
        except DomainError as error:
            add_problems(form, error)
        else:
            return to("import_detail", source)
    return render(request, "subscribers/imports/origin.html", {"form": form, "source": source, "steps": STEPS})


@member_page(Capability.IMPORTS_VIEW)
def import_detail(request: MemberRequest, import_id: int) -> HttpResponse:
    """Step 4 and after: progress, then what became of the rows.

    Asked by htmx it answers the live part alone, and once all is over has the whole page read anew: its title, state
    and steps have changed too.
    """
    source = queries.import_by_id(request.organisation, import_id)
    if request.htmx and not is_running(source):
        return HttpResponseClientRefresh()
    counts = queries.counts(source)
    context = {
        "source": source,
        "steps": STEPS,
        "step": 4 if source.dry_run else 5,
        "counts": counts,
        "parts": [Part(code, str(label), counts[code]) for code, label in PARTS],
        "rejects": [
            (said(code), count) for code, count in sorted(source.rejects_by_code.items(), key=lambda pair: -pair[1])
        ],
        "examples": queries.examples_of_rejects(source),
        "dropped": queries.dropped(source),
        "running": is_running(source),
        "may_run": request.actor.may(Capability.IMPORTS_RUN),
        "may_segment": source.state == ImportState.DONE and request.actor.may(Capability.SEGMENTS_EDIT),
        "percent": round(queries.progress(source) * 100),
    }
    template = "subscribers/imports/live.html" if request.htmx else "subscribers/imports/detail.html"
    return render(request, template, context)


@require_POST
@member_page(Capability.IMPORTS_RUN)
def import_start(request: MemberRequest, import_id: int) -> HttpResponse:
    """The dry run was right: import."""
    source = queries.import_by_id(request.organisation, import_id)
    actions.start_import(actor=request.actor, source=source, dry_run=False)
    return to("import_detail", source)


@require_POST
@member_page(Capability.IMPORTS_RUN)
def import_cancel(request: MemberRequest, import_id: int) -> HttpResponse:
    source = queries.import_by_id(request.organisation, import_id)
    actions.cancel_import(actor=request.actor, source=source)
    messages.info(request, _("The import stops at its next step; what is imported by then stays."))
    return to("import_detail", source)


@member_page(Capability.IMPORTS_RUN)
def import_rejects(request: MemberRequest, import_id: int) -> HttpResponseBase:
    source = queries.import_by_id(request.organisation, import_id)
    return rejects_response(source, actions.download_rejects(actor=request.actor, source=source))


def said(code: str) -> str:
    """What a reject code means, in words."""
    return next((_(detail) for known, detail in REJECT_DETAILS.items() if known == code), code)


def is_running(source: Import) -> bool:
    waiting = source.state == ImportState.UPLOADED and source.job_id is not None
    return waiting or source.state in (ImportState.RUNNING, ImportState.PAUSED)


def to(name: str, source: Import) -> HttpResponse:
    return redirect(organisation_url(source.organisation, f"subscribers:{name}", import_id=source.pk))
