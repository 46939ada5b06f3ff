"""A superuser changes what people were shown, behind every guard: the verification of the ledger names it."""

from __future__ import annotations

from importlib import import_module
from io import StringIO
from threading import Thread

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django_scopes import scope

from consent.collection.actions import PointValues, create_point, publish_point, update_point
from consent.collection.models import CollectionPoint
from consent.models import FormVersion, NoticeVersion, PurposeVersion
from consent.notices.actions import approve_notice, end_notice, save_draft, submit_notice
from consent.purposes.actions import update_purpose
from consent.purposes.models import Purpose
from consent.texts import checking
from portal.accounts.models import User
from portal.jobs.models import Job
from portal.jobs.running import run_next
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.seals import sealing
from portal.seals.actions import execute_verification
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose
from tests.consent.collection.forms import new_point
from tests.consent.notices.conftest import changed_wordings, described, fresh, published
from tests.people import actor_of, client_of
from tests.portal.seals.keeping import seal, superuser, verify

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shown(acme: Organisation, marketer: User, dpo: User, ada: Contact) -> NoticeVersion:
    """A notice in two languages and two versions, a form of two versions, a purpose of two; Ada chose under the first
    of each.
    """
    described(acme)
    page = published(acme, marketer, dpo)
    with scope(organisation=acme):
        author, officer, system = actor_of(marketer, acme), actor_of(dpo, acme), Actor.system(acme)
        newsletter = Purpose.objects.get(key="newsletter")
        first = NoticeVersion.objects.get(language="fr")
        values = PointValues(
            name="Shop",
            notice="signup",
            choices=[{"purpose": "newsletter", "channel": "email"}],
            languages=["en"],
            texts={"en": {"title": "Our letter"}},
        )
        point = publish_point(actor=system, point=create_point(actor=system, key="shop", values=values))
        choose(
            ada,
            newsletter,
            "grant",
            notice_digest=bytes(first.digest),
            notice_version=first.label,
            collection_point_id=point.pk,
            source_reference="shop/1",
            purpose_version=1,
        )
        update_purpose(actor=system, purpose=newsletter, changes={"description": "Twice a month."})
        save_draft(actor=author, page=page, wordings=changed_wordings(page, dpo="Write to dpo@acme.example, please."))
        submit_notice(actor=author, page=fresh(acme))
        approve_notice(actor=officer, page=fresh(acme))
        publish_point(actor=system, point=CollectionPoint.objects.get(key="shop"))
        choose(ada, Purpose.objects.get(key="newsletter"), "withdraw")
        assert (NoticeVersion.objects.count(), FormVersion.objects.count()) == (4, 2)
        assert PurposeVersion.objects.count() == 3
    seal()
    seal("audit")
    found = verify(acme)
    assert found.ok, found.details
    assert verify(acme, "audit").ok
    return first


def finding(organisation: Organisation) -> tuple[str, str]:
    found = verify(organisation)
    assert not found.ok
    return found.code, found.details["note"]


NOTICE = "notice = 'signup' AND number = 1 AND language = 'fr'"
PURPOSE = "number = 1 AND purpose_id = (SELECT id FROM consent_purpose WHERE key = 'newsletter')"
TABLES = {
    "consent_noticeversion": (NOTICE, "notice signup/1/fr"),
    "consent_purposeversion": (PURPOSE, "purpose newsletter/1"),
    "consent_formversion": ("number = 1", "form shop/1"),
}


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("consent_noticeversion", "text = text || ' Not so.'"),
        ("consent_noticeversion", "html = html || ' Not so.'"),
        ("consent_noticeversion", "title = 'Another'"),
        ("consent_noticeversion", "form = '{}'"),
        ("consent_noticeversion", "published_at = published_at - interval '1 day'"),
        ("consent_noticeversion", "text = 'Not so.', digest = sha256('Not so.')"),
        ("consent_noticeversion", "digest = sha256('another')"),
        ("consent_purposeversion", """values = values || '{"description": "Other words"}'"""),
        ("consent_purposeversion", "material = NOT material"),
        ("consent_purposeversion", "values = '{}', digest = sha256('{}')"),
        ("consent_purposeversion", """values = values || '{"age_limit": 123456789012345678901234567890}'"""),
        ("consent_formversion", """document = document || '{"organisation": "Somebody else"}'"""),
        ("consent_formversion", "document = '{}', digest = sha256('{}')"),
        ("consent_formversion", "published_by = 'member:99'"),
    ],
)
def test_a_version_that_was_changed_is_named(acme: Organisation, shown: NoticeVersion, table: str, change: str) -> None:
    where, name = TABLES[table]
    with superuser() as cursor:
        cursor.execute(f"UPDATE {table} SET {change} WHERE {where}")
        assert cursor.rowcount == 1
    assert finding(acme) == ("text_changed", name)


