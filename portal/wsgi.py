"""The web server's door: `portal.wsgi:application`."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver
from django.utils.module_loading import import_string

from portal import embedded
from portal.settings.checks import require_safe_production

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
embedded.hold_unless_given()

portal = get_wsgi_application()
require_safe_production()
application = import_string(settings.ONE_CLICK_DOOR)(portal)
# Read every page's module now: a mistake in one stops the start, and the first visitor does not wait for it.
get_resolver().url_patterns  # noqa: B018 (reading it is the point)
