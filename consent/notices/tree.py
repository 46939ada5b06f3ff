"""Each organisation's own corner of Wagtail: a page tree, a collection, two groups and the workflow.

Nothing here is decided twice: who may do what is said by the roles of the memberships, and the groups follow them
(`follow_membership` when a membership changes, `keep_in_step` at every entry into the CMS).
"""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django_scopes import scopes_disabled
from wagtail.models import (
    Collection,
    GroupCollectionPermission,
    GroupPagePermission,
    Locale,
    Page,
    Workflow,
    WorkflowPage,
    WorkflowTask,
)

from consent.notices.file_blocks import collection_name
from consent.notices.sql import HOLD_THE_TREE
from consent.notices.wagtail_models import DpoApproval, NoticePage, NoticeRoot
from portal.accounts.models import User
from portal.organisations.models import Membership, Organisation
from portal.organisations.roles import Capability

WORKFLOW = "DPO"  # read after "Submit to", in every language
GROUPS = {"editors": Capability.NOTICES_EDIT, "approvers": Capability.NOTICES_APPROVE}
# On the organisation's own collection, for whoever edits notices; to change one is to delete it as well.
FILE_PERMISSIONS = {
    ("wagtailimages", "image"): ("add_image", "change_image", "choose_image"),
    ("wagtaildocs", "document"): ("add_document", "change_document", "choose_document"),
}


def group_name(organisation: Organisation, kind: str) -> str:
    """The id leads: a slug could be another organisation's one day."""
    return f"accord:{organisation.pk}:{kind}"


def root_of(organisation: Organisation) -> NoticeRoot:
    """The root of the organisation's notices, made with all that belongs to it where it is missing."""
    root = NoticeRoot.objects.filter(organisation=organisation).first()
    return root or plant(organisation)


@transaction.atomic
def plant(organisation: Organisation) -> NoticeRoot:
    """Make tree, collection, groups and workflow of an organisation; called twice it changes nothing."""
    hold_the_tree()
    root = NoticeRoot.objects.filter(organisation=organisation).first()
    if root is None:
        root = NoticeRoot(organisation=organisation, title=organisation.name, slug=organisation.slug, locale=locale())
        wagtail_root().add_child(instance=root)
    for kind in GROUPS:
        admit(group_of(organisation, kind), root)
    admit_to_files(group_of(organisation, "editors"), collection_of(organisation))
    WorkflowPage.objects.get_or_create(page_id=root.pk, defaults={"workflow": approval_workflow()})
    for membership in active_members(organisation):
        follow_membership(membership)
    return root


def hold_the_tree() -> None:
    """One page is added at a time; call it in the transaction that adds."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD_THE_TREE)


def active_members(organisation: Organisation) -> Iterable[Membership]:
    with scopes_disabled():
        return list(
            Membership.objects.select_related("organisation", "user").filter(organisation=organisation, ended_at=None)
        )


def locale() -> Locale:
    return Locale.objects.first() or Locale.objects.create(language_code="en")


def wagtail_root() -> Page:
    locale()
    return Page.get_first_root_node() or Page.add_root(instance=Page(title="Root", slug="root", locale=locale()))


def collection_of(organisation: Organisation) -> Collection:
    """Where the pictures and documents of its notices are; nobody else's group is on it."""
    name = collection_name(organisation.pk)
    found = Collection.objects.filter(name=name).first()
    if found is not None:
        return found
    top = Collection.get_first_root_node() or Collection.add_root(instance=Collection(name="Root"))
    return top.add_child(instance=Collection(name=name))


def group_of(organisation: Organisation, kind: str) -> Group:
    return Group.objects.get_or_create(name=group_name(organisation, kind))[0]


def admit(group: Group, root: NoticeRoot) -> None:
    """May enter the CMS and change pages below this root. Not add, publish, lock or delete: those are our actions."""
    group.permissions.add(access_permission())
    page_type = ContentType.objects.get_for_model(Page)
    change = Permission.objects.filter(content_type=page_type, codename="change_page").first()
    change = change or Permission.objects.create(content_type=page_type, codename="change_page", name="Edit any page")
    GroupPagePermission.objects.get_or_create(group=group, page_id=root.pk, permission=change)


