"""Wagtail's addresses, below ``/cms/``; its own sign-in, account and lists give way to ours, which stand first."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

from consent.notices import cms_files, cms_views

urlpatterns = [
    path("", cms_views.notices, name="cms_home"),
    path("pages/", cms_views.notices, name="cms_notices"),
    path("pages/<int:page_id>/", cms_views.notice, name="cms_notice"),
    path("login/", RedirectView.as_view(pattern_name="account_login"), name="cms_login"),
    path("account/", RedirectView.as_view(pattern_name="accounts:profile"), name="cms_account"),
    path("images/", cms_files.Pictures.as_view(), name="cms_pictures"),
    path("images/results/", cms_files.Pictures.as_view(results_only=True), name="cms_picture_results"),
    path("images/<int:image_id>/", cms_files.PictureEdit.as_view(), name="cms_picture_edit"),
    path("images/<int:image_id>/delete/", cms_files.PictureDelete.as_view(), name="cms_picture_delete"),
    path("images/thumbnail/<int:rendition_id>/", cms_files.rendition, name="cms_rendition"),
    path("documents/", cms_files.Documents.as_view(), name="cms_documents"),
    path("documents/results/", cms_files.Documents.as_view(results_only=True), name="cms_document_results"),
    path("documents/edit/<int:document_id>/", cms_files.DocumentEdit.as_view(), name="cms_document_edit"),
    path("documents/delete/<int:document_id>/", cms_files.DocumentDelete.as_view(), name="cms_document_delete"),
    path("documents/file/<int:document_id>/", cms_files.document, name="cms_document"),
    path("", include("wagtail.admin.urls")),
]
