"""The start page, the dashboard, the language switch; the gallery in development."""

from django.conf import settings
from django.urls import path
from django.views.i18n import set_language

from portal.ui import views

app_name = "portal"

urlpatterns = [
    path("", views.home, name="home"),
    path("language", set_language, name="set_language"),
    path("o/<slug:organisation>/", views.dashboard, name="dashboard"),
]

if not settings.ACCORD.production:
    urlpatterns.append(path("ui/gallery", views.gallery, name="gallery"))
