"""A new import, step by step: the file, how it reads, where it comes from."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_htmx.http import HttpResponseClientRefresh

from portal.errors import DomainError
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.roles import Capability
from portal.ui.forms import add_problems
from subscribers.fields.actions import FieldValues, create_field
from subscribers.fields.forms import FieldForm
from subscribers.imports import actions, queries
from subscribers.imports.files import preview
from subscribers.imports.models import Import
from subscribers.imports.pages import column_words as columns
from subscribers.imports.pages.forms import ReadingForm, UploadForm
from subscribers.imports.pages.passport_forms import OriginForm
from subscribers.imports.passport import documents
from subscribers.imports.passport.declaring import require_changeable
from subscribers.imports.passport.points import point_choices
from subscribers.imports.passport.saved_mappings import saved_mapping_for
from subscribers.imports.passport.warnings import SENTENCES

STEPS = (gettext_lazy("File"), gettext_lazy("Columns"), gettext_lazy("Origin"), gettext_lazy("Dry run and import"))
SHOWN_ROWS = 100


@member_page(Capability.IMPORTS_RUN)
def import_new(request: MemberRequest) -> HttpResponse:
    """Step 1: a file, or rows pasted."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            source = actions.upload_file(
                actor=request.actor,
                organisation=request.organisation,
                upload=form.upload(),
                collection_point=point_asked(request),
            )
        except DomainError as error:
            add_problems(form, error)
        else:
            return to("import_reading", source)
    return render(request, "subscribers/imports/new.html", {"form": form, "steps": STEPS})


def point_asked(request: MemberRequest) -> str:
    """The collection point from whose page somebody came; it can still be changed in step 3."""
    asked = request.GET.get("collection_point", "")
    return asked if asked and asked in dict(point_choices(request.organisation)) else ""


@member_page(Capability.IMPORTS_RUN)
def import_reading(request: MemberRequest, import_id: int) -> HttpResponse:
    """Step 2: the file as it is read, and what its columns hold."""
    source = queries.import_by_id(request.organisation, import_id)
    if queries.is_being_read(source):
        return being_read(request, source)
    if request.htmx:
        return HttpResponseClientRefresh()
    require_changeable(source)
    form = reading_form(request, source, request.POST or None)
    if request.method == "POST" and "create_field" in request.POST:
        return with_new_field(request, source, request.POST["create_field"])
    if request.method == "POST" and ("field_for" in request.POST or form.new_field()):
        number = request.POST.get("field_for") or form.new_field()
        return reading_page(request, form.unjudged(), field_for=number)
    if request.method == "POST" and form.is_valid():
        choice = form.choice()
        try:
            actions.choose_reading(actor=request.actor, source=source, choice=choice)
        except DomainError as error:
            form.tell(error)
        else:
            # Columns that were guessed just now are looked at first.
            return to("import_reading" if "anew" in request.POST or choice.mapping is None else "import_origin", source)
    return reading_page(request, form)


def being_read(request: MemberRequest, source: Import) -> HttpResponse:
    """A large file is turned into a table by a job first; asked by htmx, this answers the live part alone."""
    context = {"source": source, "job": source.job, "steps": STEPS, "may_run": True}
    template = "subscribers/imports/being_read_live.html" if request.htmx else "subscribers/imports/being_read.html"
    return render(request, template, context)


def with_new_field(request: MemberRequest, source: Import, number: str) -> HttpResponse:
    """Declare a field for a column, and go on with everything else as it was chosen on the page."""
    field_form = FieldForm(request.POST, prefix="new")
    if field_form.is_valid():
        given = {**field_form.cleaned_data, "choices": field_form.choice_lines()}
        try:
            create_field(actor=request.actor, organisation=request.organisation, values=FieldValues(**given))
        except DomainError as error:
            add_problems(field_form, error)
        else:
            chosen = request.POST.copy()
            chosen[f"column_{number}"] = f"attributes.{given['key']}"
            messages.success(request, _("The field has been declared."))
            return reading_page(request, reading_form(request, source, chosen).unjudged())
    form = reading_form(request, source, request.POST).unjudged()
    return reading_page(request, form, field_for=number, field_form=field_form)


def reading_form(request: MemberRequest, source: Import, data: Any) -> ReadingForm:
    return ReadingForm(source, data, may_declare=request.actor.may(Capability.FIELDS_EDIT))


def reading_page(
    request: MemberRequest, form: ReadingForm, *, field_for: str = "", field_form: FieldForm | None = None
) -> HttpResponse:
    source = form.source
    rows = preview(source, SHOWN_ROWS)
    saved = saved_mapping_for(source)
    number = int(field_for) if field_for.isdecimal() and int(field_for) < len(source.columns) else None
    if number is not None and field_form is None:
        field_form = FieldForm(prefix="new", initial=columns.new_field_values(source.columns[number], rows, number))
    context: dict[str, Any] = {
        "form": form,
        "source": source,
        "steps": STEPS,
        "rows": rows,
        "columns": list(columns.column_rows(form, rows, saved=saved)),
        "doubts": columns.doubts_in_words(source),
        "preset": columns.preset_in_words(source),
        "dropped": queries.dropped(source),
        "saved": saved,
        "field_for": number,
        "field_form": field_form,
        "may_declare": request.actor.may(Capability.FIELDS_EDIT),
    }
    return render(request, "subscribers/imports/reading.html", context)


@member_page(Capability.IMPORTS_RUN)
def import_origin(request: MemberRequest, import_id: int) -> HttpResponse:
    """Step 3: where the file comes from; then the dry run starts. Asked by htmx, it tells which notices apply."""
    source = queries.import_by_id(request.organisation, import_id)
    require_changeable(source)
    form = OriginForm(request.organisation, source, request.POST or None, request.FILES or None)
    if request.htmx and request.method == "GET":
        return render(request, "subscribers/imports/point.html", {"point": form.named_point(request.GET)})
    if request.method == "POST" and form.is_valid() and declared(request, source, form):
        return to("import_detail", source)
    attached = documents.documents_of(source)
    context = {
        "form": form,
        "source": source,
        "steps": STEPS,
        "point": form.named_point(),
        "documents": attached,
        "warnings": [SENTENCES[code] for code in source.warnings if code in SENTENCES],
    }
    return render(request, "subscribers/imports/origin.html", context)


def declared(request: MemberRequest, source: Import, form: OriginForm) -> bool:
    """Whether all was right and the dry run has started. Documents stay attached even if something else is missing."""
    for name, kind, upload in form.uploads():
        try:
            documents.add_document(actor=request.actor, source=source, kind=kind, upload=upload)
        except DomainError as error:
            form.add_error(name, str(error.detail))
    if form.errors or not form.require_passport({document.kind for document in documents.documents_of(source)}):
        return False
    try:
        actions.declare_origin(actor=request.actor, source=source, declaration=form.declaration())
        actions.start_import(actor=request.actor, source=source, dry_run=True)
    except DomainError as error:
        add_problems(form, error)
        return False
    return True


def to(name: str, source: Import) -> HttpResponse:
    return redirect(organisation_url(source.organisation, f"subscribers:{name}", import_id=source.pk))
