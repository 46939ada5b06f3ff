"""Pages of imports."""

from __future__ import annotations

from django.urls import path

from subscribers.imports import views

urlpatterns = [
    path("", views.import_list, name="import_list"),
    path("new/", views.import_new, name="import_new"),
    path("<int:import_id>/", views.import_detail, name="import_detail"),
    path("<int:import_id>/reading/", views.import_reading, name="import_reading"),
    path("<int:import_id>/origin/", views.import_origin, name="import_origin"),
    path("<int:import_id>/start/", views.import_start, name="import_start"),
    path("<int:import_id>/cancel/", views.import_cancel, name="import_cancel"),
    path("<int:import_id>/rejects.csv", views.import_rejects, name="import_rejects"),
]
