"""Addresses of purposes, below ``/o/<slug>/purposes/``."""

from __future__ import annotations

from django.urls import path

from consent.purposes import views
from consent.renewal.views import renewal_segment

urlpatterns = [
    path("", views.purpose_list, name="purpose_list"),
    path("new/", views.purpose_create, name="purpose_create"),
    path("<slug:key>/", views.purpose_detail, name="purpose_detail"),
    path("<slug:key>/edit/", views.purpose_edit, name="purpose_edit"),
    path("<slug:key>/versions/", views.purpose_versions, name="purpose_versions"),
    path("<slug:key>/renewal/", renewal_segment, name="purpose_renewal"),
]
