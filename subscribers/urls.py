"""Pages of this app under /o/<slug>/."""

from __future__ import annotations

from django.urls import include, path

app_name = "subscribers"
urlpatterns = [
    path("contacts/", include("subscribers.contacts.urls")),
    path("fields/", include("subscribers.fields.urls")),
    path("imports/", include("subscribers.imports.urls")),
    path("segments/", include("subscribers.segments.urls")),
    path("suppressions/", include("subscribers.suppression.urls")),
]
