"""The web server's door: `portal.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

from portal import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
embedded.hold_unless_given()

application = get_wsgi_application()
