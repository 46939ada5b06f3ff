"""Pages about the organisation itself: its settings and its members."""

from __future__ import annotations

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from portal.errors import DomainError
from portal.organisations import actions
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.forms import BrandingForm, InvitationForm, OrganisationForm, RolesForm
from portal.organisations.links import organisation_url
from portal.organisations.models import Invitation, Membership
from portal.organisations.roles import Capability, Role
from portal.ui.confirmation import confirm_page, confirmed
from portal.ui.forms import add_problems


def to_members(request: MemberRequest) -> HttpResponse:
    return redirect(organisation_url(request.organisation, "organisations:member_list"))


@member_page(Capability.MEMBERS_VIEW)
def member_list(request: MemberRequest) -> HttpResponse:
    """Everybody who may enter, and the invitations that wait."""
    context = {
        "members": Membership.objects.filter(ended_at=None).select_related("user").order_by("user__email"),
        "invitations": Invitation.objects.filter(accepted_at=None, revoked_at=None).order_by("-pk"),
        "may_manage": request.actor.may(Capability.MEMBERS_MANAGE),
        "roles": dict(Role.choices),
    }
    return render(request, "portal/members/list.html", context)


@member_page(Capability.MEMBERS_MANAGE)
def invite(request: MemberRequest) -> HttpResponse:
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.invite_member(
                actor=request.actor,
                organisation=request.organisation,
                email=form.cleaned_data["email"],
                roles=form.cleaned_data["roles"],
            )
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, _("The invitation is on its way."))
            return to_members(request)
    return render(request, "portal/members/invite.html", {"form": form})


@member_page(Capability.MEMBERS_MANAGE)
def member_roles(request: MemberRequest, member: int) -> HttpResponse:
    membership: Membership = get_object_or_404(Membership.objects.select_related("user"), pk=member, ended_at=None)
    form = RolesForm(request.POST or None, initial={"roles": membership.roles})
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_roles(actor=request.actor, membership=membership, roles=form.cleaned_data["roles"])
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, _("The roles are changed."))
            return to_members(request)
    return render(request, "portal/members/roles.html", {"form": form, "membership": membership})


@member_page(Capability.MEMBERS_MANAGE)
def member_end(request: MemberRequest, member: int) -> HttpResponse:
    membership: Membership = get_object_or_404(Membership.objects.select_related("user"), pk=member, ended_at=None)
    if not confirmed(request):
        return confirm_page(
            request,
            title=_("End this membership?"),
            text=_("The person can't enter any more and their tokens stop. What they did stays in the audit log."),
            action=_("End the membership"),
            back=organisation_url(request.organisation, "organisations:member_list"),
        )
    actions.end_membership(actor=request.actor, membership=membership)
    messages.success(request, _("The membership has ended."))
    return to_members(request)


@member_page(Capability.MEMBERS_MANAGE)
def invitation_revoke(request: MemberRequest, invitation: int) -> HttpResponse:
    waiting = get_object_or_404(Invitation, pk=invitation, accepted_at=None, revoked_at=None)
    if not confirmed(request):
        return confirm_page(
            request,
            title=_("Take the invitation back?"),
            text=_("The address in the mail will not work any more."),
            action=_("Take back"),
            back=organisation_url(request.organisation, "organisations:member_list"),
        )
    actions.revoke_invitation(actor=request.actor, invitation=waiting)
    messages.success(request, _("The invitation is taken back."))
    return to_members(request)


def to_settings(request: MemberRequest) -> HttpResponse:
    return redirect(organisation_url(request.organisation, "organisations:organisation_settings"))


def settings_page(request: MemberRequest, **forms: BaseForm) -> HttpResponse:
    """Both forms of the page: the one that was sent, and the other as it stands."""
    context = {
        "form": OrganisationForm(instance=request.organisation),
        "branding": BrandingForm(organisation=request.organisation),
        **forms,
    }
    return render(request, "portal/members/organisation.html", context)


@member_page(Capability.ORGANISATION_EDIT)
def organisation_settings(request: MemberRequest) -> HttpResponse:
    form = OrganisationForm(request.POST or None, instance=request.organisation)
    if request.method == "POST" and form.is_valid():
        request.organisation.refresh_from_db()
        actions.update_organisation(actor=request.actor, organisation=request.organisation, values=form.cleaned_data)
        messages.success(request, _("The settings are saved."))
        return to_settings(request)
    return settings_page(request, form=form)


@member_page(Capability.ORGANISATION_EDIT)
def organisation_branding(request: MemberRequest) -> HttpResponse:
    """Logo and colour of the public pages: a part of the settings page with a form of its own."""
    if request.method != "POST":
        return to_settings(request)
    form = BrandingForm(request.POST, request.FILES, organisation=request.organisation)
    if form.is_valid():
        try:
            actions.change_branding(actor=request.actor, organisation=request.organisation, branding=form.branding)
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, _("Your public pages look like this from now on."))
            return to_settings(request)
    return settings_page(request, branding=form)
