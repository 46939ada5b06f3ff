"""Wagtail behind its fence: signed in by us, one organisation's tree for its members alone, and few doors."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django_scopes import scope
from wagtail.models import Collection, GroupPagePermission, Page, Revision, WorkflowState

from consent.notices.actions import NoticeDraft, submit_notice
from consent.notices.errors import NoticeStateError
from consent.notices.queries import live_version
from consent.notices.wagtail_models import NoticeRoot
from consent.purposes.actions import PurposeValues, create_purpose
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.organisations.actions import add_member, change_roles, create_organisation, end_membership
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Role
from tests.consent.notices.conftest import DRAFT, described, fresh, published, submitted, written
from tests.consent.notices.files import own_document, own_picture
from tests.people import actor_of, client_of, membership_of, new_member

pytestmark = pytest.mark.django_db

# The ids an address may name, by what it is about; small numbers mean other things elsewhere.
NAMING = defaultdict(
    lambda: ("page_id", "parent_page_id"), images=("image_id", "rendition_id"), documents=("document_id",)
)
SECRET = "Secret campaign of Acme"


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, route)
        else:
            yield route, entry


def addresses(known: dict[str, Any]) -> list[str]:
    """Every address below /cms/ there is, with the ids of acme's page in it."""
    found = []
    for route, entry in routes(get_resolver()):
        if not route.startswith("cms/"):
            continue
        path = "/" + route
        kind_of_file = route.removeprefix("cms/").partition("/")[0]
        known = {**known, "pk": known.get(f"{kind_of_file}_pk", known["page_id"])}
        for name in entry.pattern.converters:
            for kind in ("int", "str", "slug", "uuid"):
                path = path.replace(f"<{kind}:{name}>", str(known.get(name, known["page_id"])))
        if "(" in path:
            path = f"/cms/pages/{known['page_id']}/revisions/compare/earliest...latest/"
        found.append(path)
    return sorted(set(found))


@pytest.fixture
def secret(client_company: Organisation, marketer: User, dpo: User) -> dict[str, Any]:
    """A notice of acme with a published version, a draft and something that waits; a picture and a document."""
    draft = NoticeDraft(key="signup", title=SECRET, purposes=["newsletter", "offers"])
    page = published(client_company, marketer, dpo, draft)
    page.save_revision(user=marketer)
    picture, document = own_picture(marketer, title=SECRET), own_document(marketer, title=SECRET)
    with scope(organisation=client_company):
        submit_notice(actor=actor_of(marketer, client_company), page=fresh(client_company))
    state = WorkflowState.objects.get(status="in_progress")
    return {
        "page_id": page.pk,
        "parent_page_id": page.get_parent().pk,
        "page_to_move_id": page.pk,
        "object_id": page.pk,
        "image_id": picture.pk,
        "images_pk": picture.pk,
        "rendition_id": picture.get_rendition("max-165x165").pk,
        "document_id": document.pk,
        "doc_id": document.pk,
        "documents_pk": document.pk,
        "revision_id": Revision.objects.for_instance(page).latest("pk").pk,
        "workflow_state_id": state.pk,
        "task_state_id": state.current_task_state_id,
        "task_id": state.current_task_state.task_id,
        "action_name": "approve",
        "app_label": "consent",
        "model_name": "noticepage",
        "content_type_app_name": "consent",
        "content_type_model_name": "noticepage",
        "session_id": 1,
        "action": "delete",
        "kind": "x",
    }


def leak_of(answer: Any) -> bool:
    text = b"".join(answer) if answer.streaming else answer.content
    return any(secret in text for secret in (SECRET.encode(), b"dpo@acme.example", b"%PDF-", b"\x89PNG"))


