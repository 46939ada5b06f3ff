"""The limit of a public door: a Django view that does nothing, behind no middleware, in the same server."""

from __future__ import annotations

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import re_path


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"ok", content_type="text/plain")


urlpatterns = [re_path(r"", bare)]

if not settings.configured:
    settings.configure(
        ROOT_URLCONF=__name__, MIDDLEWARE=[], ALLOWED_HOSTS=["127.0.0.1"], SECRET_KEY="bench", DEBUG=False
    )
    django.setup(set_prefix=False)
application = get_wsgi_application()
