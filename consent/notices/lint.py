"""What a notice must say before it may be published: pure checks on plain values, each citing its article.

A finding has a stable code, the language it stands in, the article, and a sentence that says how to mend it. The
codes are listed in ``docs/reference/codes.md``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent.notices.kinds import NoticeKind
from consent.notices.structure import ConsentChoice, KnownPurpose, Notice, Wording

Text = str | Promise


@dataclass(frozen=True)
class Finding:
    code: str
    article: str
    sentence: Text
    language: str = ""
    subject: str = ""

    @property
    def citation(self) -> str:
        """The article as the reader's language names the law."""
        law, _space, article = self.article.partition(" ")
        return f"{LAWS[law]} {article}" if law in LAWS else self.article


LAWS = {"GDPR": _("GDPR")}


# What must be written: code -> (article, how to mend it)
ALWAYS: dict[str, tuple[str, Text]] = {
    "controller": ("GDPR 13(1)(a)", _("Say who is responsible: the company's name and address.")),
    "dpo": ("GDPR 13(1)(b)", _("Say how to reach the data protection officer, or who answers such questions.")),
    "recipients": ("GDPR 13(1)(e)", _("Say who receives the data: companies by name, or their kinds.")),
    "transfers": (
        "GDPR 13(1)(f)",
        _("Say whether data leaves the European Union: where to, and which safeguard."),
    ),
    "rights": ("GDPR 13(2)(b)", _("List the rights: access, rectification, erasure, restriction, portability.")),
    "objection": ("GDPR 21(4)", _("Put the right to object in its own field, apart from the other rights.")),
    "complaint": ("GDPR 13(2)(d)", _("Say that people can complain to the supervisory authority, and which one.")),
    "automated": ("GDPR 13(2)(f)", _("Say whether decisions are made by machines alone; “none” is an answer.")),
}
FROM_PERSON: dict[str, tuple[str, Text]] = {
    "obligation": ("GDPR 13(2)(e)", _("Say whether the data must be given, and what happens if it isn't.")),
}
FROM_ELSEWHERE: dict[str, tuple[str, Text]] = {
    "categories": ("GDPR 14(1)(d)", _("The data did not come from the person: list the kinds of data.")),
    "source": ("GDPR 14(2)(f)", _("The data did not come from the person: name the source.")),
}
LEGAL: dict[str, tuple[str, Text]] = {
    "publisher": ("LCEN 1-1", _("Name the publisher: company, address, registration number, e-mail and phone.")),
    "director": ("LCEN 1-1", _("Name the director of publication.")),
    "host": ("LCEN 1-1", _("Name the host of the site, with address and phone.")),
}
COOKIES: dict[str, tuple[str, Text]] = {
    "cookies": ("LIL 82", _("List each cookie with its purpose and duration, or say that there are none.")),
}

VAGUE_WORDS = frozenset(
    "our a an the and or of other some various selected trusted commercial business third public publicly available "
    "partner partners party parties source sources data database databases internet web social network networks "
    "broker brokers provider providers company companies from "
    "nos notre des de du la le les et ou un une autres divers certains selectionnes selectionne commerciaux commercial "
    "partenaire partenaires tiers source sources publique publiques public publics accessibles ouvertes donnees base "
    "bases internet web reseaux sociaux fournisseur fournisseurs entreprise entreprises courtiers courtier par aupres "
    "issues issus".split()
)
TERMS = re.compile(
    r"\b(terms|conditions|cgu|cgv|cgs|general conditions|terms of (use|service|sale)|privacy policy|"
    r"politique de (confidentialite|protection)|reglement)\b"
)
SHAMING = re.compile(
    r"\b(no thanks, i|non merci, je|i (don't|do not|prefer|hate|like (paying|missing))|je (prefere|deteste|renonce|"
    r"n'aime pas|ne veux pas (economiser|profiter|faire))|rater|passer a cote|miss out|missing out|tant pis|i'd rather|"
    r"pay full price|payer plein tarif)\b"
)
TRACKING = re.compile(
    r"\b(pixel|tracking|traceurs?|(track|measur|mesur|suiv)\w*\b.*\b(open|click|ouvertur|clic)\w*|"
    r"suivi des (ouvertures|clics))\b"
)
TRACKING_PURPOSE = "tracking"
WITHDRAWAL = re.compile(
    r"\b(withdraw|unsubscribe|stop|opt out|change your mind|retirer|retrait|desabonn|desinscri|arreter|changer d'avis|"
    r"vous opposer|revenir sur)\w*"
)
DURATION = re.compile(
    r"\d|\b(one|two|three|four|five|six|twelve|un|une|deux|trois|quatre|cinq|douze)\b|until|as long as|jusqu|tant que"
)
START = re.compile(
    r"\b(after|from|since|following|until|as long as|last|apres|a compter|a partir|depuis|suivant|tant que|dernier|"
    r"derniere|fin|end)\b|jusqu"
)
FILE_NAME = re.compile(r"^\S*\.(png|jpe?g|webp|pdf|txt|csv|odt|docx)$", re.IGNORECASE)
CONTACTING_BASES = frozenset({"consent", "soft_opt_in", "legitimate_interest"})


