"""An import names where its people were asked, and each agreement the notice they were shown there (N-01, N-07)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.collection.actions import close_point, publish_point, update_point
from consent.collection.models import CollectionPoint
from consent.import_shown import History, Shown, Timeline
from consent.ledger.evidence import open_evidence
from consent.ledger.models import ConsentEvent, ConsentState, ImportProof
from consent.ledger.states import rebuild_states
from consent.notices.models import NoticeVersion
from consent.proofs.building import proof_of
from consent.proofs.verify_proof import parsed, verified
from consent.purposes.models import Purpose
from consent.rates.counting import count_days, differences
from consent.rates.models import DailyCount
from portal.errors import InvalidInputError
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.imports import running
from subscribers.imports.actions import start_import
from subscribers.imports.models import Import, ImportReject
from subscribers.imports.passport.periods import Period, Spans
from subscribers.imports.queries import point_of
from tests.consent.choices import choose, new_purpose
from tests.consent.collection.forms import new_point
from tests.consent.points import FIRST, notice_of, shop_point
from tests.consent.proofs.checking import check
from tests.portal.seals.keeping import seal
from tests.subscribers.imports.files import OUR_FORM, counts_of, imported
from tests.subscribers.imports.lots import brought, released, undone

pytestmark = pytest.mark.django_db

SECOND = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ASKED = replace(
    OUR_FORM,
    consents=({"purpose": "newsletter", "channel": "email"},),
    collected_on=date(2026, 2, 3),
    evidence_note="The log of the shop.",
    collection_point="shop",
)
DATED = {"email": "email", "when": "consent.occurred_at"}
SPOKEN = {**DATED, "language": "language"}


@pytest.fixture
def newsletter(in_acme: Organisation) -> Purpose:
    return new_purpose(in_acme)


@pytest.fixture
def shop(in_acme: Organisation, newsletter: Purpose) -> CollectionPoint:
    return shop_point(in_acme, newsletter)


def problems_of(organisation: Organisation, content: str = "email\na@x.example\n", **values: Any) -> set[str]:
    """Code and place of each problem with a file."""
    mapping = values.pop("mapping", None)
    with pytest.raises(InvalidInputError) as caught:
        imported(organisation, content, declaration=replace(ASKED, **values), mapping=mapping)
    assert not Import.objects.exists()
    return {f"{problem.code} {'.'.join(map(str, problem.loc[1:]))}" for problem in caught.value.errors}


def shown_to(email: str) -> tuple[str, str]:
    event = ConsentEvent.objects.get(contact__email_key=email)
    notice = NoticeVersion.objects.get(digest=bytes(event.notice_digest or b""))
    assert notice.label == event.notice_version
    return event.notice_version, notice.text


def test_each_agreement_names_the_point_and_the_notice(
    in_acme: Organisation, shop: CollectionPoint, ada: Contact
) -> None:
    source = imported(
        in_acme, "email\nada.martin@example.org\nnew@x.example\n", declaration=replace(ASKED, notice_language="fr")
    )
    events = list(ConsentEvent.objects.all())
    assert {event.collection_point_id for event in events} == {shop.pk}
    for email in ("ada.martin@example.org", "new@x.example"):
        assert shown_to(email) == ("shop/1/fr", "Notice 1 in fr.")
    assert (source.collection_point, source.notice_language, counts_of(source)["read"]) == ("shop", "fr", 2)


def test_the_proof_of_the_file_names_form_and_notice(in_acme: Organisation, shop: CollectionPoint) -> None:
    """C-07."""
    source = imported(in_acme, "email\na@x.example\n", declaration=replace(ASKED, notice_language="en"))
    document = open_evidence(ImportProof.objects.get(source_import=source).evidence)
    version = shop.versions.get()
    assert document["collection_point"] == {
        "id": str(shop.pk),
        "key": "shop",
        "point_kind": "import",
        "language": "en",
        "shown": [
            {
                "from": FIRST.isoformat(),
                "until": None,
                "language": "en",
                "notice": "shop/1/en",
                "notice_digest": hashlib.sha256(b"Notice 1 in en.").hexdigest(),
                "form_version": 1,
                "form_digest": bytes(version.digest).hex(),
            }
        ],
    }


def test_a_file_without_a_point_says_nothing_of_notices(in_acme: Organisation, shop: CollectionPoint) -> None:
    source = imported(in_acme, "email\na@x.example\n", declaration=replace(ASKED, collection_point=""))
    event = ConsentEvent.objects.get()
    assert (event.notice_version, event.notice_digest, event.collection_point_id) == ("", None, None)
    assert "collection_point" not in open_evidence(ImportProof.objects.get(source_import=source).evidence)


def test_each_row_gets_the_version_of_its_date_in_its_language(
    in_acme: Organisation, shop: CollectionPoint, ada: Contact, ben: Contact
) -> None:
    notice_of(in_acme, 2, "en", SECOND)
    notice_of(in_acme, 2, "fr", SECOND)
    content = (
        "email,when,language\n"
        "ada.martin@example.org,2026-02-01,fr\n"
        "ben@example.net,2026-04-01,fr\n"
        "c@x.example,2026-02-01,en\n"
        "d@x.example,2026-04-01,en\n"
        "e@x.example,,fr\n"
        "f@x.example,2026-04-01,de\n"
        "g@x.example,2026-03-01T12:59:59+01:00,\n"
        "h@x.example,2026-03-01T13:00:00+01:00,fr\n"
        "i@x.example,2026-03-01,fr\n"
    )
    source = imported(in_acme, content, declaration=ASKED, mapping=SPOKEN)
    assert counts_of(source)["read"] == 9
    assert not source.rows_rejected
    found = dict(ConsentEvent.objects.values_list("contact__email_key", "notice_version"))
    assert found == {
        "ada.martin@example.org": "shop/1/fr",
        "ben@example.net": "shop/2/fr",
        "c@x.example": "shop/1/en",
        "d@x.example": "shop/2/en",
        "e@x.example": "shop/1/fr",
        "f@x.example": "shop/2/en",
        "g@x.example": "shop/1/en",
        "h@x.example": "shop/2/fr",
        "i@x.example": "shop/1/fr",
    }
    for email in found:
        shown_to(email)


@pytest.mark.parametrize("dry_run", [True, False])
def test_rows_before_the_notice_are_rejected_and_told(
    in_acme: Organisation, shop: CollectionPoint, dry_run: bool
) -> None:
    content = (
        "email,when,status\n"
        "early@x.example,2026-01-09,subscribed\n"
        "never@x.example,2026-01-09,pending\n"
        "left@x.example,2026-01-09,unsubscribed\n"
        "same.day@x.example,2026-01-10,subscribed\n"
        "hour@x.example,2026-01-10T08:59:59Z,subscribed\n"
        "good@x.example,2026-01-10T09:00:00Z,subscribed\n"
    )
    mapping = {**DATED, "status": "consent.status"}
    declaration = replace(ASKED, notice_language="en")
    source = imported(in_acme, content, declaration=declaration, mapping=mapping, dry_run=dry_run)
    assert source.rejects_by_code == {"before_notice": 2}
    rejects = ImportReject.objects.order_by("line")
    assert [(reject.line, reject.cells[0]) for reject in rejects] == [(2, "early@x.example"), (6, "hour@x.example")]
    assert rejects[0].sentence.startswith("when: On this date the notice of the collection point was not published yet")
    assert source.stage_counts["consents"]["recorded"] == 2
    if not dry_run:
        found = dict(ConsentEvent.objects.values_list("contact__email_key", "notice_version"))
        assert found == {"same.day@x.example": "shop/1/en", "good@x.example": "shop/1/en"}


def test_a_file_from_before_the_notice_does_not_begin(in_acme: Organisation, shop: CollectionPoint) -> None:
    early = date(2026, 1, 9)
    assert problems_of(in_acme, collected_on=early, notice_language="en") == {"before_notice origin.collected_on"}
    moment = datetime(2026, 1, 10, 8, 0, tzinfo=UTC)
    assert problems_of(in_acme, occurred_at=moment, notice_language="en") == {"before_notice occurred_at"}


def test_the_day_of_the_first_notice_counts_as_a_whole(in_acme: Organisation, shop: CollectionPoint) -> None:
    imported(
        in_acme,
        "email\na@x.example\n",
        declaration=replace(ASKED, collected_on=date(2026, 1, 10), notice_language="en"),
    )
    assert shown_to("a@x.example")[0] == "shop/1/en"


def test_a_notice_that_was_withdrawn_is_shown_to_nobody(in_acme: Organisation, shop: CollectionPoint) -> None:
    NoticeVersion.objects.update(ended_at=SECOND)
    found = problems_of(in_acme, collected_on=date(2026, 4, 1), notice_language="en")
    assert found == {"notice_not_shown origin.collected_on"}
    content = "email,when\na@x.example,2026-04-01\nb@x.example,2026-02-01\n"
    source = imported(in_acme, content, declaration=replace(ASKED, notice_language="en"), mapping=DATED)
    assert source.rejects_by_code == {"notice_not_shown": 1}


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"collection_point": "nowhere"}, "unknown_collection_point collection_point"),
        ({"collection_point": "draft"}, "point_not_live collection_point"),
        ({"collection_point": "theirs"}, "unknown_collection_point collection_point"),
        ({"notice_language": "de"}, "invalid_value notice_language"),
        ({}, "language_required notice_language"),
        (
            {"notice_language": "en", "consents": [{"purpose": "newsletter", "channel": "sms"}]},
            "purpose_not_asked consents.0",
        ),
        (
            {"collection_point": "web", "notice_language": "en", "origin_kind": "bought"},
            "not_collected_here collection_point",
        ),
    ],
)
def test_what_does_not_agree_with_the_point_is_told_at_its_place(
    in_acme: Organisation,
    other: Organisation,
    newsletter: Purpose,
    shop: CollectionPoint,
    values: dict[str, Any],
    problem: str,
) -> None:
    new_point(in_acme, newsletter, key="draft", notice="shop", publish=False)
    new_point(in_acme, newsletter, key="web", notice="shop", at=FIRST)
    new_point(other, new_purpose(other), key="theirs")
    assert problem in problems_of(in_acme, **values)


def test_a_form_of_ours_shows_what_it_froze(in_acme: Organisation, newsletter: Purpose, shop: CollectionPoint) -> None:
    """A paper of January stays the paper of January when the notice changes; until it is printed anew."""
    offers, actor = new_purpose(in_acme, "offers"), Actor.system(in_acme)
    paper = new_point(in_acme, newsletter, key="paper", kind="paper", notice="shop", languages=["en"], at=FIRST)
    notice_of(in_acme, 2, "en", SECOND)
    reprinted = SECOND + timedelta(days=31)
    choices = [{"purpose": key, "channel": "email"} for key in (newsletter.key, offers.key)]
    update_point(actor=actor, point=paper, changes={"choices": choices}, now=reprinted)
    publish_point(actor=actor, point=paper, now=reprinted)
    closed = reprinted + timedelta(days=30)
    close_point(actor=actor, point=paper, now=closed)
    content = (
        "email,when,what\n"
        "a@x.example,2026-03-20,newsletter\n"
        "b@x.example,2026-03-20,\n"
        "c@x.example,2026-04-02,\n"
        "d@x.example,2026-05-02,newsletter\n"
    )
    declaration = replace(ASKED, collection_point="paper", consents=choices)
    source = imported(in_acme, content, declaration=declaration, mapping={**DATED, "what": "consent.purpose"})
    assert source.rejects_by_code == {"purpose_not_asked": 1, "notice_not_shown": 1}
    found = ConsentEvent.objects.order_by("contact__email_key", "purpose__key")
    assert list(found.values_list("contact__email_key", "purpose__key", "notice_version")) == [
        ("a@x.example", "newsletter", "shop/1/en"),
        ("c@x.example", "newsletter", "shop/2/en"),
        ("c@x.example", "offers", "shop/2/en"),
    ]


def test_a_language_that_a_form_has_dropped_was_shown_before(
    in_acme: Organisation, newsletter: Purpose, shop: CollectionPoint
) -> None:
    web, actor = new_point(in_acme, newsletter, key="web", notice="shop", at=FIRST), Actor.system(in_acme)
    update_point(actor=actor, point=web, changes={"languages": ["en"]}, now=SECOND)
    publish_point(actor=actor, point=web, now=SECOND)
    content = "email,when,language\na@x.example,2026-02-01,fr\nb@x.example,2026-04-01,fr\n"
    imported(in_acme, content, declaration=replace(ASKED, collection_point="web"), mapping=SPOKEN)
    assert (shown_to("a@x.example")[0], shown_to("b@x.example")[0]) == ("shop/1/fr", "shop/1/en")


def test_an_import_is_told_with_what_there_was_when_it_began(in_acme: Organisation, shop: CollectionPoint) -> None:
    declaration = replace(ASKED, notice_language="en")
    source = imported(in_acme, "email,when\na@x.example,2026-02-01\n", declaration=declaration, mapping=DATED)
    assert source.started_at is not None
    notice_of(in_acme, 2, "en", source.started_at + timedelta(minutes=1))
    point = point_of(source)
    assert point is not None
    assert [notice.version for notice in point.notices] == ["shop/1/en"]


def test_a_purpose_that_was_asked_for_later_is_refused_for_the_whole_file(
    in_acme: Organisation, newsletter: Purpose, shop: CollectionPoint
) -> None:
    offers, actor = new_purpose(in_acme, "offers"), Actor.system(in_acme)
    web = new_point(in_acme, newsletter, key="web", notice="shop", at=FIRST)
    choices = [{"purpose": key, "channel": "email"} for key in (newsletter.key, offers.key)]
    update_point(actor=actor, point=web, changes={"choices": choices}, now=SECOND)
    publish_point(actor=actor, point=web, now=SECOND)
    values = {"collection_point": "web", "notice_language": "en", "consents": choices}
    assert problems_of(in_acme, **values) == {"purpose_not_asked consents.1"}
    imported(in_acme, "email\na@x.example\n", declaration=replace(ASKED, **values, collected_on=date(2026, 4, 1)))
    assert ConsentEvent.objects.count() == 2


def test_the_dry_run_and_the_import_agree(in_acme: Organisation, shop: CollectionPoint) -> None:
    content = "email,when\na@x.example,2026-01-01\nb@x.example,2026-02-01\n"
    source = imported(in_acme, content, declaration=replace(ASKED, notice_language="en"), mapping=DATED, dry_run=True)
    assert not ConsentEvent.objects.exists()
    start_import(actor=Actor.system(in_acme), source=source, dry_run=False)
    assert Import.objects.get().collection_point == "shop"


def test_states_counts_and_leaves_agree_with_the_events(
    in_acme: Organisation, shop: CollectionPoint, ada: Contact, newsletter: Purpose
) -> None:
    choose(ada, newsletter, "grant", occurred_at=datetime(2025, 1, 1, tzinfo=UTC))
    imported(
        in_acme,
        "email\nada.martin@example.org\nnew@x.example\n",
        declaration=replace(ASKED, notice_language="en"),
    )
    assert ConsentState.objects.count() == 2
    assert rebuild_states(in_acme, write=False).differing == 0


def test_a_process_of_its_own_judges_the_rows_alike(
    in_acme: Organisation, shop: CollectionPoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "LARGE_BYTES", 0)
    content = "email,when\nearly@x.example,2026-01-01\ngood@x.example,2026-02-01\n"
    source = imported(in_acme, content, declaration=replace(ASKED, notice_language="fr"), mapping=DATED)
    assert source.rejects_by_code == {"before_notice": 1}
    assert shown_to("good@x.example")[0] == "shop/1/fr"


def test_a_release_and_an_undo_keep_what_people_were_shown(
    in_acme: Organisation, shop: CollectionPoint, ada: Contact
) -> None:
    """I-04: what is confirmed is what the file claimed; undone, the earlier agreement stands with its own notice."""
    earlier = brought(in_acme, "email\nada.martin@example.org\n", of=replace(ASKED, notice_language="fr"))
    bought = replace(ASKED, origin_kind="bought", notice_language="en", collected_on=date(2026, 2, 4))
    released(brought(in_acme, "email\nnew@x.example\n", of=bought))
    confirmed = ConsentEvent.objects.get(action="confirm")
    assert (confirmed.notice_version, confirmed.collection_point_id) == ("shop/1/en", shop.pk)
    later = brought(
        in_acme,
        "email\nada.martin@example.org\n",
        of=replace(ASKED, notice_language="en", collected_on=date(2026, 2, 5)),
    )
    undone(later)
    restored = ConsentEvent.objects.filter(contact=ada).latest("pk")
    assert (restored.action, restored.source) == ("grant", "system")
    assert (restored.notice_version, restored.collection_point_id) == ("shop/1/fr", shop.pk)
    undone(earlier)
    assert rebuild_states(in_acme, write=False).differing == 0
    assert not ConsentState.objects.filter(contact=ada, status="granted").exists()


@pytest.mark.django_db(transaction=True)
def test_the_proof_of_an_imported_agreement_shows_the_notice(in_acme: Organisation, shop: CollectionPoint) -> None:
    imported(in_acme, "email\na@x.example\n", declaration=replace(ASKED, notice_language="fr"))
    seal()
    proof = proof_of(ConsentEvent.objects.select_related("purpose").get())
    check(proof)
    assert proof["notice"]["text"] == "Notice 1 in fr."
    assert proof["event"]["collection_point"] == str(shop.pk)
    assert proof["evidence"][0]["document"]["collection_point"]["key"] == "shop"
    assert verified(parsed(json.dumps(proof).encode()))["text"] == "Notice 1 in fr."


# Which version, by date


DAYS = st.integers(0, 60)


@given(begins=st.sets(DAYS, min_size=1), ends_after=st.booleans(), at=st.integers(-5, 70 * 24))
def test_a_moment_lies_in_the_newest_span_that_had_begun(begins: set[int], ends_after: bool, at: int) -> None:
    """Against the plainest search there is; on whole days the one that begins later that day will do."""
    start = datetime(2026, 1, 1, 9, tzinfo=UTC)
    order = sorted(begins)
    edges = [start + timedelta(days=day) for day in order]
    ends = [*edges[1:], edges[-1] + timedelta(days=1) if ends_after else None]
    spans = [Period(begin, end, frozenset()) for begin, end in zip(edges, ends, strict=True)]
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=at)
    inside = [span for span in spans if span.begin <= moment and (span.end is None or moment < span.end)]
    if not inside and moment.hour == 0:
        inside = [span for span in spans if moment < span.begin < moment + timedelta(days=1)]
    assert Spans(spans, UTC).at(moment) == (inside[0] if inside else None)
    assert Spans(spans, UTC).is_before(moment) == (moment < edges[0])


@given(rows=st.lists(st.tuples(st.integers(0, 100), st.sampled_from(["en", "fr", "de", r"\N"])), max_size=30))
def test_rows_get_what_their_date_and_language_say_whatever_their_order(rows: list[tuple[int, str]]) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    shown = [
        Shown(
            begin=start + timedelta(days=begin),
            end=start + timedelta(days=end) if end else None,
            language=language,
            version=f"shop/{number}/{language}",
            digest=b"",
            form=None,  # type: ignore[arg-type]
            asked=frozenset(),
        )
        for language, versions in {"en": [(0, 40), (40, None)], "fr": [(20, 60), (60, None)]}.items()
        for number, (begin, end) in enumerate(versions, start=1)
    ]
    timeline = Timeline(History(CollectionPoint(pk=1), "import", shown, ["en", "fr"]), UTC)
    moments = [(start + timedelta(days=day, hours=1)).isoformat() for day, _language in rows]
    columns = {"line": [], "language": [language for _day, language in rows]}
    for (day, language), found in zip(rows, timeline.of_rows(columns, moments), strict=True):
        french = language == "fr" and day >= 20
        number = (1 if day < 60 else 2) if french else (1 if day < 40 else 2)
        assert shown[found].version == f"shop/{number}/{'fr' if french else 'en'}"


def test_rates_count_them_at_their_point(in_acme: Organisation, shop: CollectionPoint) -> None:
    imported(in_acme, "email\na@x.example\n", declaration=replace(ASKED, notice_language="en"))
    count_days(now=datetime(2026, 12, 1, tzinfo=UTC), anew=True)
    counted = DailyCount.objects.values_list("collection_point_id", "action", "source_kind", "count")
    assert list(counted) == [(shop.pk, "grant", "import", 1)]
    assert differences(in_acme) == []
