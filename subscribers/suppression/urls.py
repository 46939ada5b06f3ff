"""Pages of the suppression list."""

from __future__ import annotations

from django.urls import path

from subscribers.suppression import views

urlpatterns = [
    path("", views.suppression_list, name="suppression_list"),
    path("new/", views.suppression_add, name="suppression_add"),
    path("<int:suppression_id>/remove/", views.suppression_remove, name="suppression_remove"),
]
