"""The confirming click: scanners, double clicks, late clicks; what it records, and what it lifts."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_scopes import scope

from consent.collection import afterwards
from consent.collection.afterwards import Confirmed, register_after_confirmation
from consent.collection.expiring import purge_sign_ups
from consent.collection.models import CollectionPoint, SignUp
from consent.gate import explain
from consent.ledger.evidence import open_evidence
from consent.ledger.models import ConsentEvent, ConsentState
from consent.ledger.queries import renewal_due
from consent.ledger.states import rebuild_states
from consent.purposes.actions import Materiality, update_purpose
from consent.purposes.models import Purpose
from portal.audit.models import AuditEntry
from portal.mail.models import OutgoingMail
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.personal_data.registry import sources
from subscribers.contacts.models import Contact
from subscribers.suppression.actions import suppress
from subscribers.suppression.models import Suppression
from tests.consent.choices import choose, new_purpose, status_of
from tests.consent.collection.forms import delivered, link_in, new_point, press, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(point: CollectionPoint) -> str:
    send(point)
    (message,) = delivered()
    return link_in(message)


def nina(acme: Organisation) -> Contact | None:
    with scope(organisation=acme):
        return Contact.objects.filter(email_key="nina@mail.example").first()


def test_the_message_says_who_asks_and_what_happens_without_a_click_and_advertises_nothing(
    point: CollectionPoint,
) -> None:
    send(point, lang="fr")
    (message,) = delivered()
    assert message.to == ["nina@mail.example"]
    assert "Acme" in message.subject
    assert "Newsletter (e-mail)" in message.body
    assert "/c/" in message.body
    assert "supprimé" in message.body  # what was entered is deleted when nobody clicks
    for advertising in ("À bientôt", "Une fois par mois", "http://acme", "<img"):
        assert advertising not in message.body + message.alternatives[0][0]


def test_scanners_change_nothing(link: str, acme: Organisation) -> None:
    for method in ("get", "head", "get"):
        response = getattr(Client(), method)(link)
        assert response.status_code == 200
        assert not response.cookies
    assert Client().options(link).status_code == 405
    assert nina(acme) is None
    page = Client().get(link).content.decode()
    assert "nina@mail.example" not in page
    assert "n•••" in page


def test_the_click_enters_the_person_and_records_grant_and_confirmation(
    link: str, acme: Organisation, newsletter: Purpose, point: CollectionPoint
) -> None:
    assert press(link).status_code == 200
    contact = nina(acme)
    assert contact is not None
    assert (contact.origin, contact.language) == ("own_form", "en")
    assert status_of(contact, newsletter) == "granted"
    with scope(organisation=acme):
        events = list(ConsentEvent.objects.select_related("evidence").order_by("id"))
        assert [(event.action, event.source, event.actor) for event in events] == [
            ("grant", "form", ""),
            ("confirm", "form", ""),
        ]
        assert {event.collection_point_id for event in events} == {point.pk}
        assert {event.source_reference for event in events} == {"newsletter/1"}
        assert events[1].evidence is not None
        proof = open_evidence(events[1].evidence)
        sign_up = SignUp.objects.get()
    clicked = proof["double_opt_in"]
    assert proof["served_at"][:19] <= proof["submitted_at"][:19] <= clicked["mail_sent_at"][:19]
    assert clicked["opened_at"][:19] <= clicked["confirmed_at"][:19]
    assert clicked["ip"] == "127.0.0.1"
    assert (proof["address"], proof["robots_kept_out_by"]) == ("nina@mail.example", "proof of work")
    assert (sign_up.state, sign_up.payload, sign_up.address_digest) == ("recorded", None, None)
    assert AuditEntry.objects.filter(action="consent.granted", actor_reference="form:newsletter").count() == 1


def test_a_second_press_and_a_later_click_are_harmless(link: str, acme: Organisation) -> None:
    first = press(link)
    second = press(link)
    assert first.content == second.content == Client().get(link).content
    with scope(organisation=acme):
        assert ConsentEvent.objects.count() == 2


def test_the_consent_itself_costs_few_queries(link: str, acme: Organisation, newsletter: Purpose) -> None:
    from tests.people import new_contact

    new_contact(acme, "nina@mail.example", language="en")
    with CaptureQueriesContext(connection) as captured:
        Client().post(link)
    ours = [
        query["sql"]
        for query in captured
        if any(table in query["sql"] for table in ("consent_", "portal_auditentry")) and "SAVEPOINT" not in query["sql"]
    ]
    assert len(ours) <= 8, "\n".join(ours)


def test_what_follows_is_told_once_it_is_committed(
    link: str, acme: Organisation, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    monkeypatch.setattr(afterwards, "_listeners", {})
    told: list[Confirmed] = []
    register_after_confirmation("test", told.append)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        press(link)
        assert told == []
    contact = nina(acme)
    assert contact is not None
    assert [(each.contact_id, len(each.events), each.language) for each in told] == [(contact.pk, 2, "en")]


def test_a_link_that_ran_out_explains_and_offers_the_form(link: str, acme: Organisation) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        page = press(link).content.decode()
        assert "run out" in page
        assert 'href="/s/acme/newsletter"' in page
        assert nina(acme) is None
        assert purge_sign_ups() == 1
        assert purge_sign_ups() == 0
        assert "run out" in Client().get(link).content.decode()
    with scope(organisation=acme):
        sign_up = SignUp.objects.get()
    assert (sign_up.state, sign_up.payload, sign_up.address_digest) == ("expired", None, None)


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00", "é" * 20])
def test_a_link_we_did_not_write_is_told_so(token: str, acme: Organisation) -> None:
    for method in ("get", "post"):
        assert getattr(Client(), method)(f"/c/{token}").status_code == 404


def test_the_click_lifts_a_suppression_of_the_mailbox_and_no_other(acme: Organisation, newsletter: Purpose) -> None:
    point = new_point(
        acme,
        newsletter,
        choices=[{"purpose": "newsletter", "channel": "email"}, {"purpose": "newsletter", "channel": "sms"}],
        fields=[{"name": "phone", "justification": "Text messages."}],
    )
    with scope(organisation=acme):
        system = Actor.system(acme)
        suppress(actor=system, organisation=acme, addresses=["nina@mail.example"], channel="email")
        suppress(actor=system, organisation=acme, addresses=["+33612345678"], channel="sms")
    send(point, phone="+33612345678", choice=["newsletter-email", "newsletter-sms"])
    with scope(organisation=acme):
        assert Suppression.objects.count() == 2
    (message,) = delivered()
    press(link_in(message))
    contact = nina(acme)
    assert contact is not None
    with scope(organisation=acme):
        assert [entry.channel for entry in Suppression.objects.all()] == ["sms"]
        assert explain(contact.pk, newsletter, "email", now=timezone.now()).allowed
    assert contact.phone is None
    assert status_of(contact, newsletter, "sms") is None
    assert AuditEntry.objects.filter(action="suppression.removed").count() == 1


def test_who_objected_comes_back_by_their_own_click(point: CollectionPoint, newsletter: Purpose, ada: Contact) -> None:
    choose(ada, newsletter, "object")
    send(point, email="ada.martin@example.org", lang="fr")
    assert status_of(ada, newsletter) == "objected"
    (message,) = delivered()
    press(link_in(message))
    assert status_of(ada, newsletter) == "granted"


def test_a_click_agrees_to_the_words_that_were_shown_and_no_newer_ones(
    link: str, acme: Organisation, newsletter: Purpose
) -> None:
    """C-08, C-10: the purpose changed while the message lay in the mailbox."""
    with scope(organisation=acme):
        changed = update_purpose(
            actor=Actor.system(acme),
            purpose=newsletter,
            changes={"description": "Every day, with offers of partners.", "valid_for_days": 30},
            materiality=Materiality(answer=True, reason="Partners are new."),
        )
    assert changed.version == 2
    press(link)
    contact = nina(acme)
    assert contact is not None
    with scope(organisation=acme):
        assert set(ConsentEvent.objects.values_list("purpose_version", flat=True)) == {1}
        state = ConsentState.objects.get()
        assert (state.status, state.purpose_version, state.expires_at) == ("granted", 1, None)
        assert renewal_due(state, changed, timezone.now())
        assert rebuild_states(acme, write=False).differing == 0


def test_a_click_after_an_objection_does_not_undo_it(
    point: CollectionPoint, acme: Organisation, newsletter: Purpose, ada: Contact
) -> None:
    send(point, email=ada.email)
    (message,) = delivered()
    choose(ada, newsletter, "object", now=timezone.now())
    press(link_in(message))
    assert status_of(ada, newsletter) == "objected"


def test_what_we_know_of_a_person_is_kept(acme: Organisation, newsletter: Purpose, ada: Contact) -> None:
    point = new_point(acme, newsletter, fields=[{"name": "first_name", "justification": "To greet you."}])
    send(point, email=ada.email, first_name="Mallory")
    press(link_in(delivered()[0]))
    ada.refresh_from_db()
    assert ada.first_name == "Ada"


def test_on_another_channel_a_yes_waits_for_its_own_confirmation(acme: Organisation) -> None:
    careful = new_purpose(acme, "careful", double_opt_in=True)
    point = new_point(
        acme,
        careful,
        choices=[{"purpose": "careful", "channel": "email"}, {"purpose": "careful", "channel": "sms"}],
        fields=[{"name": "phone", "justification": "Text messages."}],
        double_opt_in=False,
    )
    send(point, phone="+33612345678", choice=["careful-email", "careful-sms"])
    press(link_in(delivered()[0]))
    contact = nina(acme)
    assert contact is not None
    assert status_of(contact, careful) == "granted"
    assert status_of(contact, careful, "sms") == "unconfirmed"


# Children (K-02)


@pytest.fixture
def for_children(acme: Organisation, newsletter: Purpose) -> CollectionPoint:
    return new_point(acme, newsletter, age_question=True, double_opt_in=False)


def test_the_age_limit_of_the_country_is_asked(for_children: CollectionPoint) -> None:
    page = Client().get("/s/acme/newsletter").content.decode()
    assert "Under 15" in page
    assert "This is needed." in send(for_children).content.decode()


def test_a_child_names_a_parent_with_an_address_of_their_own(for_children: CollectionPoint) -> None:
    assert send(for_children, age="under").status_code == 422
    same = send(for_children, age="under", parent="Nina@mail.example")
    assert same.status_code == 422
    assert "address of their own" in same.content.decode()
    assert delivered() == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_nothing_is_in_force_until_child_and_parent_have_both_confirmed(
    for_children: CollectionPoint, acme: Organisation, newsletter: Purpose, order: tuple[int, int]
) -> None:
    assert send(for_children, age="under", parent="mum@home.example").status_code == 200
    messages = delivered()
    assert [message.to for message in messages] == [["nina@mail.example"], ["mum@home.example"]]
    first, second = (link_in(messages[place]) for place in order)
    assert "one of two" in press(first).content.decode()
    assert "one of two" in press(first).content.decode()
    assert nina(acme) is None
    assert "it is confirmed" in press(second).content.decode()
    contact = nina(acme)
    assert contact is not None
    assert status_of(contact, newsletter) == "granted"
    with scope(organisation=acme):
        events = list(ConsentEvent.objects.select_related("evidence").order_by("id"))
        assert Contact.objects.count() == 1
        assert not SignUp.objects.exclude(payload=None).exists()
    assert [(event.action, event.actor) for event in events] == [("grant", ""), ("grant", "parent"), ("confirm", "")]
    assert events[1].evidence is not None
    proof = open_evidence(events[1].evidence)
    assert proof["parental"]["address"] == "mum@home.example"
    assert proof["parental"]["pair"]
    assert proof["parental"]["checked_by"]
    assert press(second).content == press(first).content


def test_a_parents_mailbox_is_not_filled_by_others(for_children: CollectionPoint) -> None:
    for number in range(5):
        send(for_children, email=f"child{number}@mail.example", age="under", parent="mum@home.example")
    assert sum(message.to == ["mum@home.example"] for message in delivered()) == 3


def test_somebody_old_enough_confirms_alone(for_children: CollectionPoint, acme: Organisation) -> None:
    send(for_children, age="over")
    (message,) = delivered()
    press(link_in(message))
    assert nina(acme) is not None


# What is known of a person


def test_a_waiting_sign_up_is_shown_and_erased_with_the_person(point: CollectionPoint, ada: Contact) -> None:
    send(point, email=ada.email)
    (message,) = delivered()
    (source,) = [source for source in sources() if source.name == "sign_ups"]
    with scope(organisation=ada.organisation):
        assert source.collected(ada.organisation, ada.pk)["waiting"][0]["chosen"] == ["newsletter-email"]
        assert source.erased(ada.organisation, ada.pk, now=timezone.now()) == 1
        assert source.collected(ada.organisation, ada.pk) == {}
    assert "run out" in press(link_in(message)).content.decode()


def test_both_halves_of_a_pair_go_with_either_of_them(
    for_children: CollectionPoint, acme: Organisation, ada: Contact
) -> None:
    """The parent's half names the child; and the other half's late click must not stumble over an empty one."""
    send(for_children, age="under", parent=ada.email)
    child, parent = (link_in(message) for message in delivered())
    press(parent)
    (source,) = [source for source in sources() if source.name == "sign_ups"]
    with scope(organisation=acme):
        assert source.erased(acme, ada.pk, now=timezone.now()) == 2
        assert not SignUp.objects.exclude(payload=None).exists()
    assert "run out" in press(child).content.decode()
    assert nina(acme) is None


@pytest.mark.parametrize("ending", ["erased", "expired"])
def test_a_message_that_never_left_is_emptied_with_its_sign_up(
    point: CollectionPoint, acme: Organisation, ada: Contact, ending: str
) -> None:
    send(point, email=ada.email)
    mail = OutgoingMail.objects.get(template="confirm_sign_up")
    assert mail.content is not None
    if ending == "expired":
        purge_sign_ups(now=timezone.now() + timedelta(days=8))
    else:
        (source,) = [source for source in sources() if source.name == "sign_ups"]
        with scope(organisation=acme):
            source.erased(acme, ada.pk, now=timezone.now())
    mail.refresh_from_db()
    assert (mail.state, mail.content) == ("failed", None)
    assert delivered() == []
