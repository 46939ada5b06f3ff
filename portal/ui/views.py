"""The way in, the dashboard, and the gallery of components."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse

from portal.organisations.access import MemberRequest, member_page
from portal.organisations.roles import Capability
from portal.ui.queries import organisations_of
from portal.ui.registry import cards_for, first_steps


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Lead a member to their organisation, or let them choose; a host operator to the host pages."""
    organisations = organisations_of(request.user.pk)  # type: ignore[arg-type]
    if len(organisations) == 1:
        return redirect("portal:dashboard", organisation=organisations[0].slug)
    if not organisations and getattr(request.user, "is_host_operator", False):
        return redirect(host_home())
    return render(request, "portal/choose_organisation.html", {"organisations": organisations})


def host_home() -> str:
    """The first page of the host, once there is one; sign-in details until then."""
    try:
        return reverse("host:organisation_list")
    except NoReverseMatch:
        return reverse("accounts:profile")


@member_page(Capability.DASHBOARD_VIEW)
def dashboard(request: MemberRequest) -> HttpResponse:
    """The cards this member may see, each with its own numbers; above them the way to the first audience."""
    cards = [(card, card.context(request.organisation)) for card in cards_for(request.actor)]
    steps = first_steps(request.actor, request.organisation)
    return render(request, "portal/dashboard.html", {"cards": cards, "steps": steps})


def gallery(request: HttpRequest) -> HttpResponse:
    """Every component on one page; the address exists in development only."""
    from portal.ui.gallery import specimens

    return render(request, "portal/gallery.html", specimens(request))