@pytest.mark.parametrize("table", list(TABLES))
def test_a_version_that_was_deleted_is_named(acme: Organisation, shown: NoticeVersion, table: str) -> None:
    where, name = TABLES[table]
    with superuser() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE {where}")
        assert cursor.rowcount == 1
    code, note = finding(acme)
    assert code == "text_missing"
    assert note.startswith(f"{name} (event ")


def test_a_version_that_no_event_names_is_missed_all_the_same(acme: Organisation, shown: NoticeVersion) -> None:
    with superuser() as cursor:
        cursor.execute("DELETE FROM consent_noticeversion WHERE number = 2 AND language = 'en'")
    assert finding(acme) == ("text_missing", "notice signup/2/en")


def test_what_an_event_names_must_be_there_though_the_log_was_emptied(acme: Organisation, shown: NoticeVersion) -> None:
    """The ledger's own check; that the log was touched, its own chain tells."""
    with superuser() as cursor:
        cursor.execute("DELETE FROM consent_noticeversion")
        cursor.execute("DELETE FROM portal_auditentry WHERE target_type = 'notice'")
    code, note = finding(acme)
    assert code == "text_missing"
    assert note.startswith("notice signup/1/fr (event ")
    assert verify(acme, "audit").code == "row_deleted"


def test_a_version_that_nobody_published_is_named(acme: Organisation, shown: NoticeVersion) -> None:
    with superuser() as cursor:
        cursor.execute(
            "INSERT INTO consent_noticeversion (organisation_id, notice, number, language, kind, title, html, text,"
            " digest, form, published_at, ended_at, published_by) SELECT organisation_id, notice, 3, language, kind,"
            " title, html, text, digest, form, published_at, now(), published_by FROM consent_noticeversion"
            f" WHERE {NOTICE}"
        )
    assert finding(acme) == ("text_unrecorded", "notice signup/3/fr")


def test_the_time_a_notice_was_live_is_checked_too(acme: Organisation, shown: NoticeVersion) -> None:
    with superuser() as cursor:
        cursor.execute(f"UPDATE consent_noticeversion SET ended_at = ended_at + interval '1 day' WHERE {NOTICE}")
    assert finding(acme) == ("text_period_changed", "notice signup/1/fr")