def plain(text: str) -> str:
    """Small letters without accents, one kind of apostrophe."""
    marked = text.replace("\u2019", "'")
    flat = unicodedata.normalize("NFKD", marked).encode("ascii", "ignore").decode()
    return " ".join(flat.lower().split())


def lint(notice: Notice, known: Mapping[str, KnownPurpose]) -> list[Finding]:
    """Every reason not to publish; empty when there is none."""
    if not notice.wordings:
        return [Finding("no_wording", "GDPR 12(1)", _("Write the notice in one language at least."))]
    findings = list(languages(notice))
    for wording in notice.wordings:
        for check in CHECKS[NoticeKind(notice.kind)]:
            findings.extend(check(wording, notice, known))
    return findings


def languages(notice: Notice) -> Iterator[Finding]:
    named = [wording.language for wording in notice.wordings]
    for language in sorted({each for each in named if named.count(each) > 1}):
        yield Finding("language_twice", "GDPR 12(1)", _("Keep one text a language."), language)
    if "" in named:
        yield Finding("no_language", "GDPR 12(1)", _("Choose the language of each text."))
    sets = {frozenset(line.purpose for line in wording.purposes) for wording in notice.wordings}
    asked = {frozenset(each for choice in wording.choices for each in choice.purposes) for wording in notice.wordings}
    if len(sets) > 1 or len(asked) > 1:
        yield Finding(
            "languages_differ", "GDPR 12(1)", _("Name the same purposes and ask the same questions in every language.")
        )


def first_screen(wording: Wording, notice: Notice, known: Mapping[str, KnownPurpose]) -> Iterator[Finding]:
    if not wording.title.strip():
        yield Finding("no_title", "GDPR 12(1)", _("Give the text a title."), wording.language)
    if not wording.summary.strip():
        sentence = _("Write the first screen: who, what for, and that one can stop at any time.")
        yield Finding("no_summary", "GDPR 12(1)", sentence, wording.language)
    elif len(wording.summary) > 600:
        sentence = _("Shorten the first screen to 600 characters; details come below it.")
        yield Finding("long_summary", "GDPR 12(1)", sentence, wording.language)


def demanded(table: Mapping[str, tuple[str, Text]], wording: Wording) -> Iterator[Finding]:
    for code, (article, sentence) in table.items():
        if not wording.item(code):
            yield Finding(f"missing_{code}", article, sentence, wording.language, code)


def information(wording: Wording, notice: Notice, known: Mapping[str, KnownPurpose]) -> Iterator[Finding]:
    yield from demanded(ALWAYS, wording)
    yield from demanded(FROM_PERSON if notice.from_person else FROM_ELSEWHERE, wording)
    if not notice.from_person:
        yield from specific_source(wording)
    if wording.item("controller") and not re.search(r"\d|@", wording.item("controller")):
        sentence = _("Add the address or an e-mail address of the company.")
        yield Finding("controller_unreachable", "GDPR 13(1)(a)", sentence, wording.language, "controller")
    objection, rights = plain(wording.item("objection")), plain(wording.item("rights"))
    if objection and objection in rights:
        sentence = _("Say the right to object in its own field only, so that it stands apart.")
        yield Finding("objection_hidden", "GDPR 21(4)", sentence, wording.language, "objection")


