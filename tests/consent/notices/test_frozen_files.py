"""What a published version shows of pictures and documents: frozen with it, public by digest, the same for ever."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import InternalError, connection, transaction
from django.db.utils import IntegrityError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from consent.notices.actions import approve_notice, submit_notice
from consent.notices.errors import NoticeFileLostError, NoticeIncompleteError
from consent.notices.models import NoticeFile, NoticeVersion
from consent.notices.overview import notice_lines
from consent.notices.queries import live_version
from consent.notices.wagtail_files import NoticeDocument, NoticePicture
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.organisations.links import absolute
from portal.organisations.models import Organisation
from portal.organisations.roles import Role
from tests.consent.collection.forms import new_point, path_of
from tests.consent.notices.conftest import DRAFT, fresh, written
from tests.consent.notices.files import PDF, own_document, own_picture, picture, shown_picture, with_files
from tests.people import actor_of, api_of, client_of, new_member

pytestmark = pytest.mark.django_db


def publish(organisation: Organisation, author: User, officer: User, **lists: Any) -> None:
    """The next version of the draft with these lists of pictures and documents."""
    with_files(organisation, author, fresh(organisation), **lists)
    with scope(organisation=organisation):
        submit_notice(actor=actor_of(author, organisation), page=fresh(organisation))
        approve_notice(actor=actor_of(officer, organisation), page=fresh(organisation))


def live(organisation: Organisation, language: str = "en") -> NoticeVersion:
    found = live_version(organisation.pk, "signup", language)
    assert found is not None
    return found


@pytest.fixture
def shown(client_company: Organisation, marketer: User, dpo: User) -> dict[str, Any]:
    """A published notice of acme with a picture, an icon and a document."""
    written(client_company, marketer)
    team, icon = (
        own_picture(marketer),
        own_picture(marketer, content=picture("WEBP", (64, 64), "red"), name="stop.webp"),
    )
    policy = own_document(marketer)
    publish(
        client_company,
        marketer,
        dpo,
        pictures=[
            shown_picture(team, "Three people & a “table”"),
            shown_picture(icon, "", decorative=True, place="withdrawal", small=True),
        ],
        documents=[{"document": policy.pk, "title": "Our whole policy"}],
    )
    return {"team": team, "icon": icon, "policy": policy}


def test_the_text_names_each_file_and_so_does_its_digest(shown: dict[str, Any], client_company: Organisation) -> None:
    version = live(client_company)
    team, icon, policy = (shown[name].attached for name in ("team", "icon", "policy"))
    assert f"[Picture: Three people & a “table” (team.png, SHA-256 {team.sha256})]" in version.text
    assert f"[Decorative picture: stop.webp, SHA-256 {icon.sha256}]" in version.text
    assert f"Our whole policy (policy.pdf, application/pdf, {len(PDF)} bytes, SHA-256 {policy.sha256})" in version.text
    assert bytes(version.digest) == hashlib.sha256(version.text.encode()).digest()
    french = live(client_company, "fr").text
    assert "[Image\N{NO-BREAK SPACE}: Three people" in french and "octets" in french


def test_the_public_page_shows_them(shown: dict[str, Any], client_company: Organisation) -> None:
    page = Client().get("/n/acme/signup?language=en").content.decode()
    team, icon, policy = (shown[name].attached.sha256 for name in ("team", "icon", "policy"))
    assert (
        f'<p class="picture"><img src="/n/acme/files/{team}" alt="Three people &amp; a “table”" width="120" height="80"'
        ' loading="lazy"></p>'
    ) in page
    heading = f'<h2><img src="/n/acme/files/{icon}" alt="" width="64" height="64" loading="lazy" class="icon"> Changing'
    assert heading in page
    assert f'<a href="/n/acme/files/{policy}" download="policy.pdf">Our whole policy</a> (PDF, ' in page


@pytest.mark.parametrize(
    ("name", "media_type", "disposition"),
    [
        ("team", "image/png", 'inline; filename="team.png"'),
        ("icon", "image/webp", 'inline; filename="stop.webp"'),
        ("policy", "application/pdf", 'attachment; filename="policy.pdf"'),
    ],
)
def test_a_file_is_public_by_its_digest(shown: dict[str, Any], name: str, media_type: str, disposition: str) -> None:
    digest = shown[name].attached.sha256
    answer = Client().get(f"/n/acme/files/{digest}")
    assert hashlib.sha256(answer.content).hexdigest() == digest
    assert answer["Content-Type"] == media_type
    assert answer["Content-Disposition"] == disposition
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert not answer.cookies
    assert Client().head(f"/n/acme/files/{digest}").status_code == 200
    assert Client().post(f"/n/acme/files/{digest}").status_code == 405


def test_other_files_are_not_found(shown: dict[str, Any], other: Any, marketer: User) -> None:
    drafted = own_picture(marketer, content=picture(colour="blue")).attached.sha256
    published_digest = shown["team"].attached.sha256
    for path in (
        f"/n/acme/files/{drafted}",
        f"/n/other/files/{published_digest}",
        f"/n/nobody/files/{published_digest}",
        f"/n/acme/files/{'0' * 64}",
        f"/n/acme/files/{published_digest[:-1]}",
        f"/n/acme/files/{published_digest}/",
    ):
        assert Client().get(path).status_code == 404, path


def test_deleting_them_later_changes_nothing(
    shown: dict[str, Any], client_company: Organisation, marketer: User, django_capture_on_commit_callbacks: Any
) -> None:
    before = Client().get("/n/acme/signup?language=en").content
    client = client_of(marketer)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"/cms/images/{shown['team'].pk}/delete/")
        client.post(f"/cms/images/{shown['icon'].pk}/delete/")
        client.post(f"/cms/documents/delete/{shown['policy'].pk}/")
    assert not NoticePicture.objects.exists() and not NoticeDocument.objects.exists()
    assert Client().get("/n/acme/signup?language=en").content == before
    for name in ("team", "icon", "policy"):
        assert Client().get(f"/n/acme/files/{shown[name].attached.sha256}").status_code == 200
    draft = client.get("/o/acme/notices/signup/").content
    assert f"/n/acme/files/{shown['team'].attached.sha256}".encode() in draft


def test_an_earlier_version_still_shows_its_own(
    shown: dict[str, Any], client_company: Organisation, marketer: User, dpo: User
) -> None:
    newer = own_picture(marketer, content=picture(colour="black"))
    publish(client_company, marketer, dpo, pictures=[shown_picture(newer)], documents=[])
    old, new = shown["team"].attached.sha256, newer.attached.sha256
    before, today = (Client().get(f"/n/acme/signup?language=en{more}").content for more in ("&version=1", ""))
    assert old.encode() in before and new.encode() not in before
    assert new.encode() in today and old.encode() not in today
    assert Client().get(f"/n/acme/files/{old}").status_code == 200
    compared = client_of(dpo).get("/o/acme/notices/signup/compare/?language=en").content
    assert old.encode() in compared and new.encode() in compared


def test_two_versions_share_one_file(shown: dict[str, Any], client_company: Any, marketer: User, dpo: User) -> None:
    publish(client_company, marketer, dpo, pictures=[shown_picture(shown["team"], "The same, said otherwise")])
    with scope(organisation=client_company):
        assert NoticeFile.objects.count() == 3


def test_the_database_keeps_them(shown: dict[str, Any]) -> None:
    for statement in (
        "UPDATE consent_noticefile SET media_type = 'text/html'",
        "DELETE FROM consent_noticefile",
        "SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE consent_noticefile",
    ):
        with pytest.raises((IntegrityError, InternalError)), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_other_bytes_are_shown_to_nobody(shown: dict[str, Any], client_company: Organisation) -> None:
    """The storage is not the database: what it has is believed for its digest alone."""
    with scope(organisation=client_company):
        row = NoticeFile.objects.get(digest=bytes(shown["team"].sha256))
    default_storage.delete(row.file.name)
    address = f"/n/acme/files/{shown['team'].attached.sha256}"
    assert Client().get(address).status_code == 404
    default_storage.save(row.file.name, ContentFile(picture(colour="red")))
    assert Client().get(address).status_code == 404


def test_publishing_again_puts_back_what_was_lost(
    shown: dict[str, Any], client_company: Organisation, marketer: User, dpo: User
) -> None:
    with scope(organisation=client_company):
        row = NoticeFile.objects.get(digest=bytes(shown["team"].sha256))
    default_storage.delete(row.file.name)
    default_storage.save(row.file.name, ContentFile(b"something else"))
    publish(client_company, marketer, dpo, pictures=[shown_picture(shown["team"], "Said otherwise")])
    assert Client().get(f"/n/acme/files/{shown['team'].attached.sha256}").status_code == 200


def test_nothing_is_published_without_its_files(client_company: Organisation, marketer: User, dpo: User) -> None:
    page = written(client_company, marketer)
    chosen = own_picture(marketer)
    with_files(client_company, marketer, page, pictures=[shown_picture(chosen)])
    with scope(organisation=client_company):
        submit_notice(actor=actor_of(marketer, client_company), page=fresh(client_company))
    default_storage.delete(chosen.file.name)
    with scope(organisation=client_company), pytest.raises(NoticeFileLostError):
        approve_notice(actor=actor_of(dpo, client_company), page=fresh(client_company))
    chosen.delete()
    with scope(organisation=client_company), pytest.raises(NoticeIncompleteError) as refused:
        approve_notice(actor=actor_of(dpo, client_company), page=fresh(client_company))
    assert {finding.code for finding in refused.value.findings} == {"picture_missing"}
    assert live_version(client_company.pk, "signup", "en") is None


def test_members_see_drafts_and_the_preview_with_pictures(
    client_company: Organisation, marketer: User, dpo: User, viewer: User
) -> None:
    page = written(client_company, marketer)
    chosen = own_picture(marketer)
    with_files(client_company, marketer, page, pictures=[shown_picture(chosen)])
    address = f"/o/acme/notices/library/files/{chosen.attached.sha256}/"
    for user in (marketer, dpo, viewer):
        client = client_of(user)
        assert address.encode() in client.get("/o/acme/notices/signup/").content
        answer = client.get(address)
        assert answer.status_code == 200 and answer["Cache-Control"] == "private, no-store"
    preview = client_of(marketer).get(f"/cms/pages/{page.pk}/view_draft/?mode=en")
    assert address.encode() in preview.content
    assert Client().get(address).status_code == 302
    assert Client().get(f"/n/acme/files/{chosen.attached.sha256}").status_code == 404


def test_the_editor_compares_revisions_and_tells_where_a_picture_is_used(
    shown: dict[str, Any], client_company: Organisation, dpo: User
) -> None:
    page = fresh(client_company)
    client = client_of(dpo)
    compared = client.get(f"/cms/pages/{page.pk}/revisions/compare/earliest...latest/")
    assert compared.status_code == 200
    assert b"/cms/images/thumbnail/" in compared.content and b"Our whole policy" in compared.content
    for path in (f"/cms/images/usage/{shown['team'].pk}/", f"/cms/documents/usage/{shown['policy'].pk}/"):
        used = client.get(path)
        assert used.status_code == 200 and f"/cms/pages/{page.pk}/edit/".encode() in used.content
    asked = client.get(f"/cms/images/{shown['team'].pk}/delete/")
    assert b"This picture is referenced 1 time" in asked.content


def test_forms_show_them_here_and_on_other_sites(shown: dict[str, Any], client_company: Organisation) -> None:
    """There the address needs our host."""
    site = "https://shop.example"
    with scope(organisation=client_company):
        newsletter = Purpose.objects.get(key="newsletter")
    point = new_point(client_company, newsletter, origins=[site])
    address = f"/n/acme/files/{shown['team'].attached.sha256}"
    hosted = Client().get(f"{path_of(point)}?lang=en").content.decode()
    assert f'src="{address}"' in hosted
    fragment = Client(headers={"Origin": site}).get(f"{path_of(point)}/fragment?lang=en").content.decode()
    assert f'src="{absolute(address)}"' in fragment and 'src="/' not in fragment
    assert Client().get(address)["Cross-Origin-Resource-Policy"] == "cross-origin"
    with scope(organisation=client_company):
        said = api_of(new_member(client_company, Role.DPO, name="reader"), client_company).get(
            "/notices/signup/versions/1"
        )
    assert all(f'src="{absolute(address)}"' in wording["html"] for wording in said.json()["wordings"])


def test_lists_read_the_files_of_many_notices_at_once(client_company: Organisation, marketer: User) -> None:
    """Every notice has a picture and a document, and a second or a tenth notice costs no query more."""
    chosen, document = own_picture(marketer), own_document(marketer)
    counted = []
    for start, stop in ((0, 2), (2, 6)):
        for n in range(start, stop):
            page = written(client_company, marketer, replace(DRAFT, key=f"n-{n}"))
            lists = {"pictures": [shown_picture(chosen)], "documents": [{"document": document.pk, "title": "Policy"}]}
            with_files(client_company, marketer, page, **lists)
        with scope(organisation=client_company), CaptureQueriesContext(connection) as queries:
            lines = notice_lines(client_company)
        assert all(line.draft.files for line in lines)
        counted.append(len(queries))
    assert counted[0] == counted[1]