def test_what_is_published_while_the_verification_looks_is_no_finding(
    acme: Organisation, marketer: User, shown: NoticeVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading the log and reading the versions, somebody else publishes a form, on another connection."""
    read = checking.recorded_fingerprints

    def publish() -> None:
        with scope(organisation=acme):
            system = Actor.system(acme)
            point = CollectionPoint.objects.get(key="shop")
            update_point(actor=system, point=point, changes={"texts": {"en": {"title": "Another title"}}})
            publish_point(actor=system, point=CollectionPoint.objects.get(key="shop"))
        connection.close()

    def read_and_be_overtaken(organisation_id: int) -> dict[str, str]:
        recorded = read(organisation_id)
        thread = Thread(target=publish)
        thread.start()
        thread.join()
        return recorded

    monkeypatch.setattr(checking, "recorded_fingerprints", read_and_be_overtaken)
    found = verify(acme)
    with scope(organisation=acme):
        assert FormVersion.objects.count() == 3
    assert found.ok, found.details


def test_texts_that_are_older_than_the_log_tells_are_noted_by_the_migration(in_acme: Organisation) -> None:
    new_point(in_acme, new_purpose(in_acme))
    with superuser() as cursor:
        cursor.execute("UPDATE portal_auditentry SET details = details - 'texts'")
    code, note = finding(in_acme)
    assert code == "text_unrecorded"
    assert note == "notice signup/1/en, notice signup/1/fr, purpose newsletter/1, form newsletter/1"
    import_module("consent.migrations.0012_texts_in_the_log").note_what_is_kept(apps, None)
    assert verify(in_acme).ok


def test_a_notice_that_ended_by_our_own_hand_holds(acme: Organisation, dpo: User, shown: NoticeVersion) -> None:
    with scope(organisation=acme):
        end_notice(actor=actor_of(dpo, acme), page=fresh(acme))
    assert verify(acme).ok


def test_several_findings_are_named_each_behind_its_code(acme: Organisation, shown: NoticeVersion) -> None:
    with superuser() as cursor:
        cursor.execute("UPDATE consent_noticeversion SET html = 'x' WHERE language = 'fr'")
        cursor.execute("DELETE FROM consent_formversion WHERE number = 2")
    code, note = finding(acme)
    assert code == "text_changed"
    assert note == "notice signup/1/fr, notice signup/2/fr; text_missing: form shop/2"


def test_the_command_ends_with_an_error_that_names_organisation_notice_and_version(
    acme: Organisation, other: Organisation, shown: NoticeVersion
) -> None:
    with superuser() as cursor:
        cursor.execute(f"UPDATE consent_noticeversion SET text = 'x' WHERE {NOTICE}")
    with pytest.raises(CommandError, match="acme: ledger FAILS: text_changed: notice signup/1/fr"):
        call_command("ledger", "verify", stdout=StringIO())
    call_command("ledger", "verify", "--organisation", "other", stdout=StringIO())


def test_the_page_shows_what_the_job_found(in_acme: Organisation, dpo: User, shown: NoticeVersion) -> None:
    with superuser() as cursor:
        cursor.execute(f"UPDATE consent_noticeversion SET html = 'x' WHERE {NOTICE}")
    browser = client_of(dpo)
    browser.post("/o/acme/ledger/seals/verify/")
    run_next(Job.objects.get().queue)
    page = browser.get("/o/acme/ledger/seals/").content.decode()
    assert "text_changed" in page and "notice signup/1/fr" in page
    assert "seal 0" not in page


def test_a_verification_that_was_interrupted_still_knows_what_the_first_events_named(
    in_acme: Organisation, shown: NoticeVersion, ada: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its worker dies after the seal that holds the only event of this notice; another goes on from the checkpoint."""
    monkeypatch.setattr("portal.seals.verifying.SEAL_ROWS", 1)
    monkeypatch.setattr(sealing, "SEAL_ROWS", 1)
    for _time in range(3):
        choose(ada, Purpose.objects.get(key="offers"), "refuse")
        seal()
    with superuser() as cursor:
        cursor.execute("DELETE FROM consent_noticeversion")
        cursor.execute("DELETE FROM portal_auditentry WHERE target_type = 'notice'")

    class Dying:
        """A worker that is killed at its second checkpoint."""

        def __init__(self, checkpoint: dict[str, object], lives: int) -> None:
            self.checkpoint, self.lives = checkpoint, lives
            self.job = Job(organisation=in_acme)

        def save(self, *, checkpoint: dict[str, object], done: int = 0) -> None:
            self.checkpoint = checkpoint
            self.lives -= 1
            if not self.lives:
                raise KeyboardInterrupt

    first = Dying({}, 2)
    with pytest.raises(KeyboardInterrupt):
        execute_verification(first)  # type: ignore[arg-type]
    outcome = execute_verification(Dying(first.checkpoint, 1000))  # type: ignore[arg-type]
    assert outcome["ledger"]["code"] == "text_missing"
