"""Pages of this app under /o/<slug>/."""

from __future__ import annotations

from django.urls import include, path

app_name = "compliance"
urlpatterns = [path("", include("compliance.copies.urls"))]
