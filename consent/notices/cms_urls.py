"""Wagtail's addresses, below ``/cms/``; its own sign-in and account pages give way to ours."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="wagtailadmin_explore_root"), name="cms_home"),
    path("login/", RedirectView.as_view(pattern_name="account_login"), name="cms_login"),
    path("account/", RedirectView.as_view(pattern_name="accounts:profile"), name="cms_account"),
    path("", include("wagtail.admin.urls")),
]