def test_a_stranger_sees_nothing_at_any_address_of_wagtail(
    secret: dict[str, Any], other: Organisation, stranger: User
) -> None:
    described(other)
    written(other, stranger, NoticeDraft(key="theirs", title="Theirs", purposes=["offers"]))
    client = client_of(stranger)
    walked = addresses(secret)
    assert len(walked) > 120
    wrong = []
    for path in walked:
        for answer in (client.get(path), client.post(path, {"action-publish": "1"}), client.post(path)):
            named = any(f"/{secret[name]}/" in path for name in NAMING[path.split("/")[2]])
            if leak_of(answer) or answer.status_code >= 500 or (named and answer.status_code == 200):
                wrong.append((path, answer.status_code))
    assert wrong == []
    assert live_version(membership_of(stranger, other).organisation_id, "signup", "en") is None
    assert fresh(Organisation.objects.get(slug="acme")).has_unpublished_changes is not False


def test_the_editor_is_there_for_whom_it_is_for(secret: dict[str, Any], marketer: User, dpo: User) -> None:
    """What the test above walks by is open to acme's own people, or it would prove nothing."""
    page = secret["page_id"]
    for user in (marketer, dpo):
        client = client_of(user)
        for path in (
            f"/cms/pages/{page}/edit/",
            f"/cms/pages/{page}/history/",
            f"/cms/pages/{page}/workflow_history/",
            f"/cms/pages/{page}/revisions/{secret['revision_id']}/view/",
            f"/cms/pages/{page}/view_draft/",
            f"/cms/pages/{page}/revisions/compare/earliest...latest/",
            f"/cms/images/{secret['image_id']}/",
            f"/cms/images/chooser/chosen/{secret['images_pk']}/",
            f"/cms/images/thumbnail/{secret['rendition_id']}/",
            f"/cms/documents/file/{secret['document_id']}/",
        ):
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert leak_of(answer), path


def test_ones_own_page_opens_nothing_of_another(
    secret: dict[str, Any], other: Organisation, stranger: User, dpo: User, client_company: Organisation
) -> None:
    """The address names the stranger's own page, which the fence lets pass, and ids of acme beside it."""
    described(other)
    own = submitted(other, stranger, NoticeDraft(key="theirs", title="Theirs", purposes=["offers"]))
    client = client_of(stranger)
    revision, state = secret["revision_id"], secret["workflow_state_id"]
    task_state, task = secret["task_state_id"], secret["task_id"]
    for path in (
        f"/cms/pages/{own.pk}/revisions/{revision}/view/",
        f"/cms/pages/{own.pk}/revisions/{revision}/revert/",
        f"/cms/pages/{own.pk}/revisions/compare/{revision}...latest/",
        f"/cms/pages/{own.pk}/revisions/compare/earliest...{revision}/",
        f"/cms/pages/{own.pk}/workflow_history/detail/{state}/",
        f"/cms/pages/workflow/preview/{own.pk}/{task}/",
        f"/cms/pages/workflow/action/{own.pk}/approve/{task_state}/",
        f"/cms/pages/workflow/action/{own.pk}/reject/{task_state}/",
        f"/cms/pages/workflow/collect_action_data/{own.pk}/approve/{task_state}/",
        f"/cms/editing-sessions/ping/consent/noticepage/{secret['page_id']}/1/",
        f"/cms/editing-sessions/ping/wagtailcore/page/{secret['page_id']}/1/",
        f"/cms/editing-sessions/ping/portal/user/{dpo.pk}/1/",
    ):
        for answer in (client.get(path), client.post(path, {"comment": "x"})):
            assert not leak_of(answer), path
            assert answer.status_code < 500, path
    waiting = fresh(client_company).current_workflow_task_state
    assert waiting is not None and waiting.status == "in_progress"
    assert waiting.pk == task_state


def test_the_editor_offers_the_organisations_own_purposes(
    client_company: Organisation, marketer: User, other: Organisation
) -> None:
    page = written(client_company, marketer)
    with scope(organisation=other):
        create_purpose(
            actor=Actor.system(other),
            key="foreign",
            values=PurposeValues(name="A foreign purpose", basis="consent", channels=["email"]),
        )
    shown = client_of(marketer).get(f"/cms/pages/{page.pk}/edit/").content
    assert b"Offers of our shops" in shown
    assert b"A foreign purpose" not in shown


