"""The sign-up form of the demo organisation; it shows the notice that its DPO has approved."""

from __future__ import annotations

from datetime import datetime

from consent.collection.actions import PointValues, create_point, publish_point
from consent.collection.models import CollectionPoint
from portal.organisations.actors import Actor


def open_form(actor: Actor, now: datetime) -> CollectionPoint:
    """A live form for the newsletter, in French and English."""
    values = PointValues(
        name="Formulaire du site",
        notice="newsletter",
        choices=[{"purpose": "newsletter", "channel": "email"}, {"purpose": "offres", "channel": "email"}],
        fields=[{"name": "first_name", "justification": "Pour vous saluer par votre prénom."}],
        languages=["fr", "en"],
        texts={
            "fr": {"title": "Notre lettre du mois", "thanks": "À bientôt dans votre boîte aux lettres."},
            "en": {"title": "Our monthly letter", "thanks": "See you soon in your mailbox."},
        },
    )
    point = create_point(actor=actor, key="newsletter", values=values, now=now)
    return publish_point(actor=actor, point=point, now=now)
