"""The DPO archives or destroys what is held of a person who is erased, from the portal (R-06, C-15)."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.test import Client

from consent.archive.models import ArchivedEvidence
from consent.ledger.models import ConsentEvent, Evidence
from consent.proofs.verify_proof import parsed, verified
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.organisations.models import Organisation
from portal.personal_data.actions import erase_person
from subscribers.contacts.models import Contact
from tests.consent.choices import NOW, choose, new_purpose
from tests.people import actor_of, client_of
from tests.portal.seals.keeping import seal

pytestmark = pytest.mark.django_db(transaction=True)
LEDGER = "/o/acme/ledger/"


@pytest.fixture
def newsletter(in_acme: Organisation) -> Purpose:
    return new_purpose(in_acme)


@pytest.fixture
def events(ada: Contact, newsletter: Purpose) -> list[int]:
    """Two sealed agreements of Ada's."""
    found = [choose(ada, newsletter, "grant", channel=channel) for channel in ("email", "sms")]
    seal()
    return [event for event in found if event is not None]


@pytest.fixture
def erased(acme: Organisation, dpo: User, ada: Contact, events: list[int]) -> int:
    """Ada's number; her evidence lies in the archive."""
    number = ada.pk
    erase_person(actor=actor_of(dpo, acme), organisation=acme, contact_id=number, now=NOW)
    assert not Contact.objects.filter(pk=number).exists()
    return number


@pytest.fixture
def office(dpo: User) -> Client:
    return client_of(dpo)


def address(number: int, what: str) -> str:
    return f"{LEDGER}contacts/{number}/evidence/{what}/"


def text_of(client: Client, path: str) -> str:
    return " ".join(client.get(path).content.decode().split())


def test_evidence_of_the_erased_is_destroyed_with_the_number_typed_and_the_ledger_verifies(
    office: Client, dpo: User, erased: int, events: list[int]
) -> None:
    for path in (f"{LEDGER}{events[0]}/", f"{LEDGER}?contact={erased}"):
        assert address(erased, "destroy") in text_of(office, path)
    asked = text_of(office, address(erased, "destroy"))
    assert "Documents that will be destroyed: 2 (in the archive: 2). Events they belong to: 2. Scans" in asked
    for given in (
        {"reason": "The limitation period is over", "confirmation": "7777777"},
        {"reason": "The limitation period is over"},
        {"reason": " ", "confirmation": str(erased)},
    ):
        assert office.post(address(erased, "destroy"), given).status_code == 422
    assert ArchivedEvidence.objects.count() == 2

    given = {"reason": "The limitation period is over", "confirmation": str(erased)}
    answer = office.post(address(erased, "destroy"), given, follow=True)
    assert "2 documents are destroyed." in answer.content.decode()
    assert "no evidence of them is held any more" in answer.content.decode()
    assert not ArchivedEvidence.objects.exists()
    assert ConsentEvent.objects.filter(contact_id=erased, evidence_digest__isnull=False).count() == 2
    entry = AuditEntry.objects.get(action="evidence.destroyed")
    assert (entry.target_id, entry.user_id) == (str(erased), dpo.pk)
    assert entry.details == {"documents": 2, "files": 0, "reason": "The limitation period is over"}

    told = io.StringIO()
    call_command("ledger", "verify", stdout=told)
    assert "Everything that is sealed is as it was." in told.getvalue()
    for event in events:
        proof = parsed(office.get(f"{LEDGER}{event}/proof.json").content)
        assert verified(proof)["evidence"] == "absent"
    assert address(erased, "destroy") not in text_of(office, f"{LEDGER}{events[0]}/")


def test_what_is_still_in_active_use_goes_into_the_archive_for_a_term_and_a_reason(
    office: Client, in_acme: Organisation, ada: Contact, events: list[int]
) -> None:
    number = ada.pk
    Contact.objects.filter(pk=number).delete()
    page = text_of(office, f"{LEDGER}?contact={number}")
    assert address(number, "archive") in page
    asked = text_of(office, address(number, "archive"))
    assert f"erased contact {number} that leave active use: 2." in asked
    assert 'value="1826"' in asked
    for days, reason in (("0", "Dispute"), ("30", " ")):
        assert office.post(address(number, "archive"), {"days": days, "reason": reason}).status_code == 422
    answer = office.post(address(number, "archive"), {"days": "30", "reason": "Dispute 7"}, follow=True)
    assert "2 documents are in the archive now." in answer.content.decode()
    assert not Evidence.objects.exists()
    assert {(row.keep_until - row.archived_at).days for row in ArchivedEvidence.objects.all()} == {30}
    details = AuditEntry.objects.get(action="evidence.archived").details
    assert details == {"documents": 2, "files": 0, "days": 30, "reason": "Dispute 7"}
    assert address(number, "archive") not in text_of(office, f"{LEDGER}?contact={number}")


def test_evidence_of_somebody_who_is_here_stays_and_the_page_says_why(
    office: Client, ada: Contact, events: list[int]
) -> None:
    for path in (f"{LEDGER}{events[0]}/", f"{LEDGER}?contact={ada.pk}"):
        page = text_of(office, path)
        assert "is not erased, and the evidence (2) still has to show" in page
        assert "/evidence/destroy/" not in page
    for what, given in (
        ("destroy", {"reason": "No", "confirmation": str(ada.pk)}),
        ("archive", {"days": "30", "reason": "No"}),
    ):
        assert office.get(address(ada.pk, what)).status_code == 409
        assert office.post(address(ada.pk, what), given).status_code == 409
    assert Evidence.objects.filter(contact_id=ada.pk).count() == 2


def test_only_who_keeps_the_archive_sees_it_and_only_of_their_organisation(
    marketer: User, stranger: User, office: Client, erased: int, events: list[int]
) -> None:
    marketing = client_of(marketer)
    for path in (f"{LEDGER}{events[0]}/", f"{LEDGER}?contact={erased}"):
        assert "/evidence/" not in text_of(marketing, path)
    given = {"reason": "No", "confirmation": str(erased)}
    assert marketing.post(address(erased, "destroy"), given).status_code == 403
    elsewhere = address(erased, "destroy").replace("/acme/", "/other/")
    assert client_of(stranger).post(elsewhere, given).status_code == 404
    assert office.get(address(987654321, "destroy")).status_code == 404
    assert "/evidence/" not in text_of(office, f"{LEDGER}?contact=abc")
    assert ArchivedEvidence.objects.count() == 2


def test_the_dpo_is_asked_in_french(office: Client, erased: int) -> None:
    answer = office.get(address(erased, "destroy"), headers={"Accept-Language": "fr"}).content.decode()
    assert "Documents qui seront détruits\xa0: 2 (dont dans l&#x27;archive\xa0: 2)" in answer
