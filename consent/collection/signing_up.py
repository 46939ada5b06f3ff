"""Taking an answer in: recorded at once, or kept sealed until the mailbox's owner confirms it (C-09, K-02)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.urls import reverse

from consent.collection.answers import Answer, address_digest, packed
from consent.collection.documents import words_of
from consent.collection.models import CollectionPoint, EvidenceFile, FormVersion, Signatory, SignUp, SignUpState
from consent.collection.recording import must_prove, record_answer, record_refusals
from portal.api.errors import RateLimitedError
from portal.api.rates import Rate, limit
from portal.channels import Channel
from portal.mail.actions import queue_mail
from portal.organisations.actors import Actor
from portal.organisations.links import absolute
from subscribers.contacts.normalising import normalise_email

VALID = timedelta(days=7)
# Nobody's mailbox is filled by others, whatever is typed into however many forms; and how long an answer takes can't
# be measured often enough to tell whether an address is known.
ADDRESS_RATE = Rate(3, 3600)


@transaction.atomic
def sign_up(*, actor: Actor, point: CollectionPoint, version: FormVersion, answer: Answer, now: datetime) -> None:
    """Take in what a visitor answered. It looks the same to them whoever has the address, and whatever we know of it.

    Call it in the organisation's scope. Raises ``before_notice``.
    """
    addresses = [address for address in (answer.email, answer.parent) if address]
    if any(asked_too_often(point, normalise_email(address)[1]) for address in addresses):
        return
    if not answer.yes:
        record_refusals(actor=actor, point=point, version=version, answer=answer, now=now)
        keep_count(point, version, answer, now, SignUpState.REFUSED)
    elif must_prove(point, version, answer):
        ask_to_confirm(point=point, version=version, answer=answer, now=now)
    else:
        record_answer(actor=actor, point=point, version=version, answer=answer, now=now)
        keep_count(point, version, answer, now, SignUpState.RECORDED)


def asked_too_often(point: CollectionPoint, email_key: str) -> bool:
    try:
        limit(f"sign-up-address:{point.organisation_id}:{email_key}", ADDRESS_RATE)
    except RateLimitedError:
        return True
    return False


def keep_count(point: CollectionPoint, version: FormVersion, answer: Answer, now: datetime, state: SignUpState) -> None:
    """A line that only counts: nothing of the person is in it."""
    SignUp.objects.create(
        organisation=point.organisation,
        point=point,
        version=version,
        state=state,
        language=answer.language,
        created_at=now,
        expires_at=now,
        answered_at=now,
    )


def ask_to_confirm(
    *,
    point: CollectionPoint,
    version: FormVersion,
    answer: Answer,
    now: datetime,
    attachment: EvidenceFile | None = None,
) -> SignUp:
    """Keep the answer sealed and write to the address; for a child to the parent as well, with a pair in common.

    A child whose parent has agreed already confirms alone.
    """
    pair = uuid4() if answer.parent else None
    signatory = Signatory.CHILD if pair or answer.parental else Signatory.PERSON
    made = waiting(point, version, answer, now, signatory=signatory, pair=pair, attachment=attachment)
    if pair:
        parents = Answer(
            email=answer.parent, yes=answer.yes, language=answer.language, submitted_at=answer.submitted_at,
            facts={"child": answer.email},
        )  # fmt: skip
        waiting(point, version, parents, now, signatory=Signatory.PARENT, pair=pair)
    return made


def waiting(
    point: CollectionPoint,
    version: FormVersion,
    answer: Answer,
    now: datetime,
    *,
    signatory: Signatory,
    pair: UUID | None = None,
    attachment: EvidenceFile | None = None,
) -> SignUp:
    token = secrets.token_urlsafe(32)
    token_hash = hash_of(token)
    expires_at = now + VALID
    mail = queue_mail(
        organisation=point.organisation,
        template="confirm_sign_up",
        to=answer.email,
        language=answer.language,
        context=mail_context(point, version, answer, signatory, token, expires_at),
    )
    return SignUp.objects.create(
        organisation=point.organisation,
        point=point,
        version=version,
        signatory=signatory,
        pair=pair,
        language=answer.language,
        token_hash=token_hash,
        payload=packed(point.organisation, token_hash, answer),
        address_digest=address_digest(point.organisation, answer.email_key),
        mail=mail,
        attachment=attachment,
        created_at=now,
        expires_at=expires_at,
    )


def hash_of(token: str) -> bytes:
    """What is kept of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def mail_context(
    point: CollectionPoint,
    version: FormVersion,
    answer: Answer,
    signatory: Signatory,
    token: str,
    expires_at: datetime,
) -> dict[str, Any]:
    """Who asks, what for, what happens when nobody clicks; no word of advertising (C-09)."""
    return {
        "organisation": point.organisation,
        "url": absolute(reverse("public_confirm", args=[token])),
        "choices": chosen_lines(version, answer),
        "signatory": str(signatory),
        "child": answer.facts.get("child", ""),
        "with_parent": bool(answer.parent),
        "limit": version.document["age_limit"],
        "expires_at": expires_at.astimezone(point.organisation.zone),
    }


def chosen_lines(version: FormVersion, answer: Answer) -> list[str]:
    """What was chosen, as a reader understands it: name and channel."""
    words = words_of(version.document, answer.language)
    return [
        f"{choice['name']} ({Channel(choice['channel']).label})"
        for choice in words["choices"]
        if choice["key"] in answer.yes
    ]
