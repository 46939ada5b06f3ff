"""What a file claims, in the ledger: with its proof, and never against what a person said."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import rfc8785

from consent.ledger.evidence import open_evidence
from consent.ledger.models import ConsentEvent, ConsentState, Evidence, ImportProof
from consent.purposes.models import Purpose
from portal.errors import InvalidInputError
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.imports.merging.outcomes import examples
from subscribers.imports.models import Import
from tests.consent.choices import choose, new_purpose, state_of, status_of
from tests.subscribers.imports.files import OUR_FORM, imported

pytestmark = pytest.mark.django_db

CLAIM = replace(
    OUR_FORM,
    consents=({"purpose": "newsletter", "channel": "email"},),
    collected_on=date(2026, 2, 3),
    evidence_note="Box on the checkout page, not ticked.",
)
PEOPLE = "email\nada.martin@example.org\nnew@example.org\n"
COLLECTED = datetime(2026, 2, 2, 23, 0, tzinfo=UTC)  # midnight in Paris


@pytest.fixture
def newsletter(in_acme: Organisation) -> Purpose:
    return new_purpose(in_acme, valid_for_days=1000)


def import_claim(organisation: Organisation, content: str = PEOPLE, **values: Any) -> Import:
    source = imported(organisation, content, declaration=replace(CLAIM, **values))
    assert not source.error_code
    return source


def told(source: Import) -> dict[str, int]:
    """What the import counted of consents, where it is not nothing."""
    return {name: count for name, count in source.stage_counts["consents"].items() if count}


def test_each_row_becomes_an_event_and_a_state(in_acme: Organisation, newsletter: Purpose, ada: Contact) -> None:
    source = import_claim(in_acme)
    events = list(ConsentEvent.objects.order_by("id"))
    assert told(source) == {"recorded": 2}
    assert {(event.action, event.source, event.source_reference, event.basis) for event in events} == {
        ("grant", "import", f"import:{source.pk}", "consent")
    }
    assert {event.occurred_at for event in events} == {COLLECTED}
    for state in ConsentState.objects.all():
        assert (state.status, state.since) == ("granted", COLLECTED)
        assert state.expires_at is not None
        assert (state.expires_at - COLLECTED).days == 1000
        assert ConsentEvent.objects.get(pk=state.event_id).contact_id == state.contact_id


def test_one_document_proves_the_file(in_acme: Organisation, newsletter: Purpose, ada: Contact) -> None:
    """I-01."""
    source = import_claim(in_acme)
    evidence = Evidence.objects.get()
    assert {event.evidence_id for event in ConsentEvent.objects.all()} == {evidence.pk}
    assert {bytes(event.evidence_digest or b"") for event in ConsentEvent.objects.all()} == {bytes(evidence.digest)}
    document = open_evidence(evidence)
    assert document["file"]["sha256"] == bytes(source.file_digest).hex()
    assert document["note"] == CLAIM.evidence_note
    assert document["origin"]["collected_on"] == "2026-02-03"
    assert ImportProof.objects.get(source_import=source).evidence_id == evidence.pk


@pytest.mark.parametrize("said", ["refuse", "withdraw", "object"])
def test_a_file_never_raises_what_a_person_said(
    in_acme: Organisation, newsletter: Purpose, ada: Contact, said: str
) -> None:
    """I-06."""
    choose(ada, newsletter, said, occurred_at=datetime(2025, 1, 1, tzinfo=UTC))
    before = status_of(ada, newsletter)
    source = import_claim(in_acme)
    assert status_of(ada, newsletter) == before
    assert told(source) == {"recorded": 1, "kept": 1, "would_resubscribe": 1}
    assert not ConsentEvent.objects.filter(contact=ada, source="import").exists()


def test_the_same_file_again_records_nothing(in_acme: Organisation, newsletter: Purpose) -> None:
    import_claim(in_acme)
    again = import_claim(in_acme)
    assert told(again) == {"kept": 2}
    assert ConsentEvent.objects.count() == 2


def test_a_newer_file_refreshes_an_agreement(in_acme: Organisation, newsletter: Purpose, ada: Contact) -> None:
    import_claim(in_acme)
    newer = import_claim(in_acme, collected_on=date(2026, 3, 3))
    state = state_of(ada, newsletter)
    assert state is not None
    assert state.since > COLLECTED
    assert newer.stage_counts["consents"]["recorded"] == 2


def test_double_opt_in_waits_for_the_person(in_acme: Organisation, ada: Contact) -> None:
    """C-09."""
    purpose = new_purpose(in_acme, double_opt_in=True)
    import_claim(in_acme)
    assert set(ConsentState.objects.values_list("status", flat=True)) == {"unconfirmed"}
    assert status_of(ada, purpose) == "unconfirmed"


def test_what_a_bought_list_claims_waits_for_its_proofs(
    in_acme: Organisation, newsletter: Purpose, ada: Contact
) -> None:
    """I-02 to I-04; and it does not refresh what is known."""
    choose(ada, newsletter, "grant", occurred_at=datetime(2025, 1, 1, tzinfo=UTC))
    source = import_claim(in_acme, origin_kind="bought")
    assert source.state == "quarantined"
    assert sorted(ConsentState.objects.values_list("status", flat=True)) == ["granted", "unconfirmed"]
    assert told(source) == {"recorded": 1, "kept": 1}


def test_rows_with_a_date_and_an_address_of_their_own_have_their_own_proof(
    in_acme: Organisation, newsletter: Purpose, ada: Contact, ben: Contact
) -> None:
    choose(ben, newsletter, "withdraw")
    content = (
        "email,when,where\n"
        "ada.martin@example.org,2026-01-10T10:00:00Z,192.0.2.7\n"
        "new@example.org,,192.0.2.8\n"
        "third@example.org,2026-01-12T10:00:00Z,\n"
        "ben@example.net,2026-01-12T10:00:00Z,192.0.2.9\n"
    )
    mapping = {"email": "email", "when": "consent.occurred_at", "where": "consent.ip"}
    source = imported(in_acme, content, declaration=CLAIM, mapping=mapping)
    assert told(source) == {"recorded": 3, "kept": 1, "would_resubscribe": 1}
    event = ConsentEvent.objects.get(contact=ada)
    assert event.occurred_at == datetime(2026, 1, 10, 10, 0, tzinfo=UTC)
    proof = Evidence.objects.get(pk=event.evidence_id)
    assert proof.contact_id == ada.pk
    assert bytes(proof.digest) == bytes(event.evidence_digest or b"")
    assert open_evidence(proof)["ip"] == "192.0.2.7"
    shared = ImportProof.objects.get(source_import=source).evidence
    assert open_evidence(proof)["file_evidence"] == bytes(shared.digest).hex()
    third = ConsentEvent.objects.get(contact__email_key="third@example.org")
    assert third.evidence_id == shared.pk
    assert ConsentEvent.objects.get(contact__email_key="new@example.org").occurred_at == COLLECTED
    assert Evidence.objects.filter(contact__isnull=False).exclude(contact=ben).count() == 2


def test_what_proves_a_row_stands_in_its_evidence(in_acme: Organisation, newsletter: Purpose, ada: Contact) -> None:
    url, text = "https://acme.example/form?a=1", 'I agree to "news"\\, é'
    content = (
        "email,url,text,what\n"
        f'ada.martin@example.org,{url},"{text.replace(chr(34), chr(34) * 2)}",newsletter\n'
        "new@example.org,,,\n"
        f"other@example.org,{url},,\n"
    )
    mapping = {"email": "email", "url": "consent.form_url", "text": "consent.text", "what": "consent.purpose"}
    source = imported(in_acme, content, declaration=CLAIM, mapping=mapping)
    assert told(source) == {"recorded": 3}
    document = open_evidence(evidence_of(ada))
    assert (document["form_url"], document["text"], document["purposes"]) == (url, text, ["newsletter"])
    assert (document["kind"], document["line"], len(document["salt"])) == ("import_row", 2, 32)
    shared = ImportProof.objects.get(source_import=source).evidence
    assert evidence_of(Contact.objects.get(email_key="new@example.org")) == shared
    other = evidence_of(Contact.objects.get(email_key="other@example.org"))
    assert set(open_evidence(other)) == {"kind", "file_evidence", "line", "occurred_at", "form_url", "salt"}
    assert bytes(other.digest) == hashlib.sha256(rfc8785.dumps(open_evidence(other))).digest()


def evidence_of(contact: Contact) -> Evidence:
    event = ConsentEvent.objects.get(contact=contact)
    assert event.evidence is not None
    assert bytes(event.evidence_digest or b"") == bytes(event.evidence.digest)
    return event.evidence


def test_a_row_may_narrow_what_its_file_claims(in_acme: Organisation, newsletter: Purpose, ada: Contact) -> None:
    new_purpose(in_acme, "offers", channels=["email", "sms"])
    pairs = [("newsletter", "email"), ("offers", "email"), ("offers", "sms")]
    claims = [{"purpose": purpose, "channel": channel} for purpose, channel in pairs]
    content = "email,what,channel\nada.martin@example.org,newsletter,\nb@x.example,offers,sms\nc@x.example,,\n"
    mapping = {"email": "email", "what": "consent.purpose", "channel": "consent.channel"}
    source = imported(in_acme, content, declaration=replace(CLAIM, consents=claims), mapping=mapping)
    assert told(source) == {"recorded": 5}
    found = ConsentState.objects.values_list("contact__email_key", "purpose__key", "channel")
    assert sorted(found) == [
        ("ada.martin@example.org", "newsletter", "email"),
        ("b@x.example", "offers", "sms"),
        *[("c@x.example", *pair) for pair in pairs],
    ]


def test_who_never_agreed_comes_in_without_consent(in_acme: Organisation, newsletter: Purpose, ada: Contact) -> None:
    content = "email,status\nada.martin@example.org,pending\nb@x.example,unconfirmed\nc@x.example,subscribed\n"
    source = import_claim(in_acme, content)
    assert (source.rows_created, told(source)) == (2, {"recorded": 1})
    assert ConsentState.objects.get().contact.email_key == "c@x.example"


def test_old_agreements_have_run_out_on_arrival(in_acme: Organisation, newsletter: Purpose, ada: Contact) -> None:
    """C-11."""
    content = "email,consent date\nada.martin@example.org,2020-01-01\nb@x.example,2020-01-01\nc@x.example,2026-01-01\n"
    for dry_run in (True, False):
        source = imported(in_acme, content, declaration=CLAIM, dry_run=dry_run)
        assert told(source)["recorded"] == 3
    assert told(source)["expired"] == 2


def test_a_dry_run_tells_whom_the_file_would_resubscribe(
    in_acme: Organisation, newsletter: Purpose, ada: Contact
) -> None:
    """I-06."""
    choose(ada, newsletter, "withdraw")
    source = imported(in_acme, PEOPLE, declaration=CLAIM, dry_run=True)
    assert told(source) == {"recorded": 1, "kept": 1, "would_resubscribe": 1}
    assert source.outcomes["would_resubscribe"] == 1
    assert examples(source, "would_resubscribe") == [
        {"line": 2, "contact": str(ada.pk), "purpose": "newsletter", "channel": "email", "status": "withdrawn"}
    ]
    assert not ConsentEvent.objects.filter(source="import").exists()
    assert not ImportProof.objects.exists()


def test_opt_outs_in_a_file_are_withdrawals_of_who_is_known(
    in_acme: Organisation, newsletter: Purpose, ada: Contact, ben: Contact
) -> None:
    """I-07; a bounce says nothing about what the person wants."""
    offers = new_purpose(in_acme, "offers", basis="legitimate_interest")
    choose(ada, newsletter, "grant", occurred_at=datetime(2025, 1, 1, tzinfo=UTC))
    content = (
        "email,status,left on\nada.martin@example.org,unsubscribed,2025-03-01T00:00:00Z\n"
        "ben@example.net,bounced,\nnobody@x.example,unsubscribed,\n"
    )
    mapping = {"email": "email", "status": "consent.status", "left on": "consent.withdrawn_at"}
    dry = imported(in_acme, content, mapping=mapping, dry_run=True)
    source = imported(in_acme, content, mapping=mapping)
    assert dry.stage_counts == source.stage_counts == {"opt_outs": {"suppressed": 3, "withdrawn": 2, "unknown": 0}}
    assert (status_of(ada, newsletter), status_of(ada, offers)) == ("withdrawn", "objected")
    assert not ConsentEvent.objects.filter(contact=ben).exists()
    event = ConsentEvent.objects.get(contact=ada, purpose=newsletter, action="withdraw")
    assert (event.source, event.source_reference) == ("import", f"import:{source.pk}")
    assert event.occurred_at == datetime(2025, 3, 1, tzinfo=UTC)
    assert event.evidence_id == ImportProof.objects.get(source_import=source).evidence_id
    events = ConsentEvent.objects.count()
    again = imported(in_acme, content, mapping=mapping)
    assert set(again.stage_counts["opt_outs"].values()) == {0}
    assert ConsentEvent.objects.count() == events


def test_a_later_file_does_not_bring_back_who_opted_out(
    in_acme: Organisation, newsletter: Purpose, ada: Contact
) -> None:
    """Lessons 1 and 2."""
    imported(in_acme, "email,status\nada.martin@example.org,unsubscribed\n")
    content = "email,status,doNotEmail,consent date\nada.martin@example.org,active,0,2026-09-01\n"
    source = import_claim(in_acme, content, collected_on=date(2026, 9, 1))
    assert (source.rows_suppressed, told(source)) == (1, {})
    assert status_of(ada, newsletter) == "withdrawn"


def test_two_claims_of_one_file_are_two_events_a_person(in_acme: Organisation, newsletter: Purpose) -> None:
    new_purpose(in_acme, "offers")
    claims = [{"purpose": key, "channel": "email"} for key in ("newsletter", "offers", "newsletter")]
    source = import_claim(in_acme, consents=claims)
    assert told(source) == {"recorded": 4}
    assert ConsentState.objects.count() == 4


@pytest.mark.parametrize(
    ("values", "loc", "code"),
    [
        (
            {"consents": [{"purpose": "nothing", "channel": "email"}]},
            ("options", "consents", 0, "purpose"),
            "unknown_purpose",
        ),
        (
            {"consents": [{"purpose": "newsletter", "channel": "post"}]},
            ("options", "consents", 0, "channel"),
            "channel_not_offered",
        ),
        ({"basis": "legitimate_interest"}, ("options", "basis"), "basis_mismatch"),
        ({"evidence_note": ""}, ("options", "evidence_note"), "evidence_required"),
    ],
)
def test_a_claim_that_does_not_hold_is_refused_before_a_row_is_read(
    in_acme: Organisation, newsletter: Purpose, values: dict[str, Any], loc: tuple[Any, ...], code: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        import_claim(in_acme, **values)
    assert (loc, code) in [(problem.loc, problem.code) for problem in refused.value.errors]
