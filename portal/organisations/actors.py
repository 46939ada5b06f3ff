"""Who acts: a member, a token, the holder of a link, the engine, a host operator or the system itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.errors import PermissionDeniedError
from portal.organisations.roles import Capability

if TYPE_CHECKING:
    from portal.organisations.models import Membership, Organisation


class ActorKind(models.TextChoices):
    MEMBER = "member", _("Member")
    TOKEN = "token", _("API token")
    LINK = "link", _("Link in an e-mail")
    ENGINE = "engine", _("Engine")
    HOST = "host", _("Host operator")
    SYSTEM = "system", _("Accord")


@dataclass(frozen=True)
class Actor:
    """Who acts, for which organisation, with which capabilities; ``reference`` is a stable id, never an address."""

    kind: ActorKind
    organisation: Organisation | None
    reference: str
    user_id: int | None = None
    token_id: int | None = None
    capabilities: frozenset[Capability] = field(default_factory=frozenset)
    ip: str | None = None

    @classmethod
    def member(cls, membership: Membership, *, ip: str | None = None) -> Actor:
        return cls(
            kind=ActorKind.MEMBER,
            organisation=membership.organisation,
            reference=f"member:{membership.pk}",
            user_id=membership.user_id,
            capabilities=membership.capabilities,
            ip=ip,
        )

    @classmethod
    def system(cls, organisation: Organisation | None = None, *, reference: str = "system") -> Actor:
        """Accord itself: jobs, commands, the schedule. It may do everything, and the audit says it was it."""
        return cls(
            kind=ActorKind.SYSTEM,
            organisation=organisation,
            reference=reference,
            capabilities=frozenset(Capability),
        )

    @classmethod
    def link(cls, organisation: Organisation, *, reference: str, ip: str | None = None) -> Actor:
        return cls(kind=ActorKind.LINK, organisation=organisation, reference=reference, ip=ip)

    def may(self, capability: Capability) -> bool:
        return capability in self.capabilities

    def require(self, capability: Capability) -> None:
        """Raise ``permission_denied`` unless this actor may."""
        if not self.may(capability):
            raise PermissionDeniedError