def admit_to_files(group: Group, collection: Collection) -> None:
    """May add, change, delete and choose the pictures and documents of this collection."""
    for (app, model), codenames in FILE_PERMISSIONS.items():
        content_type = ContentType.objects.get_by_natural_key(app, model)
        for codename in codenames:
            permission, _made = Permission.objects.get_or_create(
                content_type=content_type, codename=codename, defaults={"name": codename}
            )
            GroupCollectionPermission.objects.get_or_create(group=group, collection=collection, permission=permission)


def organisation_of_collection(collection_id: int) -> Organisation | None:
    name = Collection.objects.filter(pk=collection_id).values_list("name", flat=True).first() or ""
    prefix, _colon, number = name.partition(":")
    return Organisation.objects.filter(pk=int(number)).first() if prefix == "accord" and number.isdecimal() else None


def access_permission() -> Permission:
    from wagtail.admin.models import Admin

    content_type = ContentType.objects.get_for_model(Admin)
    return Permission.objects.get_or_create(
        content_type=content_type, codename="access_admin", defaults={"name": "Can access Wagtail admin"}
    )[0]


def approval_workflow() -> Workflow:
    """One for all organisations: the step asks who may approve in the page's own organisation."""
    found = Workflow.objects.filter(name=WORKFLOW, active=True).first()
    if found is not None:
        return found
    workflow = Workflow.objects.create(name=WORKFLOW)
    task = DpoApproval.objects.filter(active=True).first() or DpoApproval.objects.create(name=WORKFLOW)
    WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)
    return workflow


# Members


def follow_membership(membership: Membership) -> None:
    """Put the member into the groups that their roles give, and out of the others."""
    for kind, capability in GROUPS.items():
        group = group_of(membership.organisation, kind)
        if capability in capabilities_now(membership):
            membership.user.groups.add(group)
        else:
            membership.user.groups.remove(group)


def capabilities_now(membership: Membership) -> frozenset[Capability]:
    """Read anew: the property is kept from before a change of roles."""
    membership.__dict__.pop("capabilities", None)
    return membership.capabilities


def memberships_of(user: User) -> list[Membership]:
    """Where this person may work on notices."""
    with scopes_disabled():
        found = Membership.objects.select_related("organisation", "user").filter(user=user, ended_at=None)
        return [each for each in found if each.capabilities & {*GROUPS.values()}]


def keep_in_step(user: User, memberships: list[Membership]) -> None:
    """The groups are what the memberships say, whatever way those were written; writes only where they differ."""
    wanted = {
        group_name(each.organisation, kind)
        for each in memberships
        for kind, capability in GROUPS.items()
        if capability in each.capabilities
    }
    ours = user.groups.filter(name__startswith="accord:")
    held = set(ours.values_list("name", flat=True))
    if wanted == held:
        return
    for each in memberships:
        root_of(each.organisation)
        follow_membership(each)
    user.groups.remove(*ours.exclude(name__in=wanted))
    for cached in ("_perm_cache", "_user_perm_cache", "_group_perm_cache"):
        user.__dict__.pop(cached, None)


def roots_to_approve(user: User) -> list[NoticeRoot]:
    organisations = [
        each.organisation_id for each in memberships_of(user) if Capability.NOTICES_APPROVE in each.capabilities
    ]
    return list(NoticeRoot.objects.filter(organisation_id__in=organisations))


# Pages


def notice_pages(organisation: Organisation) -> list[NoticePage]:
    """The notices of one organisation, by key."""
    return list(NoticePage.objects.child_of(root_of(organisation)).order_by("slug"))


def notice_page(organisation: Organisation, key: str) -> NoticePage | None:
    return NoticePage.objects.child_of(root_of(organisation)).filter(slug=key).first()
