"""The text of a draft over HTTP: read, written, refused; the register of notices."""

from __future__ import annotations

import copy
import csv
import io
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django_scopes import scope
from wagtail import blocks

from consent.notices.actions import send_back_notice, take_back_notice
from consent.notices.blocks import SectionBlock
from consent.notices.plain import Reader, plain_blocks, stream_schemas
from consent.notices.wagtail_models import NoticePage
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.organisations.models import Organisation
from tests.consent.notices.conftest import fresh, published, submitted, written
from tests.consent.notices.files import own_picture, shown_picture, with_files
from tests.people import Api, actor_of, api_of, client_of
from tests.waiting import wait_until_somebody_waits

pytestmark = pytest.mark.django_db
PATH = "/notices/signup/draft"


@pytest.fixture
def page(client_company: Organisation, marketer: User) -> NoticePage:
    return written(client_company, marketer)


@pytest.fixture
def system(page: NoticePage, client_company: Organisation, marketer: User) -> Api:
    return api_of(marketer, client_company)


def as_read(system: Api) -> dict[str, Any]:
    found = system.get(PATH)
    assert found.status_code == 200, found.content
    assert found["ETag"] == f'"{found.json()["revision"]}"'
    return found.json()


def write(system: Api, draft: dict[str, Any], **more: Any) -> Any:
    body = {"wordings": draft["wordings"], **more}
    return system.put(PATH, body, **{"If-Match": f'"{draft["revision"]}"'})


def problems_of(answer: Any) -> list[tuple[list[Any], str]]:
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input"), answer.content
    return [(problem["loc"], problem["code"]) for problem in answer.json()["errors"]]


def test_a_draft_is_read_with_the_fields_of_the_editor(system: Api) -> None:
    draft = as_read(system)
    assert (draft["key"], draft["kind"], draft["state"]) == ("signup", "collection", "draft")
    french, english = draft["wordings"]
    assert (french["block"], french["language"], english["language"]) == ("information", "fr", "en")
    assert english["title"] == "What we do with your data"
    assert [line["purpose"] for line in english["purposes"]] == ["newsletter", "offers"]
    assert english["choices"][0]["accept"] == "Yes" and english["choices"][0]["required"] is False
    assert draft["problems"] == []


def test_what_is_written_is_a_revision_of_the_writer_that_the_editor_shows(
    system: Api, page: NoticePage, marketer: User
) -> None:
    draft = as_read(system)
    english = draft["wordings"][1]
    english["summary"] = "Acme uses your data for its letter. You can stop at any time."
    english["sections"] = [{"heading": "Shops", "text": "In our shops, too."}]
    answer = write(system, draft, title="The web site")
    assert answer.status_code == 200, answer.content
    section = answer.json()["wordings"][1]["sections"][0]
    assert (section["heading"], section["text"], section["picture"]["picture"]) == ("Shops", "In our shops, too.", None)
    assert answer.json()["wordings"][0] == draft["wordings"][0]
    assert (answer.json()["title"], answer["ETag"]) == ("The web site", f'"{answer.json()["revision"]}"')
    page.refresh_from_db()
    revision = page.latest_revision
    assert revision is not None and str(revision.pk) == answer.json()["revision"] != draft["revision"]
    assert revision.user == marketer
    entry = AuditEntry.objects.get(action="notice.edited")
    assert (entry.target_id, entry.details["revision"], entry.user) == ("signup", revision.pk, marketer)
    editor = client_of(marketer).get(f"/cms/pages/{page.pk}/edit/").content.decode()
    assert "In our shops, too." in editor and "The web site" in editor


def test_the_blocks_keep_their_ids_so_that_the_history_can_tell_what_changed(system: Api, page: NoticePage) -> None:
    before = fresh(page.root.organisation).get_latest_revision_as_object().wordings.get_prep_value()
    draft = as_read(system)
    draft["wordings"].reverse()
    draft["wordings"][0]["purposes"][1]["text"] = "Offers, now and then."
    assert write(system, draft).status_code == 200
    after = fresh(page.root.organisation).get_latest_revision_as_object().wordings.get_prep_value()
    assert [block["id"] for block in after] == [block["id"] for block in reversed(before)]
    assert [line["id"] for line in after[0]["value"]["purposes"]] == [
        line["id"] for line in before[1]["value"]["purposes"]
    ]


