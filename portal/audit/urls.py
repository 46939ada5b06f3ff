"""The audit log under /o/<slug>/."""

from __future__ import annotations

from django.urls import path

from portal.audit import views

app_name = "audit"
urlpatterns = [path("audit/", views.entry_list, name="entry_list")]
