"""The gate: three forms of one definition, held against the rules in plain words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django_scopes import scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.gate import REASONS, check, explain, gate_sql
from consent.ledger.models import ConsentEvent, ConsentState, Status
from consent.purposes.errors import ChannelNotOfferedError
from consent.purposes.models import Basis, Purpose
from portal.organisations.models import Organisation
from portal.ui.statuses import LOOKS
from subscribers.contacts.models import Contact
from subscribers.fields.models import Field
from subscribers.imports.models import Import
from subscribers.suppression.models import Suppression
from tests.consent.choices import BALANCE, FACTS, NOW, choose, new_purpose
from tests.people import new_contact

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
numbers = count(1)
BIRTH_DATE = {"label": "Born", "type": "date", "justification": "To write to nobody under age.", "created_at": NOW}

people = st.fixed_dictionaries(
    {
        "email": st.booleans(),
        "phone": st.booleans(),
        "restricted": st.booleans(),
        "suppressed_on": st.sets(st.sampled_from(["email", "sms"]), max_size=2),
        "status": st.sampled_from([None, *Status.values]),
        "expires": st.sampled_from([None, -1, 0, 1]),
        "paused_until": st.sampled_from([None, -1, 0, 1]),
        "came_with": st.sampled_from(["", "proven", "unproven", "frozen"]),
        "agreed_by": st.sampled_from(["", "proven", "frozen"]),
        # Days from the birthday on which the person is as old as the limit says.
        "grown_up_since": st.sampled_from([None, -1, 0, 1]),
    }
)


def limit_of(basis: str, age_limit: int | None) -> int:
    """Acme is in France, where the law says 15; what a contract or the law asks for has no limit of its own."""
    if age_limit is not None:
        return age_limit
    return 0 if basis in ("contract", "legal_obligation") else 15


def reasons_in_plain_python(
    person: dict[str, Any], basis: str, channel: str, *, facts: bool, age_limit: int | None
) -> list[str]:
    """The rules of the gate once more, as one would tell them to a colleague."""
    status, on_consent = person["status"], basis == "consent" or (basis == "soft_opt_in" and not facts)
    ran_out = person["expires"] is not None and person["expires"] <= 0
    pause_is_over = person["paused_until"] is not None and person["paused_until"] <= 0
    agreed = status in ("granted", "paused")
    reasons = []
    if person["restricted"] or (person["agreed_by"] if agreed else person["came_with"]) == "frozen":
        reasons.append("restricted")
    if channel in person["suppressed_on"]:
        reasons.append("suppressed")
    if person["grown_up_since"] == -1 and limit_of(basis, age_limit):
        reasons.append("under_age")
    if status in ("objected", "withdrawn", "refused"):
        reasons.append(status)
    if on_consent and status in (None, "none", "unanswered"):
        reasons.append("no_consent")
    if (on_consent and status == "unconfirmed") or (person["came_with"] == "unproven" and not agreed):
        reasons.append("unconfirmed")
    if on_consent and (status == "expired" or (status in ("granted", "paused") and ran_out)):
        reasons.append("expired")
    if status == "paused" and not pause_is_over:
        reasons.append("paused")
    if not person["email" if channel == "email" else "phone"]:
        reasons.append("unreachable")
    return reasons


def lots(organisation: Organisation) -> dict[str, Import]:
    """One import of each kind, the same for all people of a test."""
    kinds: dict[str, dict[str, Any]] = {
        "proven": {"origin_kind": "bought", "state": "done", "released_at": NOW},
        "unproven": {"origin_kind": "bought", "state": "quarantined"},
        "frozen": {"origin_kind": "own_form", "state": "done", "frozen_at": NOW},
    }
    return {
        kind: Import.objects.get_or_create(
            organisation=organisation,
            file_name=kind,
            defaults={"file_size": 1, "file_digest": b"", "created_at": NOW, **values},
        )[0]
        for kind, values in kinds.items()
    }


def agreement(contact: Contact, purpose: Purpose, channel: str, lot: Import | None) -> int:
    """The event of an agreement, from this lot or from the person."""
    source = {"source": "import", "source_reference": f"import:{lot.pk}"} if lot else {"source": "form"}
    event = ConsentEvent.objects.create(
        organisation=contact.organisation,
        contact=contact,
        purpose=purpose,
        channel=channel,
        action="grant",
        basis=purpose.basis,
        occurred_at=NOW - 9 * DAY,
        recorded_at=NOW,
        **source,
    )
    return event.pk


def birth_date(purpose: Purpose, person: dict[str, Any]) -> dict[str, str]:
    if person["grown_up_since"] is None:
        return {}
    turned = NOW.date() - person["grown_up_since"] * DAY
    return {"birth_date": turned.replace(year=turned.year - limit_of(purpose.basis, purpose.age_limit)).isoformat()}


def new_person(organisation: Organisation, purpose: Purpose, channel: str, person: dict[str, Any]) -> Contact:
    number = next(numbers)
    known = lots(organisation)
    contact = Contact.objects.create(
        organisation=organisation,
        external_id=f"g{number}",
        email_key=f"g{number}@example.org" if person["email"] else None,
        phone=f"+3360000{number:05}" if person["phone"] else None,
        restricted_at=NOW if person["restricted"] else None,
        origin="api",
        source_import=known.get(person["came_with"]),
        attributes=birth_date(purpose, person),
        created_at=NOW,
        updated_at=NOW,
    )
    for place, suppressed in enumerate(sorted(person["suppressed_on"])):
        for hash_type in ("keyed", "sha256"):  # two marks on one address count once
            digest = f"{number}-{place}-{hash_type}".encode()
            Suppression.objects.create(
                organisation=organisation,
                channel=suppressed,
                hash_type=hash_type,
                digest=digest,
                reason="manual",
                contact=contact,
                created_at=NOW,
            )
    if person["status"] is not None:
        until = {name: person[name] and NOW + person[name] * DAY for name in ("expires", "paused_until")}
        until = {name: NOW if person[name] == 0 else value for name, value in until.items()}
        event_id = agreement(contact, purpose, channel, known.get(person["agreed_by"]))
        ConsentState.objects.create(
            organisation=organisation,
            contact=contact,
            purpose=purpose,
            channel=channel,
            status=person["status"],
            since=NOW - 9 * DAY,
            expires_at=until["expires"],
            paused_until=until["paused_until"],
            event_id=event_id if person["status"] != "paused" else 0,
        )
    return contact


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    crowd=st.lists(people, min_size=1, max_size=4),
    basis=st.sampled_from(Basis.values),
    channel=st.sampled_from(["email", "sms"]),
    facts=st.booleans(),
    age_limit=st.sampled_from([None, 0, 18]),
)
def test_the_three_forms_and_plain_python_agree(
    in_acme: Organisation, crowd: list[dict[str, Any]], basis: str, channel: str, facts: bool, age_limit: int | None
) -> None:
    Field.objects.get_or_create(organisation=in_acme, key="birth_date", defaults=BIRTH_DATE)
    shown = FACTS if facts else {}
    key = f"purpose-{next(numbers)}"
    purpose = new_purpose(in_acme, key, basis=basis, soft_opt_in=shown, age_limit=age_limit)
    expected = {
        new_person(in_acme, purpose, channel, person).pk: reasons_in_plain_python(
            person, basis, channel, facts=facts, age_limit=age_limit
        )
        for person in crowd
    }
    first = {contact_id: reasons[0] if reasons else None for contact_id, reasons in expected.items()}

    answers = {contact_id: explain(contact_id, purpose, channel, now=NOW) for contact_id in expected}
    assert {contact_id: answer.reasons for contact_id, answer in answers.items()} == expected
    assert all(answer.allowed == (not answer.reasons) for answer in answers.values())

    batch = check(in_acme, purpose, channel, expected, now=NOW)
    assert batch.allowed == [contact_id for contact_id, reason in first.items() if reason is None]
    assert batch.denied == {contact_id: reason for contact_id, reason in first.items() if reason}

    gate = gate_sql(purpose, channel, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT c.id, {gate.reason} FROM subscribers_contact c {gate.joins}"
            " WHERE c.organisation_id = %(organisation)s AND c.id = ANY (%(ids)s)",
            {**gate.params, "organisation": in_acme.pk, "ids": list(expected)},
        )
        found = cursor.fetchall()
    assert len(found) == len(expected)
    assert dict(found) == first


@pytest.mark.parametrize("fact", ["collected_directly", "sale", "similar", "same_legal_person", "objection_text"])
def test_soft_opt_in_reaches_nobody_who_has_not_agreed_until_every_fact_is_there(
    in_acme: Organisation, ada: Contact, ben: Contact, fact: str
) -> None:
    """B-03."""
    offers = new_purpose(in_acme, "offers", basis="soft_opt_in", soft_opt_in={**FACTS, fact: ""})
    choose(ben, offers, "grant")
    assert check(in_acme, offers, "email", [ada.pk, ben.pk], now=NOW).denied == {ada.pk: "no_consent"}
    offers.soft_opt_in = FACTS
    assert check(in_acme, offers, "email", [ada.pk, ben.pk], now=NOW).allowed == [ada.pk, ben.pk]


def test_a_free_account_is_a_sale_only_with_a_reason(in_acme: Organisation, ada: Contact) -> None:
    """B-04."""
    offers = new_purpose(in_acme, "offers", basis="soft_opt_in", soft_opt_in={**FACTS, "free_accounts": True})
    assert explain(ada.pk, offers, "email", now=NOW).reasons == ["no_consent"]
    offers.soft_opt_in = {**FACTS, "free_accounts": True, "free_accounts_reason": "C-654/23, paid by advertising"}
    assert explain(ada.pk, offers, "email", now=NOW).allowed


@pytest.mark.parametrize(
    ("values", "allowed"),
    [
        ({"basis": "soft_opt_in"}, False),
        ({"basis": "legitimate_interest"}, False),
        ({"basis": "legitimate_interest", "profession_note": "Buyers of shops, about their shop"}, True),
        ({"basis": "contract"}, True),
    ],
)
def test_consumers_are_called_only_with_their_consent_since_august_2026(
    in_acme: Organisation, values: dict[str, str], allowed: bool
) -> None:
    """B-08."""
    calls = new_purpose(in_acme, "calls", channels=["phone"], **values)
    person = new_contact(in_acme, "tel@example.org", phone="+33600000001")
    before, after = datetime(2026, 8, 10, 21, 59, tzinfo=UTC), datetime(2026, 8, 10, 22, 0, tzinfo=UTC)
    assert explain(person.pk, calls, "phone", now=before).allowed
    assert explain(person.pk, calls, "phone", now=after).allowed is allowed


def test_the_age_is_asked_only_where_the_organisation_declares_a_birth_date(
    in_acme: Organisation, other: Organisation
) -> None:
    """K-01."""
    newsletter = new_purpose(in_acme, basis="legitimate_interest", balance=BALANCE)
    child = new_contact(in_acme, "child@example.org", attributes={"birth_date": "2014-01-01"})
    assert explain(child.pk, newsletter, "email", now=NOW).allowed
    with scope(organisation=other):
        Field.objects.create(organisation=other, key="birth_date", **BIRTH_DATE)
    assert explain(child.pk, newsletter, "email", now=NOW).allowed
    Field.objects.create(organisation=in_acme, key="birth_date", **BIRTH_DATE)
    assert explain(child.pk, newsletter, "email", now=NOW).reasons == ["under_age"]
    in_acme.country = "DE"
    in_acme.save()
    grown = new_contact(in_acme, "grown@example.org", attributes={"birth_date": "2010-06-01"})
    younger = new_contact(in_acme, "younger@example.org", attributes={"birth_date": "2010-06-02"})
    asked = [grown.pk, younger.pk]
    assert check(in_acme, newsletter, "email", asked, now=NOW).denied == {younger.pk: "under_age"}


def test_ids_of_nobody_and_of_another_organisation_are_not_found(
    in_acme: Organisation, ada: Contact, ada_elsewhere: Contact
) -> None:
    purpose = new_purpose(in_acme)
    choose(ada, purpose, "grant")
    batch = check(in_acme, purpose, "email", [ada_elsewhere.pk, ada.pk, 10**12], now=NOW)
    assert batch.allowed == [ada.pk]
    assert batch.denied == {ada_elsewhere.pk: "not_found", 10**12: "not_found"}
    assert explain(ada_elsewhere.pk, purpose, "email", now=NOW).reasons == ["not_found"]


def test_the_answer_names_the_event_it_rests_on(in_acme: Organisation, ada: Contact) -> None:
    purpose = new_purpose(in_acme)
    event_id = choose(ada, purpose, "grant")
    answer = explain(ada.pk, purpose, "email", now=NOW)
    assert (answer.allowed, answer.evidence) == (True, [event_id])


def test_a_channel_the_purpose_does_not_use_is_refused(in_acme: Organisation, ada: Contact) -> None:
    """B-13."""
    with pytest.raises(ChannelNotOfferedError):
        explain(ada.pk, new_purpose(in_acme), "post", now=NOW)


def test_every_reason_has_a_word_on_the_pages() -> None:
    assert set(REASONS) <= set(LOOKS)


def test_nobody_of_an_unproven_list_is_written_to_unless_they_agreed_elsewhere(in_acme: Organisation) -> None:
    """I-04: whatever the basis, and whatever became of the import since."""
    offers, newsletter = new_purpose(in_acme, "offers", basis="legitimate_interest"), new_purpose(in_acme)
    source = lots(in_acme)["unproven"]
    bought = new_contact(in_acme, "bought@example.org", source_import=source)
    for state in ("quarantined", "failed", "cancelled", "undone"):
        Import.objects.filter(pk=source.pk).update(state=state)
        assert check(in_acme, offers, "email", [bought.pk], now=NOW).denied == {bought.pk: "unconfirmed"}
    choose(bought, newsletter, "grant")
    assert check(in_acme, newsletter, "email", [bought.pk], now=NOW).allowed == [bought.pk]
    assert explain(bought.pk, offers, "email", now=NOW).reasons == ["unconfirmed"]
    Import.objects.filter(pk=source.pk).update(released_at=NOW)
    assert explain(bought.pk, offers, "email", now=NOW).allowed


def test_a_frozen_lot_takes_along_what_it_says_of_people_known_before(
    in_acme: Organisation, ada: Contact, ben: Contact, ada_elsewhere: Contact
) -> None:
    """I-12."""
    newsletter, source = new_purpose(in_acme), lots(in_acme)["frozen"]
    for contact in (ada, ben):
        choose(contact, newsletter, "grant", source="import", source_reference=f"import:{source.pk}")
    choose(ben, newsletter, "grant", occurred_at=NOW + timedelta(seconds=1))
    asked = [ada.pk, ben.pk]
    assert check(in_acme, newsletter, "email", asked, now=NOW).denied == {ada.pk: "restricted"}
    Import.objects.filter(pk=source.pk).update(frozen_at=None)
    assert check(in_acme, newsletter, "email", asked, now=NOW).allowed == asked


def test_lots_of_others_hold_nobody(in_acme: Organisation, ada: Contact, other: Organisation) -> None:
    newsletter = new_purpose(in_acme)
    choose(ada, newsletter, "grant")
    with scope(organisation=other):
        lots(other)
    assert check(in_acme, newsletter, "email", [ada.pk], now=NOW).allowed == [ada.pk]
