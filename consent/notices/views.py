"""Pages of notices."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from consent.notices import actions
from consent.notices.comparing import asked_number, compare
from consent.notices.deciding import eyes_of
from consent.notices.fence import work_for
from consent.notices.file_answers import MEMBERS_ONLY, file_answer
from consent.notices.forms import DecisionForm, NoticeForm
from consent.notices.frozen_files import draft_address, file_of_members
from consent.notices.kinds import NoticeKind
from consent.notices.overview import (
    AWAITING,
    REGISTER_COLUMNS,
    NoticeLine,
    history_of,
    last_reason,
    notice_lines,
    register_rows,
    uses_of,
    waiting_task,
)
from consent.notices.public_views import language_name
from consent.notices.publishing import known_purposes
from consent.notices.queries import VersionLine
from consent.notices.rendering import html_of
from consent.notices.rules import Eyes
from consent.purposes.models import Purpose
from portal.errors import DomainError, NotFoundError
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import absolute, organisation_url
from portal.organisations.roles import Capability
from portal.ui.components import TimelineEntry
from portal.ui.confirmation import confirm_page, confirmed
from portal.ui.csv_files import csv_response
from portal.ui.forms import add_problems
from portal.ui.lists import Column, ListSpec

NOTICES = ListSpec(
    columns=(
        Column("title", _("Name")),
        Column("kind", _("Kind of notice")),
        Column("state", _("State")),
        Column("version", _("Live version")),
        Column("languages", _("Languages")),
        Column("check", _("Check")),
    ),
)
HISTORY = {
    "notice.created": (_("Created"), "plus"),
    "notice.edited": (_("Edited"), "edit"),
    "notice.submitted": (_("Submitted"), "send"),
    "notice.taken_back": (_("Taken back"), "arrow-back-up"),
    "notice.rejected": (_("Sent back"), "arrow-back-up"),
    "notice.approved": (_("Approved"), "rubber-stamp"),
    "notice.published": (_("Published"), "check"),
    "notice.ended": (_("No longer shown"), "ban"),
}


def line_of(request: MemberRequest, key: str) -> NoticeLine:
    found = notice_lines(request.organisation, key=key)
    if not found:
        raise NotFoundError
    return found[0]


def to_page(request: MemberRequest, key: str) -> HttpResponse:
    return redirect(organisation_url(request.organisation, "consent:notice_detail", key=key))


@member_page(Capability.NOTICES_VIEW)
def notice_list(request: MemberRequest) -> HttpResponse:
    listing = NOTICES.read(request)
    listing.load_rows(notice_lines(request.organisation))
    may_edit = request.actor.may(Capability.NOTICES_EDIT)
    create_url = organisation_url(request.organisation, "consent:notice_create") if may_edit else ""
    return render(request, "consent/notices/list.html", {"listing": listing, "create_url": create_url})


@member_page(Capability.NOTICES_EDIT)
def notice_create(request: MemberRequest) -> HttpResponse:
    purposes = list(Purpose.objects.filter(organisation=request.organisation))
    initial = {"kind": NoticeKind.COLLECTION, "languages": [request.organisation.locale]}
    form = NoticeForm(request.POST or None, purposes=purposes, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            page = actions.create_notice(actor=request.actor, organisation=request.organisation, draft=form.draft)
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, _("The draft is there, with a text to start from. Read it and make it yours."))
            return to_page(request, page.slug)
    status = 422 if form.is_bound else 200
    return render(request, "consent/notices/form.html", {"form": form}, status=status)


@member_page(Capability.NOTICES_VIEW)
def notice_detail(request: MemberRequest, key: str) -> HttpResponse:
    return detail_page(request, line_of(request, key), None)


@member_page(Capability.NOTICES_EDIT)
def notice_edit(request: MemberRequest, key: str) -> HttpResponse:
    """Into Wagtail's editor."""
    line = line_of(request, key)
    return redirect(reverse("wagtailadmin_pages:edit", args=[line.page.pk]))


@member_page(Capability.NOTICES_EDIT)
def notice_submit(request: MemberRequest, key: str) -> HttpResponse:
    line = line_of(request, key)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    actions.submit_notice(actor=request.actor, page=line.page)
    messages.success(request, _("Submitted. The DPO sees it on the dashboard now."))
    return to_page(request, key)


