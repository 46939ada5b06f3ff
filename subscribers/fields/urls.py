"""Pages of fields."""

from __future__ import annotations

from django.urls import path

from subscribers.fields import views

urlpatterns = [
    path("", views.field_list, name="field_list"),
    path("new/", views.field_create, name="field_create"),
    path("<slug:key>/", views.field_edit, name="field_edit"),
]
