"""The public address of a notice: ``/n/{organisation}/{notice}``."""

from __future__ import annotations

from django.urls import re_path

from consent.notices import public_views

urlpatterns = [
    re_path(r"^n/(?P<organisation>[a-z0-9-]+)/(?P<notice>[a-z0-9_-]+)/?$", public_views.notice, name="public_notice")
]
