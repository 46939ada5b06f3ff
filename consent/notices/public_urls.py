"""The public addresses of notices, and of the files they show: ``/n/{organisation}/{notice}``."""

from __future__ import annotations

from django.urls import re_path

from consent.notices import public_views

urlpatterns = [
    re_path(
        r"^n/(?P<organisation>[a-z0-9-]+)/files/(?P<digest>[0-9a-f]{64})$", public_views.notice_file, name="notice_file"
    ),
    re_path(r"^n/(?P<organisation>[a-z0-9-]+)/(?P<notice>[a-z0-9_-]+)/?$", public_views.notice, name="public_notice"),
]
