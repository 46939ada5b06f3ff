"""Addresses of the rates, below ``/o/<slug>/consents/``."""

from __future__ import annotations

from django.urls import path

from consent.rates import views

urlpatterns = [
    path("rates/", views.rate_page, name="rates"),
    path("rates/rates.csv", views.rate_download, name="rate_download"),
]
