"""Pages of segments: the list, one segment, and the builder with its live preview."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from portal.errors import DomainError
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.roles import Capability
from portal.ui.confirmation import confirm_page, confirmed
from portal.ui.forms import add_problems
from portal.ui.lists import Column, ListSpec
from subscribers.segments.actions import archive_segment, create_segment, update_segment
from subscribers.segments.builder import Builder, first_draft, problems_by_path
from subscribers.segments.compiling import read_rule
from subscribers.segments.counting import keep_count, remember_count
from subscribers.segments.drafts import DraftGroup, Path, apply_edit, draft_from, draft_of, rule_of, without_blanks
from subscribers.segments.errors import InvalidRuleError, SegmentInUseError, SegmentNameTakenError
from subscribers.segments.forms import NameForm, rule_from_text
from subscribers.segments.models import Segment
from subscribers.segments.queries import Preview, preview_rule, segment_by_id
from subscribers.segments.sentences import sentence
from subscribers.segments.vocabulary import RuleField, fields_offered

SEGMENTS = ListSpec(
    columns=(
        Column("name", _("Name"), sort="name"),
        Column("last_count", _("People"), numeric=True),
        Column("counted_at", _("Counted")),
        Column("updated_at", _("Changed"), sort="updated_at"),
    ),
    search=_("Name"),
    default_sort="-updated_at",
)


@member_page(Capability.SEGMENTS_VIEW)
def segment_list(request: MemberRequest) -> HttpResponse:
    listing = SEGMENTS.read(request)
    segments = Segment.objects.filter(organisation=request.organisation, archived_at=None)
    listing.load(segments.filter(name__icontains=listing.search) if listing.search else segments)
    return render(request, "subscribers/segments/list.html", {"listing": listing})


@member_page(Capability.SEGMENTS_VIEW)
def segment_detail(request: MemberRequest, segment_id: int) -> HttpResponse:
    segment = segment_by_id(request.organisation, segment_id)
    context = {
        "segment": segment,
        "rule": pretty(segment.rule),
        "may_edit": request.actor.may(Capability.SEGMENTS_EDIT),
        "may_prepare": request.actor.may(Capability.AUDIENCES_PREPARE),
        "segment_number": str(segment.pk),
    }
    return render(request, "subscribers/segments/detail.html", context | in_words(request, segment.rule))


@member_page(Capability.SEGMENTS_VIEW)
def segment_people(request: MemberRequest, segment_id: int) -> HttpResponse:
    """The fragment with count and sample of a saved segment; keeps the count for the lists."""
    segment = segment_by_id(request.organisation, segment_id)
    context = preview_context(request, segment.rule)
    if context.get("preview"):
        keep_count(segment, count=context["preview"].count, now=timezone.now())
    return render(request, "subscribers/segments/preview.html", context | {"sentence": None})


@member_page(Capability.SEGMENTS_EDIT)
def segment_create(request: MemberRequest) -> HttpResponse:
    return build(request, None)


@member_page(Capability.SEGMENTS_EDIT)
def segment_edit(request: MemberRequest, segment_id: int) -> HttpResponse:
    return build(request, segment_by_id(request.organisation, segment_id))


@member_page(Capability.SEGMENTS_EDIT)
@require_POST
def segment_preview(request: MemberRequest) -> HttpResponse:
    """The fragment with the sentence, the count and ten people for the form as it stands."""
    draft, blanks = without_blanks(draft_from(request.POST, offered(request)))
    context = preview_context(request, rule_of(draft)) | {"blanks": blanks}
    return render(request, "subscribers/segments/preview.html", context)


@member_page(Capability.SEGMENTS_EDIT)
def segment_archive(request: MemberRequest, segment_id: int) -> HttpResponse:
    segment = segment_by_id(request.organisation, segment_id)
    back = organisation_url(request.organisation, "subscribers:segment_detail", segment_id=segment.pk)
    if not confirmed(request):
        text = _("It leaves the lists. Nobody's data changes, and audiences made from it keep their rule.")
        return confirm_page(request, title=_("Archive this segment?"), text=text, action=_("Archive"), back=back)
    try:
        archive_segment(actor=request.actor, segment=segment)
    except SegmentInUseError as error:
        messages.error(request, str(error.detail))
        return redirect(back)
    messages.success(request, _("The segment is archived."))
    return redirect(organisation_url(request.organisation, "subscribers:segment_list"))


@dataclass
class Page:
    """The state of the builder between reading the request and drawing the answer."""

    form: NameForm
    draft: DraftGroup
    problems: dict[Path, Any]
    focus: Path | None = None
    focus_on: str = ""
    json_problems: Sequence[Any] = ()


def build(request: MemberRequest, segment: Segment | None) -> HttpResponse:
    """The builder: shown, edited (``do``), or saved."""
    fields = offered(request)
    if request.method != "POST":
        draft = draft_of(segment.rule) if segment else first_draft()
        return builder_page(request, segment, fields, Page(NameForm(initial=named(segment)), draft, {}))
    page = Page(NameForm(request.POST), draft_from(request.POST, fields), {})
    if "do" in request.POST:
        edit(request, page, request.POST["do"], segment)
        return builder_page(request, segment, fields, page)
    if page.form.is_valid():
        try:
            saved = save(request, segment, page)
        except InvalidRuleError as error:
            page.problems = problems_by_path(error.errors)
            page.form.add_error(None, _("Some conditions are not complete or not right. They are marked below."))
        except SegmentNameTakenError as error:
            page.form.add_error("name", str(error.detail))
        except DomainError as error:
            add_problems(page.form, error)
        else:
            messages.success(request, _("The segment is saved."))
            return redirect(organisation_url(request.organisation, "subscribers:segment_detail", segment_id=saved.pk))
    return builder_page(request, segment, fields, page, status=422)


def save(request: MemberRequest, segment: Segment | None, page: Page) -> Segment:
    name, rule = page.form.cleaned_data["name"], rule_of(page.draft)
    if segment is None:
        saved = create_segment(actor=request.actor, name=name, rule=rule)
    else:
        saved = update_segment(actor=request.actor, segment=segment, name=name, rule=rule)
    remember_count(saved, organisation=request.organisation)
    return saved


def edit(request: MemberRequest, page: Page, verb: str, segment: Segment | None) -> None:
    """Change the draft as a button says; the form is not checked yet."""
    page.form = NameForm(initial={"name": request.POST.get("name", "")})
    if verb != "json":
        page.focus, page.focus_on = apply_edit(page.draft, verb), verb.partition(":")[0]
        return
    rule = rule_from_text(request.POST.get("json", ""))
    try:
        read_rule(rule, organisation=request.organisation, own_id=segment.pk if segment else None)
    except InvalidRuleError as error:
        page.json_problems = [problem.detail for problem in error.errors]
    else:
        page.draft = draft_of(rule)


def builder_page(
    request: MemberRequest, segment: Segment | None, fields: dict[str, RuleField], page: Page, *, status: int = 200
) -> HttpResponse:
    tree = Builder(fields, page.problems, page.focus).view(page.draft)
    json_text = request.POST["json"] if page.json_problems else pretty(rule_of(page.draft))
    context: dict[str, Any] = {
        "tree": tree,
        "segment": segment,
        "form": page.form,
        "json": json_text,
        "json_problems": page.json_problems,
        "focus_on": page.focus_on,
    }
    if request.htmx:
        response = render(request, "subscribers/segments/editor.html", context)
        response["HX-Trigger-After-Settle"] = "segment-edited"
        return response
    if request.method == "POST":
        draft, blanks = without_blanks(page.draft)
        context |= preview_context(request, rule_of(draft)) | {"blanks": blanks}
    return render(request, "subscribers/segments/build.html", context, status=status)


def preview_context(request: MemberRequest, rule: dict[str, Any]) -> dict[str, Any]:
    """Sentence, count and sample of a rule, or what is wrong with it."""
    context = in_words(request, rule)
    if not context["sentence"]:
        return context
    request.actor.require(Capability.CONTACTS_VIEW)
    try:
        preview: Preview = preview_rule(rule, organisation=request.organisation, now=timezone.now())
    except DomainError as error:
        return context | {"problem": error.detail}
    return context | {"preview": preview}


def in_words(request: MemberRequest, rule: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"sentence": sentence(read_rule(rule, organisation=request.organisation))}
    except InvalidRuleError as error:
        return {"sentence": None, "rule_problems": list(dict.fromkeys(str(each.detail) for each in error.errors))}


def offered(request: MemberRequest) -> dict[str, RuleField]:
    return {field.name: field for field in fields_offered(request.organisation)}


def named(segment: Segment | None) -> dict[str, str]:
    return {"name": segment.name} if segment else {}


def pretty(rule: object) -> str:
    return json.dumps(rule, indent=2, ensure_ascii=False)
