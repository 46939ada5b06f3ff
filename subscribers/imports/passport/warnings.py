"""What a list that somebody else collected must bring along, and the warnings without it (I-02, X-02).

A buyer has to check the consent of the people itself; a clause in a contract proves nothing (I-03). So the form as
people saw it and the list of partners named on it belong to the import, and our organisation must be named there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from subscribers.imports.models import DocumentKind
from subscribers.imports.passport.rules import is_quarantined

LEGAL_FORMS = frozenset(
    "sa sas sasu sarl eurl sca scop snc sci se ag gmbh ug kg ohg ltd plc llc inc corp spa srl bv nv oy ab".split()
)


class PassportWarning(StrEnum):
    """What the importer was told and went on with; kept in ``Import.warnings`` and in the audit log."""

    FORM_SNAPSHOT_MISSING = "form_snapshot_missing"
    PARTNER_LIST_MISSING = "partner_list_missing"
    CONTROLLER_NOT_NAMED = "controller_not_named"


SENTENCES: dict[str, str | Promise] = {
    PassportWarning.FORM_SNAPSHOT_MISSING: _(
        "There is no picture of the form that these people filled in. Without it nobody can show what they agreed to."
    ),
    PassportWarning.PARTNER_LIST_MISSING: _(
        "The list of partners that these people saw is missing. They agreed to be written to by those it names, and by "
        "nobody else."
    ),
    PassportWarning.CONTROLLER_NOT_NAMED: _(
        "The name of your organisation was not found in the list of partners. Whom it does not name may not write to "
        "these people, whatever the seller's contract says."
    ),
}


def passport_warnings(*, origin_kind: str, kinds: Collection[str], partners: str, controller: str) -> list[str]:
    """What a partner's or bought list lacks; ``kinds``: of the documents attached, ``partners``: all readable text of
    the list of partners."""
    if not is_quarantined(origin_kind):
        return []
    found = []
    if DocumentKind.FORM_SNAPSHOT not in kinds:
        found.append(PassportWarning.FORM_SNAPSHOT_MISSING.value)
    if DocumentKind.PARTNER_LIST not in kinds and not partners.strip():
        found.append(PassportWarning.PARTNER_LIST_MISSING.value)
    elif not is_named(controller, partners):
        found.append(PassportWarning.CONTROLLER_NOT_NAMED.value)
    return found


def is_named(name: str, text: str) -> bool:
    """Is this organisation named in the text? Accents, case, marks and the legal form make no difference."""
    words = plain_words(name)
    while len(words) > 1 and words[-1] in LEGAL_FORMS:
        words.pop()
    wanted = " ".join(words)
    return bool(wanted) and f" {wanted} " in f" {' '.join(plain_words(text))} "


def plain_words(text: str) -> list[str]:
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    joined = re.sub(r"\b(?:\w\.){2,}", lambda found: found[0].replace(".", "") + " ", bare.casefold())  # S.A.S.
    return re.findall(r"[^\W_]+", joined)
