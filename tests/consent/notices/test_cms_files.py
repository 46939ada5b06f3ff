"""Pictures and documents in Wagtail: of one organisation, for its editors, behind the fence."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django_scopes import scope
from PIL import Image
from wagtail.models import Collection, GroupCollectionPermission

from consent.notices.wagtail_files import NoticeDocument, NoticePicture, NoticeRendition
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.organisations.actions import add_member
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Role
from tests.consent.notices.conftest import described, fresh, written
from tests.consent.notices.files import (
    own_document,
    own_picture,
    picture,
    shown_picture,
    upload_document,
    upload_picture,
    with_files,
)
from tests.people import client_of, new_member

pytestmark = pytest.mark.django_db

SECRET = "Secret-campaign"


@pytest.fixture
def theirs(other: Organisation, stranger: User) -> dict[str, Any]:
    """A picture and a document of the other organisation."""
    described(other)
    client = client_of(stranger)
    upload_picture(client, picture(colour="red"), name=f"{SECRET}.png", title=SECRET)
    upload_document(client, name=f"{SECRET}.pdf", title=SECRET)
    shown, document = NoticePicture.objects.get(), NoticeDocument.objects.get()
    return {"picture": shown, "document": document, "rendition": shown.get_rendition("max-165x165")}


def paths(found: dict[str, Any]) -> list[str]:
    number, document = found["picture"].pk, found["document"].pk
    return [
        "/cms/images/",
        f"/cms/images/?q={SECRET}",
        f"/cms/images/results/?q={SECRET}&tag={SECRET}&collection_id={found['picture'].collection_id}",
        "/cms/images/?layout=list&ordering=usage_count",
        f"/cms/images/{number}/",
        f"/cms/images/{number}/delete/",
        f"/cms/images/usage/{number}/",
        f"/cms/images/{number}/preview/original/",
        f"/cms/images/{number}/generate_url/",
        f"/cms/images/multiple/{number}/",
        f"/cms/images/multiple/{number}/delete/",
        f"/cms/images/thumbnail/{found['rendition'].pk}/",
        "/cms/images/chooser/",
        f"/cms/images/chooser/?q={SECRET}&tag={SECRET}",
        f"/cms/images/chooser/results/?q={SECRET}&collection_id={found['picture'].collection_id}",
        f"/cms/images/chooser/chosen/{number}/",
        f"/cms/images/chooser/chosen-multiple/?id={number}",
        f"/cms/images/chooser/select-format/{number}/",
        "/cms/documents/",
        f"/cms/documents/?q={SECRET}",
        f"/cms/documents/results/?q={SECRET}&tag={SECRET}",
        f"/cms/documents/edit/{document}/",
        f"/cms/documents/delete/{document}/",
        f"/cms/documents/usage/{document}/",
        f"/cms/documents/file/{document}/",
        f"/cms/documents/multiple/{document}/",
        f"/cms/documents/multiple/{document}/delete/",
        "/cms/documents/chooser/",
        f"/cms/documents/chooser/?q={SECRET}",
        f"/cms/documents/chooser/results/?q={SECRET}",
        f"/cms/documents/chooser/chosen/{document}/",
        f"/cms/documents/chooser/chosen-multiple/?id={document}",
        f"/cms/bulk/consent/noticepicture/delete/?id={number}",
        f"/cms/bulk/consent/noticepicture/add_to_collection/?id={number}",
        f"/cms/bulk/consent/noticedocument/delete/?id={document}",
        f"/cms/tag-autocomplete/?term={SECRET}",
        f"/cms/api/main/images/{number}/",
        f"/cms/api/main/documents/{document}/",
        f"/o/acme/notices/library/files/{found['picture'].attached.sha256}/",
        f"/o/acme/notices/library/files/{found['document'].attached.sha256}/",
        f"/n/acme/files/{found['picture'].attached.sha256}",
        f"/n/other/files/{found['picture'].attached.sha256}",
        f"/{found['picture'].file.name}",
        f"/media/{found['picture'].file.name}",
        f"/files/{found['document'].file.name}",
    ]


def test_members_of_another_organisation_see_nothing(theirs: dict[str, Any], client_company: Any, owner: User) -> None:
    client = client_of(owner)
    with theirs["picture"].file.open("rb") as opened:
        content = opened.read()
    for path in paths(theirs):
        for answer in (client.get(path), client.post(path, {"title": "Mine", "next": "/"})):
            said = b"".join(answer) if answer.streaming else answer.content
            asked = path.encode()
            assert SECRET.encode() not in said.replace(asked, b"") or SECRET.lower().encode() in asked.lower(), path
            assert f'/{theirs["picture"].pk}/"'.encode() not in said, path
            assert content not in said and b"%PDF" not in said, path
            assert answer.status_code < 500, path
    assert NoticePicture.objects.get().title == SECRET
    assert NoticeDocument.objects.get().title == SECRET
    assert default_storage.exists(theirs["picture"].file.name)


def test_their_own_members_see_it_all(theirs: dict[str, Any], stranger: User) -> None:
    """What the test above asks for is open to those whose it is, or it would prove nothing."""
    client = client_of(stranger)
    number, document = theirs["picture"].pk, theirs["document"].pk
    for path in (
        "/cms/images/",
        f"/cms/images/?q={SECRET[:6].lower()}",
        "/cms/images/?layout=list",
        f"/cms/images/{number}/",
        f"/cms/images/{number}/delete/",
        f"/cms/images/usage/{number}/",
        "/cms/images/chooser/",
        "/cms/images/chooser/results/",
        f"/cms/images/chooser/chosen/{number}/",
        "/cms/documents/",
        f"/cms/documents/edit/{document}/",
        f"/cms/documents/delete/{document}/",
        f"/cms/documents/usage/{document}/",
        "/cms/documents/chooser/",
        f"/cms/documents/chooser/chosen/{document}/",
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert SECRET.encode() in answer.content, path
    thumbnail = client.get(theirs["rendition"].url)
    assert thumbnail["Content-Type"] == "image/png" and thumbnail["Cache-Control"] == "private, no-store"
    assert "sandbox" in thumbnail["Content-Security-Policy"]
    file = client.get(theirs["document"].url)
    assert file.content.startswith(b"%PDF") and file["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("role", [Role.VIEWER])
def test_who_does_not_edit_notices_has_no_files(theirs: dict[str, Any], other: Organisation, role: Role) -> None:
    client = client_of(new_member(other, role, name="onlooker"))
    for path in ("/cms/images/", "/cms/images/add/", "/cms/images/chooser/", theirs["rendition"].url):
        assert client.get(path).status_code == 404, path
    assert upload_picture(client).status_code == 404
    assert client.get("/o/other/notices/library/pictures/").status_code == 403


def test_nobody_signed_out_sees_a_file(theirs: dict[str, Any]) -> None:
    for path in (theirs["rendition"].url, theirs["document"].url, "/cms/images/"):
        assert Client().get(path)["Location"].startswith("/accounts/login/")


def test_an_upload_lands_in_the_collection_of_the_organisation(client_company: Organisation, marketer: User) -> None:
    chosen = own_picture(marketer, collection=str(Collection.get_first_root_node().pk), tags="everybody")
    assert chosen.collection.name == f"accord:{client_company.pk}"
    assert not chosen.tags.exists()
    assert chosen.uploaded_by_user == marketer
    entry = AuditEntry.objects.get(action="notice_picture.added")
    assert (entry.organisation, entry.user, entry.target_id) == (client_company, marketer, str(chosen.pk))
    assert entry.details == {"file": "team.png", "sha256": chosen.attached.sha256}


def test_a_picture_is_made_anew(client_company: Organisation, marketer: User) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera of somebody"
    sent = picture("JPEG", (3000, 1500), exif=exif.tobytes()) + b"<script>behind the picture</script>"
    chosen = own_picture(marketer, content=sent, name="../../Été à la plage.PNG")
    with chosen.file.open("rb") as opened:
        kept = opened.read()
    assert b"Camera" not in kept and b"script" not in kept
    assert (chosen.width, chosen.height) == (1600, 800)
    assert chosen.filename == "Été-à-la-plage.jpg", "the extension says what it is"
    assert chosen.attached.media_type == "image/jpeg"
    assert "/../" not in chosen.file.name and chosen.file.name.startswith("notice-drafts/")


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "drawing.png", "SVG is not taken"),
        (picture("GIF"), "moving.png", "SVG is not taken"),
        (picture()[:60], "half.png", "SVG is not taken"),
        (picture("PNG", (6001, 4000)), "wide.png", "24 million pixels"),
        (b"x" * (5 * 1024**2 + 1), "heavy.png", "larger than 5 MB"),
    ],
)
def test_what_is_no_picture_is_refused(
    client_company: Any, marketer: User, content: bytes, name: str, said: str
) -> None:
    answer = upload_picture(client_of(marketer), content, name)
    assert answer.status_code == 200
    assert said.encode() in answer.content
    assert not NoticePicture.objects.exists()


def test_a_document_of_another_kind_is_refused(client_company: Any, marketer: User) -> None:
    answer = upload_document(client_of(marketer), b"<html><script>alert(1)</script>", "page.html")
    assert answer.status_code == 200 and b"under its own extension" in answer.content
    assert not NoticeDocument.objects.exists()


def test_the_bytes_never_change_only_the_title_does(client_company: Any, marketer: User) -> None:
    """What the DPO looked at is what is published: there is no putting another picture behind it."""
    chosen, document = own_picture(marketer), own_document(marketer)
    client = client_of(marketer)
    other = SimpleUploadedFile("other.png", picture(colour="red"))
    assert client.post(f"/cms/images/{chosen.pk}/", {"title": "Renamed", "file": other}).status_code == 302
    pdf = SimpleUploadedFile("other.pdf", b"%PDF-1.4 other %%EOF")
    assert client.post(f"/cms/documents/edit/{document.pk}/", {"title": "Renamed", "file": pdf}).status_code == 302
    for row, before in ((NoticePicture.objects.get(), chosen), (NoticeDocument.objects.get(), document)):
        assert row.title == "Renamed"
        assert (row.sha256, row.file.name) == (before.sha256, before.file.name)
    assert AuditEntry.objects.filter(action__endswith=".renamed").count() == 2


def test_deleting_takes_the_file_along(
    client_company: Any, marketer: User, django_capture_on_commit_callbacks: Any
) -> None:
    chosen = own_picture(marketer)
    thumbnail = chosen.get_rendition("max-165x165")
    with django_capture_on_commit_callbacks(execute=True):
        assert client_of(marketer).post(f"/cms/images/{chosen.pk}/delete/").status_code == 302
    assert not NoticePicture.objects.exists() and not NoticeRendition.objects.exists()
    assert not default_storage.exists(chosen.file.name) and not default_storage.exists(thumbnail.file.name)
    assert AuditEntry.objects.get(action="notice_picture.deleted").user == marketer


def test_the_chooser_uploads_as_well(client_company: Organisation, marketer: User) -> None:
    file = SimpleUploadedFile("team.png", picture())
    fields = {"image-chooser-upload-title": "Our team", "image-chooser-upload-file": file}
    answer = client_of(marketer).post("/cms/images/chooser/create/", fields)
    assert answer.json()["step"] == "chosen", answer.content
    chosen = NoticePicture.objects.get()
    assert answer.json()["result"]["preview"]["url"].startswith("/cms/images/thumbnail/")
    assert chosen.collection.name == f"accord:{client_company.pk}"
    refused = client_of(marketer).post("/cms/images/chooser/create/", {**fields, "image-chooser-upload-file": ""})
    assert refused.json()["step"] == "reshow_creation_form"


def test_a_draft_can_not_name_the_picture_of_another(
    theirs: dict[str, Any], client_company: Organisation, marketer: User
) -> None:
    """By whatever way the number got into it."""
    page = written(client_company, marketer)
    with_files(client_company, marketer, page, pictures=[shown_picture(theirs["picture"])])
    found = fresh(client_company).get_latest_revision_as_object()
    assert [each.file.exists for each in found.structure.wordings[0].pictures] == [False]
    editor = client_of(marketer).get(f"/cms/pages/{page.pk}/edit/")
    assert SECRET.encode() not in editor.content and theirs["rendition"].url.encode() not in editor.content
    shown = client_of(marketer).get("/o/acme/notices/signup/")
    assert theirs["picture"].attached.sha256.encode() not in shown.content


def test_who_works_for_two_sees_one_at_a_time(
    theirs: dict[str, Any], client_company: Organisation, other: Organisation, marketer: User
) -> None:
    ours = own_picture(marketer, title="Of acme")
    with scope(organisation=other):
        add_member(actor=Actor.system(other), organisation=other, user=marketer, roles=[Role.MARKETER])
    client = client_of(marketer)
    assert client.get("/cms/images/").status_code == 404, "of which one?"
    for organisation, seen, unseen in (("acme", "Of acme", SECRET), ("other", SECRET, "Of acme")):
        listing = client.get(f"/o/{organisation}/notices/library/pictures/", follow=True)
        chooser = client.get("/cms/images/chooser/")
        for answer in (listing, chooser):
            assert seen.encode() in answer.content and unseen.encode() not in answer.content
    assert upload_picture(client, title="New").status_code == 302
    assert NoticePicture.objects.latest("pk").collection_id == theirs["picture"].collection_id
    assert client.post(f"/cms/images/{ours.pk}/", {"title": "Still of acme"}).status_code == 302
    assert NoticePicture.objects.get(pk=ours.pk).collection_id == ours.collection_id
    page = written(client_company, marketer)
    client.get(f"/cms/pages/{page.pk}/edit/")
    assert b"Still of acme" in client.get("/cms/images/chooser/").content, "that of the notice that is open"


def test_groups_hold_their_own_collection_only(client_company: Organisation, marketer: User) -> None:
    written(client_company, marketer)
    found = GroupCollectionPermission.objects.filter(group__name__startswith=f"accord:{client_company.pk}:")
    assert {each.group.name.rpartition(":")[2] for each in found} == {"editors"}
    assert {each.collection.name for each in found} == {f"accord:{client_company.pk}"}
    assert {each.permission.codename for each in found} == {
        f"{verb}_{noun}" for verb in ("add", "change", "choose") for noun in ("image", "document")
    }
