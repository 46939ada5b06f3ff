"""Pages about the organisation under /o/<slug>/."""

from __future__ import annotations

from django.urls import path

from portal.organisations import views

app_name = "organisations"
urlpatterns = [
    path("members/", views.member_list, name="member_list"),
    path("members/invite/", views.invite, name="invite"),
    path("members/<int:member>/roles/", views.member_roles, name="member_roles"),
    path("members/<int:member>/end/", views.member_end, name="member_end"),
    path("members/invitations/<int:invitation>/revoke/", views.invitation_revoke, name="invitation_revoke"),
    path("settings/", views.organisation_settings, name="organisation_settings"),
    path("settings/public-pages/", views.organisation_branding, name="organisation_branding"),
]
