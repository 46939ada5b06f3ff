"""A proof file holds all that an auditor needs, and costs the same however large the ledger is."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from consent.ledger.models import ConsentEvent, Evidence
from consent.notices.models import NoticeKind, NoticeVersion
from consent.proofs.building import proof_of
from consent.proofs.errors import EventChangedError, NotSealedYetError
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.crypto import actions as crypto
from portal.crypto.models import KeyPurpose
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.seals import sealing, sql
from portal.seals.streams import stream_named
from subscribers.contacts.models import Contact
from tests.consent.choices import EVIDENCE, NOW, choose, new_purpose
from tests.consent.proofs.checking import check
from tests.people import api_of
from tests.portal.seals.keeping import seal, superuser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def purpose(in_acme: Organisation) -> Purpose:
    return new_purpose(in_acme)


def event(event_id: int | None) -> ConsentEvent:
    return ConsentEvent.objects.select_related("purpose").get(pk=event_id)


def test_the_proof_of_one_event_holds(in_acme: Organisation, ada: Contact, purpose: Purpose) -> None:
    chosen = choose(ada, purpose, "grant")
    seal()

    proof = proof_of(event(chosen))

    check(proof)
    assert proof["event"]["id"] == str(chosen)
    assert proof["event"]["contact"] == str(ada.pk)
    assert proof["event"]["organisation"] == "acme"
    assert proof["seal"]["number"] == 1
    assert proof["chain"] == []
    assert [key["to"] for key in proof["keys"].values()] == [None]
    (evidence,) = proof["evidence"]
    assert evidence["digest"] == proof["event"]["evidence"]
    assert evidence["document"]["text"] == EVIDENCE["text"]


def test_every_event_of_a_large_seal_has_its_proof(
    ada: Contact, purpose: Purpose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "BLOCK_ROWS", 4)
    chosen = [choose(ada, purpose, "refuse") for _time in range(11)]
    seal()
    for each in chosen:
        proof = proof_of(event(each))
        check(proof)
        assert len(proof["path"]) <= 4


def test_the_chain_goes_on_to_the_newest_seal_across_a_change_of_keys(
    in_acme: Organisation, ada: Contact, purpose: Purpose
) -> None:
    first = choose(ada, purpose, "grant")
    seal()
    crypto.rotate(actor=Actor.system(in_acme), organisation=in_acme, purpose=KeyPurpose.SIGNING)
    for action in ("withdraw", "grant"):
        choose(ada, purpose, action)
        seal()

    proof = proof_of(event(first))

    check(proof)
    assert [link["seal"]["number"] for link in proof["chain"]] == [2, 3]
    assert len(proof["keys"]) == 2


def test_the_text_that_was_shown_comes_with_it(in_acme: Organisation, ada: Contact, purpose: Purpose) -> None:
    text = "Nous vous écrivons chaque semaine."
    digest = hashlib.sha256(text.encode()).digest()
    NoticeVersion.objects.create(
        organisation=in_acme,
        notice="signup",
        number=3,
        language="fr",
        kind=NoticeKind.COLLECTION,
        title="Inscription",
        html=f"<p>{text}</p>",
        text=text,
        digest=digest,
        published_at=NOW,
        published_by="member:1",
    )
    chosen = choose(ada, purpose, "grant", notice_version="signup/3/fr", notice_digest=digest)
    seal()

    proof = proof_of(event(chosen))

    check(proof)
    assert proof["notice"]["text"] == text
    assert proof["notice"]["language"] == "fr"
    assert proof["event"]["notice_version"] == "signup/3/fr"


def test_destroyed_evidence_leaves_its_digest_and_the_proof_holds(ada: Contact, purpose: Purpose) -> None:
    chosen = choose(ada, purpose, "grant")
    seal()
    Evidence.objects.filter(contact=ada).delete()

    proof = proof_of(event(chosen))

    check(proof)
    assert proof["evidence"] == [{"digest": proof["event"]["evidence"]}]


def test_an_event_that_waits_has_no_proof_yet(ada: Contact, purpose: Purpose) -> None:
    with pytest.raises(NotSealedYetError):
        proof_of(event(choose(ada, purpose, "grant")))


def test_an_event_that_was_changed_has_none_any_more(ada: Contact, purpose: Purpose) -> None:
    chosen = choose(ada, purpose, "refuse")
    seal()
    with superuser() as cursor:
        cursor.execute("UPDATE consent_consentevent SET action = 'withdraw' WHERE id = %s", [chosen])
    with pytest.raises(EventChangedError):
        proof_of(event(chosen))


def test_it_takes_as_many_statements_for_a_large_ledger(
    ada: Contact, purpose: Purpose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "BLOCK_ROWS", 8)
    chosen = choose(ada, purpose, "grant")
    seal()
    few = statements(chosen)
    for _time in range(3):
        for _each in range(40):
            choose(ada, purpose, "refuse")
        seal()
    assert statements(chosen) == few <= 8


def statements(chosen: int | None) -> int:
    found = event(chosen)
    proof_of(found)
    with CaptureQueriesContext(connection) as asked:
        proof_of(found)
    return len(asked)


# Over HTTP.


@pytest.fixture
def client(acme: Organisation, integrator: User) -> Any:
    return api_of(integrator, acme)


def test_a_client_system_gets_the_proof_and_the_audit_log_says_so(
    acme: Organisation, ada: Contact, client: Any
) -> None:
    chosen = choose(ada, new_purpose(acme), "grant")
    seal()

    answer = client.get(f"/consents/{chosen}/proof")

    assert answer.status_code == 200, answer.content
    check(answer.json())
    entry = AuditEntry.objects.get(action="consent.proof_taken")
    assert (entry.target_type, entry.target_id) == ("contact", str(ada.pk))
    assert entry.details == {"event": chosen, "seal": 1}


def test_whoever_only_looks_gets_a_proof_that_holds_without_the_addresses_in_its_evidence(
    acme: Organisation, ada: Contact, client: Any, viewer: User
) -> None:
    chosen = choose(ada, new_purpose(acme), "grant", evidence={"text": "yes", "ip": "192.0.2.77"})
    seal()
    assert "192.0.2.77" in client.get(f"/consents/{chosen}/proof").content.decode()
    looked_at = api_of(viewer, acme)
    answer = looked_at.get(f"/consents/{chosen}/proof")
    check(answer.json())
    assert answer.json()["evidence"] == [{"digest": answer.json()["event"]["evidence"]}]
    for path in (f"/contacts/{ada.pk}/proofs", f"/consents/{chosen}/proof?format=pdf"):
        assert b"192.0.2" not in looked_at.get(path).content


def test_it_is_told_to_come_again_while_the_event_waits(acme: Organisation, ada: Contact, client: Any) -> None:
    chosen = choose(ada, new_purpose(acme), "grant")

    answer = client.get(f"/consents/{chosen}/proof")

    assert answer.status_code == 409
    assert answer.json()["code"] == "not_sealed_yet"
    assert answer["Retry-After"] == "60"


def test_another_organisation_finds_no_proof(
    acme: Organisation, other: Organisation, ada: Contact, stranger: User
) -> None:
    chosen = choose(ada, new_purpose(acme), "grant")
    seal()
    assert api_of(stranger, other).get(f"/consents/{chosen}/proof").status_code == 404


def test_the_list_says_which_events_are_sealed_in_as_many_queries_for_many(
    acme: Organisation, ada: Contact, client: Any
) -> None:
    purpose = new_purpose(acme)
    sealed = choose(ada, purpose, "refuse")
    seal()
    waiting = choose(ada, purpose, "refuse")

    with CaptureQueriesContext(connection) as few:
        found = {item["id"]: item["sealed"] for item in client.get("/consents").json()["items"]}
    assert found == {str(sealed): True, str(waiting): False}

    for _time in range(20):
        choose(ada, purpose, "refuse")
    seal()
    with CaptureQueriesContext(connection) as many:
        found = {item["id"]: item["sealed"] for item in client.get("/consents").json()["items"]}
    assert all(found.values()) and len(found) == 22
    assert len(many) <= len(few)
    with scope(organisation=acme):
        assert client.get(f"/consents/{waiting}/proof").json()["seal"]["number"] == 2


def test_its_path_grows_by_one_step_when_the_seal_doubles(
    ada: Contact, purpose: Purpose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "BLOCK_ROWS", 4)
    lengths = []
    for size in (8, 16, 32, 64):
        chosen = [choose(ada, purpose, "refuse") for _each in range(size)]
        seal()
        lengths.append(len(proof_of(event(chosen[0]))["path"]))
    assert lengths == [3, 4, 5, 6]


def test_its_block_is_found_by_one_step_in_an_index(in_acme: Organisation, ada: Contact, purpose: Purpose) -> None:
    """However many blocks there are: none is read but the one that begins at or before the event."""
    chosen = choose(ada, purpose, "refuse")
    seal()
    statement = sql.sealed_of(stream_named("ledger"), "b.id")
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(
            f"EXPLAIN {statement}", {"organisation": in_acme.pk, "stream": "ledger", "epoch": 1, "ids": [chosen]}
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    assert "Index Scan Backward using blocks_by_position" in plan
    assert f"organisation_id = {in_acme.pk}" in plan
    assert "Sort" not in plan
