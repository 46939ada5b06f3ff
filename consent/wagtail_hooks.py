"""What Wagtail shows here: the menu, the branding, and an audit entry for each draft saved in its editor."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.documents.views.chooser import viewset as document_chooser
from wagtail.images.views.chooser import viewset as picture_chooser
from wagtail.models import Page

from consent.notices.deciding import member_actor, note
from consent.notices.file_blocks import only_own
from consent.notices.wagtail_models import NoticePage

UNWANTED_BUTTONS = frozenset(
    "action-publish action-unpublish action-delete action-cancel-workflow action-restart-workflow".split()
)


# What Wagtail calls "Search" lists here: its index is not kept (docs/decisions/0010).
picture_chooser.search_tab_label = _("Pictures")
document_chooser.search_tab_label = _("Documents")


@hooks.register("construct_image_chooser_queryset")
@hooks.register("construct_document_chooser_queryset")
def choose_among_ones_own(rows: QuerySet[Any], request: HttpRequest) -> QuerySet[Any]:
    """Of whoever works for several organisations: the files of the one whose notice is open."""
    return only_own(rows)


@hooks.register("insert_global_admin_css")
def our_own_colours() -> str:
    return format_html('<link rel="stylesheet" href="{}">', static("portal/cms.css"))


@hooks.register("construct_main_menu")
def our_own_menu(request: HttpRequest, items: list[MenuItem]) -> None:
    """Back to the portal, the notices, and their files. The rest of Wagtail's menu leads nowhere here."""
    items[:] = [
        MenuItem(_("Back to Accord"), reverse("portal:home"), name="accord", icon_name="arrow-left", order=1),
        MenuItem(_("All notices"), reverse("cms_home"), name="notices", icon_name="doc-full", order=2),
        MenuItem(_("Pictures"), reverse("cms_pictures"), name="pictures", icon_name="image", order=3),
        MenuItem(_("Documents"), reverse("cms_documents"), name="documents", icon_name="doc-full-inverse", order=4),
    ]


@hooks.register("construct_page_action_menu", order=1000)
def our_own_buttons(items: list[Any], request: HttpRequest, context: dict[str, Any]) -> None:
    """Saving and what the workflow offers; publishing, deleting and moving are no buttons here."""
    items[:] = [item for item in items if getattr(item, "name", "") not in UNWANTED_BUTTONS]


@hooks.register("after_edit_page")
def note_edit(request: HttpRequest, page: Page) -> None:
    """The editor's own saving, in our audit log as well."""
    notice = page.specific
    if isinstance(notice, NoticePage) and "action-submit" not in request.POST:  # submitting notes the saving itself
        organisation = notice.root.organisation
        actor = member_actor(request.user, organisation)
        note(actor, "notice.edited", notice, organisation, revision=notice.latest_revision_id)
