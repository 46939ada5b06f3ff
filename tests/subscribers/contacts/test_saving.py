from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from portal.organisations.actors import Actor, ActorKind
from portal.organisations.models import Organisation
from subscribers.contacts import changes
from subscribers.contacts.actions import mark_seed, save_contact, update_contact
from subscribers.contacts.errors import IdentitiesConflictError, IdentityTakenError
from subscribers.contacts.models import Contact, Origin, TagName
from subscribers.contacts.rules import ContactValues
from subscribers.fields.models import Field
from subscribers.imports.models import UpdateRule
from subscribers.suppression.actions import suppress
from subscribers.suppression.errors import SuppressedError
from subscribers.suppression.models import Suppression
from tests.people import LONG_AGO, actor_of

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def actor(marketer: User, acme: Organisation) -> Actor:
    return actor_of(marketer, acme)


@pytest.fixture
def loyalty(in_acme: Organisation) -> Field:
    return Field.objects.create(
        organisation=in_acme, key="points", label="Points", type="number", justification="Rewards", created_at=NOW
    )


def test_a_new_contact_is_stored_in_its_normal_form(in_acme: Organisation, actor: Actor, loyalty: Field) -> None:
    contact, created = save_contact(
        actor=actor,
        organisation=in_acme,
        values={
            "email": " Zoe@Bücher.example ",
            "phone": "06 12 34 56 78",
            "first_name": "  Zoé ",
            "language": "French",
            "country": "France",
            "tags": ["new", "new", " "],
            "attributes": {"points": "12.5"},
        },
        now=NOW,
    )
    contact.refresh_from_db()
    assert created
    assert contact.email_key == "zoe@xn--bcher-kva.example"
    assert (contact.phone, contact.first_name, contact.language, contact.country) == (
        "+33612345678",
        "Zoé",
        "fr",
        "FR",
    )
    assert (contact.tags, contact.attributes, contact.origin) == (["new"], {"points": 12.5}, Origin.API)
    assert list(TagName.objects.values_list("name", flat=True)) == ["new"]


@pytest.mark.parametrize(
    "identity", [{"email": "ADA.martin@example.org"}, {"phone": "0612345678"}, {"external_id": "C-1001"}]
)
def test_a_known_contact_is_updated_by_any_identity(
    in_acme: Organisation, actor: Actor, ada: Contact, identity: ContactValues
) -> None:
    contact, created = save_contact(
        actor=actor, organisation=in_acme, values={**identity, "first_name": "Adèle", "tags": ["new"]}, now=NOW
    )
    assert (contact.pk, created) == (ada.pk, False)
    ada.refresh_from_db()
    assert (ada.first_name, ada.tags, ada.updated_at) == ("Adèle", ["vip", "new"], NOW)
    assert AuditEntry.objects.get(action="contact.updated").details == (
        {"changed": ["email", "first_name", "tags"]} if "email" in identity else {"changed": ["first_name", "tags"]}
    )


def test_nothing_is_written_when_nothing_differs(in_acme: Organisation, actor: Actor, ada: Contact) -> None:
    save_contact(actor=actor, organisation=in_acme, values={"external_id": "C-1001", "first_name": "Ada"}, now=NOW)
    ada.refresh_from_db()
    assert ada.updated_at == LONG_AGO
    assert not AuditEntry.objects.exists()


def test_the_rule_fill_only_fills_what_is_empty(in_acme: Organisation, actor: Actor, ben: Contact) -> None:
    values = {"email": "ben@example.net", "first_name": "Benjamin", "phone": "+33611111111"}
    save_contact(actor=actor, organisation=in_acme, values=values, update=UpdateRule.FILL, now=NOW)
    ben.refresh_from_db()
    assert (ben.first_name, ben.phone) == ("Ben", "+33611111111")


def test_identities_of_two_people_are_never_merged(
    in_acme: Organisation, actor: Actor, ada: Contact, ben: Contact
) -> None:
    with pytest.raises(IdentitiesConflictError):
        save_contact(actor=actor, organisation=in_acme, values={"email": "ben@example.net", "external_id": "C-1001"})


def test_every_problem_is_told_at_its_place(in_acme: Organisation, actor: Actor, loyalty: Field) -> None:
    with pytest.raises(InvalidInputError) as refused:
        save_contact(
            actor=actor,
            organisation=in_acme,
            values={
                "email": "nobody",
                "phone": "12",
                "country": "Atlantis",
                "first_name": "x" * 201,
                "attributes": {"points": "many", "shoe_size": 42},
            },
        )
    assert {(problem.loc, problem.code) for problem in refused.value.errors} == {
        (("email",), "invalid_email"),
        (("phone",), "invalid_phone"),
        (("country",), "invalid_value"),
        (("first_name",), "too_long"),
        (("attributes", "points"), "invalid_number"),
        (("attributes", "shoe_size"), "unknown_field"),
    }
    assert not Contact.objects.exists()


def test_somebody_without_any_identity_is_refused(in_acme: Organisation, actor: Actor, ada: Contact) -> None:
    with pytest.raises(InvalidInputError) as refused:
        save_contact(actor=actor, organisation=in_acme, values={"first_name": "Nobody"})
    assert refused.value.errors[0].code == "missing_identity"
    with pytest.raises(InvalidInputError):
        update_contact(
            actor=actor,
            organisation=in_acme,
            contact_id=ada.pk,
            values={"email": None, "phone": "", "external_id": None},
        )