def specific_source(wording: Wording) -> Iterator[Finding]:
    """Not "partners and public sources": the very source, by its name (N-04)."""
    source = wording.item("source")
    telling = [word for word in re.findall(r"[a-z0-9]+", plain(source)) if word not in VAGUE_WORDS]
    if source and not telling:
        sentence = _(
            "Name the very source: “our partners” or “public sources” is too vague. Example: “Trade register”."
        )
        yield Finding("vague_source", "GDPR 14(2)(f)", sentence, wording.language, "source")


def purposes(wording: Wording, notice: Notice, known: Mapping[str, KnownPurpose]) -> Iterator[Finding]:
    language = wording.language
    if not wording.purposes:
        sentence = _("Say what the data is used for: one line a purpose.")
        yield Finding("missing_purposes", "GDPR 13(1)(c)", sentence, language, "purposes")
    for line in wording.purposes:
        if line.purpose not in known:
            yield Finding("unknown_purpose", "GDPR 13(1)(c)", _("Choose one of your purposes."), language, line.purpose)
        if not line.text.strip():
            sentence = _("Say in plain words what this purpose is for.")
            yield Finding("purpose_unexplained", "GDPR 13(1)(c)", sentence, language, line.purpose)
        if not DURATION.search(plain(line.retention)) or not START.search(plain(line.retention)):
            sentence = _(
                "Say how long the data of this purpose is kept, and since when: “3 years after the last click”."
            )
            yield Finding("missing_retention", "GDPR 13(2)(a)", sentence, language, line.purpose)
    bases = {known[line.purpose].basis for line in wording.purposes if line.purpose in known}
    if "legitimate_interest" in bases and not wording.item("legitimate_interests"):
        sentence = _("A purpose rests on legitimate interests: say which ones.")
        yield Finding("missing_legitimate_interests", "GDPR 13(1)(d)", sentence, language, "legitimate_interests")
    if "consent" in bases and not WITHDRAWAL.search(plain(wording.item("withdrawal"))):
        sentence = _("Say that consent can be withdrawn at any time, and how.")
        yield Finding("missing_withdrawal", "GDPR 13(2)(c)", sentence, language, "withdrawal")


def choices(wording: Wording, notice: Notice, known: Mapping[str, KnownPurpose]) -> Iterator[Finding]:
    listed = {line.purpose for line in wording.purposes}
    asked: list[str] = [purpose for choice in wording.choices for purpose in choice.purposes]
    for choice in wording.choices:
        for code, article, sentence in about_choice(choice, listed, known):
            yield Finding(code, article, sentence, wording.language, ", ".join(choice.purposes))
    for purpose in sorted({each for each in asked if asked.count(each) > 1}):
        sentence = _("Ask about each purpose once.")
        yield Finding("asked_twice", "GDPR R43", sentence, wording.language, purpose)
    if notice.kind != NoticeKind.COLLECTION:
        return
    for purpose in sorted(listed - set(asked)):
        if purpose in known and known[purpose].basis == "consent":
            sentence = _("This purpose rests on consent: give it a choice of its own.")
            yield Finding("choice_missing", "GDPR R43", sentence, wording.language, purpose)
    if wording.choices:
        yield from before_choosing(wording)


def before_choosing(wording: Wording) -> Iterator[Finding]:
    """Seen before the choice: who, what for, and that one can stop (C-06)."""
    first = plain(wording.summary)
    names = re.findall(r"[a-z0-9]{3,}", plain(wording.item("controller")))[:3]
    if names and not any(name in first for name in names):
        sentence = _("Name the company on the first screen: people see it before they choose.")
        yield Finding("controller_not_first", "GDPR R42", sentence, wording.language, "summary")
    if not WITHDRAWAL.search(first):
        sentence = _("Say on the first screen that one can stop at any time.")
        yield Finding("withdrawal_not_first", "GDPR 7(3)", sentence, wording.language, "summary")