def test_where_wagtail_would_list_pages_our_list_is(
    secret: dict[str, Any], other: Any, stranger: User, marketer: User
) -> None:
    client = client_of(stranger)
    for path in ("/cms/", "/cms/pages/"):
        answer = client.get(path, follow=True)
        assert answer.redirect_chain[-1][0] == "/o/other/notices/"
        assert answer.status_code == 200 and not leak_of(answer)
    assert client.get(f"/cms/pages/{Page.get_first_root_node().pk}/").status_code == 404
    assert client.get(f"/cms/pages/{secret['parent_page_id']}/").status_code == 404
    own = client_of(marketer)
    assert own.get(f"/cms/pages/{secret['page_id']}/")["Location"] == "/o/acme/notices/signup/"
    assert own.get(f"/cms/pages/{secret['parent_page_id']}/")["Location"] == "/o/acme/notices/"


def test_one_signs_in_with_ones_own_account(secret: dict[str, Any]) -> None:
    answer = Client().get(f"/cms/pages/{secret['page_id']}/edit/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=/cms/")


def test_viewers_and_host_operators_have_no_business_there(
    secret: dict[str, Any], client_company: Any, viewer: User
) -> None:
    operator = User.objects.create_user("host@accord.example", "a long enough password", is_host_operator=True)
    for user in (viewer, operator):
        for path in ("/cms/", f"/cms/pages/{secret['page_id']}/edit/", "/cms/users/", "/cms/reports/workflow/"):
            assert client_of(user).get(path).status_code == 404, path


@pytest.mark.parametrize(
    "path",
    [
        "users/",
        "groups/",
        "sites/",
        "collections/",
        "workflows/list/",
        "workflows/tasks/index/",
        "reports/site-history/",
        "reports/workflow/",
        "reports/locked/",
        "choose-page/",
        "pages/search/",
        "api/main/pages/",
        "images/multiple/add/",
        "documents/multiple/add/",
        "bulk/consent/noticepicture/delete/",
        "bulk/consent/noticedocument/add_tags/",
        "tag-autocomplete/",
        "api/main/images/",
        "redirects/",
        "forms/",
        "failwhale/",
        "pages/{page}/copy/",
        "pages/{page}/move/",
        "pages/{page}/delete/",
        "pages/{page}/unpublish/",
        "pages/{page}/privacy/",
        "pages/{page}/lock/",
        "pages/{root}/add_subpage/",
        "pages/add/consent/noticepage/{root}/",
        "bulk/wagtailcore/page/publish/",
    ],
)
def test_what_is_not_needed_is_not_there(secret: dict[str, Any], owner: User, path: str) -> None:
    address = "/cms/" + path.format(page=secret["page_id"], root=secret["parent_page_id"])
    client = client_of(owner)
    assert client.get(address).status_code == 404
    assert client.post(address, {"id": secret["page_id"]}).status_code == 404


def test_the_looser_policy_stays_inside(secret: dict[str, Any], marketer: User) -> None:
    client = client_of(marketer)
    inside = client.get(f"/cms/pages/{secret['page_id']}/edit/")
    outside = client.get("/o/acme/notices/")
    assert "style-src 'self' 'unsafe-inline'" in inside["Content-Security-Policy"]
    assert "script-src 'self';" in inside["Content-Security-Policy"]
    assert "unsafe-inline" not in outside["Content-Security-Policy"]
    for outsider in (b"gravatar", b"releases.wagtail"):
        found = [line for line in inside.content.splitlines() if outsider in line and b"src=" in line]
        assert found == []
    assert re.findall(rb"src=(?:[\"'\\]|&quot;)*(?:https?:)?//", inside.content) == []


def edit_form(client: Client, page: Any) -> dict[str, str]:
    """The fields of the editor's form as a browser without changes sends them."""
    from html.parser import HTMLParser

    fields: dict[str, str] = {}

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            given = dict(attrs)
            if tag == "input" and given.get("name") and given.get("type") not in ("checkbox", "submit"):
                fields[str(given["name"])] = given.get("value") or ""

    Reader().feed(client.get(f"/cms/pages/{page.pk}/edit/").content.decode())
    return {name: value for name, value in fields.items() if not name.startswith("comment")}


