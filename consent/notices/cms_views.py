"""Where Wagtail would list pages, our own list is."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django_scopes import get_scope
from wagtail.models import Page

from consent.notices.wagtail_models import NoticePage
from portal.organisations.links import organisation_url


def notices(request: HttpRequest) -> HttpResponse:
    """The notices of the one organisation this person works for, or the choice of organisations."""
    organisation = get_scope().get("organisation")
    return redirect(organisation_url(organisation, "consent:notice_list") if organisation else "portal:home")


def notice(request: HttpRequest, page_id: int) -> HttpResponse:
    """The page of one notice; the fence has made sure that it is this person's to see."""
    page = Page.objects.get(pk=page_id).specific
    if not isinstance(page, NoticePage):
        return notices(request)
    return redirect(organisation_url(page.root.organisation, "consent:notice_detail", key=page.slug))
