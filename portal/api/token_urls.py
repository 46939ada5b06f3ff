"""Pages of tokens, below ``/o/<slug>/``."""

from __future__ import annotations

from django.urls import path

from portal.api import views

app_name = "tokens"
urlpatterns = [
    path("tokens/", views.token_list, name="token_list"),
    path("tokens/new/", views.token_create, name="token_create"),
    path("tokens/<int:token>/revoke/", views.token_revoke, name="token_revoke"),
]
