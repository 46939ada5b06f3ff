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

from consent.notices.tree import keep_in_step, memberships_of
from consent.notices.wagtail_models import NoticeRoot
from portal.organisations.models import Organisation

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
        "wagtailadmin_explore",
        "wagtailadmin_explore_results",
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
        "wagtailadmin_explore_root",
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
PAGE_ARGUMENTS = ("page_id", "parent_page_id", "object_id")
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
        with scope(organisation=organisation) if organisation is not None else nullcontext():
            response = self.get_response(request)
            if hasattr(response, "render") and not response.is_rendered:
                response = response.render()
        for name, value in HEADERS.items():
            response.headers[name] = value
        return response


def admitted(request: HttpRequest) -> Organisation | None:
    """The organisation whose page is asked for; ``Http404`` for what this person can't or nobody can see."""
    match = resolve(request.path_info)
    memberships = memberships_of(request.user)  # type: ignore[arg-type]
    if not memberships or match.view_name not in PAGE_VIEWS | OTHER_VIEWS:
        raise Http404
    keep_in_step(request.user, memberships)  # type: ignore[arg-type]
    if any(button in request.POST for button in REFUSED_BUTTONS):
        raise PermissionDenied
    if match.view_name in OTHER_VIEWS:
        return memberships[0].organisation if len(memberships) == 1 else None
    organisation = organisation_of_page(match)
    if organisation is None or organisation not in [each.organisation for each in memberships]:
        raise Http404
    return organisation


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
