"""Pages of contacts."""

from __future__ import annotations

from django.urls import path

from subscribers.contacts import views

urlpatterns = [
    path("", views.contact_list, name="contact_list"),
    path("new/", views.contact_create, name="contact_create"),
    path("contacts.csv", views.contact_download, name="contact_download"),
    path("<int:contact_id>/", views.contact_detail, name="contact_detail"),
    path("<int:contact_id>/edit/", views.contact_edit, name="contact_edit"),
    path("<int:contact_id>/seed/", views.contact_seed, name="contact_seed"),
]
