"""The notices as Wagtail keeps them: a tree for each organisation, drafts, revisions, and the DPO's approval.

Whose a page is, its place in the tree says: below the root of its organisation. What was published stands in
``NoticeVersion``, which Wagtail never touches.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django_scopes import scope
from wagtail.admin.panels import FieldPanel
from wagtail.fields import StreamField
from wagtail.locks import WorkflowLock
from wagtail.models import Page, Task, TaskState

from consent.notices.blocks import CookiesBlock, InformationBlock, LegalBlock, wording_of
from consent.notices.kinds import NoticeKind
from consent.notices.structure import Notice, Wording
from portal.organisations.links import organisation_url


class NoticeRoot(Page):
    """The root of one organisation's notices; nothing is written here."""

    organisation = models.OneToOneField("portal.Organisation", on_delete=models.PROTECT, related_name="notice_root")

    is_creatable = False
    parent_page_types: list[str] = []
    subpage_types = ["consent.NoticePage"]
    content_panels: list[Any] = []
    promote_panels: list[Any] = []
    settings_panels: list[Any] = []
    preview_modes: list[Any] = []
    search_fields: list[Any] = []

    def get_url_parts(self, request: HttpRequest | None = None) -> None:
        return None


class NoticePage(Page):
    """The draft of a notice in every language; its slug is the key that versions, forms and addresses use."""

    kind = models.CharField(_("kind"), max_length=16, choices=NoticeKind.choices, default=NoticeKind.COLLECTION)
    from_person = models.BooleanField(
        _("the data comes from the people themselves"),
        default=True,
        help_text=_("If not, article 14 asks for the kinds of data and the very source as well."),
    )
    wordings = StreamField(
        [("information", InformationBlock()), ("legal", LegalBlock()), ("cookies", CookiesBlock())],
        verbose_name=_("languages"),
        blank=True,
    )

    is_creatable = False
    parent_page_types = ["consent.NoticeRoot"]
    subpage_types: list[str] = []
    content_panels = [
        FieldPanel("title", heading=_("Name"), help_text=_("For yourselves: “Sign-up on the web site”.")),
        FieldPanel("from_person"),
        FieldPanel("wordings"),
    ]
    promote_panels: list[Any] = []
    settings_panels: list[Any] = []
    search_fields: list[Any] = []

    @property
    def key(self) -> str:
        return self.slug

    @cached_property
    def root(self) -> NoticeRoot:
        return NoticeRoot.objects.select_related("organisation").get(path=self._get_basepath(self.path, self.depth - 1))

    @property
    def structure(self) -> Notice:
        """The notice as plain values."""
        with scope(organisation=self.root.organisation):  # whose files they may be
            wordings: tuple[Wording, ...] = tuple(wording_of(child.value) for child in self.wordings)
        return Notice(key=self.slug, kind=self.kind, from_person=self.from_person, wordings=wordings)

    @property
    def preview_modes(self) -> list[tuple[str, str]]:
        languages = [wording.language for wording in self.structure.wordings if wording.language]
        return [(language, language) for language in languages] or [("en", "en")]

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        from consent.notices.previewing import preview

        return preview(self, request, mode_name)

    def get_url_parts(self, request: HttpRequest | None = None) -> None:
        """Wagtail serves nothing: the public address shows frozen versions, and those alone."""
        return None

    def publish(self, revision: Any, user: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Every door of Wagtail leads here (button, bulk, schedule, workflow); only an approved revision passes."""
        from consent.notices.publishing import require_approval

        require_approval(revision)
        kwargs["skip_permission_checks"] = True
        return super().publish(revision, user, *args, **kwargs)

    def unpublish(self, *args: Any, **kwargs: Any) -> Any:
        """A notice ends by the action ``end_notice``, never by Wagtail's own door."""
        from consent.notices.publishing import require_ending

        require_ending(self)
        return super().unpublish(*args, **kwargs)


class DecisionLock(WorkflowLock):
    """What waits can't be edited by anybody; it says where the decision is made."""

    def get_message(self, user: Any) -> str:
        root = self.object.specific.root
        address = organisation_url(root.organisation, "consent:notice_detail", key=self.object.slug)
        said, there = _("This text waits for the DPO and can't be edited."), _("See it and decide in Accord")
        return format_html('{} <a href="{}">{}</a>', said, address, there)


class DpoApproval(Task):
    """The one step of the workflow: somebody who may approve, and who did not write it (four eyes)."""

    lock_class = DecisionLock

    class Meta:
        verbose_name = _("approval by the DPO")

    def start(self, workflow_state: Any, user: Any = None) -> TaskState:
        from consent.notices.deciding import note_submission

        task_state = super().start(workflow_state, user)
        note_submission(workflow_state.content_object.specific, user)
        return task_state

    def on_action(self, task_state: TaskState, user: Any, action_name: str, **kwargs: Any) -> None:
        from consent.notices.deciding import decide_in_wagtail

        decide_in_wagtail(task_state, user, action_name, comment=kwargs.get("comment", ""))

    def locked_for_user(self, obj: Any, user: Any) -> bool:
        """What waits for the DPO stays as it was submitted; sent back or taken back it can be edited again."""
        return True

    def get_actions(self, obj: Any, user: Any) -> list[tuple[str, Any, bool]]:
        from consent.notices.deciding import actions_for

        return actions_for(obj.specific, user)

    def get_task_states_user_can_moderate(self, user: Any, **kwargs: Any) -> models.QuerySet[TaskState]:
        from consent.notices.tree import roots_to_approve

        states = TaskState.objects.filter(task_id=self.pk, status=TaskState.STATUS_IN_PROGRESS)
        pages = [str(pk) for root in roots_to_approve(user) for pk in root.get_children().values_list("pk", flat=True)]
        return states.filter(workflow_state__object_id__in=pages)

    @classmethod
    def get_description(cls) -> str:
        return str(_("Somebody who may approve notices, and who did not write this one."))
