"""Make organisations and their members."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django_scopes import scope, scopes_disabled

from portal import audit
from portal.accounts.models import User
from portal.errors import FieldProblem, InvalidInputError, NotFoundError
from portal.mail.actions import queue_mail
from portal.organisations.actors import Actor
from portal.organisations.errors import AlreadyMemberError, InvitationEndedError, LastOwnerError
from portal.organisations.followers import membership_changed, organisation_made
from portal.organisations.links import absolute
from portal.organisations.logos import Logo, logo_of
from portal.organisations.models import Invitation, Membership, Organisation, OrganisationLogo
from portal.organisations.roles import Capability, Role
from portal.ui.contrast import COLOUR, is_pale

INVITATION_VALID = timedelta(days=7)


@transaction.atomic
def create_organisation(*, actor: Actor, slug: str, name: str, locale: str = "en", country: str = "FR") -> Organisation:
    """A new client of the host; raises ``invalid_input`` when the slug is taken or not a slug."""
    organisation = Organisation(slug=slug, name=name, locale=locale, country=country)
    try:
        organisation.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise InvalidInputError.at(field, code="invalid_value", detail=messages[0]) from error
    organisation.save()
    audit.record(actor=actor, action="organisation.created", target=organisation, organisation=organisation)
    organisation_made(organisation)
    return organisation


@transaction.atomic
def update_organisation(*, actor: Actor, organisation: Organisation, values: dict[str, str]) -> None:
    """Change name, language, time zone, country, postal address or DPO; each change is an instruction (X-01)."""
    actor.require(Capability.ORGANISATION_EDIT)
    changed = [field for field, value in values.items() if getattr(organisation, field) != value]
    for field in changed:
        setattr(organisation, field, values[field])
    organisation.full_clean()
    organisation.save(update_fields=changed)
    audit.record(actor=actor, action="organisation.updated", target=organisation, details={"changed": changed})


@dataclass(frozen=True)
class Branding:
    """How public pages are to look; ``picture`` is a new logo as it was uploaded, None leaves the one there is."""

    accent: str = ""
    logo_text: str = ""
    picture: bytes | None = None
    remove_logo: bool = False


@transaction.atomic
def change_branding(*, actor: Actor, organisation: Organisation, branding: Branding) -> None:
    """Set the colour and the logo of all public pages; not part of what anybody consents to, so no form changes.

    Raises ``invalid_input`` at ``accent`` (``invalid_value``, ``low_contrast``) and ``logo`` (the codes of
    :mod:`portal.organisations.logos`), both at once, so that both can be mended at once.
    """
    actor.require(Capability.ORGANISATION_EDIT)
    accent, logo = checked_branding(branding)
    kept = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    values: dict[str, str | int] = {"accent": accent, "logo_text": branding.logo_text.strip()}
    if logo is not None:
        values |= {"logo": logo.digest, "logo_width": logo.width, "logo_height": logo.height}
        OrganisationLogo.objects.update_or_create(organisation=organisation, defaults={"png": logo.png})
    elif branding.remove_logo:
        values |= {"logo": "", "logo_width": 0, "logo_height": 0}
        OrganisationLogo.objects.filter(organisation=organisation).delete()
    changed = {field: value for field, value in values.items() if getattr(kept, field) != value}
    if not changed:
        return
    for field, value in changed.items():
        setattr(organisation, field, value)
    organisation.save(update_fields=list(changed))
    details = {"changed": sorted(changed), "accent": organisation.accent, "logo": organisation.logo}
    audit.record(actor=actor, action="organisation.branding_changed", target=organisation, details=details)


def checked_branding(branding: Branding) -> tuple[str, Logo | None]:
    """The colour in small letters and the logo made anew."""
    accent, logo, problems = branding.accent.strip().lower(), None, []
    if accent and not COLOUR(accent):
        detail = _("Write a colour as six hexadecimal digits: #0f6b67.")
        problems.append(FieldProblem(("accent",), "invalid_value", detail))
    elif is_pale(accent):
        detail = _("Too pale on white: choose a darker colour (contrast of at least 3 to 1; WCAG 2.2, 1.4.11).")
        problems.append(FieldProblem(("accent",), "low_contrast", detail))
    try:
        logo = logo_of(branding.picture) if branding.picture is not None else None
    except InvalidInputError as error:
        problems += error.errors
    if problems:
        raise InvalidInputError(errors=problems)
    return accent, logo


@transaction.atomic
def add_member(*, actor: Actor, organisation: Organisation, user: User, roles: Sequence[Role]) -> Membership:
    """Make this user a member with these roles, or give a former member these roles again."""
    actor.require(Capability.MEMBERS_MANAGE)
    with scope(organisation=organisation):
        membership, created = Membership.objects.update_or_create(
            organisation=organisation, user=user, defaults={"roles": list(roles), "ended_at": None}
        )
        audit.record(
            actor=actor,
            action="member.added" if created else "member.changed",
            target=membership,
            details={"roles": list(roles)},
            organisation=organisation,
        )
        membership_changed(membership)
    return membership


@transaction.atomic
def change_roles(*, actor: Actor, membership: Membership, roles: Sequence[Role]) -> None:
    """Raises ``last_owner`` when nobody would be left to manage the organisation."""
    actor.require(Capability.MEMBERS_MANAGE)
    keep_an_owner(membership, roles)
    membership.roles = list(roles)
    membership.save(update_fields=["roles"])
    audit.record(actor=actor, action="member.changed", target=membership, details={"roles": list(roles)})
    membership_changed(membership)


@transaction.atomic
def end_membership(*, actor: Actor, membership: Membership) -> None:
    """The member can't enter any more; what they did stays in the audit log. Tokens end with it."""
    actor.require(Capability.MEMBERS_MANAGE)
    keep_an_owner(membership, [])
    now = timezone.now()
    membership.ended_at = now
    membership.save(update_fields=["ended_at"])
    membership.tokens.filter(revoked_at=None).update(revoked_at=now)
    audit.record(actor=actor, action="member.removed", target=membership, at=now)
    membership_changed(membership)


