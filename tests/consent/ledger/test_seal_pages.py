"""The ledger's explorer, one event with everything, the seals' page, and where somebody stood on an earlier day."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from consent.notices.models import NoticeKind, NoticeVersion
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.jobs.models import Job
from portal.jobs.running import run_next
from portal.organisations.models import Organisation
from portal.seals.models import Verification
from subscribers.contacts.models import Contact
from tests.consent.choices import NOW, choose, new_purpose
from tests.consent.collection.forms import new_point
from tests.consent.proofs.checking import check
from tests.people import api_of, client_of
from tests.portal.seals.keeping import seal, superuser, verify

pytestmark = pytest.mark.django_db(transaction=True)
WHERE_FROM = {"text": "I agree.", "ip": "192.0.2.77", "user_agent": "Mozilla/5.0 (odd)"}


@pytest.fixture
def newsletter(in_acme: Organisation) -> Purpose:
    return new_purpose(in_acme)


@pytest.fixture
def marketing(marketer: User) -> Client:
    return client_of(marketer)


@pytest.fixture
def protecting(dpo: User) -> Client:
    return client_of(dpo)


def text(client: Client, path: str) -> str:
    answer = client.get(f"/o/acme/{path}")
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def test_the_explorer_says_which_events_are_sealed_and_filters_by_it(
    marketing: Client, newsletter: Purpose, ada: Contact, ben: Contact
) -> None:
    sealed = choose(ada, newsletter, "grant")
    seal()
    waiting = choose(ben, newsletter, "grant")

    assert "Waits for its seal</" in text(marketing, "ledger/")
    page = text(marketing, "ledger/?sealed=yes")
    assert f"/ledger/{sealed}/" in page
    assert f"/ledger/{waiting}/" not in page
    page = text(marketing, "ledger/?sealed=no")
    assert f"/ledger/{sealed}/" not in page
    assert f"/ledger/{waiting}/" in page


def test_the_explorer_finds_by_person_point_and_day(
    marketing: Client, newsletter: Purpose, ada: Contact, ben: Contact
) -> None:
    point = new_point(newsletter.organisation, newsletter)
    early = choose(ada, newsletter, "grant", now=NOW, collection_point_id=point.pk)
    late = choose(ben, newsletter, "grant", now=NOW + timedelta(days=3))

    def found(query: str) -> set[int | None]:
        page = text(marketing, f"ledger/?{query}")
        return {event for event in (early, late) if f"/ledger/{event}/" in page}

    assert found(f"contact={ada.pk}") == {early}
    assert f'<option value="{point.pk}">{point.name}</option>' in text(marketing, "ledger/")
    assert found(f"point={point.pk}") == {early}
    assert f'<a href="/o/acme/collection-points/{point.key}/">{point.name}</a>' in text(marketing, f"ledger/{early}/")
    assert found("since=2026-06-02") == {late}
    assert found("until=2026-06-01") == {early}
    assert found("since=2026-06-01&until=2026-06-04") == {early, late}
    for nonsense in ("contact=x", "contact=99999999999999999999", "since=yesterday", "until=2026-13-45"):
        assert found(nonsense) == set()


def test_the_download_holds_what_the_list_shows_and_is_written_down(
    protecting: Client, marketing: Client, newsletter: Purpose, ada: Contact, ben: Contact
) -> None:
    sealed = choose(ada, newsletter, "grant")
    choose(ben, newsletter, "withdraw", source_reference="=1+1")
    seal()

    answer = protecting.get("/o/acme/ledger/ledger.csv?action=grant")
    body = b"".join(answer).decode("utf-8-sig")  # type: ignore[arg-type]
    head, *rows = csv.reader(io.StringIO(body))

    assert [row[0] for row in rows] == [str(sealed)]
    assert rows[0][head.index("Sealed")] == "yes"
    assert AuditEntry.objects.get(action="consent.exported").details == {"filters": {"action": "grant"}}
    assert "'=1+1" in b"".join(protecting.get("/o/acme/ledger/ledger.csv")).decode()  # type: ignore[arg-type]
    assert marketing.get("/o/acme/ledger/ledger.csv").status_code == 403


def test_an_event_shows_its_seal_its_text_and_its_neighbours(
    in_acme: Organisation, marketing: Client, newsletter: Purpose, ada: Contact
) -> None:
    words = "We write every week."
    digest = hashlib.sha256(words.encode()).digest()
    NoticeVersion.objects.create(
        organisation=in_acme,
        notice="signup",
        number=1,
        language="en",
        kind=NoticeKind.COLLECTION,
        title="Sign-up",
        html=words,
        text=words,
        digest=digest,
        published_at=NOW,
        published_by="member:1",
    )
    before = choose(ada, newsletter, "refuse")
    event = choose(ada, newsletter, "grant", notice_digest=digest, notice_version="signup/1/en")
    after = choose(ada, newsletter, "withdraw")
    assert "not sealed yet" in text(marketing, f"ledger/{event}/")
    seal()

    page = text(marketing, f"ledger/{event}/")

    assert words in page
    assert f"/ledger/{before}/" in page
    assert f"/ledger/{after}/" in page
    assert "The path to its root: 2 steps" in page


def test_where_a_person_was_is_cut_short_for_all_but_the_dpo(
    marketing: Client, protecting: Client, newsletter: Purpose, ada: Contact
) -> None:
    event = choose(ada, newsletter, "grant", evidence=WHERE_FROM)

    for page in (text(marketing, f"ledger/{event}/?evidence=full"), text(protecting, f"ledger/{event}/")):
        assert "192.0.2.…" in page
        assert "192.0.2.77" not in page
        assert "Mozilla" not in page
        assert "I agree." in page
    assert not AuditEntry.objects.filter(action="consent.evidence_read").exists()

    page = text(protecting, f"ledger/{event}/?evidence=full")

    assert "192.0.2.77" in page
    assert "Mozilla" in page
    assert AuditEntry.objects.get(action="consent.evidence_read").details == {"event": event}


def test_the_dpo_takes_the_proof_from_the_page(
    marketing: Client, protecting: Client, newsletter: Purpose, ada: Contact
) -> None:
    event = choose(ada, newsletter, "grant")
    assert protecting.get(f"/o/acme/ledger/{event}/proof.json").status_code == 409
    seal()

    answer = protecting.get(f"/o/acme/ledger/{event}/proof.json")

    check(answer.json())
    assert answer["Content-Disposition"] == f'attachment; filename="proof-{event}.json"'
    assert marketing.get(f"/o/acme/ledger/{event}/proof.json").status_code == 403


def test_the_seals_page_shows_how_far_and_by_which_keys(
    in_acme: Organisation, marketing: Client, newsletter: Purpose, ada: Contact
) -> None:
    page = text(marketing, "ledger/seals/")
    assert "No seals yet" in page
    choose(ada, newsletter, "grant")
    seal()
    choose(ada, newsletter, "withdraw")
    verify(in_acme)

    page = text(marketing, "ledger/seals/")

    found = Verification.objects.get()
    assert bytes(found.head_hash or b"").hex() in page
    assert "1 rows in" in page
    assert "in use" in page
    assert "Verify now" not in page
    assert "events sealed" in text(marketing, "")


def test_the_dpo_has_the_seals_verified_and_is_told_what_is_wrong(
    in_acme: Organisation, protecting: Client, marketing: Client, newsletter: Purpose, ada: Contact
) -> None:
    changed = choose(ada, newsletter, "grant")
    seal()
    with superuser() as cursor:
        cursor.execute("UPDATE consent_consentevent SET channel = 'sms' WHERE id = %s", [changed])
    assert marketing.post("/o/acme/ledger/seals/verify/").status_code == 403

    answer = protecting.post("/o/acme/ledger/seals/verify/")
    job = Job.objects.get()
    assert answer["Location"] == f"/o/acme/jobs/{job.pk}/"
    assert protecting.post("/o/acme/ledger/seals/verify/")["Location"] == "/o/acme/ledger/seals/"
    run_next(job.queue)

    job.refresh_from_db()
    assert job.outcome["ledger"]["code"] == "row_changed"
    assert job.outcome["audit"]["ok"]
    page = text(protecting, "ledger/seals/")
    assert "The last verification failed" in page
    assert "<code>row_changed</code>, seal 1" in page
    assert "no longer say what was sealed" in page
    assert str(changed) in page
    assert "The last verification failed" in text(protecting, "")


def test_the_seals_of_the_audit_log_are_for_those_who_may_see_it(
    in_acme: Organisation, protecting: Client, marketing: Client, newsletter: Purpose, ada: Contact
) -> None:
    choose(ada, newsletter, "grant")
    protecting.get(f"/o/acme/ledger/{choose(ada, newsletter, 'grant', evidence=WHERE_FROM)}/?evidence=full")
    seal("audit")
    assert "No seals yet" in text(marketing, "ledger/seals/?of=audit")
    assert "No seals yet" not in text(protecting, "ledger/seals/?of=audit")


# Where somebody stood.


def test_a_person_stood_elsewhere_on_an_earlier_day(marketing: Client, newsletter: Purpose, ada: Contact) -> None:
    choose(ada, newsletter, "grant", occurred_at=NOW - timedelta(days=30))
    choose(ada, newsletter, "withdraw", occurred_at=NOW - timedelta(days=10))
    path = f"ledger/contacts/{ada.pk}/"

    assert "ledger/contacts/" in text(marketing, f"contacts/{ada.pk}/")
    assert "Choose a day." in text(marketing, path)
    assert "Nothing was recorded by then" in text(marketing, f"{path}?day=2026-04-01")
    page = text(marketing, f"{path}?day=2026-05-10")
    assert "Agreed" in page and "Withdrawn" not in page
    assert "Withdrawn" in text(marketing, f"{path}?day=2026-05-25")
    # A browser takes a day as ISO 8601 only, whatever the reader's language.
    asked = marketing.get(f"/o/acme/{path}", headers={"Accept-Language": "fr"}).content.decode()
    assert re.search(r'type="date" name="day" value="\d{4}-\d\d-\d\d"', asked)
    # All of it was recorded on the first of June, and nothing was known before.
    assert "Nothing was recorded by then" in text(marketing, f"{path}?day=2026-05-10&known_then=on")


def test_the_past_is_answered_over_http(
    acme: Organisation, integrator: User, newsletter: Purpose, ada: Contact, stranger: User, other: Organisation
) -> None:
    short = new_purpose(acme, "offers", valid_for_days=5)
    agreed = choose(ada, newsletter, "grant", occurred_at=NOW - timedelta(days=30))
    choose(ada, newsletter, "object", occurred_at=NOW - timedelta(days=10))
    choose(ada, short, "grant", channel="sms", occurred_at=NOW - timedelta(days=20))
    client = api_of(integrator, acme)

    def at(moment: str) -> list[tuple[str, str, str]]:
        answer = client.get(f"/contacts/{ada.pk}/consents?at={moment}")
        assert answer.status_code == 200, answer.content
        return sorted((item["purpose"], item["channel"], item["status"]) for item in answer.json()["items"])

    assert at("2026-04-01T00:00:00Z") == []
    assert at("2026-05-10T00:00:00Z") == [("newsletter", "email", "granted")]
    assert at("2026-05-14T00:00:00Z") == [("newsletter", "email", "granted"), ("offers", "sms", "granted")]
    assert at("2026-05-20T00:00:00%2B02:00") == [("newsletter", "email", "granted"), ("offers", "sms", "expired")]
    assert at(timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ"))[0] == ("newsletter", "email", "objected")
    answer = client.get(f"/contacts/{ada.pk}/consents?at=2026-05-10T00:00:00Z").json()
    assert answer["items"][0]["event"] == str(agreed)
    known = f"/contacts/{ada.pk}/consents?at=2026-05-10T00:00:00Z&known_at=2026-05-10T00:00:00Z"
    assert client.get(known).json()["items"] == []
    assert client.get(f"/contacts/{ada.pk}/consents?at=yesterday").status_code == 422
    assert client.get(f"/contacts/{ada.pk}/consents?at=2026-05-10T00:00:00").status_code == 422
    assert api_of(stranger, other).get(f"/contacts/{ada.pk}/consents").status_code == 404
