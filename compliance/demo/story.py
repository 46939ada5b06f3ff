"""What happens in the demo organisation, told through the same actions that people and programs use."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from random import Random

from django.db import connection, transaction
from django.utils import timezone
from django_scopes import scope

from compliance.demo.company import DETAILS, FIELDS, PURPOSES, RECIPIENTS, SEGMENTS
from compliance.demo.files import LOTS, MAPPING, Lot, file_of, someone
from compliance.demo.form import open_form
from compliance.demo.looks import looks
from compliance.demo.people import people
from compliance.demo.visitors import SEED, receive
from consent.archive.actions import set_policy
from consent.audiences.actions import AudienceDraft, approve_audience, create_audience, submit_audience
from consent.ledger.models import Action, EventSource
from consent.ledger.recording import Choice, record_events
from consent.notices.actions import NoticeDraft, approve_notice, create_notice, save_draft, submit_notice
from consent.notices.tree import notice_page
from consent.notices.wagtail_models import NoticePage
from consent.purposes.actions import Materiality, create_purpose, update_purpose
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.jobs.running import run_job
from portal.organisations.actions import add_member, change_branding, create_organisation, update_organisation
from portal.organisations.actors import Actor
from portal.organisations.models import Membership, Organisation
from portal.organisations.roles import Role
from subscribers.contacts.actions import mark_seed
from subscribers.contacts.models import Contact
from subscribers.fields.actions import create_field
from subscribers.imports.actions import ReadingChoice, create_import
from subscribers.imports.running import execute_import
from subscribers.segments.actions import create_segment
from subscribers.suppression.actions import suppress

SLUG = "demo"
PASSWORD = "demo-accord-2026"  # noqa: S105 (printed on screen by design; the command refuses to run in production)
SIGN_INS = (
    *((f"{role.value}@{SLUG}.example", role) for role in Role),
    (f"host@{SLUG}.example", None),
)


def tell(*, now: datetime | None = None) -> Organisation:
    """Make the demo organisation with everything in it; about 20,000 contacts."""
    now = now or timezone.now()
    with transaction.atomic():
        organisation = create_organisation(
            actor=Actor.system(reference="command:demo"), slug=SLUG, name="Atelier Lumière", locale="fr"
        )
        actor = Actor.system(organisation, reference="command:demo")
        sign_in_people(actor, organisation)
        update_organisation(actor=actor, organisation=organisation, values=DETAILS)
    with scope(organisation=organisation):
        change_branding(actor=actor, organisation=organisation, branding=looks())
        purposes = describe(actor, organisation, now)
        objectors = [someone(1, position, now.date()).email for position in (17, 42)]
        suppress(actor=actor, organisation=organisation, addresses=objectors, channel="email")
        for lot in LOTS:
            bring_in(organisation, lot, now)
        refresh_statistics()
        change_minds(organisation, purposes, now)
        ask_visitors(organisation, actor, purposes, now)
        prepare(organisation, actor)
    return organisation


def sign_in_people(actor: Actor, organisation: Organisation) -> None:
    for email, role in SIGN_INS:
        user = User.objects.create_user(email, PASSWORD, name=str(role.label if role else "Host operator"))
        if role is None:
            user.is_host_operator = True
            user.save(update_fields=["is_host_operator"])
        else:
            add_member(actor=actor, organisation=organisation, user=user, roles=[role])


def describe(actor: Actor, organisation: Organisation, now: datetime) -> dict[str, Purpose]:
    """Fields and purposes, of a year ago and more."""
    since = now - timedelta(days=400)
    for values in FIELDS:
        create_field(actor=actor, organisation=organisation, values=values)
    return {key: create_purpose(actor=actor, key=key, values=values, now=since) for key, values in PURPOSES.items()}


def ask_visitors(organisation: Organisation, actor: Actor, purposes: dict[str, Purpose], now: datetime) -> None:
    """Ten weeks of the sign-up form. Meanwhile the notice gets a second version, and the letter other words."""
    begin, reworded, renamed = (now - timedelta(days=days) for days in (72, 40, 18))
    officer = actor_with(organisation, Role.DPO)
    # Receipts of weeks ago would be written today.
    set_policy(actor=officer, organisation=organisation, values={"receipts": False})
    page = first_notice(organisation, begin)
    point = open_form(actor_with(organisation, Role.MARKETER), begin)
    visitors, chance = people(1_000, seed=SEED, today=now.date()), Random(SEED)  # noqa: S311 (nothing here is secret)
    receive(point, visitors, chance, first=begin, last=reworded)
    second_notice(organisation, page, reworded)
    receive(point, visitors, chance, first=reworded, last=renamed)
    change_words(actor, purposes, renamed)
    receive(point, visitors, chance, first=renamed, last=now)
    set_policy(actor=officer, organisation=organisation, values={"receipts": True})


def first_notice(organisation: Organisation, at: datetime) -> NoticePage:
    """The sign-up notice in two languages: the marketer writes it, the DPO approves it."""
    author, officer = actor_with(organisation, Role.MARKETER), actor_with(organisation, Role.DPO)
    draft = NoticeDraft(key="newsletter", title="Inscription à la lettre", purposes=["newsletter", "offres"])
    page = create_notice(actor=author, organisation=organisation, draft=draft)
    submit_notice(actor=author, page=page)
    approve_notice(actor=officer, page=page, now=at)
    published = notice_page(organisation, draft.key)
    assert published is not None  # noqa: S101 (for the type checker)
    return published


def second_notice(organisation: Organisation, page: NoticePage, at: datetime) -> None:
    """The same with one recipient more."""
    author, officer = actor_with(organisation, Role.MARKETER), actor_with(organisation, Role.DPO)
    wordings = list(page.wordings.raw_data)
    for wording in wordings:
        wording["value"]["recipients"] += RECIPIENTS[wording["value"]["language"]]
    save_draft(actor=author, page=page, wordings=json.dumps(wordings))
    submit_notice(actor=author, page=page)
    approve_notice(actor=officer, page=page, now=at)


def bring_in(organisation: Organisation, lot: Lot, now: datetime) -> None:
    """Import one file as its marketer would, and do at once what the worker does later otherwise."""
    actor = actor_with(organisation, Role.MARKETER)
    with file_of(lot, now.date()) as upload:
        source = create_import(
            actor=actor,
            organisation=organisation,
            upload=upload,
            choice=ReadingChoice(mapping=MAPPING),
            declaration=lot.declaration(now.date()),
        )
    run_job(source.job_id or 0, execute_import)


def actor_with(organisation: Organisation, role: Role) -> Actor:
    return Actor.member(Membership.objects.select_related("organisation").get(roles__contains=[role], ended_at=None))


def refresh_statistics() -> None:
    """Fresh tables have no statistics, and the planner guesses badly without."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE subscribers_contact, consent_consentstate, consent_consentevent")


