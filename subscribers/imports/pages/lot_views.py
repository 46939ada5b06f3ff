"""What is done with an import that has ended: undo it, check its sample, recall the whole lot (I-04, I-12)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.errors import DomainError
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.roles import Capability
from portal.ui.confirmation import TYPED_FIELD, confirm_page, confirmed
from portal.ui.forms import add_problems
from subscribers.imports import queries
from subscribers.imports.models import Import
from subscribers.imports.pages import lot_page
from subscribers.imports.pages.lot_forms import FreezeForm, SampleForm
from subscribers.imports.pages.responses import csv_file
from subscribers.imports.pages.step_views import to
from subscribers.imports.quarantine.actions import release_import
from subscribers.imports.quarantine.errors import SampleIncompleteError, UnprovenSampleError
from subscribers.imports.quarantine.queries import sample_of
from subscribers.imports.recall.actions import delete_lot, freeze_import, inform_of_recall, unfreeze_import
from subscribers.imports.recall.queries import recall_report
from subscribers.imports.undo.actions import undo_import
from subscribers.imports.undo.queries import left_lines, undo_preview


@member_page(Capability.IMPORTS_RUN)
def import_undo(request: MemberRequest, import_id: int) -> HttpResponse:
    """What an undo would do, in numbers; typed, it starts."""
    source = queries.import_by_id(request.organisation, import_id)
    typed = str(source.rows_read)
    if confirmed(request, typed=typed):
        undo_import(actor=request.actor, source=source)
        return to("import_detail", source)
    time_left = lot_page.require_undoable(source, timezone.now())
    if request.htmx:
        return render(request, "subscribers/imports/undo_numbers.html", undo_numbers(source))
    later = counted_later(request, source)
    context = {
        "source": source,
        "time_left": time_left,
        "typed": typed,
        "typed_field": TYPED_FIELD,
        "wrong": request.method == "POST",
        "counted_later": later,
        **({} if later else undo_numbers(source)),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "subscribers/imports/undo.html", context, status=status)


def counted_later(request: MemberRequest, source: Import) -> bool:
    """Does the page come without its numbers, which it then asks for? Without script a link counts at once."""
    return lot_page.is_large(source) and "counted" not in request.GET


def undo_numbers(source: Import) -> dict[str, Any]:
    preview = undo_preview(source)
    return {"preview": preview, "left": lot_page.reasons_in_words(preview.left)}


@member_page(Capability.IMPORTS_VIEW)
def import_left(request: MemberRequest, import_id: int) -> StreamingHttpResponse:
    """Who an undo left, and why: ids of contacts only."""
    source = queries.import_by_id(request.organisation, import_id)
    return csv_file(f"import-{source.pk}-left.csv", left_lines(source))


@member_page(Capability.IMPORTS_VIEW)
def import_quarantine(request: MemberRequest, import_id: int) -> HttpResponse:
    """The rows whose proof somebody looks up. Verdicts are kept as they come; the last one releases the import."""
    source = queries.import_by_id(request.organisation, import_id)
    may_release = request.actor.may(Capability.IMPORTS_RELEASE)
    if request.method == "POST":
        request.actor.require(Capability.IMPORTS_RELEASE)
    form = SampleForm(sample_of(source), request.POST or None)
    if request.method == "POST" and form.is_valid() and released(request, source, form):
        return to("import_detail", source)
    if request.method == "POST" and not form.errors:
        return to("import_quarantine", source)
    context = {
        "source": source,
        "form": form,
        "open": may_release and source.released_at is None,
        "rows": list(form.rows()),
        "checked": sum(1 for row in form.sample if row.verdict),
    }
    return render(request, "subscribers/imports/quarantine.html", context, status=422 if form.errors else 200)


def released(request: MemberRequest, source: Import, form: SampleForm) -> bool:
    """Keep the verdicts; True when the import is released by them, or never will be."""
    try:
        release_import(actor=request.actor, source=source, checked=form.checked())
    except SampleIncompleteError as error:
        messages.info(request, _("Your verdicts are kept. Rows still to be checked: %(n)s.") % {"n": len(error.errors)})
        return False
    except UnprovenSampleError as error:
        messages.error(request, str(error.detail))
        return True
    except DomainError as error:
        add_problems(form, error)
        return False
    messages.success(request, _("The sample is proven: these people may be written to."))
    return True


@member_page(Capability.IMPORTS_VIEW)
def import_recall(request: MemberRequest, import_id: int) -> HttpResponse:
    """The whole lot: how many, where they were handed off, and what can be done."""
    source = queries.import_by_id(request.organisation, import_id)
    return recall_page(request, source, FreezeForm())


def recall_page(request: MemberRequest, source: Import, form: FreezeForm) -> HttpResponse:
    """Freezing cannot wait until a large lot is counted, so its numbers come after."""
    job = queries.job_at_work(source)
    may_recall = lot_page.may_recall(request.actor) and not source.deleted_at and not job
    may_delete = may_recall and bool(source.frozen_at) and request.actor.may(Capability.IMPORTS_RELEASE)
    if request.htmx:
        context = {"may_delete": may_delete, **recall_numbers(source)}
        return render(request, "subscribers/imports/recall_numbers.html", context)
    later = counted_later(request, source)
    context = {
        "source": source,
        "form": form,
        "may_recall": may_recall,
        "may_delete": may_delete,
        "typed": str(source.rows_read),
        "job": job,
        "counted_later": later,
        **({} if later else recall_numbers(source)),
    }
    return render(request, "subscribers/imports/recall.html", context, status=422 if form.errors else 200)


def recall_numbers(source: Import) -> dict[str, Any]:
    report = recall_report(source)
    return {"report": report, "deletion": list(lot_page.deletion_lines(report))}


@require_POST
@member_page(Capability.IMPORTS_VIEW)
def import_freeze(request: MemberRequest, import_id: int) -> HttpResponse:
    source = queries.import_by_id(request.organisation, import_id)
    form = FreezeForm(request.POST)
    if not form.is_valid():
        return recall_page(request, source, form)
    freeze_import(actor=request.actor, source=source, reason=form.cleaned_data["reason"])
    messages.success(request, _("The lot is frozen: nobody of it is written to from now on."))
    return to("import_recall", source)


@require_POST
@member_page(Capability.IMPORTS_RELEASE)
def import_unfreeze(request: MemberRequest, import_id: int) -> HttpResponse:
    source = queries.import_by_id(request.organisation, import_id)
    unfreeze_import(actor=request.actor, source=source)
    messages.success(request, _("The lot may be written to again."))
    return to("import_recall", source)


@require_POST
@member_page(Capability.IMPORTS_RELEASE)
def import_inform(request: MemberRequest, import_id: int) -> HttpResponse:
    """Tell owners and DPO of the recall by mail."""
    source = queries.import_by_id(request.organisation, import_id)
    inform_of_recall(actor=request.actor, source=source)
    messages.success(request, _("The owners and the DPO are told by e-mail."))
    return to("import_recall", source)


@member_page(Capability.IMPORTS_RELEASE)
def import_delete(request: MemberRequest, import_id: int) -> HttpResponse:
    """Erase the people of a frozen lot; typed first."""
    source = queries.import_by_id(request.organisation, import_id)
    typed = str(source.rows_read)
    if confirmed(request, typed=typed):
        delete_lot(actor=request.actor, source=source)
        return to("import_recall", source)
    back = organisation_url(request.organisation, "subscribers:import_recall", import_id=source.pk)
    text = lot_page.deletion_in_words(recall_report(source))
    return confirm_page(
        request, title=_("Delete this lot?"), text=text, action=_("Delete for ever"), typed=typed, back=back
    )
