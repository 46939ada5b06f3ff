"""Pages of segments."""

from __future__ import annotations

from django.urls import path

from subscribers.segments import views

urlpatterns = [
    path("", views.segment_list, name="segment_list"),
    path("new/", views.segment_create, name="segment_create"),
    path("preview/", views.segment_preview, name="segment_preview"),
    path("<int:segment_id>/", views.segment_detail, name="segment_detail"),
    path("<int:segment_id>/people/", views.segment_people, name="segment_people"),
    path("<int:segment_id>/edit/", views.segment_edit, name="segment_edit"),
    path("<int:segment_id>/archive/", views.segment_archive, name="segment_archive"),
]
