"""Addresses of notices, below ``/o/<slug>/notices/``."""

from __future__ import annotations

from django.urls import path

from consent.notices import views

urlpatterns = [
    path("", views.notice_list, name="notice_list"),
    path("new/", views.notice_create, name="notice_create"),
    path("register.csv", views.register_csv, name="notice_register_csv"),
    path("register.json", views.register_json, name="notice_register_json"),
    path("library/pictures/", views.picture_library, name="notice_pictures"),
    path("library/documents/", views.document_library, name="notice_documents"),
    path("library/files/<str:digest>/", views.notice_file, name="notice_file"),
    path("<slug:key>/", views.notice_detail, name="notice_detail"),
    path("<slug:key>/edit/", views.notice_edit, name="notice_edit"),
    path("<slug:key>/submit/", views.notice_submit, name="notice_submit"),
    path("<slug:key>/take-back/", views.notice_take_back, name="notice_take_back"),
    path("<slug:key>/decide/", views.notice_decide, name="notice_decide"),
    path("<slug:key>/end/", views.notice_end, name="notice_end"),
    path("<slug:key>/versions/<int:number>/", views.notice_version, name="notice_version"),
    path("<slug:key>/compare/", views.notice_compare, name="notice_compare"),
]
