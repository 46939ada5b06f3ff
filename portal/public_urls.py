"""Pages behind links in e-mails: no session, no cookie, no account. Served by `portal.public_doors`."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("portal.organisations.public_urls")),
    path("", include("consent.preferences.urls")),
    path("", include("consent.notices.public_urls")),
    path("", include("consent.proofs.public_urls")),
    path("", include("consent.receipts.public_urls")),
    path("", include("consent.collection.public_urls")),
]
