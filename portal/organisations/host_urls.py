"""Pages of the host's operators: organisations and health, never contacts."""

from __future__ import annotations

from django.urls import path

from portal.mail import views as mail_views
from portal.organisations import host_views

app_name = "host"
urlpatterns = [
    path("", host_views.organisation_list, name="organisation_list"),
    path("organisations/new/", host_views.organisation_new, name="organisation_new"),
    path("jobs/", host_views.job_list, name="job_list"),
    path("mail/", mail_views.outbox, name="outbox"),
]
