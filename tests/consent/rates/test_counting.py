"""Every event is counted exactly once, on its day where the organisation is, whoever writes and whoever dies."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, connections, transaction
from django.utils import timezone
from django_scopes import scopes_disabled

from consent.ledger.models import ConsentEvent
from consent.rates.counting import count_days
from consent.rates.models import CountingState, DailyCount
from portal.celery import app
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose
from tests.consent.rates.counted import count, counts, right
from tests.people import new_contact

pytestmark = pytest.mark.django_db(transaction=True)
NIGHT = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)  # 2 June in Paris, 1 June in New York


def test_each_action_is_counted_on_its_day_by_purpose_channel_point_and_whose_word_it_is(
    acme: Organisation, ada: Contact, ben: Contact, cleo: Contact
) -> None:
    letter, offers = new_purpose(acme), new_purpose(acme, "offers")
    choose(ada, letter, "grant", collection_point_id=7)
    choose(ben, letter, "grant", collection_point_id=7)
    choose(ben, offers, "refuse", channel="sms")
    choose(cleo, offers, "grant", source="import")
    choose(cleo, letter, "grant", actor="parent", collection_point_id=7)

    count()

    names = ("day", "purpose_id", "channel", "collection_point_id", "action", "source_kind")
    day = date(2026, 6, 1)
    found = set(DailyCount._base_manager.values_list(*names, "count"))
    assert found == {
        (day, letter.pk, "email", 7, "grant", "person", 2),
        (day, letter.pk, "email", 7, "grant", "parent", 1),
        (day, offers.pk, "sms", None, "refuse", "person", 1),
        (day, offers.pk, "email", None, "grant", "import", 1),
    }
    assert right(acme)


def test_a_second_pass_adds_only_what_is_new(acme: Organisation, ada: Contact, ben: Contact) -> None:
    purpose = new_purpose(acme)
    choose(ada, purpose, "grant")
    count()
    count()
    assert counts(acme, "action") == [("grant", 1)]
    choose(ben, purpose, "grant")
    count()
    assert counts(acme, "action") == [("grant", 2)]


def test_two_organisations_with_the_same_people_are_counted_apart_each_in_its_time(
    acme: Organisation, other: Organisation, ada: Contact, ada_elsewhere: Contact
) -> None:
    Organisation.objects.filter(pk=other.pk).update(time_zone="America/New_York")
    choose(ada, new_purpose(acme), "grant", now=NIGHT)
    choose(ada_elsewhere, new_purpose(other), "refuse", now=NIGHT)

    count()

    assert counts(acme, "day", "action") == [(date(2026, 6, 2), "grant", 1)]
    assert counts(other, "day", "action") == [(date(2026, 6, 1), "refuse", 1)]


def test_an_organisation_that_moves_gets_its_days_anew(acme: Organisation, ada: Contact, ben: Contact) -> None:
    purpose = new_purpose(acme)
    choose(ada, purpose, "grant", now=NIGHT)
    count()
    Organisation.objects.filter(pk=acme.pk).update(time_zone="America/New_York")
    choose(ben, purpose, "grant", now=NIGHT)

    count()

    assert counts(acme, "day") == [(date(2026, 6, 1), 2)]
    assert right(acme)


def test_a_pass_that_is_killed_leaves_no_trace(acme: Organisation, ada: Contact, ben: Contact) -> None:
    """Its backend goes after the counts and the cursor are written, and before they are committed."""
    purpose = new_purpose(acme)
    choose(ada, purpose, "grant")
    count()
    choose(ben, purpose, "grant")

    def killed() -> None:
        with pytest.raises(OperationalError), transaction.atomic():
            while CountingState.objects.get().horizon < upto:
                assert count_days(now=timezone.now())
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        connections.close_all()

    before, upto = CountingState.objects.get().horizon, current()
    thread = threading.Thread(target=killed)
    thread.start()
    thread.join(60)

    assert CountingState.objects.get().horizon == before
    assert counts(acme, "action") == [("grant", 1)]
    count()
    assert counts(acme, "action") == [("grant", 2)]


def current() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def test_what_a_running_transaction_writes_is_counted_once_it_has_ended(
    acme: Organisation, ada: Contact, ben: Contact, aside: Callable[[Callable[[], None]], threading.Thread]
) -> None:
    purpose = new_purpose(acme)
    choose(ada, purpose, "refuse")  # the organisation's first, for which it gets its keys
    count()
    begun, end = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            choose(ada, purpose, "grant")
            begun.set()
            end.wait(30)

    thread = aside(slow)
    assert begun.wait(10)
    choose(ben, purpose, "grant")  # a later transaction, and a higher id, committed first
    assert count_days(now=timezone.now())
    assert count_days(now=timezone.now())
    end.set()
    thread.join(30)

    count()
    assert counts(acme, "action") == [("grant", 2), ("refuse", 1)]


def test_writers_rollbacks_and_two_counters_at_once_leave_every_count_right(
    acme: Organisation, other: Organisation, aside: Callable[[Callable[[], None]], threading.Thread]
) -> None:
    crowd = [
        [(new_contact(each, f"p{n}@example.org"), purpose) for n in range(3)]
        for each in (acme, other)
        for purpose in (new_purpose(each),)
    ]
    for people in crowd:
        choose(*people[0], "refuse")  # keys
    stop, lost = threading.Event(), list[Any]()

    def write(number: int) -> None:
        try:
            for turn in range(10):
                for people in crowd:
                    with transaction.atomic():
                        choose(*people[number], "refuse" if turn % 2 else "grant")
                        choose(*people[number], "ask", channel="sms")
                        transaction.set_rollback(turn % 5 == 4)
        except Exception as error:
            lost.append(error)

    def go_on() -> None:
        while not stop.is_set():
            count_days(now=timezone.now())

    writers = [aside(lambda number=number: write(number)) for number in range(3)]  # type: ignore[misc]
    counters = [aside(go_on) for _number in range(2)]
    for thread in writers:
        thread.join(60)
    stop.set()
    for thread in counters:
        thread.join(60)
    count()

    assert not lost
    with scopes_disabled():
        written = ConsentEvent.objects.count()
    assert written > 2 * 3 * 8
    assert sum(row[-1] for each in (acme, other) for row in counts(each)) == written
    assert right(acme)
    assert right(other)


def test_one_counter_at_a_time(
    acme: Organisation, ada: Contact, aside: Callable[[Callable[[], None]], threading.Thread]
) -> None:
    choose(ada, new_purpose(acme), "grant")
    count()
    answered: list[bool] = []
    with transaction.atomic():
        assert count_days(now=timezone.now())
        aside(lambda: answered.append(count_days(now=timezone.now()))).join(30)
    assert answered == [False]


def test_after_a_restore_what_was_in_the_dump_is_counted_once_and_what_comes_later_too(
    acme: Organisation, ada: Contact, ben: Contact
) -> None:
    """Another cluster counts transactions from lower numbers; here it comes to those of the dump after a while."""
    purpose = new_purpose(acme)
    choose(ada, purpose, "grant")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE consent_consentevent DISABLE TRIGGER USER")
        # As in a dump of a cluster that was a little ahead.
        cursor.execute(
            "UPDATE consent_consentevent SET transaction = ((pg_current_xact_id()::text::bigint + 20)::text)::xid8"
        )
        cursor.execute("ALTER TABLE consent_consentevent ENABLE TRIGGER USER")
    count()
    assert counts(acme, "action") == [("grant", 1)]
    for _turn in range(40):
        choose(ben, purpose, "refuse")
        if _turn % 10 == 0:
            count()
    count()

    assert counts(acme, "action") == [("grant", 1), ("refuse", 40)]
    assert right(acme)


def test_in_another_cluster_everything_is_counted_anew(acme: Organisation, ada: Contact) -> None:
    choose(ada, new_purpose(acme), "grant")
    count()
    CountingState.objects.update(system="7", horizon=2**40)
    count()
    assert counts(acme, "action") == [("grant", 1)]
    assert CountingState.objects.get().system != "7"


def ledger(*words: str) -> str:
    out = StringIO()
    call_command("ledger", *words, stdout=out)
    return out.getvalue()


def test_the_command_proves_the_counts_right_and_names_one_that_is_not(acme: Organisation, ada: Contact) -> None:
    choose(ada, new_purpose(acme), "grant")
    count()
    assert "acme: 1 events in 1 counts, 0 wrong" in ledger("count", "--check")
    DailyCount._base_manager.update(count=5)
    with pytest.raises(CommandError, match="1 counts are not what the events say"):
        ledger("count", "--check", "--organisation", "acme")

    assert "Counted." in ledger("count", "--anew")
    count()
    assert "0 wrong" in ledger("count", "--check")
    assert counts(acme, "action") == [("grant", 1)]


def test_the_schedule_counts() -> None:
    assert "consent.rates.tasks.count_days" in {entry["task"] for entry in app.conf.beat_schedule.values()}
