"""Jobs under /o/<slug>/."""

from __future__ import annotations

from django.urls import path

from portal.jobs import views

app_name = "jobs"
urlpatterns = [
    path("jobs/", views.job_list, name="job_list"),
    path("jobs/<int:job>/", views.job_detail, name="job_detail"),
    path("jobs/<int:job>/cancel/", views.job_cancel, name="job_cancel"),
]
