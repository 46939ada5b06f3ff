"""The mail about a recalled lot: which lot, how many people, and in which audiences they were written to (I-12)."""

from __future__ import annotations

from collections.abc import Iterator

from portal.mail.actions import queue_mail
from portal.organisations.links import absolute, organisation_url
from portal.organisations.models import Membership, Organisation
from portal.organisations.roles import Role
from subscribers.imports.models import Import
from subscribers.imports.recall.queries import recall_report

TOLD = (Role.OWNER, Role.DPO)


def tell_of_recall(source: Import) -> int:
    """Queue a mail to each owner and DPO, and to the address of the organisation's DPO; how many there are."""
    report = recall_report(source)
    recipients = dict(readers(source.organisation))
    for address, language in recipients.items():
        queue_mail(
            organisation=source.organisation,
            template="import_recalled",
            to=address,
            language=language,
            context={
                "source": source,
                "report": report,
                "url": absolute(
                    organisation_url(source.organisation, "subscribers:import_detail", import_id=source.pk)
                ),
            },
        )
    return len(recipients)


def readers(organisation: Organisation) -> Iterator[tuple[str, str]]:
    """Address and language of everybody who must know."""
    members = Membership.objects.select_related("user").filter(
        organisation=organisation, user__is_active=True, ended_at=None
    )
    for membership in members.order_by("pk"):
        if set(membership.roles) & set(TOLD):
            yield membership.user.email, membership.user.language or organisation.locale
    if organisation.dpo_email:
        yield organisation.dpo_email, organisation.locale
