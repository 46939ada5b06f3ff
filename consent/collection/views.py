"""Pages of collection points in the portal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from consent.children.forms import add_child_problems
from consent.collection import actions
from consent.collection.comparing import compared, shared_languages
from consent.collection.documents import Document, spoken, words_of
from consent.collection.errors import NotPublishableError, PointNotLiveError, WrongKindError
from consent.collection.forms import PointForm, ReportForm
from consent.collection.linting import publication_problems
from consent.collection.models import CollectionPoint, FormVersion, PointKind, PointState
from consent.collection.queries import (
    Counts,
    collection_points,
    counts_of,
    document_of,
    imports_of,
    live_notices,
    materials,
    notice_html,
    point_by_key,
    version_numbered,
    version_of,
    versions_of,
)
from consent.collection.reporting import REPORTED, report_sign_up
from consent.collection.showing import charts, codes, import_address, import_code, names_of
from consent.notices.comparing import asked_number
from consent.notices.public_views import language_name
from consent.purposes.models import Basis, Purpose
from portal.channels import Channel
from portal.errors import DomainError, FieldProblem
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.roles import Capability
from portal.ui.confirmation import confirm_page, confirmed
from portal.ui.forms import add_problems
from portal.ui.lists import Column, Filter, ListSpec
from portal.ui.security import CONTENT_SECURITY_POLICY
from subscribers.fields.models import Field

RECENT = timedelta(days=30)
SHOWN_IMPORTS = 5
PREVIEW_POLICY = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
POINTS = ListSpec(
    columns=(
        Column("name", _("Name"), sort="name"),
        Column("state", _("State"), sort="state"),
        Column("kind", _("Where people are asked"), sort="kind"),
        Column("submitted", _("Sign-ups, 30 days"), numeric=True),
        Column("recorded", _("Confirmed"), numeric=True),
        Column("rate", _("Share confirmed"), numeric=True),
    ),
    filters=(
        Filter("state", _("State"), choices=PointState.choices),
        Filter("kind", _("Where people are asked"), choices=PointKind.choices),
    ),
    default_sort="name",
)


@dataclass(frozen=True)
class PointRow:
    """A line of the list."""

    point: CollectionPoint
    counts: Counts


@member_page(Capability.COLLECTION_VIEW)
def point_list(request: MemberRequest) -> HttpResponse:
    listing = POINTS.read(request)
    listing.load(collection_points().filter(organisation=request.organisation, **listing.filters))
    counts = counts_of(request.organisation, listing.rows, timezone.now() - RECENT)
    listing.rows = [PointRow(point, counts.get(point.pk, Counts())) for point in listing.rows]
    may_edit = request.actor.may(Capability.COLLECTION_EDIT)
    create_url = organisation_url(request.organisation, "consent:point_create") if may_edit else ""
    return render(request, "consent/point_list.html", {"listing": listing, "create_url": create_url})


def point_form(request: MemberRequest, point: CollectionPoint | None) -> PointForm:
    """The form with what this organisation can choose from."""
    organisation = request.organisation
    purposes = list(Purpose.objects.filter(organisation=organisation, basis=Basis.CONSENT))
    fields = list(Field.objects.filter(organisation=organisation))
    return PointForm(
        request.POST or None, purposes=purposes, fields=fields, notices=live_notices(organisation), point=point
    )


@member_page(Capability.COLLECTION_EDIT)
def point_create(request: MemberRequest) -> HttpResponse:
    form = point_form(request, None)
    if request.method == "POST" and form.is_valid():
        try:
            point = actions.create_point(actor=request.actor, key=form.cleaned_data["key"], values=form.values)
        except DomainError as error:
            add_form_problems(form, error)
        else:
            messages.success(request, _("Saved as a draft. Publish it when it looks right."))
            return redirect(organisation_url(request.organisation, "consent:point_detail", key=point.key))
    return form_page(request, form, None)


@member_page(Capability.COLLECTION_EDIT)
def point_edit(request: MemberRequest, key: str) -> HttpResponse:
    point = point_by_key(request.organisation, key)
    form = point_form(request, point)
    if request.method == "POST" and form.is_valid():
        try:
            actions.update_point(actor=request.actor, point=point, changes=asdict(form.values))
        except DomainError as error:
            add_form_problems(form, error)
        else:
            messages.success(request, _("Saved. Visitors see it once you publish."))
            return redirect(organisation_url(request.organisation, "consent:point_detail", key=point.key))
    return form_page(request, form, point)


def add_form_problems(form: PointForm, error: DomainError) -> None:
    """Each problem on the field of the page that it is about: ``texts.en.title`` is ``title_en`` there."""
    for problem in error.errors:
        form.add_error(field_of(form, problem), str(problem.detail))
    if not error.errors:
        add_problems(form, error)


def field_of(form: PointForm, problem: FieldProblem) -> str | None:
    loc = [str(part) for part in problem.loc]
    names = [f"{loc[2]}_{loc[1]}"] if loc[:1] == ["texts"] and len(loc) == 3 else []
    return next((name for name in (*names, *loc) if name in form.fields), None)


def form_page(request: MemberRequest, form: PointForm, point: CollectionPoint | None) -> HttpResponse:
    name, arguments = ("consent:point_preview", {"key": point.key}) if point else ("consent:point_draft_preview", {})
    context = {
        "form": form,
        "point": point,
        "preview_url": organisation_url(request.organisation, name, **arguments),
    }
    return render(request, "consent/point_form.html", context, status=422 if form.is_bound else 200)


# Preview


@member_page(Capability.COLLECTION_EDIT)
def draft_preview(request: MemberRequest) -> HttpResponse:
    """What a point that does not exist yet would show."""
    point = CollectionPoint(organisation=request.organisation, key="preview")
    return preview(request, edited(request, point, point_form(request, None)))


@member_page(Capability.COLLECTION_VIEW)
def point_preview(request: MemberRequest, key: str) -> HttpResponse:
    """The form as it is written now, or (POST) as it is being typed; with ``?version=`` as it once was."""
    point = point_by_key(request.organisation, key)
    number = request.GET.get("version", "")
    if number.isdecimal() and len(number) < 10:
        version = version_of(point, int(number))
        if version is not None:
            return preview_page(request, point, version.document, ())
    if request.method == "POST":
        edited(request, point, point_form(request, point))
    return preview(request, point)


def edited(request: MemberRequest, point: CollectionPoint, form: PointForm) -> CollectionPoint:
    """The point with what is being typed, as far as it makes sense; nothing is saved."""
    if form.is_bound:
        form.is_valid()
        for name, value in asdict(form.values).items():
            try:
                actions.assign(point, {name: value})
            except DomainError:
                continue
    return point


def preview(request: MemberRequest, point: CollectionPoint) -> HttpResponse:
    config = point.config
    found = materials(request.organisation, config)
    problems = publication_problems(config, purposes=found.purposes, notices=found.notices)
    if not config["languages"]:
        config = {**config, "languages": [request.organisation.locale]}
    return preview_page(request, point, document_of(point, config, found), problems)


def preview_page(
    request: MemberRequest, point: CollectionPoint, document: Document, problems: Sequence[FieldProblem]
) -> HttpResponse:
    language = spoken(document, [request.GET.get("lang", ""), request.LANGUAGE_CODE])
    words = words_of(document, language)
    html = notice_html(point, words["notice"]["version"]) if words["notice"] else ""
    context = {
        "organisation": request.organisation,
        "point": point,
        "words": words,
        "language": language,
        "fields": [{**asked, "value": ""} for asked in words["fields"]],
        "notice_html": mark_safe(html),  # noqa: S308 - cleaned when it was published
        "lint": [str(problem.detail) for problem in problems],
        "preview": True,
    }
    with override(language):
        response = HttpResponse(render_to_string("consent/public/form_preview.html", context))
    response["Content-Security-Policy"] = PREVIEW_POLICY
    return response


# One point


@member_page(Capability.COLLECTION_VIEW)
def point_detail(request: MemberRequest, key: str) -> HttpResponse:
    return detail_page(request, point_by_key(request.organisation, key))


def detail_page(request: MemberRequest, point: CollectionPoint, problems: Sequence[FieldProblem] = ()) -> HttpResponse:
    now = timezone.localtime(timezone.now())
    versions = list(FormVersion.objects.filter(point=point).order_by("-number")[:20])
    live = versions[0] if versions else None
    may_edit = request.actor.may(Capability.COLLECTION_EDIT)
    weeks, daily = charts(point)
    names = names_of([point.published_by, point.closed_by, *(version.published_by for version in versions)])
    context = {
        "point": point,
        "versions": [
            {"version": version, "digest": bytes(version.digest).hex(), "by": names[version.published_by]}
            for version in versions
        ],
        "published_by": names[point.published_by],
        "closed_by": names[point.closed_by],
        "changed": live is not None and live.document["config"] != point.config,
        "problems": problems,
        "counts": counts_of(request.organisation, [point], now - RECENT).get(point.pk, Counts()),
        "daily": daily,
        "weeks": weeks,
        "may_edit": may_edit,
        "may_record": point.kind in REPORTED
        and point.state == PointState.LIVE
        and request.actor.may(Capability.CONTACTS_EDIT),
        "channels": [(choice["purpose"], Channel(choice["channel"]).label) for choice in point.choices],
        "imports": imports_of(point, SHOWN_IMPORTS) if request.actor.may(Capability.IMPORTS_VIEW) else [],
        "may_import": point.number > 0 and request.actor.may(Capability.IMPORTS_RUN),
        "import_url": import_address(point),
        "import_code": import_code(point),
        **codes(point),
    }
    return render(request, "consent/point_detail.html", context, status=422 if problems else 200)


@member_page(Capability.COLLECTION_VIEW)
def point_compare(request: MemberRequest, key: str) -> HttpResponse:
    """Two versions of the form side by side; without a choice the last two."""
    point = point_by_key(request.organisation, key)
    after = version_numbered(point, asked_number(request.GET.get("to", ""), point.number))
    before = version_numbered(point, asked_number(request.GET.get("from", ""), max(after.number - 1, 1)))
    shared = shared_languages(before.document, after.document)
    language = request.GET.get("language", "")
    language = language if language in shared else next(iter(shared), "")
    context = {
        "point": point,
        "before": before,
        "after": after,
        "numbers": list(versions_of(point).order_by("-number").values_list("number", flat=True)),
        "language": language,
        "languages": [(code, language_name(code)) for code in shared],
        "rows": compared(before.document, after.document, language) if language else [],
    }
    return render(request, "consent/point_compare.html", context)


@member_page(Capability.COLLECTION_EDIT)
def point_publish(request: MemberRequest, key: str) -> HttpResponse:
    point = point_by_key(request.organisation, key)
    if request.method == "POST":
        try:
            actions.publish_point(actor=request.actor, point=point)
        except NotPublishableError as error:
            return detail_page(request, point, error.errors)
        messages.success(request, _("It is live."))
    return redirect(organisation_url(request.organisation, "consent:point_detail", key=point.key))


@member_page(Capability.COLLECTION_EDIT)
def point_close(request: MemberRequest, key: str) -> HttpResponse:
    point = point_by_key(request.organisation, key)
    back = organisation_url(request.organisation, "consent:point_detail", key=point.key)
    if not confirmed(request):
        return confirm_page(
            request,
            title=_("Close this collection point?"),
            text=_("Nobody can sign up here any more. Who has done so can still confirm, and what is recorded stays."),
            action=_("Close it"),
            back=back,
        )
    actions.close_point(actor=request.actor, point=point)
    messages.success(request, _("It is closed."))
    return redirect(back)


@member_page(Capability.CONTACTS_EDIT)
def point_record(request: MemberRequest, key: str) -> HttpResponse:
    """What stands on a paper or was said in a call, with what proves it."""
    point = point_by_key(request.organisation, key)
    if point.kind not in REPORTED:
        raise WrongKindError
    version = version_of(point, point.number)
    if point.state != PointState.LIVE or version is None:
        raise PointNotLiveError
    form = ReportForm(request.POST or None, request.FILES or None, document=version.document)
    back = organisation_url(request.organisation, "consent:point_detail", key=point.key)
    if request.method == "POST" and form.is_valid():
        try:
            outcome = report_sign_up(actor=request.actor, point=point, report=form.report())
        except DomainError as error:
            add_child_problems(form, error)
        else:
            waits = _("A message is on its way: it is recorded once it is confirmed.")
            messages.success(request, _("Recorded in the ledger.") if outcome.contact_id else waits)
            return redirect(back)
    context = {"form": form, "point": point, "back": back}
    return render(request, "consent/point_record.html", context, status=422 if form.is_bound else 200)