@member_page(Capability.NOTICES_EDIT)
def notice_take_back(request: MemberRequest, key: str) -> HttpResponse:
    line = line_of(request, key)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    actions.take_back_notice(actor=request.actor, page=line.page)
    messages.success(request, _("Taken back. It can be edited again."))
    return to_page(request, key)


@member_page(Capability.NOTICES_APPROVE)
def notice_decide(request: MemberRequest, key: str) -> HttpResponse:
    """The DPO's one decision: the button pressed says which."""
    line = line_of(request, key)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    form = DecisionForm(request.POST)
    if form.is_valid():
        try:
            decide(request, line, form)
        except DomainError as error:
            add_problems(form, error)
        else:
            return to_page(request, key)
    return detail_page(request, line, form, status=422)


def decide(request: MemberRequest, line: NoticeLine, form: DecisionForm) -> None:
    reason = form.cleaned_data["reason"]
    if request.POST.get("decision") == "approve":
        revision = form.cleaned_data["revision"]
        actions.approve_notice(actor=request.actor, page=line.page, revision=revision, comment=reason)
        messages.success(request, _("Approved and published. This text is kept as it is, for ever."))
    else:
        actions.send_back_notice(actor=request.actor, page=line.page, reason=reason)
        messages.success(request, _("Sent back. Whoever wrote it can read why."))


@member_page(Capability.NOTICES_APPROVE)
def notice_end(request: MemberRequest, key: str) -> HttpResponse:
    line = line_of(request, key)
    if not confirmed(request):
        return confirm_page(
            request,
            title=_("Show this notice no longer?"),
            text=_("Its public address will say there is nothing. Every version stays, for proofs."),
            action=_("End the notice"),
            back=organisation_url(request.organisation, "consent:notice_detail", key=key),
        )
    actions.end_notice(actor=request.actor, page=line.page)
    messages.success(request, _("Ended. Its versions stay."))
    return to_page(request, key)


@member_page(Capability.NOTICES_VIEW)
def notice_version(request: MemberRequest, key: str, number: int) -> HttpResponse:
    line = line_of(request, key)
    version = version_numbered(line, number)
    context = {"line": line, "version": version, "texts": frozen_texts(version)}
    return render(request, "consent/notices/version.html", context)


@member_page(Capability.NOTICES_VIEW)
def notice_compare(request: MemberRequest, key: str) -> HttpResponse:
    """Two versions side by side; without a choice the last two."""
    line = line_of(request, key)
    if not line.versions:
        raise NotFoundError
    newest = line.versions[0].number
    before = version_numbered(line, asked_number(request.GET.get("from", ""), max(newest - 1, 1)))
    after = version_numbered(line, asked_number(request.GET.get("to", ""), newest))
    shared = [language for language in after.languages if language in before.languages]
    language = request.GET.get("language", "")
    language = language if language in shared else next(iter(shared), "")
    texts = [
        next((each.text for each in version.wordings if each.language == language), "") for version in (before, after)
    ]
    context = {
        "line": line,
        "numbers": [version.number for version in line.versions],
        "before": before,
        "after": after,
        "language": language,
        "languages": [(code, language_name(code)) for code in shared],
        "rows": compare(*texts),
    }
    return render(request, "consent/notices/compare.html", context)


@member_page(Capability.NOTICES_VIEW)
def notice_file(request: MemberRequest, digest: str) -> HttpResponse:
    """A picture or document of a draft or version, for members alone."""
    file, content = file_of_members(request.organisation, digest)
    return file_answer(file, content, caching=MEMBERS_ONLY)


@member_page(Capability.NOTICES_EDIT)
def picture_library(request: MemberRequest) -> HttpResponse:
    """Wagtail's list, of this organisation."""
    work_for(request, request.organisation)
    return redirect("cms_pictures")


@member_page(Capability.NOTICES_EDIT)
def document_library(request: MemberRequest) -> HttpResponse:
    work_for(request, request.organisation)
    return redirect("cms_documents")