def test_a_picture_stays_where_it_comes_back_as_it_was_read_and_no_other_is_taken(
    system: Api, page: NoticePage, client_company: Organisation, marketer: User
) -> None:
    chosen, other = own_picture(marketer), own_picture(marketer, name="other.png")
    with_files(client_company, marketer, page, pictures=[shown_picture(chosen)])
    draft = as_read(system)
    english = draft["wordings"][1]
    assert english["pictures"][0]["picture"] == chosen.pk
    english["summary"] = "Acme uses your data for its letter. You can stop at any time."
    answer = write(system, draft)
    assert answer.status_code == 200, answer.content
    assert answer.json()["wordings"] == draft["wordings"]
    draft = answer.json()
    draft["wordings"][1]["pictures"][0]["picture"] = other.pk
    assert problems_of(write(system, draft)) == [(["wordings", 1, "pictures", 0, "picture"], "invalid_value")]


@pytest.mark.django_db(transaction=True)
def test_of_two_writers_at_once_the_second_is_told_that_the_text_has_changed(
    system: Api, client_company: Organisation, marketer: User, aside: Callable[[Callable[[], None]], threading.Thread]
) -> None:
    draft = as_read(system)
    answers: list[int] = []

    def second() -> None:
        other = copy.deepcopy(draft)
        other["wordings"][1]["summary"] = "Another summary. You can stop at any time."
        answers.append(write(system, other).status_code)

    with transaction.atomic():
        draft["wordings"][1]["summary"] = "One summary. You can stop at any time."
        first = write(system, draft)
        thread = aside(second)
        wait_until_somebody_waits()
    thread.join(30)
    assert (first.status_code, answers) == (200, [409])
    assert as_read(system)["wordings"][1]["summary"].startswith("One summary.")


def test_the_same_text_again_writes_nothing(system: Api) -> None:
    draft = as_read(system)
    answer = write(system, draft, title=draft["title"], from_person=True)
    assert (answer.status_code, answer.json()["revision"]) == (200, draft["revision"])
    assert not AuditEntry.objects.filter(action="notice.edited").exists()


def test_what_the_text_lacks_is_told_and_saved_none_the_less(system: Api) -> None:
    draft = as_read(system)
    del draft["wordings"][1]["complaint"]
    answer = write(system, draft)
    assert answer.status_code == 200
    (problem,) = answer.json()["problems"]
    assert (problem["code"], problem["article"], problem["language"]) == ("missing_complaint", "GDPR 13(2)(d)", "en")
    assert as_read(system)["wordings"][1]["complaint"] == ""


def test_whoever_has_not_seen_the_newest_text_is_refused(system: Api, client_company: Organisation, dpo: User) -> None:
    draft = as_read(system)
    theirs = copy.deepcopy(draft)
    theirs["wordings"][0]["title"] = "Vos données"
    assert write(api_of(dpo, client_company), theirs).status_code == 200
    draft["wordings"][0]["title"] = "Autre chose"
    answer = write(system, draft)
    assert (answer.status_code, answer.json()["code"]) == (409, "draft_changed")
    assert as_read(system)["wordings"][0]["title"] == "Vos données"
    body = {"wordings": draft["wordings"]}
    answer = system.put(PATH, body)
    assert (answer.status_code, answer.json()["code"]) == (428, "revision_required")
    assert system.put(PATH, body, **{"If-Match": "*"}).status_code == 200


def test_an_edit_in_the_editor_meanwhile_counts_as_well(
    system: Api, page: NoticePage, client_company: Organisation, dpo: User
) -> None:
    draft = as_read(system)
    edited = fresh(client_company).get_latest_revision_as_object()
    edited.title = "Renamed in the editor"
    edited.save_revision(user=dpo)
    answer = write(system, draft)
    assert (answer.status_code, answer.json()["code"]) == (409, "draft_changed")


def test_what_waits_for_the_dpo_can_not_be_written(client_company: Organisation, marketer: User, dpo: User) -> None:
    submitted(client_company, marketer)
    system = api_of(marketer, client_company)
    draft = as_read(system)
    assert draft["state"] == "awaiting_dpo"
    draft["wordings"][0]["title"] = "Autre chose"
    answer = write(system, draft)
    assert (answer.status_code, answer.json()["code"]) == (409, "notice_waiting")
    with scope(organisation=client_company):
        send_back_notice(actor=actor_of(dpo, client_company), page=fresh(client_company), reason="Another title.")
    assert write(system, draft).status_code == 200


