"""The three APIs, from the routers that the settings name."""

from __future__ import annotations

from django.conf import settings

from portal.api.composition import make_client_api, make_engine_api, make_host_api

client_api = make_client_api(settings.API_ROUTERS)
engine_api = make_engine_api(settings.ENGINE_API_ROUTERS)
host_api = make_host_api(settings.HOST_API_ROUTERS)
