"""The page of consent rates: who sees it, what it says, in which language, and that it never reads the ledger."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_scopes import scope

from consent.collection.models import CollectionPoint
from consent.purposes.models import Purpose
from consent.rates.models import CountingState, DailyCount
from portal.accounts.models import User
from portal.organisations.models import Organisation
from portal.organisations.roles import Role
from tests.consent.choices import new_purpose
from tests.people import client_of, new_member

pytestmark = pytest.mark.django_db
PAGE = "/o/acme/consents/rates/"


def new_point(organisation: Organisation, key: str = "footer", name: str = "Footer form") -> CollectionPoint:
    now = timezone.now()
    with scope(organisation=organisation):
        return CollectionPoint.objects.create(
            organisation=organisation, key=key, name=name, created_at=now, updated_at=now, created_by="m"
        )


def counted(purpose: Purpose, day: date, action: str, count: int, **values: Any) -> None:
    """As the counter leaves it; `test_counting` shows that it does."""
    values = {"channel": "email", "source_kind": "person", **values}
    DailyCount._base_manager.create(
        organisation_id=purpose.organisation_id, purpose=purpose, day=day, action=action, count=count, **values
    )


@pytest.fixture
def today(acme: Organisation) -> date:
    return timezone.localdate(timezone=acme.zone)


@pytest.fixture
def letter(acme: Organisation, today: date) -> Purpose:
    """Sixty agreed, thirty refused, ten did not answer; nine took it back. An import claims a thousand."""
    purpose = new_purpose(acme)
    point = new_point(acme)
    counted(purpose, today, "grant", 40, collection_point_id=point.pk)
    counted(purpose, today - timedelta(days=3), "grant", 20)
    counted(purpose, today, "refuse", 30, collection_point_id=point.pk)
    counted(purpose, today, "ask", 10, channel="sms")
    counted(purpose, today, "withdraw", 6)
    counted(purpose, today, "object", 3)
    counted(purpose, today, "grant", 1000, source_kind="import")
    counted(purpose, today, "confirm", 500)
    counted(purpose, today, "grant", 700, source_kind="parent")
    CountingState.objects.create(counted_at=timezone.now())
    return purpose


def page(user: User, query: str = "") -> Any:
    response = client_of(user).get(f"{PAGE}{query}")
    return response.context, response.content.decode()


def test_it_gives_the_rate_of_those_who_were_asked_and_leaves_imports_out(viewer: User, letter: Purpose) -> None:
    context, html = page(viewer)
    total = context["total"]
    assert (total.agreements, total.refusals, total.unanswered, total.stops) == (60, 30, 10, 9)
    assert (total.rate, total.withdrawal_rate, total.imported) == (60.0, 15.0, 1000)
    assert "60\u202f%" in html
    assert "66.7\u202f% of those who answered" in html
    assert "Imports brought 1,000 agreements and 0 opt-outs." in html


@pytest.mark.parametrize("role", list(Role))
def test_every_member_who_may_see_consents_sees_it(acme: Organisation, letter: Purpose, role: Role) -> None:
    member = new_member(acme, role)
    assert client_of(member).get(PAGE).status_code == 200
    assert client_of(member).get(f"{PAGE}rates.csv").status_code == 200
    assert f'href="{PAGE}"' in client_of(member).get("/o/acme/").content.decode()


def test_another_organisation_sees_nothing_of_it(other: Organisation, stranger: User, letter: Purpose) -> None:
    new_purpose(other)
    context = client_of(stranger).get("/o/other/consents/rates/").context
    assert (context["total"].asked, context["topics"], context["points"]) == (0, [], [])
    assert client_of(stranger).get(PAGE).status_code == 404


def test_it_is_narrowed_by_purpose_channel_and_collection_point(
    acme: Organisation, viewer: User, letter: Purpose, today: date
) -> None:
    counted(new_purpose(acme, "offers"), today, "refuse", 100)
    assert page(viewer)[0]["total"].refusals == 130
    assert page(viewer, "?purpose=newsletter")[0]["total"].refusals == 30
    assert page(viewer, "?purpose=newsletter&channel=sms")[0]["total"].asked == 10
    assert page(viewer, "?collection_point=footer")[0]["total"].rate == 57.1
    assert page(viewer, "?collection_point=-")[0]["total"].refusals == 100


def test_periods_end_today_unless_days_are_given(viewer: User, letter: Purpose, today: date) -> None:
    counted(letter, today - timedelta(days=50), "grant", 5)
    assert page(viewer)[0]["total"].agreements == 65
    assert page(viewer, "?period=30")[0]["total"].agreements == 60
    two = today - timedelta(days=60), today - timedelta(days=2)
    context, _html = page(viewer, f"?from={two[0]}&to={two[1]}")
    assert (context["total"].agreements, context["question"].by) == (25, "day")


@pytest.mark.parametrize(
    ("query", "steps"), [("?period=30&by=day", 30), ("?period=365", 53), ("?period=365&by=month", 13)]
)
def test_steps_without_answers_are_there_and_say_that_there_is_no_rate(
    viewer: User, letter: Purpose, query: str, steps: int
) -> None:
    dots = page(viewer, query)[0]["rate_dots"]
    assert steps <= len(dots) <= steps + 1
    assert dots[0].percent is None
    assert dots[-1].percent is not None


def test_charts_have_title_description_and_the_table_behind_them(viewer: User, letter: Purpose) -> None:
    html = page(viewer, "?period=30")[1]
    assert html.count('<figure class="chart">') == html.count("<desc id=") == html.count('class="chart-table"') == 3
    assert html.count("<svg viewBox") == html.count("<title id=") == 3 + 4  # and a line in each row
    assert "style=" not in html[html.index("<main") :]


def test_tables_say_it_by_purpose_and_channel_and_by_collection_point(viewer: User, letter: Purpose) -> None:
    context, html = page(viewer)
    assert [(row.name, str(row.channel), row.figures.asked) for row in context["topics"]] == [
        ("Newsletter", "e-mail", 90),
        ("Newsletter", "SMS", 10),
    ]
    assert [(row.name, row.figures.asked) for row in context["points"]] == [("Footer form", 70), ("Other ways", 30)]
    assert 'href="/o/acme/collection-points/footer/"' in html


@pytest.mark.parametrize("query", ["from=2026-06-02&to=2026-06-01", "from=1000-01-01", "from=2000-01-01&by=day"])
def test_a_period_that_cannot_be_is_refused_in_words(viewer: User, letter: Purpose, query: str) -> None:
    response = client_of(viewer).get(f"{PAGE}?{query}")
    assert response.status_code == 422
    assert "A period begins before it ends" in response.content.decode()


def test_nonsense_in_the_address_counts_as_not_given(viewer: User, letter: Purpose) -> None:
    query = "?from=2026-02-31&to=x&period=7&by=hour&purpose=none&channel=pigeon&collection_point=none"
    assert page(viewer, query)[0]["total"].asked == 100


def test_the_file_has_a_line_for_each_combination_and_runs_nothing_in_a_spreadsheet(
    acme: Organisation, viewer: User, letter: Purpose, today: date
) -> None:
    counted(new_purpose(acme, "trap", name="=HYPERLINK(1)"), today, "grant", 1)
    response = client_of(viewer).get(f"{PAGE}rates.csv?period=30&by=day")
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("First day,Purpose,Channel,Collection point,Agreed,Refused,")
    assert f"{today},Newsletter,e-mail,Footer form,40,30,0,57.1,0,0,0,0" in lines
    assert f"{today},'=HYPERLINK(1),e-mail,Other ways,1,0,0,100.0,0,0,0,0" in lines


def test_it_speaks_french(acme: Organisation, letter: Purpose) -> None:
    member = new_member(acme, Role.VIEWER, name="claire")
    User.objects.filter(pk=member.pk).update(language="fr")
    client = client_of(member)
    html = client.get(PAGE, headers={"Accept-Language": "fr"}).content.decode()
    assert "Taux de consentement" in html
    assert "60\u202f%" in html


def test_no_event_is_read(viewer: User, letter: Purpose) -> None:
    client = client_of(viewer)
    with CaptureQueriesContext(connection) as captured:
        client.get(PAGE)
    assert not [query for query in captured.captured_queries if "consent_consentevent" in query["sql"]]
    assert len([query for query in captured.captured_queries if "consent_dailycount" in query["sql"]]) == 1


def test_pages_lead_to_it(owner: User, letter: Purpose) -> None:
    client = client_of(owner)
    for path, link in (
        ("purposes/", PAGE),
        ("collection-points/", PAGE),
        ("purposes/newsletter/", f"{PAGE}?purpose=newsletter"),
        ("collection-points/footer/", f"{PAGE}?collection_point=footer"),
    ):
        html = client.get(f"/o/acme/{path}").content.decode()
        assert html[html.index("<main") :].count(f'href="{link}"') == 1, path


def test_each_row_draws_its_own_line_over_the_same_days(viewer: User, letter: Purpose, today: date) -> None:
    context, html = page(viewer, "?period=30&by=day")
    by_email, by_sms = context["topics"]
    assert len(by_email.dots) == len(by_sms.dots) == len(context["rate_dots"]) == 30
    assert [dot.percent for dot in by_email.dots if dot.percent is not None] == [100.0, 57.1]
    assert [dot.percent for dot in by_sms.dots if dot.percent is not None] == [0.0]
    assert "Consent rate over time: Footer form" in html
