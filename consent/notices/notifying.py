"""The mails about a notice: to who can approve it, and back to who submitted it."""

from __future__ import annotations

from typing import Any

from consent.notices.wagtail_models import NoticePage
from portal.mail.actions import queue_mail
from portal.organisations.links import absolute, organisation_url
from portal.organisations.models import Membership, Organisation


def tell(members: list[Membership], template: str, page: NoticePage, organisation: Organisation, **more: Any) -> None:
    """Queue a mail to each, in the transaction of what it tells."""
    url = absolute(organisation_url(organisation, "consent:notice_detail", key=page.slug))
    for member in members:
        queue_mail(
            organisation=organisation,
            template=template,
            to=member.user.email,
            language=member.user.language or organisation.locale,
            context={"organisation": organisation, "title": page.draft_title or page.title, "url": url, **more},
        )