def about_choice(
    choice: ConsentChoice, listed: set[str], known: Mapping[str, KnownPurpose]
) -> Iterator[tuple[str, str, Text]]:
    if len(choice.purposes) != 1:
        yield "one_choice_one_purpose", "GDPR R43", _("Ask about one purpose at a time: split this choice.")
    for purpose in choice.purposes:
        if purpose not in listed:
            yield "choice_unlisted", "GDPR 13(1)(c)", _("Explain this purpose in the notice before asking about it.")
    if not choice.text.strip():
        yield "choice_empty", "GDPR 7(2)", _("Write the question people answer.")
    if choice.preset:
        yield "preset", "GDPR R32", _("Nothing may be ticked beforehand.")
    contacting = any(each in known and known[each].basis in CONTACTING_BASES for each in choice.purposes)
    if choice.required and (contacting or not choice.purposes):
        yield "required_consent", "GDPR 7(4)", _("The form must work without this consent: don't make it a condition.")
    if TERMS.search(plain(choice.text)):
        yield "bundled", "GDPR 7(2)", _("Ask apart from terms and policies: accepting those is another matter.")
    if TRACKING.search(plain(choice.text)) and TRACKING_PURPOSE not in choice.purposes:
        sentence = _("Ask about tracking opens and clicks on its own: it is a purpose apart, “tracking”.")
        yield "tracking_bundled", "GDPR R43", sentence
    yield from buttons(choice)


def buttons(choice: ConsentChoice) -> Iterator[tuple[str, str, Text]]:
    accept, refuse = choice.accept.strip(), choice.refuse.strip()
    if bool(accept) != bool(refuse):
        yield "no_refusal", "GDPR 4(11)", _("Give both buttons a label: saying no is as easy as saying yes.")
    elif accept and max(len(accept), len(refuse)) > 2.5 * min(len(accept), len(refuse)) + 8:
        yield "uneven_buttons", "GDPR 4(11)", _("Make both labels about equally long and plain.")
    if SHAMING.search(plain(refuse)) or SHAMING.search(plain(choice.text)):
        yield "shaming", "GDPR 4(11)", _("Let people refuse without being made to feel bad: a plain “No”.")


def legal(wording: Wording, notice: Notice, known: Mapping[str, KnownPurpose]) -> Iterator[Finding]:
    yield from demanded(LEGAL, wording)


def cookie_page(wording: Wording, notice: Notice, known: Mapping[str, KnownPurpose]) -> Iterator[Finding]:
    yield from demanded(COOKIES, wording)


def attachments(wording: Wording, notice: Notice, known: Mapping[str, KnownPurpose]) -> Iterator[Finding]:
    """Pictures and documents say in words what they are: to whoever can't see them, and in the proof."""
    for code, sentence in (*picture_problems(wording), *download_problems(wording)):
        yield Finding(code, "GDPR 12(1)", sentence, wording.language, code.partition("_")[0] + "s")


def picture_problems(wording: Wording) -> Iterator[tuple[str, Text]]:
    for picture in wording.all_pictures:
        words = picture.alternative.strip()
        if not picture.file.exists:
            yield "picture_missing", _("A picture is not chosen, or was deleted: choose one or take its line out.")
        if not words and not picture.decorative:
            sentence = _("Say in words what the picture shows, or that it is only decoration (EN 301 549, 9.1.1.1).")
            yield "picture_without_words", sentence
        elif words and picture.decorative:
            sentence = _(
                "A picture has words and is called decoration as well: keep one of both (EN 301 549, 9.1.1.1)."
            )
            yield "picture_words_unread", sentence
        elif FILE_NAME.search(words):
            sentence = _("“IMG_1234.jpg” tells nobody what the picture shows: say it in words (EN 301 549, 9.1.1.1).")
            yield "picture_without_words", sentence
        if not wording.says(picture.place):
            yield "picture_nowhere", _("The part this picture stands in is empty: choose another place for it.")


def download_problems(wording: Wording) -> Iterator[tuple[str, Text]]:
    for download in wording.downloads:
        if not download.file.exists:
            yield "document_missing", _("A document is not chosen, or was deleted: choose one or take its line out.")
        if not download.title.strip() or FILE_NAME.search(download.title):
            yield "document_without_title", _("Give each document a title in plain words; a file name is none.")


Check = Callable[[Wording, Notice, Mapping[str, KnownPurpose]], Iterator[Finding]]
CHECKS: dict[NoticeKind, tuple[Check, ...]] = {
    NoticeKind.COLLECTION: (first_screen, information, purposes, choices, attachments),
    NoticeKind.PRIVACY_POLICY: (first_screen, information, purposes, choices, attachments),
    NoticeKind.LEGAL_NOTICE: (first_screen, legal, attachments),
    NoticeKind.COOKIES: (first_screen, cookie_page, attachments),
}
