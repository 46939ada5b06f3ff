"""Pages of copies."""

from __future__ import annotations

from django.urls import path

from compliance.copies import views

urlpatterns = [
    path("contacts/<int:contact_id>/copy/", views.contact_copy, name="contact_copy"),
    path("contacts/<int:contact_id>/copy.json", views.contact_copy_file, name="contact_copy_file"),
]
