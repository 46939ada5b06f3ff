"""What makes public pages look like the organisation that asks: its logo and its colour."""

from __future__ import annotations

from django.urls import re_path

from portal.organisations import public_views

urlpatterns = [
    re_path(
        r"^b/(?P<organisation>[a-z0-9-]{1,50})/(?P<digest>[0-9a-f]{64})\.png$", public_views.logo, name="public_logo"
    ),
    re_path(r"^b/(?P<colour>[0-9a-f]{6})\.css$", public_views.accent, name="public_accent"),
]