def wording_fields(page: Any) -> dict[str, str]:
    """The StreamField as its form posts it."""
    from wagtail.test.utils.form_data import nested_form_data, streamfield

    blocks = []
    for child in page.get_latest_revision_as_object().wordings:
        simple: dict[str, Any] = {name: given for name, given in child.value.items() if isinstance(given, str)}
        for lists in ("purposes", "choices", "sections", "pictures", "documents"):
            simple[lists] = {"count": "0"}
        blocks.append((child.block_type, simple))
    return {name: str(value) for name, value in nested_form_data({"wordings": streamfield(blocks)}).items()}


def test_saving_in_the_editor_leaves_an_audit_entry(client_company: Any, marketer: User, dpo: User) -> None:
    page = written(client_company, marketer)
    client = client_of(marketer)
    fields = {**edit_form(client, page), **wording_fields(page), "title": "Renamed", "from_person": "on"}
    answer = client.post(f"/cms/pages/{page.pk}/edit/", fields)
    assert answer.status_code == 302, answer.content[-500:]
    assert fresh(client_company).draft_title == "Renamed"
    entry = AuditEntry.objects.get(action="notice.edited")
    assert (entry.user_id, entry.target_id) == (marketer.pk, "signup")


@pytest.mark.parametrize("button", ["action-publish", "action-unpublish", "action-cancel-workflow"])
def test_the_editors_other_buttons_are_refused(client_company: Any, owner: User, marketer: User, button: str) -> None:
    page = submitted(client_company, marketer)
    answer = client_of(owner).post(f"/cms/pages/{page.pk}/edit/", {button: "1"})
    assert answer.status_code == 403
    assert not fresh(client_company).live
    assert fresh(client_company).workflow_in_progress


def test_the_dpo_approves_in_the_editor_as_well(client_company: Any, marketer: User, dpo: User) -> None:
    page = submitted(client_company, marketer)
    state = page.current_workflow_task_state
    answer = client_of(dpo).post(f"/cms/pages/workflow/action/{page.pk}/approve/{state.pk}/")
    assert answer.status_code in (200, 302)
    assert live_version(client_company.pk, "signup", "en")
    actions = list(AuditEntry.objects.filter(target_type="notice").order_by("pk").values_list("action", flat=True))
    assert actions == ["notice.created", "notice.submitted", "notice.approved", "notice.published"]


def test_what_is_decided_can_not_be_decided_again(client_company: Any, marketer: User, dpo: User) -> None:
    page = submitted(client_company, marketer)
    state = page.current_workflow_task_state
    client = client_of(dpo)
    for _ in range(2):
        client.post(f"/cms/pages/workflow/action/{page.pk}/approve/{state.pk}/")
    with pytest.raises(NoticeStateError):
        state.task.specific.on_action(state, dpo, "approve")
    assert AuditEntry.objects.filter(action="notice.published").count() == 1


def test_the_author_can_not_approve_in_the_editor(client_company: Any, dpo: User, owner: User) -> None:
    page = submitted(client_company, dpo)
    state = page.current_workflow_task_state
    client_of(dpo).post(f"/cms/pages/workflow/action/{page.pk}/approve/{state.pk}/")
    assert live_version(client_company.pk, "signup", "en") is None


def test_groups_follow_the_memberships(acme: Organisation, owner: User) -> None:
    system = Actor.system(acme)
    organisation = create_organisation(actor=system, slug="newcomer", name="Newcomer")
    assert NoticeRoot.objects.filter(organisation=organisation).count() == 1
    assert Collection.objects.filter(name=f"accord:{organisation.pk}").count() == 1
    user = User.objects.create_user("somebody@newcomer.example", "a long enough password")
    with scope(organisation=organisation):
        membership = add_member(actor=system, organisation=organisation, user=user, roles=[Role.DPO])
        held = [f"accord:{organisation.pk}:approvers", f"accord:{organisation.pk}:editors"]
        assert sorted(user.groups.values_list("name", flat=True)) == held
        change_roles(actor=system, membership=membership, roles=[Role.MARKETER])
        assert list(user.groups.values_list("name", flat=True)) == held[1:]
        end_membership(actor=system, membership=membership)
    assert not user.groups.exists()
    permissions = GroupPagePermission.objects.filter(group__name__startswith=f"accord:{organisation.pk}:")
    assert set(permissions.values_list("permission__codename", flat=True)) == {"change_page"}


