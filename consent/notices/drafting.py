"""What a new notice starts from: a correct text in each language, made of what the organisation has told Accord.

The words come from the catalogue, so a draft in French is French; the editor then says what only the client knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from consent.notices.kinds import NoticeKind
from consent.purposes.models import Basis, Purpose
from portal.channels import Channel
from portal.organisations.models import Organisation

AUTHORITIES = {
    "FR": "CNIL, 3 place de Fontenoy, TSA 80715, 75334 Paris Cedex 07, https://www.cnil.fr/plaintes",
    "BE": "APD/GBA, rue de la Presse 35, 1000 Bruxelles, https://www.autoriteprotectiondonnees.be",
    "LU": "CNPD, 15 boulevard du Jazz, 4370 Belvaux, https://cnpd.public.lu",
    "DE": "BfDI, Graurheindorfer Straße 153, 53117 Bonn, https://www.bfdi.bund.de",
    "IE": "DPC, 6 Pembroke Row, Dublin 2, https://www.dataprotection.ie",
}


@dataclass(frozen=True)
class DraftFacts:
    """What a draft is made of."""

    organisation: Organisation
    kind: str
    purposes: Sequence[Purpose] = ()
    from_person: bool = True
    source: str = ""


def draft_wordings(facts: DraftFacts, languages: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    """The blocks of a new page, as its StreamField takes them: one a language."""
    kind = NoticeKind(facts.kind)
    drafts = {NoticeKind.LEGAL_NOTICE: legal_draft, NoticeKind.COOKIES: cookies_draft}
    block, draft = block_of(kind), drafts.get(kind, information_draft)
    wordings = []
    for language in languages:
        with translation.override(language):
            wordings.append((block, {"language": language, **draft(facts)}))
    return wordings


def block_of(kind: NoticeKind) -> str:
    """The block that holds one language of a notice of this kind."""
    return {NoticeKind.LEGAL_NOTICE: "legal", NoticeKind.COOKIES: "cookies"}.get(kind, "information")


def controller(organisation: Organisation) -> str:
    lines = [organisation.name, *organisation.postal_address.splitlines()]
    return ", ".join(line.strip(" ,") for line in lines if line.strip(" ,"))


def reach_dpo(organisation: Organisation) -> str:
    name = organisation.dpo_name or _("Data protection officer")
    if organisation.dpo_email:
        return _("%(name)s: %(address)s") % {"name": name, "address": organisation.dpo_email}
    where = controller(organisation)
    return _("Write to the data protection officer at our postal address: %(address)s") % {"address": where}


def information_draft(facts: DraftFacts) -> dict[str, Any]:
    organisation = facts.organisation
    name = {"name": organisation.name}
    consents = [purpose for purpose in facts.purposes if purpose.basis == Basis.CONSENT]
    interests = [purpose for purpose in facts.purposes if purpose.basis == Basis.LEGITIMATE_INTEREST]
    policy = facts.kind == NoticeKind.PRIVACY_POLICY
    return {
        "title": _("Privacy policy") if policy else _("What we do with your data"),
        "summary": summary(facts),
        "controller": controller(organisation),
        "dpo": reach_dpo(organisation),
        "purposes": [purpose_draft(purpose) for purpose in facts.purposes],
        "legitimate_interests": (
            _("%(name)s keeps in touch with its customers and makes its own products known.") % name
            if interests
            else ""
        ),
        "categories": "" if facts.from_person else _("Your name and how to reach you (e-mail address, phone number)."),
        "source": facts.source,
        "recipients": _(
            "The people at %(name)s who need your data for these purposes, and the companies that host our systems and "
            "send our messages for us, bound by contract. Nobody else; your data is not sold."
        )
        % name,
        "transfers": _("Your data stays in the European Union."),
        "obligation": (
            _("You need not give us this data. Without it we can't send you what you ask for; nothing else changes.")
            if facts.from_person
            else ""
        ),
        "automated": _("No decision about you is made by a machine alone, and we make no profile with effects on you."),
        "rights": _(
            "You may ask to see your data, to have it corrected or erased, to have its use restricted, and to receive "
            "it in a form another service can read. We answer within one month."
        ),
        "objection": _(
            "You may object at any time, with no reason and at no cost, to messages from us. We then stop at once."
        ),
        "withdrawal": withdrawal() if consents else "",
        "complaint": complaint(organisation),
        "choices": [] if policy else [choice_draft(purpose) for purpose in consents],
        "sections": [],
    }


def summary(facts: DraftFacts) -> str:
    values = {"name": facts.organisation.name, "purposes": ", ".join(named(purpose) for purpose in facts.purposes)}
    if facts.purposes:
        said = _("%(name)s uses your data for: %(purposes)s.") % values
    else:
        said = _("%(name)s explains here what it does with your data.") % values
    return said + " " + _("You can stop or change your mind at any time, by a link in every message.")


def named(purpose: Purpose) -> str:
    """As readers of the draft's language call it."""
    return purpose.name_in(get_language())


def withdrawal() -> str:
    return _(
        "You may withdraw your consent at any time, as easily as you gave it: by the link in every message. What was "
        "done before stays lawful."
    )


def complaint(organisation: Organisation) -> str:
    authority = AUTHORITIES.get(organisation.country, "")
    if authority:
        return _("You may complain to the supervisory authority: %(authority)s") % {"authority": authority}
    return _("You may complain to the data protection authority of your country.")


def purpose_draft(purpose: Purpose) -> dict[str, str]:
    months = round(purpose.valid_for_days / 30.44) if purpose.valid_for_days else 36
    since = {
        Basis.CONSENT: _("%(months)d months after your consent, or until you withdraw it."),
        Basis.CONTRACT: _("As long as our contract lasts, then as long as the law demands."),
    }.get(Basis(purpose.basis), _("%(months)d months after your last contact with us, or until you object."))
    return {
        "purpose": purpose.key,
        "text": purpose.description_in(get_language()) or _("To send you: %(name)s.") % {"name": named(purpose)},
        "retention": since % {"months": months},
    }


def choice_draft(purpose: Purpose) -> dict[str, Any]:
    channels = ", ".join(str(Channel(channel).label) for channel in purpose.channels)
    return {
        "purpose": purpose.key,
        "text": _("I want to receive “%(purpose)s” (%(channels)s).")
        % {"purpose": named(purpose), "channels": channels},
        "accept": _("Yes"),
        "refuse": _("No"),
        "required": False,
    }


def legal_draft(facts: DraftFacts) -> dict[str, Any]:
    return {
        "title": _("Legal notice"),
        "summary": _("Who publishes and who hosts the site of %(name)s.") % {"name": facts.organisation.name},
        "publisher": controller(facts.organisation),
        "director": "",
        "host": "",
        "sections": [],
    }


def cookies_draft(facts: DraftFacts) -> dict[str, Any]:
    """True of Accord's own public pages: they set nothing."""
    return {
        "title": _("Cookies"),
        "summary": _("The pages behind our messages set no cookies, so they ask you nothing about them."),
        "cookies": _(
            "The pages on which you sign up, choose, unsubscribe or ask for your data store nothing on your device: no "
            "cookie, no local storage, no measurement, and nothing is loaded from another company."
        ),
        "sections": [],
    }
