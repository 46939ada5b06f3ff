"""The page of consent rates, and the same as a file. Both read daily counts alone."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.rates.asking import OTHER_WAYS, PERIODS, Offered, offered, question_of
from consent.rates.errors import InvalidPeriodError
from consent.rates.queries import Question, counted_at, rates
from consent.rates.showing import charts, file_rows, point_rows, topic_rows
from portal.channels import Channel
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.roles import Capability
from portal.ui.csv_files import csv_response

STEP_NAMES = (("day", _("By day")), ("week", _("By week")), ("month", _("By month")))


@member_page(Capability.CONSENTS_VIEW)
def rate_page(request: MemberRequest) -> HttpResponse:
    known = offered(request.organisation)
    today = timezone.localdate()
    problem, status = "", 200
    try:
        question = question_of(request.GET, known, today=today)
    except InvalidPeriodError as error:
        problem, status = str(error.title), 422
        question = question_of(type(request.GET)(""), known, today=today)
    found = rates(request.organisation, question)
    context = {
        "question": question,
        "problem": problem,
        "total": found.total,
        "topics": topic_rows(found, known, question.by),
        "points": point_rows(found, known, question.by),
        "counted_at": counted_at(),
        **charts(found, question.by),
        **choices(request, question, known),
    }
    return render(request, "consent/rates.html", context, status=status)


def choices(request: MemberRequest, question: Question, known: Offered) -> dict[str, Any]:
    """What the form above the figures offers, and what is chosen."""
    days = (question.last - question.first).days + 1
    until_today = question.last == timezone.localdate()
    kept = request.GET.copy()
    for name in ("from", "to", "period"):
        kept.pop(name, None)
    point = OTHER_WAYS if question.other_ways else question.point.key if question.point else ""
    return {
        "periods": [(period, with_period(kept, period), until_today and days == period) for period in PERIODS],
        "steps": STEP_NAMES,
        "by": request.GET.get("by", ""),
        "purposes": known.purposes.values(),
        "channels": Channel.choices,
        "collection_points": known.points.values(),
        "point": point,
        "other_ways": OTHER_WAYS,
        "query": request.GET.urlencode(),
        "narrowed": bool(question.purpose or question.channel or point),
    }


def with_period(given: Any, period: int) -> str:
    changed = given.copy()
    changed["period"] = str(period)
    return f"?{changed.urlencode()}"


@member_page(Capability.CONSENTS_VIEW)
def rate_download(request: MemberRequest) -> HttpResponseBase:
    """No personal data: figures alone."""
    known = offered(request.organisation)
    question = question_of(request.GET, known, today=timezone.localdate())
    return csv_response(file_rows(request.organisation, question, known), name="consent-rates.csv")
