"""Addresses of collection points, below ``/o/<slug>/collection-points/``."""

from __future__ import annotations

from django.urls import path

from consent.collection import views

urlpatterns = [
    path("", views.point_list, name="point_list"),
    path("new/", views.point_create, name="point_create"),
    path("preview/", views.draft_preview, name="point_draft_preview"),
    path("<slug:key>/", views.point_detail, name="point_detail"),
    path("<slug:key>/edit/", views.point_edit, name="point_edit"),
    path("<slug:key>/compare/", views.point_compare, name="point_compare"),
    path("<slug:key>/preview/", views.point_preview, name="point_preview"),
    path("<slug:key>/publish/", views.point_publish, name="point_publish"),
    path("<slug:key>/close/", views.point_close, name="point_close"),
    path("<slug:key>/record/", views.point_record, name="point_record"),
]
