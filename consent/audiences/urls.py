"""Pages of audiences under /o/<slug>/audiences/."""

from __future__ import annotations

from django.urls import path

from consent.audiences import views

urlpatterns = [
    path("", views.audience_list, name="audience_list"),
    path("new/", views.audience_create, name="audience_create"),
    path("<int:audience_id>/", views.audience_detail, name="audience_detail"),
    path("<int:audience_id>/progress/", views.audience_progress, name="audience_progress"),
    path("<int:audience_id>/submit/", views.audience_submit, name="audience_submit"),
    path("<int:audience_id>/decide/", views.audience_decide, name="audience_decide"),
    path("<int:audience_id>/cancel/", views.audience_cancel, name="audience_cancel"),
]
