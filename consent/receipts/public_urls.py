"""The receipt behind a person's own link."""

from __future__ import annotations

from django.urls import re_path

from consent.receipts import public_views

urlpatterns = [
    re_path(r"^p/(?P<token>[^/]+)/receipt/?$", public_views.receipt, name="public_receipt"),
    re_path(r"^p/(?P<token>[^/]+)/receipt\.pdf$", public_views.receipt_pdf, name="public_receipt_pdf"),
]
