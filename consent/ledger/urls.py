"""Addresses of the ledger, below ``/o/<slug>/ledger/``."""

from __future__ import annotations

from django.urls import path

from consent.ledger import seal_views, views

urlpatterns = [
    path("", views.event_list, name="event_list"),
    path("ledger.csv", views.event_download, name="event_download"),
    path("seals/", seal_views.seal_list, name="seal_list"),
    path("seals/verify/", seal_views.verification_start, name="verification_start"),
    path("<int:event_id>/", views.event_detail, name="event_detail"),
    path("<int:event_id>/proof.json", views.event_proof, name="event_proof"),
    path("contacts/<int:contact_id>/", views.contact_history, name="contact_history"),
    path("contacts/<int:contact_id>/choice/", views.choice_create, name="choice_create"),
    path(
        "contacts/<int:contact_id>/<slug:key>/<slug:channel>/withdraw/",
        views.consent_withdraw,
        name="consent_withdraw",
    ),
]
