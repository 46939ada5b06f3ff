"""What a row says about being written to: the status words and yes-or-no columns of other tools (I-07).

Nothing here makes anybody agree: `grant` lets stand what the file as a whole claims and proves, no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from subscribers.contacts.normalising import InvalidValueError
from subscribers.contacts.values import normalise_boolean
from subscribers.imports.columns.naming import plain_name, spaced_name
from subscribers.imports.values.converting import MEMORY, NULL


class Said(StrEnum):
    """What is staged for a row; the last named is the strongest when several columns speak."""

    GRANT = "grant"
    NONE = "none"
    BOUNCE = "bounce"
    STOP = "stop"
    COMPLAINT = "complaint"


STRENGTH = {said: strength for strength, said in enumerate(Said)}
STOPS = frozenset((Said.STOP, Said.BOUNCE, Said.COMPLAINT))
# Exports that hold people of one kind only, and do not say so in any cell.
PRESET_SAID = {
    "mailchimp_unsubscribed": Said.STOP,
    "mailchimp_cleaned": Said.BOUNCE,
    "mailchimp_nonsubscribed": Said.NONE,
}
# Words with a meaning of their own in one tool: Brevo keeps DOUBLE_OPT-IN as a category, 1 for yes and 2 for no.
PRESET_WORDS: dict[str, dict[str, Said]] = {"brevo": {"2": Said.NONE}}


class Question(StrEnum):
    """What a yes in a column means."""

    STATUS = "status"
    OPT_IN = "opt_in"
    OPT_OUT = "opt_out"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


WORDS: dict[Said | None, str] = {
    Said.GRANT: "subscribed, subscriber, active, opted in, opt in, optin, confirmed, double opt in, granted, accepted,"
    "agreed, consented, abonne, abonnee, inscrit, inscrite, actif, active, confirme, confirmee, accepte, consenti,"
    "angemeldet, abonniert, aktiv, bestatigt, eingewilligt, zugestimmt, suscrito, suscrita, activo, activa, confirmado,"
    "confirmada, alta, iscritto, iscritta, attivo, attiva, confermato, confermata, ingeschreven, aangemeld, actief,"
    "bevestigd, geabonneerd",
    Said.STOP: "unsubscribed, unsubscribe, opted out, opt out, optout, blacklisted, blacklist, blocklisted, blocked,"
    "suppressed, withdrawn, revoked, refused, objected, stop, do not contact, do not email, dnc, removed, left,"
    "global unsubscribe, unsubscribed from all, desabonne, desabonnee, desinscrit, desinscrite, desinscription,"
    "resilie, oppose, opposition, refus, refuse, retire, bloque, liste noire, blackliste, ne pas contacter, abgemeldet,"
    "abbestellt, ausgetragen, widerrufen, gesperrt, widersprochen, abgelehnt, desuscrito, desuscrita, baja, cancelado,"
    "dado de baja, revocado, bloqueado, rechazado, disiscritto, disiscritta, annullato, revocato, bloccato, rifiutato,"
    "cancellato, uitgeschreven, afgemeld, opgezegd, geblokkeerd, ingetrokken, geweigerd",
    Said.BOUNCE: "bounced, bounce, hard bounce, hard bounced, hardbounce, hardbounced, cleaned, undeliverable, invalid,"
    "invalid email, npai, rebond, rebondi, hard rebond, adresse invalide, unzustellbar, ungultig, rebotado, rebote,"
    "invalido, rimbalzato, non valido, onbestelbaar, ongeldig",
    Said.COMPLAINT: "complained, complaint, spam complaint, marked as spam, spam, abuse, reported, spam reported, junk,"
    "plainte, plaignant, signale comme spam, beschwerde, als spam markiert, queja, denuncia, reclamo, segnalato,"
    "klacht",
    Said.NONE: "pending, unconfirmed, not confirmed, nonsubscribed, non subscribed, not subscribed, never subscribed,"
    "transactional, transactional only, disabled, inactive, archived, soft bounced, soft bounce, unknown, none, new,"
    "awaiting confirmation, not opted in, never opted in, en attente, non confirme, non confirmee, non inscrit,"
    "non abonne, inactif, inactive, archive, inconnu, ausstehend, wartend, unbestatigt, nicht bestatigt,"
    "nicht angemeldet, inaktiv, archiviert, unbekannt, pendiente, sin confirmar, no confirmado, no suscrito, inactivo,"
    "archivado, desconocido, in attesa, non confermato, non iscritto, inattivo, archiviato, sconosciuto,"
    "in afwachting, onbevestigd, niet bevestigd, niet ingeschreven, inactief, gearchiveerd, onbekend",
    # An account that works says nothing about what its owner agreed to.
    None: "enabled, ok, valid, verified, deliverable, valide, client",
}
KNOWN_WORDS = {word.strip(): said for said, words in WORDS.items() for word in words.split(",")}

QUESTIONS: tuple[tuple[Question, re.Pattern[str]], ...] = (
    (Question.COMPLAINED, re.compile(r"\b(complain\w*|spam\w*|abuse|plainte\w*|beschwerde\w*|queja\w*|klacht\w*)\b")),
    (Question.BOUNCED, re.compile(r"\b(\w*bounced?|cleaned|npai|rebond\w*|rebot\w*|unzustellbar|onbestelbaar)\b")),
    (
        Question.OPT_OUT,
        re.compile(
            r"\bopt(ed|s)? ?out\w*|opted ?out|\b\w*black ?list\w*|\bblock ?list\w*|\bunsubscri\w*|\bdo ?not\b"
            r"|\bdonot|\bdnc\b"
            r"|\bdesabonn\w*|\bdesinscr\w*|\bne pas\b|\boppos\w*|\brefus\w*|\bstop\w*|\babgemeldet|\babmeld\w*"
            r"|\bwiderruf\w*|\bgesperrt|\bbaja\b|\bdesuscri\w*|\bdisiscri\w*|\brevoca\w*|\buitgeschreven|\bafgemeld"
            r"|\bsuppress\w*|\bwithdr\w*|\bblocked\b|\bno (mail|email|marketing|newsletter)\b|\bliste noire\b"
        ),
    ),
    (Question.STATUS, re.compile(r"\b(status\w*|statut\w*|state|etat|stato|estado|zustand|toestand)\b|status\b")),
)
# By their names: to know `Channel` is to know the database, which takes the program that reads longer than to start.
CHANNELS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("sms", re.compile(r"\b(sms|texto|text messages?|textos)\b")),
    ("email", re.compile(r"\b(e ?mails?|mails?|emailing|courriels?|newsletters?|correo|emailings?)\b")),
    ("phone", re.compile(r"\b(phone|telephone|tel|calls?|appels?|telefon\w*|llamadas?|telemarketing)\b")),
    ("push", re.compile(r"\bpush\b")),
    ("post", re.compile(r"\b(post|postal\w*|courriers?|letters?|briefe?|posta|mailings?)\b")),
)
CHANNEL_NAMES = {
    **{channel: channel for channel, _words in CHANNELS},
    **dict.fromkeys(("e mail", "mail", "emailing", "courriel", "newsletter", "correo", "correo electronico"), "email"),
    **dict.fromkeys(("text", "texto", "text message", "mobile"), "sms"),
    **dict.fromkeys(("telephone", "tel", "call", "appel", "telefon", "telefono", "telefoon", "voice"), "phone"),
    **dict.fromkeys(("notification", "web push", "app"), "push"),
    **dict.fromkeys(("postal", "letter", "courrier", "brief", "posta", "correo postal", "mailing"), "post"),
}


@dataclass(frozen=True, slots=True)
class StatusColumn:
    """What a column asks, and the one channel it asks about, if it names one."""

    question: Question
    channel: str = ""
    words: Mapping[str, Said] = field(default_factory=dict)

    @classmethod
    def named(cls, column: str, preset: str = "") -> StatusColumn:
        name = spaced_name(column)
        question = next((question for question, found in QUESTIONS if found.search(name)), Question.OPT_IN)
        channels = [channel for channel, found in CHANNELS if found.search(name)]
        return cls(question, channels[0] if len(channels) == 1 else "", PRESET_WORDS.get(preset, {}))

    @property
    def asks_for_agreement(self) -> bool:
        return self.question in (Question.STATUS, Question.OPT_IN)

    def meaning(self, text: str) -> Said | None:
        """What a cell says, None when it says nothing. Raises InvalidValueError for a word nobody knows."""
        word = plain_name(text)
        if not text.strip():
            return None
        if word in self.words:
            return self.words[word]
        if word in KNOWN_WORDS:
            return KNOWN_WORDS[word]
        if self.question is Question.STATUS:
            raise InvalidValueError("invalid_value")  # a bare 1 means another thing in each tool
        yes = normalise_boolean(text)
        if self.question is Question.OPT_IN:
            return Said.GRANT if yes else Said.NONE
        stops = {Question.OPT_OUT: Said.STOP, Question.BOUNCED: Said.BOUNCE, Question.COMPLAINED: Said.COMPLAINT}
        return stops[self.question] if yes else None


def strongest(said: Iterable[Said | None]) -> Said | None:
    return max((one for one in said if one), key=STRENGTH.__getitem__, default=None)


@dataclass(frozen=True, slots=True)
class RowStatus:
    """What the status columns of a row say together; `channels` None: on every channel the file claims."""

    said: Said
    channels: tuple[str, ...] | None = None


def row_status(
    columns: Sequence[StatusColumn],
    meanings: Sequence[Said | None],
    *,
    claimed: Sequence[str] = (),
    named: Sequence[str] | None = None,
) -> RowStatus:
    """The strongest word wins, channel by channel; `named` are the channels that the row itself lists, if it does.

    A stop on one channel makes the row one that stops, on that channel: an opt-out is never lost to an opt-in.
    """
    heard = list(zip(columns, meanings, strict=True))
    general = strongest(said for column, said in heard if not column.channel)
    if general in STOPS:
        return RowStatus(general, tuple(named) if named else None)
    stopped = {column.channel: said for column, said in heard if said in STOPS}
    if stopped:
        return RowStatus(strongest(stopped.values()) or Said.STOP, tuple(stopped))
    wanted = named or claimed or list(dict.fromkeys(column.channel for column in columns if column.channel)) or [""]
    agreed = tuple(channel for channel in wanted if claims_stand(channel, heard))
    if not agreed:
        return RowStatus(Said.NONE)
    return RowStatus(Said.GRANT, agreed if named or len(agreed) < len(wanted) else None)


def claims_stand(channel: str, heard: Sequence[tuple[StatusColumn, Said | None]]) -> bool:
    """May the file's claim on a channel stand? Not where a column asks for agreement and the row is silent."""
    concerned = [(column, said) for column, said in heard if column.channel in ("", channel)]
    said = strongest(said for _column, said in concerned)
    if said is None:
        return not any(column.asks_for_agreement for column, _said in concerned)
    return said is Said.GRANT