def keep_an_owner(membership: Membership, roles: Sequence[str]) -> None:
    """Owners are locked, so that two of them can't leave at the same moment."""
    owners = Membership.objects.select_for_update().filter(
        organisation_id=membership.organisation_id, ended_at=None, roles__contains=[Role.OWNER]
    )
    if Role.OWNER not in roles and [owner.pk for owner in owners] == [membership.pk]:
        raise LastOwnerError


@transaction.atomic
def invite_member(
    *, actor: Actor, organisation: Organisation, email: str, roles: Sequence[Role], language: str = ""
) -> Invitation:
    """Ask an address to join; the mail carries a token that is stored as a hash only, valid for 7 days, once."""
    actor.require(Capability.MEMBERS_MANAGE)
    email = email.strip().lower()
    if Membership.objects.filter(user__email=email, ended_at=None).exists():
        raise AlreadyMemberError
    now = timezone.now()
    token = secrets.token_urlsafe(32)
    Invitation.objects.filter(email=email, accepted_at=None, revoked_at=None).update(revoked_at=now)
    invitation = Invitation.objects.create(
        organisation=organisation,
        email=email,
        roles=list(roles),
        token_hash=hashed(token),
        invited_by_id=actor.user_id,
        expires_at=now + INVITATION_VALID,
    )
    audit.record(actor=actor, action="member.invited", target=invitation, details={"roles": list(roles)}, at=now)
    queue_mail(
        organisation=organisation,
        template="invitation",
        to=email,
        language=language or get_language() or organisation.locale,
        context={
            "organisation": organisation,
            "url": absolute(reverse("accounts:invitation", args=[token])),
            "expires_at": invitation.expires_at,
        },
    )
    return invitation


@transaction.atomic
def revoke_invitation(*, actor: Actor, invitation: Invitation) -> None:
    actor.require(Capability.MEMBERS_MANAGE)
    now = timezone.now()
    Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(revoked_at=now)
    audit.record(actor=actor, action="member.invitation_revoked", target=invitation, at=now)


def open_invitation(*, token: str) -> Invitation:
    """The invitation behind a mailed token; raises ``not_found`` or ``invitation_ended``."""
    with scopes_disabled():
        invitation = Invitation.objects.select_related("organisation").filter(token_hash=hashed(token)).first()
    if invitation is None:
        raise NotFoundError
    if invitation.accepted_at or invitation.revoked_at or invitation.expires_at <= timezone.now():
        raise InvitationEndedError
    return invitation


@transaction.atomic
def accept_invitation(*, token: str, name: str, password: str, ip: str | None = None) -> User:
    """The invited person sets name and password and is a member from now on.

    An address that has an account already must give that account's password: holding the mail is not enough to
    change it. Raises ``invalid_input`` on the password.
    """
    invitation = open_invitation(token=token)
    user = User.objects.filter(email=invitation.email).first()
    if user is None:
        try:
            validate_password(password)
        except ValidationError as error:
            raise InvalidInputError.at("password", code="weak_password", detail=" ".join(error.messages)) from error
        user = User.objects.create_user(invitation.email, password, name=name.strip())
    elif not user.check_password(password):
        detail = InvalidInputError.title
        raise InvalidInputError.at("password", code="wrong_password", detail=detail)
    inviter = Actor(
        kind=Actor.system().kind,
        organisation=invitation.organisation,
        reference=f"invitation:{invitation.pk}",
        user_id=user.pk,
        capabilities=frozenset({Capability.MEMBERS_MANAGE}),
        ip=ip,
    )
    with scope(organisation=invitation.organisation):
        add_member(
            actor=inviter,
            organisation=invitation.organisation,
            user=user,
            roles=[Role(role) for role in invitation.roles],
        )
        Invitation.objects.filter(pk=invitation.pk).update(accepted_at=timezone.now())
    return user


def hashed(token: str) -> bytes:
    """SHA-256 is enough: the token has 256 random bits, there is nothing to guess."""
    return hashlib.sha256(token.encode()).digest()
