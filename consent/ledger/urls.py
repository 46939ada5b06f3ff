"""Addresses of the ledger, below ``/o/<slug>/ledger/``."""

from __future__ import annotations

from django.urls import path

from consent.ledger import views

urlpatterns = [
    path("", views.event_list, name="event_list"),
    path("<int:event_id>/", views.event_detail, name="event_detail"),
    path("contacts/<int:contact_id>/choice/", views.choice_create, name="choice_create"),
    path(
        "contacts/<int:contact_id>/<slug:key>/<slug:channel>/withdraw/",
        views.consent_withdraw,
        name="consent_withdraw",
    ),
]
