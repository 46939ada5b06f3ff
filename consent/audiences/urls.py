"""Pages of audiences under /o/<slug>/audiences/."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
