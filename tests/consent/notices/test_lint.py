"""What the linter refuses, each with its article; and that a draft of ours passes in both languages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.utils import translation

from consent.notices.drafting import DraftFacts, draft_wordings
from consent.notices.kinds import NoticeKind
from consent.notices.lint import lint
from consent.notices.structure import (
    AttachedFile,
    ConsentChoice,
    Download,
    KnownPurpose,
    Notice,
    Picture,
    PurposeLine,
    Section,
    Wording,
)
from consent.purposes.models import Purpose
from portal.organisations.models import Organisation

KNOWN = {
    "newsletter": KnownPurpose("newsletter", "The letter", "consent"),
    "offers": KnownPurpose("offers", "Offers", "consent"),
    "survey": KnownPurpose("survey", "Survey", "legitimate_interest"),
    "orders": KnownPurpose("orders", "Orders", "contract"),
}
GOOD = Wording(
    language="en",
    title="What we do with your data",
    summary="Acme sends you its letter. You can stop at any time, by the link in every letter.",
    items={
        "controller": "Acme Ltd, 1 Main Street, Lyon",
        "dpo": "dpo@acme.example",
        "recipients": "Our host, Hosty Ltd.",
        "transfers": "None.",
        "obligation": "You need not give it.",
        "automated": "None.",
        "rights": "Access, rectification, erasure, restriction, portability.",
        "objection": "You may object at any time.",
        "withdrawal": "You may withdraw your consent by the link in every letter.",
        "complaint": "To the CNIL.",
    },
    purposes=(PurposeLine("newsletter", "To send you the letter.", "3 years after your last click"),),
    choices=(ConsentChoice(("newsletter",), "Send me the letter.", "Yes", "No"),),
)


def notice(wording: Wording = GOOD, **values: Any) -> Notice:
    return Notice(**{"key": "signup", "kind": NoticeKind.COLLECTION, "wordings": (wording,), **values})


def codes(given: Notice) -> set[str]:
    return {finding.code for finding in lint(given, KNOWN)}


def with_item(**items: str) -> Wording:
    return replace(GOOD, items={**GOOD.items, **items})


def with_choice(**values: Any) -> Wording:
    return replace(GOOD, choices=(replace(GOOD.choices[0], **values),))


def test_a_complete_notice_passes() -> None:
    assert lint(notice(), KNOWN) == []


@pytest.mark.parametrize(
    ("item", "article"),
    [
        ("controller", "13(1)(a)"),
        ("dpo", "13(1)(b)"),
        ("recipients", "13(1)(e)"),
        ("transfers", "13(1)(f)"),
        ("rights", "13(2)(b)"),
        ("withdrawal", "13(2)(c)"),
        ("complaint", "13(2)(d)"),
        ("obligation", "13(2)(e)"),
        ("automated", "13(2)(f)"),
        ("objection", "21(4)"),
    ],
)
def test_each_item_of_article_13_is_missed(item: str, article: str) -> None:
    """N-01, N-05."""
    found = lint(notice(with_item(**{item: " "})), KNOWN)
    assert (f"missing_{item}", f"GDPR {article}") in {(each.code, each.article) for each in found}
    assert all(str(each.sentence) for each in found)


def test_purposes_and_their_duration_are_missed() -> None:
    """13(1)(c), 13(2)(a), R-01: a duration and since when."""
    assert "missing_purposes" in codes(notice(replace(GOOD, purposes=())))
    for retention in ("", "3 years", "as we see fit", "a while after your last click"):
        wording = replace(GOOD, purposes=(PurposeLine("newsletter", "The letter.", retention),))
        assert "missing_retention" in codes(notice(wording)), retention
    for retention in ("3 ans à compter de votre dernier clic", "until you withdraw", "Tant que dure le contrat"):
        wording = replace(GOOD, purposes=(PurposeLine("newsletter", "The letter.", retention),))
        assert "missing_retention" not in codes(notice(wording)), retention


def test_an_unknown_purpose_is_found() -> None:
    wording = replace(GOOD, purposes=(PurposeLine("nothing", "Text.", "1 year after"),), choices=())
    assert "unknown_purpose" in codes(notice(wording))


def test_legitimate_interests_are_named_where_a_purpose_rests_on_them() -> None:
    line = PurposeLine("survey", "To ask you.", "1 year after your last order")
    assert "missing_legitimate_interests" in codes(notice(replace(GOOD, purposes=(*GOOD.purposes, line))))


def test_article_14_asks_for_categories_and_the_source() -> None:
    """N-02."""
    assert {"missing_categories", "missing_source"} <= codes(notice(from_person=False))
    assert "missing_obligation" not in codes(notice(with_item(obligation=""), from_person=False))
    told = with_item(categories="Name and e-mail.", source="Trade fair of Lyon, 2026")
    assert codes(notice(told, from_person=False)) == set()


@pytest.mark.parametrize(
    "source",
    [
        "Our partners",
        "public sources",
        "Public sources and partners.",
        "Nos partenaires commerciaux",
        "des sources publiques et des partenaires",
        "Bases de données publiques, réseaux sociaux",
    ],
)
def test_a_vague_source_is_refused(source: str) -> None:
    """N-04: KASPR was fined for these words."""
    assert "vague_source" in codes(notice(with_item(categories="E-mail.", source=source), from_person=False))


def test_one_choice_one_purpose() -> None:
    """C-03: two purposes and one box."""
    assert "one_choice_one_purpose" in codes(notice(with_choice(purposes=("newsletter", "offers"))))
    both = (*GOOD.purposes, PurposeLine("offers", "Offers.", "2 years after your last click"))
    assert "choice_missing" in codes(notice(replace(GOOD, purposes=both)))
    assert "asked_twice" in codes(notice(replace(GOOD, choices=GOOD.choices * 2)))


def test_no_choice_is_needed_for_a_contract() -> None:
    line = PurposeLine("orders", "To follow your order.", "5 years after the order")
    assert codes(notice(replace(GOOD, purposes=(*GOOD.purposes, line)))) == set()


def test_nothing_is_ticked_beforehand_and_nothing_is_required() -> None:
    """C-02, C-04."""
    assert "preset" in codes(notice(with_choice(preset=True)))
    assert "required_consent" in codes(notice(with_choice(required=True)))


@pytest.mark.parametrize(
    "text",
    [
        "J'accepte les conditions et la newsletter",
        "J\u2019accepte les CGU et je m\u2019abonne",
        "I accept the terms and the newsletter",
        "I agree to the privacy policy and to receive offers",
    ],
)
def test_consent_is_asked_apart_from_terms(text: str) -> None:
    """C-05."""
    assert "bundled" in codes(notice(with_choice(text=text)))


@pytest.mark.parametrize(
    "text",
    [
        "Send me the letter and measure whether I open it",
        "Je m'abonne et j'accepte le suivi des ouvertures",
        "J'accepte que vous mesuriez mes clics",
        "The letter, with a tracking pixel",
    ],
)
def test_tracking_is_asked_apart(text: str) -> None:
    """B-09."""
    assert "tracking_bundled" in codes(notice(with_choice(text=text)))
    known = {**KNOWN, "tracking": KnownPurpose("tracking", "Opens and clicks", "consent")}
    line = PurposeLine("tracking", "To know what is read.", "1 year after you open a letter")
    choice = ConsentChoice(("tracking",), text.replace("the letter and", ""), "Yes", "No")
    apart = notice(replace(GOOD, purposes=(*GOOD.purposes, line), choices=(*GOOD.choices, choice)))
    assert "tracking_bundled" not in {finding.code for finding in lint(apart, known)}


def test_who_and_how_to_stop_stand_before_the_choice() -> None:
    """C-06."""
    assert "controller_not_first" in codes(notice(replace(GOOD, summary="We send you a letter. Stop at any time.")))
    assert "withdrawal_not_first" in codes(notice(replace(GOOD, summary="Acme sends you its letter.")))
    assert "no_summary" in codes(notice(replace(GOOD, summary="")))
    assert "long_summary" in codes(notice(replace(GOOD, summary="Acme. You can stop at any time. " * 30)))


@pytest.mark.parametrize(
    ("accept", "refuse", "code"),
    [
        ("Yes", "", "no_refusal"),
        ("", "No", "no_refusal"),
        ("Yes", "I would like to continue without receiving any letter", "uneven_buttons"),
        ("Yes please", "No thanks, I hate saving money", "shaming"),
        ("Oui", "Tant pis", "shaming"),
    ],
)
def test_saying_no_is_as_easy_as_saying_yes(accept: str, refuse: str, code: str) -> None:
    assert code in codes(notice(with_choice(accept=accept, refuse=refuse)))


def test_the_right_to_object_stands_apart() -> None:
    """N-05: not a half-sentence among the other rights."""
    hidden = with_item(rights="Access, erasure. You may object at any time.")
    assert "objection_hidden" in codes(notice(hidden))


def test_languages_say_the_same() -> None:
    french = replace(GOOD, language="fr", purposes=(), choices=())
    assert "languages_differ" in codes(notice(wordings=(GOOD, french)))
    assert "language_twice" in codes(notice(wordings=(GOOD, GOOD)))
    assert codes(notice(wordings=())) == {"no_wording"}


def test_legal_notice_and_cookie_page_have_their_own_demands() -> None:
    page = Wording(language="en", title="Legal", summary="Who publishes this.")
    found = codes(notice(page, kind=NoticeKind.LEGAL_NOTICE))
    assert found == {"missing_publisher", "missing_director", "missing_host"}
    assert codes(notice(page, kind=NoticeKind.COOKIES)) == {"missing_cookies"}


def test_a_finding_is_said_in_the_readers_language() -> None:
    finding = next(each for each in lint(notice(with_item(complaint="")), KNOWN) if each.code == "missing_complaint")
    with translation.override("fr"):
        assert "autorité de contrôle" in str(finding.sentence)
        assert finding.citation == "RGPD 13(2)(d)"
    with translation.override("en"):
        assert "supervisory authority" in str(finding.sentence)


@pytest.mark.parametrize("kind", [NoticeKind.COLLECTION, NoticeKind.PRIVACY_POLICY, NoticeKind.COOKIES])
@pytest.mark.parametrize("basis", ["consent", "legitimate_interest", "soft_opt_in", "contract"])
def test_our_own_draft_passes_in_both_languages(kind: NoticeKind, basis: str) -> None:
    from consent.notices.blocks import wording_of

    organisation = Organisation(slug="acme", name="Acme", postal_address="1 rue Haute\n69001 Lyon")
    purpose = Purpose(key="letter", name="Lettre", basis=basis, channels=["email"], description="Chaque mois.")
    known = {"letter": KnownPurpose("letter", "Lettre", basis)}
    drafts = draft_wordings(DraftFacts(organisation, kind, [purpose]), ["fr", "en"])
    wordings = tuple(wording_of(value) for _block, value in drafts)
    assert lint(Notice("signup", kind, wordings), known) == []
    assert wordings[0].summary != wordings[1].summary


FILE = AttachedFile("ff", "team.png", "image/png", 10, 30, 20)


@pytest.mark.parametrize(
    ("picture", "found"),
    [
        (Picture(FILE, "Three people at a table"), set()),
        (Picture(FILE, decorative=True, place="rights", icon=True), set()),
        (Picture(FILE), {"picture_without_words"}),
        (Picture(FILE, "   "), {"picture_without_words"}),
        (Picture(FILE, "IMG_1234.JPG"), {"picture_without_words"}),
        (Picture(FILE, "Three people", decorative=True), {"picture_words_unread"}),
        (Picture(alternative="Three people"), {"picture_missing"}),
        (Picture(FILE, "A source", place="source"), {"picture_nowhere"}),
    ],
)
def test_a_picture_says_in_words_what_it_shows(picture: Picture, found: set[str]) -> None:
    assert codes(notice(replace(GOOD, pictures=(picture,)))) == found
    if picture.place == "summary":
        assert codes(notice(replace(GOOD, sections=(Section("Our shops", "Twelve.", picture),)))) == found


@pytest.mark.parametrize(
    ("download", "found"),
    [
        (Download(FILE, "Our privacy policy"), set()),
        (Download(FILE, ""), {"document_without_title"}),
        (Download(FILE, "policy_v2.pdf"), {"document_without_title"}),
        (Download(title="Our privacy policy"), {"document_missing"}),
    ],
)
def test_a_document_has_a_plain_title(download: Download, found: set[str]) -> None:
    assert codes(notice(replace(GOOD, downloads=(download,)))) == found


def test_findings_about_files_cite_the_article_and_the_standard() -> None:
    (finding,) = lint(notice(replace(GOOD, pictures=(Picture(FILE),))), KNOWN)
    assert (finding.article, finding.subject, finding.language) == ("GDPR 12(1)", "pictures", "en")
    assert "EN 301 549, 9.1.1.1" in str(finding.sentence)