def test_who_lost_their_role_is_out_at_once(client_company: Any, marketer: User) -> None:
    page = written(client_company, marketer)
    client = client_of(marketer)
    assert client.get(f"/cms/pages/{page.pk}/edit/").status_code == 200
    membership = membership_of(marketer, client_company)
    membership.roles = [Role.VIEWER]
    membership.save()
    assert client.get(f"/cms/pages/{page.pk}/edit/").status_code == 404


def test_submitting_in_the_editor_is_the_same_as_here(client_company: Any, marketer: User) -> None:
    page = written(client_company, marketer)
    client = client_of(marketer)
    fields = {**edit_form(client, page), **wording_fields(page), "title": "Renamed", "from_person": "on"}
    client.post(f"/cms/pages/{page.pk}/edit/", {**fields, "action-submit": "1"})
    assert fresh(client_company).workflow_in_progress
    actions = list(AuditEntry.objects.filter(target_type="notice").order_by("pk").values_list("action", flat=True))
    assert actions == ["notice.created", "notice.edited", "notice.submitted"]
    locked = client.get(f"/cms/pages/{page.pk}/edit/")
    assert b"waits for the DPO" in locked.content and b"/o/acme/notices/signup/" in locked.content


def test_what_waits_is_locked_in_the_editor_too(client_company: Any, marketer: User) -> None:
    page = written(client_company, marketer)
    client = client_of(marketer)
    fields = {**edit_form(client, page), **wording_fields(page), "title": "Renamed", "from_person": "on"}
    with scope(organisation=client_company):
        submit_notice(actor=actor_of(marketer, client_company), page=page)
    before = fresh(client_company).latest_revision_id
    client.post(f"/cms/pages/{page.pk}/edit/", fields)
    assert fresh(client_company).latest_revision_id == before
    assert fresh(client_company).draft_title == DRAFT.title


def test_the_preview_may_stand_in_the_editors_frame(client_company: Any, marketer: User) -> None:
    page = written(client_company, marketer)
    client = client_of(marketer)
    fields = {**edit_form(client, page), **wording_fields(page), "title": "Renamed", "from_person": "on"}
    path = f"/cms/pages/{page.pk}/edit/preview/"
    assert client.post(path, fields).json()["is_valid"]
    answer = client.get(f"{path}?mode=en&in_preview_panel=true")
    assert answer.status_code == 200
    assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


def test_the_preview_says_what_is_missing(client_company: Any, marketer: User) -> None:
    page = written(client_company, marketer)
    page.wordings = page.wordings.stream_block.to_python(
        [{"type": block["type"], "value": {**block["value"], "complaint": ""}} for block in page.wordings.raw_data]
    )
    page.save_revision(user=marketer)
    answer = client_of(marketer).get(f"/cms/pages/{page.pk}/view_draft/?mode=en")
    assert answer.status_code == 200
    assert b"GDPR 13(2)(d)" in answer.content
    assert b"1 Main Street" in answer.content
    assert DRAFT.key == page.slug


def test_a_second_organisation_of_the_same_person_stays_apart(
    secret: dict[str, Any], other: Organisation, marketer: User
) -> None:
    described(other)
    elsewhere = new_member(other, Role.MARKETER, name="colleague")
    theirs = written(other, elsewhere, NoticeDraft(key="theirs", title="Theirs", purposes=["offers"]))
    assert client_of(marketer).get(f"/cms/pages/{theirs.pk}/edit/").status_code == 404
    assert client_of(elsewhere).get(f"/cms/pages/{theirs.pk}/edit/").status_code == 200