def test_taken_back_it_can_be_written_again(client_company: Organisation, marketer: User) -> None:
    submitted(client_company, marketer)
    with scope(organisation=client_company):
        take_back_notice(actor=actor_of(marketer, client_company), page=fresh(client_company))
    system = api_of(marketer, client_company)
    draft = as_read(system)
    draft["wordings"][0]["title"] = "Autre chose"
    assert write(system, draft).status_code == 200


def test_whoever_wrote_over_http_does_not_approve_it(client_company: Organisation, marketer: User, dpo: User) -> None:
    written(client_company, marketer)
    officer = api_of(dpo, client_company)
    draft = as_read(officer)
    draft["wordings"][0]["title"] = "Vos données"
    assert write(officer, draft).status_code == 200
    api_of(marketer, client_company).post("/notices/signup/submit")
    revision = as_read(officer)["revision"]
    # The marketer can't approve, and nobody else could: the officer may, and the log says that they were alone.
    assert officer.post("/notices/signup/approve", {"revision": revision}).status_code == 200
    assert AuditEntry.objects.get(action="notice.approved").details["alone"] is True


def test_a_published_text_stays_while_its_draft_is_written(
    client_company: Organisation, marketer: User, dpo: User
) -> None:
    published(client_company, marketer, dpo)
    system = api_of(marketer, client_company)
    draft = as_read(system)
    draft["wordings"][1]["title"] = "Another title"
    assert write(system, draft).json()["state"] == "draft"
    live = system.get("/notices/signup").json()["live"]
    assert [wording["title"] for wording in live if wording["language"] == "en"] == ["What we do with your data"]


@pytest.mark.parametrize(
    ("change", "loc", "code"),
    [
        ({"motto": "x"}, ["motto"], "unknown_section"),
        ({"title": "x" * 201}, ["title"], "too_long"),
        ({"dpo": "x" * 20_001}, ["dpo"], "too_long"),
        ({"language": "xx"}, ["language"], "invalid_value"),
        ({"language": ""}, ["language"], "required"),
        ({"language": "fr"}, ["language"], "language_twice"),
        ({"summary": 5}, ["summary"], "invalid_value"),
        ({"summary": ["x"]}, ["summary"], "invalid_value"),
        ({"purposes": "newsletter"}, ["purposes"], "invalid_value"),
        ({"purposes": [{"purpose": "nothing"}]}, ["purposes", 0, "purpose"], "invalid_value"),
        ({"purposes": [{"why": "x"}]}, ["purposes", 0, "why"], "unknown_section"),
        ({"purposes": [{}] * 101}, ["purposes"], "too_long"),
        ({"choices": [{"required": "yes"}]}, ["choices", 0, "required"], "invalid_value"),
        ({"choices": ["newsletter"]}, ["choices", 0], "invalid_value"),
        ({"choices": [{"preset": True}]}, ["choices", 0, "preset"], "unknown_section"),
        ({"block": "poem"}, ["block"], "unknown_section"),
        ({"block": ["information"]}, ["block"], "unknown_section"),
    ],
)
def test_a_part_that_is_unknown_or_can_not_be_is_named(
    system: Api, change: dict[str, Any], loc: list[Any], code: str
) -> None:
    draft = as_read(system)
    draft["wordings"][1] |= change
    assert problems_of(write(system, draft)) == [(["wordings", 1, *loc], code)]
    assert as_read(system)["revision"] == draft["revision"]


def test_what_is_no_list_of_texts_is_refused(system: Api) -> None:
    draft = as_read(system)
    for wordings in ("x", {"fr": "x"}, ["x"], None):
        assert write(system, {**draft, "wordings": wordings}).status_code == 422, wordings
    assert write(system, draft, motto="x").status_code == 422
    assert write(system, draft, title="").status_code == 422


def test_roles_and_other_organisations(
    system: Api,
    client_company: Organisation,
    other: Organisation,
    viewer: User,
    integrator: User,
    approver: User,
    stranger: User,
) -> None:
    draft = as_read(system)
    for user in (viewer, integrator, approver):
        one = api_of(user, client_company)
        assert one.get(PATH).status_code == 200
        assert write(one, draft).status_code == 403
    theirs = api_of(stranger, other)
    assert theirs.get(PATH).status_code == 404
    assert write(theirs, draft).status_code == 404


