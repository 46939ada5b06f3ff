"""Wagtail's addresses, below ``/cms/``; its own sign-in, account and list of pages give way to ours."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

from consent.notices import cms_views

urlpatterns = [
    path("", cms_views.notices, name="cms_home"),
    path("pages/", cms_views.notices, name="cms_notices"),
    path("pages/<int:page_id>/", cms_views.notice, name="cms_notice"),
    path("login/", RedirectView.as_view(pattern_name="account_login"), name="cms_login"),
    path("account/", RedirectView.as_view(pattern_name="accounts:profile"), name="cms_account"),
    path("", include("wagtail.admin.urls")),
]
