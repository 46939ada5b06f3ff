"""What stands on a paper, was said in a call, or comes from a system of the client: with its proof, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import TestCase
from django.utils import timezone
from django_scopes import scope

from consent.collection.models import CollectionPoint, EvidenceFile, FormVersion
from consent.collection.papers import paper_content
from consent.ledger.evidence import open_evidence
from consent.ledger.models import ConsentEvent
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.personal_data.registry import sources
from subscribers.contacts.models import Contact
from subscribers.suppression.actions import suppress
from tests.consent.choices import status_of
from tests.consent.collection.forms import PUBLISHED, delivered, link_in, new_point, press
from tests.people import Api, actor_of, api_of, client_of

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\nNina Morel, signed\n"


def kind_of(acme: Organisation, newsletter: Purpose, kind: str, **values: Any) -> CollectionPoint:
    return new_point(acme, newsletter, key="desk", kind=kind, at=PUBLISHED, **{"double_opt_in": False, **values})


def typed(**values: Any) -> dict[str, Any]:
    now = timezone.now()  # in Paris that was an hour ago, or two
    return {
        "email": "nina@mail.example",
        "language": "fr",
        "choices": ["newsletter-email"],
        "occurred_at": now.strftime("%Y-%m-%dT%H:%M"),
        **values,
    }


def scan(content: bytes = PDF, name: str = "bulletin.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="application/pdf")


def stored_papers() -> set[str]:
    return set(default_storage.listdir("evidence-files")[1]) if default_storage.exists("evidence-files") else set()


def record(user: User, **values: Any) -> Any:
    return client_of(user).post("/o/acme/collection-points/desk/record/", typed(**values))


def test_a_paper_is_recorded_with_its_scan_and_who_entered_it(
    marketer: User, acme: Organisation, newsletter: Purpose
) -> None:
    point = kind_of(acme, newsletter, "paper")
    assert client_of(marketer).get("/o/acme/collection-points/desk/record/").status_code == 200
    assert record(marketer, scan=scan(), reference="Box 3").status_code == 302
    with scope(organisation=acme):
        contact = Contact.objects.get()
        event = ConsentEvent.objects.select_related("evidence").get()
        kept = EvidenceFile.objects.get()
        stored = default_storage.open(kept.file.name).read()
    assert status_of(contact, newsletter) == "granted"
    member = actor_of(marketer, acme).reference
    assert (event.source, event.actor, event.collection_point_id) == ("staff", member, point.pk)
    assert event.evidence is not None
    proof = open_evidence(event.evidence)
    assert proof["attachment"]["sha256"] == bytes(kept.digest).hex()
    assert (proof["reference"], proof["entered_by"], proof["kind"]) == ("Box 3", member, "paper")
    assert kept.contact_id == contact.pk
    assert b"Nina" not in stored
    with scope(organisation=acme):
        assert paper_content(acme, bytes(kept.digest)) == PDF
        assert paper_content(acme, bytes(32)) is None


def test_a_paper_without_its_scan_proves_nothing(marketer: User, acme: Organisation, newsletter: Purpose) -> None:
    kind_of(acme, newsletter, "paper")
    answer = record(marketer)
    assert answer.status_code == 422
    assert "Attach a scan" in answer.content.decode()
    with scope(organisation=acme):
        assert not Contact.objects.exists()


def test_a_call_names_its_recording(marketer: User, acme: Organisation, newsletter: Purpose) -> None:
    kind_of(acme, newsletter, "phone")
    assert "Name the call" in record(marketer).content.decode()
    assert record(marketer, reference="call 4711").status_code == 302


@pytest.mark.parametrize("file", [scan(b"MZ\x90", "bulletin.pdf"), scan(PDF, "bulletin.exe")])
def test_only_documents_are_kept_as_scans(
    marketer: User, acme: Organisation, newsletter: Purpose, file: SimpleUploadedFile
) -> None:
    kind_of(acme, newsletter, "paper")
    file.seek(0)
    assert record(marketer, scan=file).status_code == 422
    with scope(organisation=acme):
        assert not EvidenceFile.objects.exists()


def test_a_paper_older_than_its_notice_is_refused(marketer: User, acme: Organisation, newsletter: Purpose) -> None:
    kind_of(acme, newsletter, "paper")
    answer = record(marketer, scan=scan(), occurred_at="2020-01-01T10:00")
    assert answer.status_code == 422
    assert "before the form and its notice" in answer.content.decode()


def test_a_paper_lifts_no_suppression(marketer: User, acme: Organisation, newsletter: Purpose) -> None:
    kind_of(acme, newsletter, "paper")
    with scope(organisation=acme):
        suppress(actor=Actor.system(acme), organisation=acme, addresses=["nina@mail.example"], channel="email")
    before = stored_papers()
    assert record(marketer, scan=scan()).status_code == 422
    assert stored_papers() == before
    with scope(organisation=acme):
        assert not Contact.objects.exists()


def test_with_double_opt_in_the_person_confirms_what_the_paper_says(
    marketer: User, acme: Organisation, newsletter: Purpose
) -> None:
    kind_of(acme, newsletter, "paper", double_opt_in=True)
    assert record(marketer, scan=scan()).status_code == 302
    with scope(organisation=acme):
        assert not Contact.objects.exists()
    press(link_in(delivered()[0]))
    with scope(organisation=acme):
        contact = Contact.objects.get()
        assert EvidenceFile.objects.get().contact_id == contact.pk
        events = ConsentEvent.objects.order_by("id").values_list("action", "source", "actor")
        assert list(events) == [("grant", "staff", actor_of(marketer, acme).reference), ("confirm", "staff", "")]


def test_the_scan_goes_with_the_person(marketer: User, acme: Organisation, newsletter: Purpose) -> None:
    kind_of(acme, newsletter, "paper")
    record(marketer, scan=scan())
    (source,) = [source for source in sources() if source.name == "consent"]
    with scope(organisation=acme):
        contact = Contact.objects.get()
        assert source.collected(acme, contact.pk)["papers"][0]["media_type"] == "application/pdf"
        assert source.erased(acme, contact.pk, now=timezone.now()) == 3  # its document, the scan, where they stood
        assert not EvidenceFile.objects.exists()


def test_the_scan_goes_though_the_person_never_confirmed(
    marketer: User, acme: Organisation, newsletter: Purpose, ada: Contact
) -> None:
    kind_of(acme, newsletter, "paper", double_opt_in=True)
    before = stored_papers()
    record(marketer, email=ada.email, scan=scan())
    (source,) = [source for source in sources() if source.name == "sign_ups"]
    with scope(organisation=acme), TestCase.captureOnCommitCallbacks(execute=True):
        assert source.erased(acme, ada.pk, now=timezone.now()) == 1
        assert not EvidenceFile.objects.exists()
    assert stored_papers() == before


def test_a_form_on_the_web_is_not_filled_in_by_staff(marketer: User, acme: Organisation, newsletter: Purpose) -> None:
    kind_of(acme, newsletter, "form")
    assert record(marketer).status_code == 409


# Systems of the client


@pytest.fixture
def shop(integrator: User, acme: Organisation, newsletter: Purpose) -> Api:
    kind_of(acme, newsletter, "api")
    return api_of(integrator, acme)


def sign_up(shop: Api, **values: Any) -> Any:
    body = {
        "contact": {"email": "nina@mail.example", "first_name": "Nina"},
        "consents": [{"purpose": "newsletter", "channel": "email"}],
        "language": "fr",
        "evidence": {"checkout": "4711", "ip": "192.0.2.7"},
        **values,
    }
    return shop.post("/collection-points/desk/sign-ups", body)


def test_a_shop_reports_a_sign_up_with_its_evidence(shop: Api, acme: Organisation, newsletter: Purpose) -> None:
    answer = sign_up(shop)
    assert answer.status_code == 201
    said = answer.json()
    with scope(organisation=acme):
        contact = Contact.objects.get()
        event = ConsentEvent.objects.select_related("evidence").get()
    assert said == {"state": "recorded", "contact": str(contact.pk), "events": [str(event.pk)]}
    assert (event.source, event.notice_version) == ("api", "signup/1/fr")
    assert event.evidence is not None
    assert open_evidence(event.evidence)["reported"] == {"checkout": "4711", "ip": "192.0.2.7"}
    assert status_of(contact, newsletter) == "granted"


def test_a_refusal_is_reported_too(shop: Api, acme: Organisation, newsletter: Purpose) -> None:
    answer = sign_up(shop, consents=[{"purpose": "newsletter", "channel": "email", "action": "refuse"}])
    assert answer.status_code == 201
    with scope(organisation=acme):
        assert status_of(Contact.objects.get(), newsletter) == "refused"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"evidence": {}}, "evidence_required"),
        ({"consents": [{"purpose": "nothing", "channel": "email"}]}, "unknown_purpose"),
        ({"occurred_at": "2020-01-01T00:00:00Z"}, "before_notice"),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, "future_date"),
        ({"occurred_at": "2026-02-01T00:00:00"}, "invalid_input"),
        ({"evidence": {"n": 2**70}}, "invalid_evidence"),
        ({"contact": {"email": "nobody"}}, "invalid_input"),
        ({"contact": {}}, "invalid_input"),
        ({"form_version": 9}, "invalid_input"),
    ],
)
def test_what_cannot_be_is_refused(shop: Api, acme: Organisation, values: dict[str, Any], code: str) -> None:
    answer = sign_up(shop, **values)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    with scope(organisation=acme):
        assert not Contact.objects.exists()


def test_a_wrong_address_is_told_before_anybody_is_written_to(
    integrator: User, acme: Organisation, newsletter: Purpose
) -> None:
    kind_of(acme, newsletter, "api", double_opt_in=True)
    answer = sign_up(api_of(integrator, acme), contact={"email": "nobody"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "invalid_email")
    for values in (
        {"evidence": {"n": 2**70}},
        {"contact": {"email": "nina@mail.example", "attributes": {"surprise": 1}}},
        {"contact": {"email": "nina@mail.example", "first_name": "N" * 500}},
    ):
        assert sign_up(api_of(integrator, acme), **values).status_code == 422
    waits = sign_up(api_of(integrator, acme))
    assert waits.json() == {"state": "waiting", "contact": None, "events": []}


def test_the_version_shown_at_that_time_is_found(shop: Api, acme: Organisation, newsletter: Purpose) -> None:
    with scope(organisation=acme):
        first = FormVersion.objects.get()
    at = (first.published_at + timedelta(milliseconds=1)).astimezone(UTC)
    answer = sign_up(shop, occurred_at=at.isoformat())
    assert answer.status_code == 201
    with scope(organisation=acme):
        event = ConsentEvent.objects.get()
    assert event.occurred_at == at
    assert isinstance(at, datetime)
    assert event.source_reference == "desk/1"
