"""The sign-up form of the demo organisation, with the notice it shows."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from consent.collection.actions import PointValues, create_point, publish_point
from consent.collection.models import CollectionPoint
from consent.notices.models import NoticeKind, NoticeVersion
from consent.notices.queries import live_version
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation

NOTICE = "newsletter"
WORDS = {
    "fr": (
        "Ce que nous faisons de vos données",
        (
            "Atelier Lumière, 12 rue des Tanneurs, 67000 Strasbourg, est responsable de ce traitement.",
            "Votre adresse sert à vous envoyer ce que vous avez choisi, et à rien d'autre. La base légale est votre "
            "consentement (RGPD, art. 6, 1, a). Vous pouvez le retirer à tout moment, par le lien de chaque message.",
            "Notre prestataire d'envoi y a accès, personne d'autre. Vos données restent dans l'Union européenne.",
            "Nous les gardons trois ans après votre dernier signe de vie. Vous pouvez y accéder, les corriger, les "
            "faire effacer, les emporter, en limiter l'usage, vous opposer à ces envois, et saisir la CNIL.",
            "Rien ne vous oblige à les donner. Aucune décision n'est prise automatiquement.",
        ),
    ),
    "en": (
        "What we do with your data",
        (
            "Atelier Lumière, 12 rue des Tanneurs, 67000 Strasbourg, is the controller.",
            "We use your address to send you what you chose, and nothing else. The legal basis is your consent "
            "(GDPR, art. 6(1)(a)). You can withdraw it at any time, by the link in every message.",
            "Our sending provider has access to it, nobody else. Your data stays in the European Union.",
            "We keep it for three years after your last sign of life. You can see, correct, erase, take with you and "
            "restrict it, object to these messages, and complain to the CNIL.",
            "Nothing obliges you to give it. No decision is taken automatically.",
        ),
    ),
}


def open_form(organisation: Organisation, actor: Actor, now: datetime) -> CollectionPoint:
    """A live form for the newsletter, in French and English."""
    for language in WORDS:
        if live_version(organisation.pk, NOTICE, language) is None:
            publish_notice(organisation, language, now - timedelta(days=60))
    values = PointValues(
        name="Formulaire du site",
        notice=NOTICE,
        choices=[{"purpose": "newsletter", "channel": "email"}, {"purpose": "offres", "channel": "email"}],
        fields=[{"name": "first_name", "justification": "Pour vous saluer par votre prénom."}],
        languages=["fr", "en"],
        texts={
            "fr": {"title": "Notre lettre du mois", "thanks": "À bientôt dans votre boîte aux lettres."},
            "en": {"title": "Our monthly letter", "thanks": "See you soon in your mailbox."},
        },
        accent="#8a4b08",
    )
    point = create_point(actor=actor, key="newsletter", values=values, now=now)
    return publish_point(actor=actor, point=point, now=now)


def publish_notice(organisation: Organisation, language: str, at: datetime) -> NoticeVersion:
    title, paragraphs = WORDS[language]
    text = "\n\n".join(paragraphs)
    return NoticeVersion.objects.create(
        organisation=organisation,
        notice=NOTICE,
        number=1,
        language=language,
        kind=NoticeKind.COLLECTION,
        title=title,
        html="".join(f"<p>{paragraph}</p>" for paragraph in paragraphs),
        text=text,
        digest=hashlib.sha256(text.encode()).digest(),
        published_at=at,
        published_by="command:demo",
    )