def channels_named(text: str) -> list[str]:
    """The channels listed in a cell, by key or by name. Raises InvalidValueError."""
    found = []
    for part in re.split(r"\s*[,;|/+\n]\s*", text.strip(" ,;|/+\n")):
        channel = CHANNEL_NAMES.get(plain_name(part))
        if channel is None:
            raise InvalidValueError("invalid_value")
        found.append(channel)
    return list(dict.fromkeys(found))


@dataclass(slots=True)
class StatusReader:
    """The status columns of a file, and the column that lists channels if there is one, read together.

    Tools write a few combinations of words into millions of rows: each is understood once.
    """

    columns: Sequence[StatusColumn]
    lists_channels: bool = False
    claimed: Sequence[str] = ()
    _known: dict[tuple[str, ...], tuple[str, str, int]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The staged columns that come of it."""
        narrows = self.lists_channels or any(column.channel for column in self.columns)
        return [*(["said"] if self.columns else []), *(["channels"] if narrows else [])]

    def read(self, cells: Sequence[Sequence[str]], wrong: dict[int, int]) -> dict[str, list[str]]:
        """The staged columns from those of the file, in the order of `columns`, channels last.

        ``wrong`` is told the rows with a word that nobody knows, and in which of the columns it stands.
        """
        known, said, channels = self._known, [], []
        for number, row in enumerate(zip(*cells, strict=True)):
            try:
                word, listed, place = known[row]
            except KeyError:
                word, listed, place = self._understood(row)
            if place >= 0:
                wrong[number] = place
            said.append(word)
            channels.append(listed)
        read = {"said": said, "channels": channels}
        return {name: read[name] for name in self.names}

    def _understood(self, row: tuple[str, ...]) -> tuple[str, str, int]:
        if len(self._known) >= MEMORY:
            self._known.clear()
        place = 0
        try:
            meanings = []
            for place, column in enumerate(self.columns):
                meanings.append(column.meaning(row[place]))
            place = len(self.columns)
            named = channels_named(row[place]) if self.lists_channels and row[place].strip() else None
            status = row_status(self.columns, meanings, claimed=self.claimed, named=named)
            channels = NULL if status.channels is None else "{" + ",".join(filter(None, status.channels)) + "}"
            found = (status.said.value, channels, -1)
        except InvalidValueError:
            found = (NULL, NULL, place)
        self._known[row] = found
        return found