def test_a_suppressed_address_does_not_come_back(in_acme: Organisation, actor: Actor, ben: Contact) -> None:
    suppress(actor=actor, organisation=in_acme, addresses=["zoe@example.org"], channel="email", reason="objection")
    with pytest.raises(SuppressedError):
        save_contact(actor=actor, organisation=in_acme, values={"email": "ZOE@example.org"})
    with pytest.raises(SuppressedError):
        update_contact(actor=actor, organisation=in_acme, contact_id=ben.pk, values={"email": "zoe@example.org"})
    assert Contact.objects.count() == 1


def test_a_contact_who_objected_can_still_be_edited(in_acme: Organisation, actor: Actor, ada: Contact) -> None:
    suppress(
        actor=actor, organisation=in_acme, addresses=["ada.martin@example.org"], channel="email", reason="objection"
    )
    save_contact(actor=actor, organisation=in_acme, values={"email": "ada.martin@example.org", "first_name": "Adèle"})
    assert Contact.objects.get().first_name == "Adèle"


def test_a_new_address_lets_go_of_the_old_ones_suppression_and_is_told(
    in_acme: Organisation, actor: Actor, ada: Contact
) -> None:
    told = []
    changes.register_address_change("test", told.append)
    suppress(actor=actor, organisation=in_acme, addresses=["ada.martin@example.org"], channel="email", reason="bounce")
    suppress(actor=actor, organisation=in_acme, addresses=["+33612345678"], channel="sms", reason="objection")
    update_contact(actor=actor, organisation=in_acme, contact_id=ada.pk, values={"email": "ada@example.com"}, now=NOW)
    del changes._listeners["test"]
    assert dict(Suppression.objects.values_list("channel", "contact")) == {"email": None, "sms": ada.pk}
    assert [(change.contact_ids, change.channels) for change in told] == [([ada.pk], frozenset({"email"}))]


def test_an_update_replaces_tags_merges_fields_and_empties_what_is_null(
    in_acme: Organisation, actor: Actor, ada: Contact, loyalty: Field
) -> None:
    ada.attributes = {"points": 3, "other": "x"}
    ada.save()
    update_contact(
        actor=actor,
        organisation=in_acme,
        contact_id=ada.pk,
        values={"tags": [], "attributes": {"points": None}, "first_name": None, "external_id": None},
    )
    ada.refresh_from_db()
    assert (ada.tags, ada.attributes, ada.first_name, ada.external_id) == ([], {"other": "x"}, "", None)


def test_an_identity_of_another_contact_is_refused(
    in_acme: Organisation, actor: Actor, ada: Contact, ben: Contact
) -> None:
    with pytest.raises(IdentityTakenError) as refused:
        update_contact(actor=actor, organisation=in_acme, contact_id=ben.pk, values={"email": "ada.martin@example.org"})
    assert refused.value.errors[0].loc == ("email",)


def test_a_contact_of_another_organisation_is_not_there(
    in_acme: Organisation, actor: Actor, ada_elsewhere: Contact
) -> None:
    with pytest.raises(NotFoundError):
        update_contact(actor=actor, organisation=in_acme, contact_id=ada_elsewhere.pk, values={"first_name": "X"})


def test_the_same_person_in_two_organisations_is_two_contacts(
    in_acme: Organisation, actor: Actor, ada_elsewhere: Contact
) -> None:
    contact, created = save_contact(actor=actor, organisation=in_acme, values={"email": "ada.martin@example.org"})
    assert created and contact.pk != ada_elsewhere.pk


def test_a_seed_is_marked_and_unmarked(in_acme: Organisation, actor: Actor, ada: Contact) -> None:
    assert mark_seed(actor=actor, organisation=in_acme, contact_id=ada.pk, seed=True).seed
    assert not mark_seed(actor=actor, organisation=in_acme, contact_id=ada.pk, seed=False).seed
    assert AuditEntry.objects.filter(action__startswith="contact.seed").count() == 2


def test_a_viewer_may_not_write(in_acme: Organisation, viewer: User) -> None:
    with pytest.raises(PermissionDeniedError):
        save_contact(actor=actor_of(viewer, in_acme), organisation=in_acme, values={"email": "zoe@example.org"})


def test_whoever_changes_a_value_is_named_as_its_source(
    in_acme: Organisation, actor: Actor, ada: Contact, owner: User
) -> None:
    """N-04: every value is traced back to where it comes from."""
    Contact.objects.filter(pk=ada.pk).update(provenance={"first_name": 12, "last_name": 12})
    member = actor_of(owner, in_acme)
    changed = update_contact(
        actor=member, organisation=in_acme, contact_id=ada.pk, values={"first_name": "Adele", "country": "FR"}
    )
    assert changed.provenance == {"first_name": "member", "last_name": 12}
    token = replace(member, kind=ActorKind.TOKEN)
    save_contact(actor=token, organisation=in_acme, values={"email": "ada.martin@example.org", "last_name": "Martinez"})
    ada.refresh_from_db()
    assert ada.provenance == {"first_name": "member", "last_name": "api", "email": "api"}
