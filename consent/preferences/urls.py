"""Pages behind the links in e-mails."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
