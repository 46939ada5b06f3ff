"""Pages behind the links in e-mails. A slash that some program adds at the end does no harm."""

from __future__ import annotations

from django.urls import re_path

from consent.preferences import views

urlpatterns = [
    re_path(r"^u/(?P<token>[^/]+)/?$", views.unsubscribe, name="public_unsubscribe"),
    re_path(r"^p/(?P<token>[^/]+)/?$", views.preferences, name="public_preferences"),
    re_path(r"^w/(?P<token>[^/]+)/?$", views.why, name="public_why"),
]