def test_the_description_names_every_field_of_the_editor(system: Api) -> None:
    schemas = Client().get("/api/v1/openapi.json").json()["components"]["schemas"]
    information, legal, cookies = schemas["DraftIn"]["properties"]["wordings"]["items"]["anyOf"]
    assert set(information["properties"]) == set(as_read(system)["wordings"][0])
    assert "publisher" in legal["properties"] and "cookies" in cookies["properties"]
    assert information["properties"]["title"]["maxLength"] == 200


# Blocks that only the editor can fill


class PictureBlock(blocks.StructBlock):
    picture = blocks.IntegerBlock()  # what a chooser stores: the id of what was chosen
    caption = blocks.CharBlock(max_length=20, required=False)


class Loose(blocks.StreamBlock):
    section = SectionBlock()
    picture = PictureBlock()
    document = blocks.IntegerBlock()
    gallery = blocks.ListBlock(PictureBlock())


NO_PICTURE = {"picture": None, "alternative": "", "decorative": False}
RAW: list[dict[str, Any]] = [
    {"type": "section", "value": {"heading": "A", "text": "B", "picture": NO_PICTURE}, "id": "1"},
    {"type": "picture", "value": {"picture": 7, "caption": "A cat"}, "id": "2"},
    {"type": "document", "value": 8, "id": "3"},
    {"type": "gallery", "value": [{"type": "item", "value": {"picture": 9, "caption": ""}, "id": "5"}], "id": "4"},
]


def test_pictures_and_documents_pass_through_as_they_were_read() -> None:
    plain = plain_blocks(Loose(), RAW)
    assert plain[1:] == [
        {"block": "picture", "picture": 7, "caption": "A cat"},
        {"block": "document", "value": 8},
        {"block": "gallery", "value": [{"picture": 9, "caption": ""}]},
    ]
    reader = Reader(Loose(), RAW)
    assert reader.read(plain, ("wordings",), "section") == RAW
    assert reader.problems == []
    assert len(stream_schemas(Loose())) == 4


def test_a_picture_can_be_moved_and_left_out_and_no_other_can_be_named() -> None:
    plain = plain_blocks(Loose(), RAW)
    reader = Reader(Loose(), RAW)
    moved = reader.read([plain[3], plain[1]], ("wordings",), "section")
    assert [(block["type"], block["id"]) for block in moved] == [("gallery", "4"), ("picture", "2")]
    assert reader.problems == []
    plain[1]["picture"] = 1234
    reader.read(plain, ("wordings",), "section")
    assert [(problem.loc, problem.code) for problem in reader.problems] == [
        (("wordings", 1, "picture"), "invalid_value")
    ]


# The register (N-10)


def test_the_register_tells_every_version_in_every_language(
    client_company: Organisation, marketer: User, dpo: User, viewer: User
) -> None:
    published(client_company, marketer, dpo)
    system = api_of(viewer, client_company)
    lines = system.get("/notice-register").json()["items"]
    assert {(line["notice"], line["version"], line["language"]) for line in lines} == {
        ("signup", 1, "fr"),
        ("signup", 1, "en"),
    }
    live = {wording["language"]: wording["digest"] for wording in system.get("/notices/signup").json()["live"]}
    assert {line["language"]: line["sha256"] for line in lines} == live
    assert all(line["ended_at"] == "" and line["approved_by"] for line in lines)
    answer = system.get("/notice-register?format=csv")
    head, *rows = csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig")))
    assert head == list(lines[0])
    assert sorted(rows) == sorted(list(map(str, line.values())) for line in lines)
    assert "attachment" in answer["Content-Disposition"]


def test_the_register_comes_in_pages_and_is_the_organisation_s_own(
    client_company: Organisation, other: Organisation, marketer: User, dpo: User, stranger: User
) -> None:
    published(client_company, marketer, dpo)
    system = api_of(dpo, client_company)
    first = system.get("/notice-register?limit=1").json()
    second = system.get(f"/notice-register?limit=1&cursor={first['next_cursor']}").json()
    assert {page["items"][0]["language"] for page in (first, second)} == {"fr", "en"}
    assert second["next_cursor"] is None
    theirs = api_of(stranger, other)
    assert theirs.get("/notice-register").json()["items"] == []
    assert len(b"".join(theirs.get("/notice-register?format=csv")).splitlines()) == 1