def change_minds(organisation: Organisation, purposes: dict[str, Purpose], now: datetime) -> None:
    """Some hundreds withdraw, refuse or object, each through the ledger and with its evidence."""
    contacts = list(Contact.objects.filter(organisation=organisation).order_by("pk").values_list("pk", flat=True))
    acts = (
        (contacts[3:9000:46], "newsletter", Action.WITHDRAW, EventSource.ONE_CLICK),
        (contacts[11:9000:190], "newsletter", Action.OBJECT, EventSource.LINK),
        (contacts[11_000:17_000:62], "offres", Action.WITHDRAW, EventSource.LINK),
        (contacts[5:9000:60], "offres", Action.REFUSE, EventSource.FORM),
    )
    choices = [
        Choice(
            contact_id=contact,
            purpose_id=purposes[purpose].pk,
            channel="email",
            action=action,
            occurred_at=now - timedelta(hours=position % 700),
            source=source,
            evidence={"manner": source.value, "demo": True},
        )
        for chosen, purpose, action, source in acts
        for position, contact in enumerate(chosen)
    ]
    record_events(organisation, sorted(choices, key=lambda choice: choice.occurred_at), now=now)


def change_words(actor: Actor, purposes: dict[str, Purpose], at: datetime) -> None:
    """The letter is described anew, for the same thing."""
    update_purpose(
        actor=actor,
        purpose=purposes["newsletter"],
        changes={"description": "Nos nouveautés et les ateliers du mois, une fois par mois."},
        materiality=Materiality(False, "Les ateliers étaient déjà annoncés dans la lettre."),
        now=at,
    )


def prepare(organisation: Organisation, actor: Actor) -> None:
    """Segments, five seed contacts, an approved test audience and two audiences of which one waits for approval."""
    marketer, approver = actor_with(organisation, Role.MARKETER), actor_with(organisation, Role.APPROVER)
    segments = {name: create_segment(actor=marketer, name=name, rule=rule) for name, rule in SEGMENTS.items()}
    readers = str(segments["Abonnés à la lettre"].pk)
    for contact in Contact.objects.order_by("pk").values_list("pk", flat=True)[:5]:
        mark_seed(actor=marketer, organisation=organisation, contact_id=contact, seed=True)
    for name, segment, purpose, test in (
        ("Lettre de novembre", readers, "newsletter", False),
        ("Essai de la lettre", readers, "newsletter", True),
        ("Vente privée Bruxelles", str(segments["Belgique et Luxembourg"].pk), "offres", False),
    ):
        draft = AudienceDraft(
            name=name, segment=segment, purpose=purpose, channel="email", fields=["first_name"], test=test
        )
        audience = create_audience(actor=marketer, organisation=organisation, draft=draft)
        audience = submit_audience(actor=marketer, audience=audience)
        if test:
            approve_audience(actor=approver, audience=audience)
