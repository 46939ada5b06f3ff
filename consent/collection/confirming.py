"""The confirming click: what it says, and what becomes of it. Once is as good as twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django_scopes import scope, scopes_disabled

from consent.collection.answers import Answer, packed, unpacked
from consent.collection.errors import InvalidConfirmationError
from consent.collection.models import EvidenceFile, Signatory, SignUp, SignUpState
from consent.collection.recording import form_actor, record_answer
from consent.collection.signing_up import hash_of
from portal.organisations.actors import Actor

LONGEST_TOKEN = 64


@dataclass(frozen=True)
class Click:
    """The facts of a click that become evidence; ``opened_at`` is when the page with the button was shown."""

    ip: str | None
    user_agent: str
    opened_at: str
    at: datetime


def sign_up_of(token: str) -> SignUp:
    """The sign-up a link is about; ``invalid_confirmation`` for a link we did not write."""
    if len(token) > LONGEST_TOKEN:
        raise InvalidConfirmationError
    with scopes_disabled():
        found = SignUp.objects.select_related("point__organisation", "version", "mail")
        sign_up = found.filter(token_hash=hash_of(token)).first()
    if sign_up is None:
        raise InvalidConfirmationError
    return sign_up


def answer_of(sign_up: SignUp) -> Answer | None:
    """What was answered, as long as it waits."""
    if sign_up.payload is None or sign_up.token_hash is None:
        return None
    return unpacked(sign_up.point.organisation, sign_up.token_hash, sign_up.payload)[0]


def is_open(sign_up: SignUp, now: datetime) -> bool:
    return sign_up.state == SignUpState.WAITING and sign_up.payload is not None and now < sign_up.expires_at


@transaction.atomic
def confirm(*, actor: Actor, sign_up: SignUp, click: Click) -> SignUp:
    """Record what waits; nothing the second time, nor once it has expired. The sign-up as it stands afterwards.

    Of a pair the first click is kept, and both are recorded with the second (K-02).
    """
    with scope(organisation=sign_up.point.organisation):
        rows = locked_rows(sign_up)
        own = rows[sign_up.pk]
        if not is_open(own, click.at) or own.answered_at is not None:
            return own
        own.answered_at = click.at
        clicks = {row.signatory: clicked(row) for row in rows.values() if row.pk != own.pk and row.answered_at}
        clicks[own.signatory] = click_facts(own, click)
        if len(clicks) < len(rows):
            keep_click(own, clicks[own.signatory])
        else:
            carry_out(actor, rows, clicks, click.at)
    return own


def locked_rows(sign_up: SignUp) -> dict[int, SignUp]:
    """The sign-up, and the other half of its pair, locked in one order for all."""
    wanted = {"pair": sign_up.pair} if sign_up.pair else {"pk": sign_up.pk}
    found = SignUp.objects.select_for_update(of=("self",)).select_related("mail").filter(**wanted).order_by("pk")
    rows = {row.pk: row for row in found}
    for row in rows.values():
        row.point, row.version = sign_up.point, sign_up.version
    return rows


def click_facts(sign_up: SignUp, click: Click) -> dict[str, Any]:
    """What proves the click: when the mail went, when its page was opened, when the button was pressed, from where."""
    mail = sign_up.mail
    return {
        "mail": str(mail.pk) if mail else "",
        "mail_sent_at": mail.sent_at.isoformat() if mail and mail.sent_at else "",
        "opened_at": click.opened_at,
        "confirmed_at": click.at.isoformat(),
        "ip": click.ip or "",
        "user_agent": click.user_agent[:500],
    }


def clicked(sign_up: SignUp) -> dict[str, Any]:
    """The facts of a click that was kept."""
    assert sign_up.payload is not None and sign_up.token_hash is not None  # noqa: S101 - it waits
    _answer, more = unpacked(sign_up.point.organisation, sign_up.token_hash, sign_up.payload)
    facts: dict[str, Any] = more["click"]
    return facts


def keep_click(sign_up: SignUp, facts: Mapping[str, Any]) -> None:
    answer = answer_of(sign_up)
    assert answer is not None and sign_up.token_hash is not None  # noqa: S101 - it is open
    sign_up.payload = packed(sign_up.point.organisation, sign_up.token_hash, answer, click=dict(facts))
    sign_up.save(update_fields=["payload", "answered_at"])


def carry_out(actor: Actor, rows: Mapping[int, SignUp], clicks: Mapping[str, dict[str, Any]], now: datetime) -> None:
    """Everybody has confirmed: record it, and keep nothing of it here."""
    own = next(row for row in rows.values() if row.signatory != Signatory.PARENT)
    answer = answer_of(own)
    if answer is None:
        return
    contact, _events = record_answer(
        actor=actor,
        point=own.point,
        version=own.version,
        answer=answer,
        now=now,
        confirmation=clicks[own.signatory],
        parental=parental_facts(own, answer, clicks),
    )
    if own.attachment_id:
        EvidenceFile.objects.filter(pk=own.attachment_id).update(contact=contact)
    emptied(list(rows), SignUpState.RECORDED, now)
    for row in rows.values():
        row.state, row.payload = SignUpState.RECORDED, None


def parental_facts(own: SignUp, answer: Answer, clicks: Mapping[str, dict[str, Any]]) -> dict[str, Any] | None:
    """What was done to check that a parent agreed, too (K-02, K-03): by their click, or before, as it was reported."""
    if Signatory.PARENT not in clicks:
        return answer.parental or None
    return {
        **answer.parental,
        "pair": str(own.pair),
        "address": answer.parent,
        "age_limit": str(own.version.document["age_limit"]),
        "checked_by": "message to the address named as the parent's, other than the child's; declared by the click",
        **clicks[Signatory.PARENT],
    }


def emptied(ids: list[int], state: SignUpState, now: datetime) -> int:
    """Take everything personal out of these rows; they stay to be counted, and their links to be answered."""
    return SignUp.objects.filter(pk__in=ids).update(
        state=state, payload=None, address_digest=None, answered_at=now if state == SignUpState.RECORDED else None
    )


def confirm_by_link(token: str, click: Click) -> SignUp:
    """What ``POST /c/{token}`` does."""
    sign_up = sign_up_of(token)
    return confirm(actor=form_actor(sign_up.point), sign_up=sign_up, click=click)
