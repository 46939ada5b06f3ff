"""Pages of imports."""

from __future__ import annotations

from django.urls import path

from subscribers.imports.pages import lot_views, mapping_views, step_views, views

urlpatterns = [
    path("", views.import_list, name="import_list"),
    path("new/", step_views.import_new, name="import_new"),
    path("mappings/", mapping_views.mapping_list, name="mapping_list"),
    path("mappings/<int:saved_id>/forget/", mapping_views.mapping_forget, name="mapping_forget"),
    path("<int:import_id>/", views.import_detail, name="import_detail"),
    path("<int:import_id>/reading/", step_views.import_reading, name="import_reading"),
    path("<int:import_id>/origin/", step_views.import_origin, name="import_origin"),
    path("<int:import_id>/start/", views.import_start, name="import_start"),
    path("<int:import_id>/pause/", views.import_pause, name="import_pause"),
    path("<int:import_id>/resume/", views.import_resume, name="import_resume"),
    path("<int:import_id>/cancel/", views.import_cancel, name="import_cancel"),
    path("<int:import_id>/rejects.csv", views.import_rejects, name="import_rejects"),
    path("<int:import_id>/undo/", lot_views.import_undo, name="import_undo"),
    path("<int:import_id>/left.csv", lot_views.import_left, name="import_left"),
    path("<int:import_id>/quarantine/", lot_views.import_quarantine, name="import_quarantine"),
    path("<int:import_id>/recall/", lot_views.import_recall, name="import_recall"),
    path("<int:import_id>/recall/freeze/", lot_views.import_freeze, name="import_freeze"),
    path("<int:import_id>/recall/unfreeze/", lot_views.import_unfreeze, name="import_unfreeze"),
    path("<int:import_id>/recall/inform/", lot_views.import_inform, name="import_inform"),
    path("<int:import_id>/recall/delete/", lot_views.import_delete, name="import_delete"),
    path("<int:import_id>/outcomes/<slug:category>.csv", views.import_outcome, name="import_outcome"),
    path("<int:import_id>/documents/<int:document_id>/", views.document_download, name="import_document"),
    path("<int:import_id>/documents/<int:document_id>/remove/", views.document_remove, name="import_document_remove"),
]
