"""The fence around Wagtail: who may enter ``/cms/``, which of its pages exist, and whose page is asked for.

Wagtail's own permissions say the same (groups on each organisation's tree); this stands before them, so that a view
that forgets to ask shows nothing of another organisation. What is not on ``OPEN`` is not there at all.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import ResolverMatch, resolve
from django_scopes import scope
from wagtail.models import Page

from consent.notices.previewing import in_this_language
from consent.notices.tree import keep_in_step, memberships_of, organisation_of_collection
from consent.notices.wagtail_files import NoticeDocument, NoticePicture, NoticeRendition
from consent.notices.wagtail_models import NoticeRoot
from portal.organisations.models import Membership, Organisation
from portal.organisations.roles import Capability

PREFIX = "/cms/"
# Looser than everywhere else, and here only: Wagtail's editor sets styles by script, and previews in a frame.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-src 'self'",
        "frame-ancestors 'self'",
    )
)
HEADERS = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "X-Frame-Options": "SAMEORIGIN"}

# Pages of Wagtail that exist here. Not there: adding, deleting, moving, copying, publishing and unpublishing pages
# (our actions do what is needed), and everything about users, groups, sites, workflows, collections and reports.
PAGE_VIEWS = frozenset(
    {
        "cms_notice",
        "wagtailadmin_pages:edit",
        "wagtailadmin_pages:preview_on_edit",
        "wagtailadmin_pages:view_draft",
        "wagtailadmin_pages:workflow_action",
        "wagtailadmin_pages:collect_workflow_action_data",
        "wagtailadmin_pages:workflow_preview",
        "wagtailadmin_pages:revisions_index",
        "wagtailadmin_pages:revisions_view",
        "wagtailadmin_pages:revisions_revert",
        "wagtailadmin_pages:revisions_compare",
        "wagtailadmin_pages:workflow_history",
        "wagtailadmin_pages:workflow_history_detail",
        "wagtailadmin_pages:history",
        "wagtailadmin_pages:history_results",
        "wagtailadmin_editing_sessions:ping",
    }
)
OTHER_VIEWS = frozenset(
    {
        "cms_home",
        "cms_notices",
        "wagtailadmin_sprite",
        "wagtailadmin_javascript_catalog",
        "wagtailadmin_dismissibles",
        "wagtailadmin_logout",
        "wagtailadmin_block_preview",
        "wagtailadmin_editing_sessions:release",
        "cms_account",
        "cms_login",
    }
)
PAGE_ARGUMENTS = ("page_id", "object_id")
# Of pictures and documents: what names one, by the argument that does and whose row it is. Not there: bulk actions,
# uploads by the dozen, tags (one list for everybody), crops by address, and choosing several at once.
FILE_VIEWS: dict[str, tuple[str, Any]] = {
    "cms_picture_edit": ("image_id", NoticePicture),
    "cms_picture_delete": ("image_id", NoticePicture),
    "wagtailimages:image_usage": ("image_id", NoticePicture),
    "wagtailimages_chooser:chosen": ("pk", NoticePicture),
    "cms_document_edit": ("document_id", NoticeDocument),
    "cms_document_delete": ("document_id", NoticeDocument),
    "wagtaildocs:document_usage": ("document_id", NoticeDocument),
    "wagtaildocs_chooser:chosen": ("pk", NoticeDocument),
}
# The bytes: for whoever edits or approves.
BYTES_VIEWS: dict[str, tuple[str, Any]] = {
    "cms_rendition": ("rendition_id", NoticeRendition),
    "cms_document": ("document_id", NoticeDocument),
}
# Lists, choosers and uploads name nothing: they are of the organisation this person works for just now.
FILE_LISTS = frozenset(
    {
        "cms_pictures",
        "cms_picture_results",
        "wagtailimages:add",
        "wagtailimages_chooser:choose",
        "wagtailimages_chooser:choose_results",
        "wagtailimages_chooser:create",
        "cms_documents",
        "cms_document_results",
        "wagtaildocs:add",
        "wagtaildocs_chooser:choose",
        "wagtaildocs_chooser:choose_results",
        "wagtaildocs_chooser:create",
    }
)
OPEN = PAGE_VIEWS | OTHER_VIEWS | FILE_LISTS | FILE_VIEWS.keys() | BYTES_VIEWS.keys()
# In the session of somebody who works for several: whose notice or file they opened last.
WORKING_FOR = "cms_organisation"
# Buttons of the editor that are our actions, with an audit entry: `consent.notices.actions`.
REFUSED_BUTTONS = ("action-publish", "action-unpublish", "action-cancel-workflow", "action-restart-workflow")


class CmsFenceMiddleware:
    """Stands last: the person is known by now. Other addresses pass untouched."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), settings.WAGTAILADMIN_LOGIN_URL)
        organisation = admitted(request)
        with scope(organisation=organisation) if organisation is not None else nullcontext(), in_this_language():
            response = self.get_response(request)
        if request.resolver_match and request.resolver_match.view_name in BYTES_VIEWS:
            return response  # stricter by itself
        for name, value in HEADERS.items():
            response.headers[name] = value  # also over what a preview was given on its way through all middleware
        return response


