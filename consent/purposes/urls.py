"""Addresses of purposes, below ``/o/<slug>/purposes/``."""

from __future__ import annotations

from django.urls import path

from consent.purposes import views

urlpatterns = [
    path("", views.purpose_list, name="purpose_list"),
    path("new/", views.purpose_create, name="purpose_create"),
    path("<slug:key>/edit/", views.purpose_edit, name="purpose_edit"),
]
