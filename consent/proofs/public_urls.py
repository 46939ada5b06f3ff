"""Public addresses of proofs: ``/v`` and what belongs to it."""

from __future__ import annotations

from django.urls import re_path

from consent.proofs import public_views

urlpatterns = [
    re_path(r"^v/?$", public_views.check, name="public_check"),
    re_path(r"^v/script$", public_views.script, name="public_check_script"),
    re_path(r"^v/keys/(?P<organisation>[a-z0-9-]{1,50})$", public_views.keys, name="public_keys"),
]
