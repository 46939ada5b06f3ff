"""What happens in the demo organisation, told through the same actions that people and programs use."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db import connection, transaction
from django.utils import timezone
from django_scopes import scope

from compliance.demo.form import open_form
from compliance.demo.looks import looks
from compliance.demo.people import Person, people, write_file
from consent.audiences.actions import AudienceDraft, approve_audience, create_audience, submit_audience
from consent.ledger.models import Action, EventSource
from consent.ledger.recording import Choice, record_events
from consent.notices.actions import NoticeDraft, approve_notice, create_notice, save_draft, submit_notice
from consent.notices.tree import notice_page
from consent.purposes.actions import Materiality, PurposeValues, create_purpose, update_purpose
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.jobs.running import run_job
from portal.organisations.actions import add_member, change_branding, create_organisation, update_organisation
from portal.organisations.actors import Actor
from portal.organisations.models import Membership, Organisation
from portal.organisations.roles import Role
from subscribers.contacts.actions import mark_seed
from subscribers.contacts.models import Contact
from subscribers.fields.actions import FieldValues, create_field
from subscribers.imports.actions import ReadingChoice, create_import
from subscribers.imports.passport.rules import Declaration
from subscribers.imports.running import execute_import
from subscribers.segments.actions import create_segment
from subscribers.suppression.actions import suppress

SLUG = "demo"
PASSWORD = "demo-accord-2026"  # noqa: S105 (printed on screen by design; the command refuses to run in production)
SIGN_INS = (
    *((f"{role.value}@{SLUG}.example", role) for role in Role),
    (f"host@{SLUG}.example", None),
)
MAPPING = {
    "Adresse e-mail": "email",
    "Prénom": "first_name",
    "Nom": "last_name",
    "Téléphone": "phone",
    "Langue": "language",
    "Pays": "country",
    "Numéro client": "external_id",
    "Étiquettes": "tags",
    "Ville": "attributes.ville",
    "Points de fidélité": "attributes.points",
    "Date du consentement": "consent.occurred_at",
}
FIELDS = (
    FieldValues(key="ville", label="Ville", type="text", justification="Inviter aux événements près de chez soi."),
    FieldValues(
        key="points", label="Points de fidélité", type="number", justification="Tenir le programme de fidélité."
    ),
)
PURPOSES = {
    "newsletter": PurposeValues(
        name="Lettre du mois",
        basis="consent",
        channels=["email"],
        description="Nos nouveautés, une fois par mois.",
        valid_for_days=1095,
        renew_before_days=90,
        texts={"en": {"name": "Monthly letter", "description": "What is new, once a month."}},
        data_categories=["Adresse e-mail", "Prénom", "Langue"],
        recipients=["Atelier Lumière", "Envoi Express SAS (routeur)"],
        retention="3 ans",
        retention_from="la dernière ouverture, le dernier clic ou achat",
    ),
    "offres": PurposeValues(
        name="Offres de nos boutiques",
        basis="consent",
        channels=["email", "sms"],
        description="Les promotions près de chez vous, deux fois par mois au plus.",
        valid_for_days=730,
        renew_before_days=60,
        texts={"en": {"name": "Offers of our shops", "description": "Offers near you, twice a month at most."}},
        data_categories=["Adresse e-mail", "Téléphone", "Ville", "Points de fidélité"],
        recipients=["Atelier Lumière", "Envoi Express SAS (routeur)"],
        retention="2 ans",
        retention_from="le dernier achat",
    ),
    "clients": PurposeValues(
        name="Conseils aux clients",
        basis="soft_opt_in",
        channels=["email"],
        description="Entretien de vos lampes et nouveautés du même rayon, quatre fois par an.",
        parent="offres",
        data_categories=["Adresse e-mail", "Achats"],
        recipients=["Atelier Lumière", "Envoi Express SAS (routeur)"],
        retention="3 ans",
        retention_from="le dernier achat",
        soft_opt_in={
            "collected_directly": True,
            "sale": "Commandes en boutique et sur le site",
            "similar": "Lampes et mobilier, comme ce qui a été acheté",
            "same_legal_person": True,
            "objection_text": "Cochez ici si vous ne souhaitez pas recevoir nos conseils.",
            "free_accounts": False,
            "free_accounts_reason": "",
        },
    ),
    "pros": PurposeValues(
        name="Architectes et décorateurs",
        basis="legitimate_interest",
        channels=["email"],
        description="Le catalogue professionnel, deux fois par an.",
        public=False,
        data_categories=["Adresse e-mail professionnelle", "Société"],
        recipients=["Atelier Lumière"],
        retention="3 ans",
        retention_from="le dernier échange",
        balance={
            "date": "2025-09-15",
            "author": "Claire Delmas, DPO",
            "summary": "Intérêt : faire connaître le catalogue aux prescripteurs. Deux messages par an, à l'adresse "
            "professionnelle, sur leur métier ; opposition en un clic.",
            "document": "MIL-2025-03",
        },
        profession_note="Des prescripteurs, à propos de leurs chantiers.",
    ),
    "tracking": PurposeValues(
        name="Mesure des ouvertures et des clics",
        basis="consent",
        kind="tracking",
        channels=["email"],
        description="Savoir si vous ouvrez nos messages, pour ne plus écrire à qui ne les lit pas.",
        texts={
            "en": {
                "name": "Measuring opens and clicks",
                "description": "To know whether you open our messages, and stop writing to who does not read them.",
            }
        },
        valid_for_days=395,
        renew_before_days=30,
        data_categories=["Ouvertures", "Clics"],
        recipients=["Atelier Lumière", "Envoi Express SAS (routeur)"],
        retention="13 mois",
        retention_from="l'ouverture ou le clic",
    ),
    "service": PurposeValues(
        name="Suivi de commande",
        basis="contract",
        channels=["email", "sms", "phone"],
        description="Ce qu'il faut savoir d'une commande en cours.",
        public=False,
        data_categories=["Adresse e-mail", "Téléphone", "Commandes"],
        recipients=["Atelier Lumière", "Le transporteur de la commande"],
        retention="5 ans",
        retention_from="la livraison",
    ),
}
DETAILS = {
    "postal_address": "12 rue des Lampistes\n69001 Lyon",
    "dpo_name": "Claire Vidal",
    "dpo_email": "dpo@demo.example",
}
RECIPIENTS = {
    "fr": " Depuis octobre 2026, l'imprimeur Papier & Cie prépare nos envois postaux.",
    "en": " Since October 2026 the printer Papier & Cie prepares our letters.",
}
SEGMENTS: dict[str, dict[str, object]] = {
    "Abonnés à la lettre": {"all": [{"field": "consent.newsletter.email", "op": "eq", "value": "granted"}]},
    "Clients fidèles en France": {
        "all": [
            {"field": "country", "op": "eq", "value": "FR"},
            {"field": "tags", "op": "has_any", "value": ["client", "vip"]},
            {"field": "attributes.points", "op": "gte", "value": 500},
        ]
    },
    "Belgique et Luxembourg": {
        "all": [
            {"any": [{"field": "country", "op": "in", "value": ["BE", "LU"]}]},
            {"field": "consent.offres.email", "op": "eq", "value": "granted"},
        ]
    },
    "Presse et professionnels": {"all": [{"field": "tags", "op": "has_any", "value": ["presse", "professionnel"]}]},
}


@dataclass(frozen=True)
class Lot:
    """One file of the demo."""

    name: str
    count: int
    seed: int
    declaration: Declaration
    spoiled: float = 0.01


def lots(today: date) -> tuple[Lot, ...]:
    """Four files: two own sources, one migration, one partner's (which ends in quarantine)."""
    return (
        Lot(
            "formulaire-site.csv",
            11_000,
            1,
            Declaration(
                origin_kind="own_form",
                origin_name="Formulaire du site",
                collected_by="Atelier Lumière",
                collected_on=today - timedelta(days=10),
                basis="consent",
                consents=[{"purpose": "newsletter", "channel": "email"}],
                evidence_note="Case non cochée d'avance ; texte du 10 janvier, version 3.",
            ),
            spoiled=0.02,
        ),
        Lot(
            "caisse-boutiques.csv",
            6_500,
            2,
            Declaration(
                origin_kind="own_sale",
                origin_name="Caisse des boutiques",
                collected_by="Atelier Lumière",
                collected_on=today - timedelta(days=20),
                basis="consent",
                consents=[{"purpose": "offres", "channel": "email"}],
                evidence_note="Bulletin signé en boutique, conservé au siège.",
            ),
        ),
        Lot(
            "ancien-outil.csv",
            2_500,
            3,
            Declaration(
                origin_kind="migration",
                origin_name="Ancien outil d'envoi",
                collected_by="Atelier Lumière",
                collected_on=today - timedelta(days=200),
                basis="contract",
                evidence_note="Export complet de l'ancien outil, sans consentement repris.",
            ),
            spoiled=0.03,
        ),
        Lot(
            "partenaire-salon.csv",
            400,
            4,
            Declaration(
                origin_kind="partner",
                origin_name="Salon de la décoration",
                collected_by="Salon de la décoration",
                collected_on=today - timedelta(days=40),
                basis="consent",
                consents=[{"purpose": "offres", "channel": "email"}],
                evidence_note="Bulletins du salon, liste des partenaires affichée au stand.",
            ),
        ),
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
        purposes = describe(actor, organisation)
        inform(organisation)
        objectors = [someone(1, 17, now).email, someone(1, 42, now).email]
        suppress(actor=actor, organisation=organisation, addresses=objectors, channel="email")
        for lot in lots(now.date()):
            bring_in(organisation, lot, now)
        refresh_statistics()
        change_minds(organisation, purposes, now)
        change_words(actor, purposes)
        prepare(organisation, actor)
        open_form(actor_with(organisation, Role.MARKETER), timezone.now())
    return organisation


def sign_in_people(actor: Actor, organisation: Organisation) -> None:
    for email, role in SIGN_INS:
        user = User.objects.create_user(email, PASSWORD, name=str(role.label if role else "Host operator"))
        if role is None:
            user.is_host_operator = True
            user.save(update_fields=["is_host_operator"])
        else:
            add_member(actor=actor, organisation=organisation, user=user, roles=[role])


def describe(actor: Actor, organisation: Organisation) -> dict[str, Purpose]:
    for values in FIELDS:
        create_field(actor=actor, organisation=organisation, values=values)
    return {key: create_purpose(actor=actor, key=key, values=values) for key, values in PURPOSES.items()}


def inform(organisation: Organisation) -> None:
    """The sign-up notice in two languages: the marketer writes it, the DPO approves it, twice."""
    author, officer = actor_with(organisation, Role.MARKETER), actor_with(organisation, Role.DPO)
    draft = NoticeDraft(key="newsletter", title="Inscription à la lettre", purposes=["newsletter", "offres"])
    page = create_notice(actor=author, organisation=organisation, draft=draft)
    submit_notice(actor=author, page=page)
    approve_notice(actor=officer, page=page)
    published = notice_page(organisation, draft.key)
    assert published is not None  # noqa: S101 (for the type checker)
    wordings = list(published.wordings.raw_data)
    for wording in wordings:
        wording["value"]["recipients"] += RECIPIENTS[wording["value"]["language"]]
    save_draft(actor=author, page=published, wordings=json.dumps(wordings))
    submit_notice(actor=author, page=published)
    approve_notice(actor=officer, page=published)


def someone(seed: int, position: int, now: datetime) -> Person:
    """The person at this place of a file, to be spoken of again."""
    lot = next(lot for lot in lots(now.date()) if lot.seed == seed)
    found = list(people(position + 1, seed=seed, today=now.date(), spoiled=lot.spoiled))[position]
    return found if "@" in found.email and found.email.count("@") == 1 else someone(seed, position + 1, now)


@contextmanager
def file_of(lot: Lot, now: datetime) -> Iterator[TemporaryUploadedFile]:
    text = io.StringIO()
    write_file(text, people(lot.count, seed=lot.seed, today=now.date(), spoiled=lot.spoiled))
    content = text.getvalue().encode("cp1252", "replace")  # as the office program of a French shop saves it
    with TemporaryUploadedFile(lot.name, "text/csv", len(content), None) as upload:
        upload.write(content)
        upload.seek(0)
        yield upload


def bring_in(organisation: Organisation, lot: Lot, now: datetime) -> None:
    """Import one file as its marketer would, and do at once what the worker does later otherwise."""
    actor = actor_with(organisation, Role.MARKETER)
    with file_of(lot, now) as upload:
        source = create_import(
            actor=actor,
            organisation=organisation,
            upload=upload,
            choice=ReadingChoice(mapping=MAPPING),
            declaration=lot.declaration,
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
        (contacts[3:9000:23], "newsletter", Action.WITHDRAW, EventSource.ONE_CLICK),
        (contacts[11:9000:190], "newsletter", Action.OBJECT, EventSource.LINK),
        (contacts[11_000:17_000:31], "offres", Action.WITHDRAW, EventSource.LINK),
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
    record_events(organisation, choices, now=now)


def change_words(actor: Actor, purposes: dict[str, Purpose]) -> None:
    """The letter is described anew, for the same thing."""
    update_purpose(
        actor=actor,
        purpose=purposes["newsletter"],
        changes={"description": "Nos nouveautés et les ateliers du mois, une fois par mois."},
        materiality=Materiality(False, "Les ateliers étaient déjà annoncés dans la lettre."),
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
