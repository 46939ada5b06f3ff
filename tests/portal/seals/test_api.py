"""The state of the seals over HTTP, every seal, and a verification on demand."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

import pytest
import rfc8785
from django.conf import settings
from django.test import Client
from django.utils import timezone

from portal import audit
from portal.accounts.models import User
from portal.api import rates
from portal.api.actions import issue_member_token
from portal.crypto.signing import signature_is_valid
from portal.jobs.models import Job
from portal.jobs.running import run_next
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.seals.models import Seal
from subscribers.contacts.models import Contact
from tests.consent.choices import choose, new_purpose
from tests.people import Api, api_of, client_of, membership_of
from tests.portal.seals.keeping import seal, superuser, verify

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _fresh_rates() -> Iterator[None]:
    server = rates.valkey(settings.ACCORD.valkey_url)
    for key in server.scan_iter("accord:rate:verification*"):
        server.delete(key)
    rates._away_until = 0.0
    yield


@pytest.fixture
def events(in_acme: Organisation, ada: Contact) -> list[int]:
    """Two seals of the ledger, one of the audit log, and one event that waits."""
    newsletter = new_purpose(in_acme)
    found = []
    for _time in range(2):
        found.append(choose(ada, newsletter, "refuse") or 0)
        seal()
    seal("audit")
    found.append(choose(ada, newsletter, "grant") or 0)
    return found


def test_the_state_says_how_far_what_waits_and_what_was_verified(
    acme: Organisation, dpo: User, events: list[int]
) -> None:
    verify(acme)
    ledger, log = api_of(dpo, acme).get("/seals").json()["streams"]
    head = Seal.objects.get(organisation=acme, stream="ledger", number=2)
    assert (ledger["stream"], ledger["sealed"], ledger["waiting"]) == ("ledger", 2, 1)
    assert (ledger["head"]["number"], ledger["head"]["hash"]) == (2, head.hash_text)
    assert ledger["horizon"] > 0 and ledger["passed_at"]
    assert ledger["verification"]["ok"] and ledger["verification"]["head"] == head.hash_text
    assert (log["stream"], log["verification"]) == ("audit", None)


def test_the_chain_of_the_audit_log_is_for_those_who_may_see_it(
    acme: Organisation, integrator: User, events: list[int]
) -> None:
    system = api_of(integrator, acme)
    assert [found["stream"] for found in system.get("/seals").json()["streams"]] == ["ledger"]
    assert system.get("/seals/audit").status_code == 404
    assert system.get("/seals/audit/1").status_code == 404
    assert system.post("/seals/verifications").status_code == 403
    assert system.get("/seals/verifications").status_code == 403


def test_each_seal_can_be_checked_by_whoever_reads_it(acme: Organisation, dpo: User, events: list[int]) -> None:
    system = api_of(dpo, acme)
    newest, oldest = system.get("/seals/ledger").json()["items"]
    assert system.get("/seals/ledger/2").json() == newest
    assert newest["seal"]["previous"] == oldest["hash"]
    (key,) = system.get("/seals/keys").json()["items"]
    assert key["from"] and key["to"] is None and key["key_id"] == newest["seal"]["key_id"]
    digest = hashlib.sha256(rfc8785.dumps(newest["seal"])).digest()
    assert digest.hex() == newest["hash"]
    public, signature = base64.b64decode(key["public_key"]), base64.b64decode(newest["signature"])
    assert signature_is_valid(public, digest, signature)
    assert [system.get(f"/seals/ledger/{number}").status_code for number in (3, 0, -1, 10**30)] == [404] * 4
    assert system.get("/seals/nothing/1").status_code == 404


def test_seals_come_in_pages(acme: Organisation, dpo: User, events: list[int]) -> None:
    system = api_of(dpo, acme)
    first = system.get("/seals/ledger?limit=1").json()
    second = system.get(f"/seals/ledger?limit=1&cursor={first['next_cursor']}").json()
    assert [page["items"][0]["seal"]["number"] for page in (first, second)] == [2, 1]
    assert second["next_cursor"] is None


def test_a_verification_on_demand_is_a_job_that_tells_its_result(
    acme: Organisation, dpo: User, events: list[int]
) -> None:
    system = api_of(dpo, acme)
    answer = system.post("/seals/verifications")
    assert answer.status_code == 202
    asked = answer.json()
    assert (asked["state"], asked["ok"], asked["results"]) == ("queued", None, [])
    again = system.post("/seals/verifications")
    assert (again.status_code, again.json()["code"]) == (409, "verification_running")
    run_next(Job.objects.get().queue)
    found = system.get(f"/seals/verifications/{asked['id']}").json()
    assert (found["state"], found["ok"], found["progress"]) == ("done", True, 1.0)
    assert [(each["stream"], each["rows"]) for each in found["results"]] == [("ledger", 2), ("audit", 1)]
    assert system.get("/seals/verifications").json()["items"] == [found]
    assert system.post("/seals/verifications").status_code == 202


def test_a_verification_that_was_given_up_says_nothing_of_the_chains(
    acme: Organisation, dpo: User, events: list[int]
) -> None:
    system = api_of(dpo, acme)
    asked = system.post("/seals/verifications").json()
    held = verify(acme)
    outcomes = {"outcomes": {"ledger": {"ok": True, "verification": held.pk}}}
    Job.objects.update(state="failed", error_code="took_too_long", checkpoint=outcomes, finished_at=timezone.now())
    found = system.get(f"/seals/verifications/{asked['id']}").json()
    assert (found["state"], found["ok"], found["error"]) == ("failed", None, "took_too_long")
    assert [each["stream"] for each in found["results"]] == ["ledger"]


def test_what_is_wrong_is_named_in_the_result(acme: Organisation, dpo: User, events: list[int]) -> None:
    with superuser() as cursor:
        cursor.execute("UPDATE consent_consentevent SET channel = 'sms' WHERE id = %s", [events[1]])
    system = api_of(dpo, acme)
    asked = system.post("/seals/verifications").json()
    run_next(Job.objects.get().queue)
    found = system.get(f"/seals/verifications/{asked['id']}").json()
    assert (found["state"], found["ok"]) == ("done", False)
    wrong, _log = found["results"]
    assert (wrong["code"], wrong["seal"], wrong["row_ids"]) == ("row_changed", 2, [str(events[1])])
    assert wrong["detail"] == "These rows no longer say what was sealed."
    assert system.get("/seals").json()["streams"][0]["verification"] == wrong


def test_it_can_be_asked_for_so_often_and_no_more(acme: Organisation, dpo: User, events: list[int]) -> None:
    system = api_of(dpo, acme)
    for _time in range(12):
        system.post("/seals/verifications")
    answer = system.post("/seals/verifications")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0


def test_nobody_sees_the_seals_and_verifications_of_others(
    acme: Organisation, other: Organisation, dpo: User, stranger: User, events: list[int]
) -> None:
    asked = api_of(dpo, acme).post("/seals/verifications").json()
    theirs = api_of(stranger, other)
    assert theirs.get(f"/seals/verifications/{asked['id']}").status_code == 404
    assert theirs.get("/seals/verifications").json()["items"] == []
    assert theirs.get("/seals/ledger").json()["items"] == []
    assert theirs.get("/seals/ledger/1").status_code == 404
    assert theirs.get("/seals").json()["streams"][0]["sealed"] == 0


def test_a_token_needs_the_scope(acme: Organisation, dpo: User) -> None:
    issued = issue_member_token(
        actor=Actor.system(acme), membership=membership_of(dpo, acme), name="Reader", scopes=["contacts.view"]
    )
    system = Api(issued.secret)
    assert [system.get(path).status_code for path in ("/seals", "/seals/keys", "/seals/ledger")] == [403] * 3
    assert system.post("/seals/verifications").status_code == 403


def test_the_page_shows_the_verification_that_runs(acme: Organisation, dpo: User, events: list[int]) -> None:
    browser = client_of(dpo)
    audit.record(actor=Actor.system(acme), action="test.done", at=timezone.now())
    assert "Verify now" in page(browser)
    browser.post("/o/acme/ledger/seals/verify/")
    job = Job.objects.get()
    assert job.expected == 3
    shown = page(browser)
    assert "A verification is running" in shown and f"/o/acme/jobs/{job.pk}/" in shown
    assert "Verify now" not in shown
    run_next(job.queue)
    assert "A verification is running" not in page(browser)


def page(browser: Client) -> str:
    return browser.get("/o/acme/ledger/seals/").content.decode()