@member_page(Capability.NOTICES_VIEW)
def register_csv(request: MemberRequest) -> HttpResponse:
    """The register of notices (N-10): what was published when, with its digest."""
    rows = [REGISTER_COLUMNS, *register_rows(request.organisation)]
    return csv_response(rows, name=f"notices-{request.organisation.slug}.csv")  # type: ignore[return-value]


@member_page(Capability.NOTICES_VIEW)
def register_json(request: MemberRequest) -> HttpResponse:
    rows = [dict(zip(REGISTER_COLUMNS, row, strict=True)) for row in register_rows(request.organisation)]
    answer = JsonResponse({"organisation": request.organisation.slug, "notices": rows})
    answer["Content-Disposition"] = f'attachment; filename="notices-{request.organisation.slug}.json"'
    return answer


# Shared by the pages above


def version_numbered(line: NoticeLine, number: int) -> VersionLine:
    found = next((version for version in line.versions if version.number == number), None)
    if found is None:
        raise NotFoundError
    return found


def embedded(html: str) -> str:
    """A frozen text inside a page that has its own heading."""
    for level, lower in (("h2", "h4"), ("h1", "h3")):
        html = html.replace(f"<{level}>", f"<{lower}>").replace(f"</{level}>", f"</{lower}>")
    return html


def frozen_texts(version: VersionLine | None) -> list[dict[str, Any]]:
    wordings = version.wordings if version else ()
    return [
        {
            "language": each.language,
            "name": language_name(each.language),
            "html": embedded(each.html),
            "digest": bytes(each.digest).hex(),
        }
        for each in wordings
    ]


def draft_texts(request: MemberRequest, line: NoticeLine) -> list[dict[str, Any]]:
    """Exactly what would be frozen."""
    known = known_purposes(request.organisation)
    return [
        {
            "language": wording.language,
            "name": language_name(wording.language),
            "html": embedded(html_of(wording, line.draft, known, address=draft_address(request.organisation))),
        }
        for wording in line.draft.wordings
        if wording.language
    ]


def detail_page(
    request: MemberRequest, line: NoticeLine, form: DecisionForm | None, *, status: int = 200
) -> HttpResponse:
    return render(request, "consent/notices/detail.html", shown(request, line, form), status=status)


def shown(request: MemberRequest, line: NoticeLine, form: DecisionForm | None) -> dict[str, Any]:
    """What the page says, and which buttons this member gets."""
    actor, page = request.actor, line.page
    task = waiting_task(page) if line.state == AWAITING else None
    deciding = task is not None and actor.may(Capability.NOTICES_APPROVE)
    eyes = eyes_of(page, actor.user_id, request.organisation) if deciding else Eyes.OTHER
    edits = actor.may(Capability.NOTICES_EDIT)
    return {
        "line": line,
        "form": form or (DecisionForm(initial={"revision": task.revision_id}) if task else None),
        "draft": draft_texts(request, line) if line.changed else [],
        "live": frozen_texts(line.live),
        "public_url": absolute(f"/n/{request.organisation.slug}/{line.key}"),
        "uses": uses_of(request.organisation, line.key),
        "history": [history_entry(entry) for entry in history_of(request.organisation, line.key)],
        "reason": last_reason(page),
        "may_edit": edits and task is None,
        "may_submit": edits and task is None and line.changed,
        "may_take_back": edits and task is not None,
        "may_decide": deciding,
        "may_approve": deciding and eyes != Eyes.OWN and not line.findings,
        "own_work": eyes == Eyes.OWN,
        "alone": eyes == Eyes.ALONE,
        "may_end": actor.may(Capability.NOTICES_APPROVE) and page.live and task is None,
        "reader_language": get_language(),
    }


def history_entry(entry: Any) -> TimelineEntry:
    title, icon = HISTORY.get(entry.action, (entry.action, "point"))
    said = entry.details.get("reason", "")
    if entry.action == "notice.published":
        said = _t("Version %(number)s") % {"number": entry.details.get("number", "")}
    if entry.details.get("alone"):
        said = _t("By the DPO alone: nobody else could approve.")
    return TimelineEntry(at=entry.at, title=title, text=said, icon=icon, actor=str(entry.user or ""))
