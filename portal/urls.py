"""Every address of the portal: the composition root, naming the other apps by dotted string only."""

from __future__ import annotations

from django.conf import settings
from django.urls import include, path, re_path
from django.utils.module_loading import import_string

urlpatterns = [
    path("", include("portal.ui.urls")),
    path("", include("portal.health_urls")),
    path("accounts/", include("portal.accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("host/", include("portal.organisations.host_urls")),
    path("o/<slug:organisation>/", include("portal.organisations.urls")),
    path("o/<slug:organisation>/", include("portal.api.token_urls")),
    path("o/<slug:organisation>/", include("portal.audit.urls")),
    path("o/<slug:organisation>/", include("portal.jobs.urls")),
    path("o/<slug:organisation>/", include("subscribers.urls")),
    path("o/<slug:organisation>/", include("consent.urls")),
    path("o/<slug:organisation>/", include("compliance.urls")),
    path("cms/", include("consent.notices.cms_urls")),
    path("api/v1/", import_string("portal.api.instances.client_api").urls),
    path("api/engine/v1/", import_string("portal.api.instances.engine_api").urls),
    path("api/host/v1/", import_string("portal.api.instances.host_api").urls),
    re_path(r"^api/", import_string("portal.api.composition.unknown_address")),
    path("", include(settings.PUBLIC_URLCONF)),
]

handler400 = "portal.ui.errors.bad_request"
handler403 = "portal.ui.errors.forbidden"
handler404 = "portal.ui.errors.not_found"
handler500 = "portal.ui.errors.server_error"
