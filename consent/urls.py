"""Pages of this app under /o/<slug>/."""

from __future__ import annotations

from django.urls import include, path

app_name = "consent"
urlpatterns = [
    path("purposes/", include("consent.purposes.urls")),
    path("notices/", include("consent.notices.urls")),
    path("collection-points/", include("consent.collection.urls")),
    path("ledger/", include("consent.ledger.urls")),
    path("ledger/", include("consent.proofs.urls")),
    path("consents/", include("consent.rates.urls")),
    path("audiences/", include("consent.audiences.urls")),
]