def admitted(request: HttpRequest) -> Organisation | None:
    """The organisation whose page or file is asked for; ``Http404`` for what this person can't or nobody can see."""
    match = resolve(request.path_info)
    memberships = memberships_of(request.user)  # type: ignore[arg-type]
    if not memberships or match.view_name not in OPEN:
        raise Http404
    keep_in_step(request.user, memberships)  # type: ignore[arg-type]
    if any(button in request.POST for button in REFUSED_BUTTONS):
        raise PermissionDenied
    if match.view_name in OTHER_VIEWS:
        membership = working_membership(request, memberships)
        return membership.organisation if membership else None
    if match.view_name in FILE_LISTS:
        membership = working_membership(request, memberships)
    else:
        organisation = organisation_of_page(match) if match.view_name in PAGE_VIEWS else organisation_of_file(match)
        membership = next((each for each in memberships if each.organisation == organisation), None)
    if membership is None or (needs_editor(match.view_name) and Capability.NOTICES_EDIT not in membership.capabilities):
        raise Http404
    work_for(request, membership.organisation)
    return membership.organisation


def needs_editor(view_name: str) -> bool:
    return view_name in FILE_LISTS or view_name in FILE_VIEWS


def working_membership(request: HttpRequest, memberships: list[Membership]) -> Membership | None:
    """The one there is; of several, that of the notice or file opened last."""
    if len(memberships) == 1:
        return memberships[0]
    chosen = request.session.get(WORKING_FOR)
    return next((each for each in memberships if each.organisation_id == chosen), None)


def work_for(request: HttpRequest, organisation: Organisation) -> None:
    """From now on lists and choosers are this organisation's; they grant nothing that the membership doesn't."""
    if request.session.get(WORKING_FOR) != organisation.pk:
        request.session[WORKING_FOR] = organisation.pk


def organisation_of_file(match: ResolverMatch) -> Organisation | None:
    """Whose picture or document the address names: the organisation whose collection holds it."""
    argument, model = {**FILE_VIEWS, **BYTES_VIEWS}[match.view_name]
    number = str(match.kwargs.get(argument, ""))
    if not number.isdecimal() or len(number) > 9:
        return None
    place = "image__collection_id" if model is NoticeRendition else "collection_id"
    collection = model.objects.filter(pk=int(number)).values_list(place, flat=True).first()
    return organisation_of_collection(collection) if collection else None


def organisation_of_page(match: ResolverMatch) -> Organisation | None:
    """Whose page the address names: the organisation of the tree it stands in."""
    page_id: Any = next((match.kwargs[name] for name in PAGE_ARGUMENTS if name in match.kwargs), None)
    if page_id is None and match.args:
        page_id = match.args[0]
    if not str(page_id).isdecimal() or len(str(page_id)) > 9:
        return None
    if match.kwargs.get("model_name", "noticepage") not in ("noticepage", "noticeroot", "page"):
        return None
    path = Page.objects.filter(pk=int(page_id), depth__gte=2).values_list("path", flat=True).first()
    if path is None:
        return None
    root = NoticeRoot.objects.select_related("organisation").filter(path=path[: 2 * Page.steplen]).first()
    return root.organisation if root else None
