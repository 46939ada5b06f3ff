"""``manage.py demo``: load the demo organisation, or print who can sign in to it."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from compliance.demo.story import PASSWORD, SIGN_INS, SLUG, tell
from portal.organisations.models import Organisation


class Command(BaseCommand):
    help = "Load a demo organisation of 20,000 made-up contacts into an empty instance."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sign-ins", action="store_true", help="only print who can sign in")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.ACCORD.production:
            message = "The demo has public passwords and is not for production."
            raise CommandError(message)
        there = Organisation.objects.filter(slug=SLUG).exists()
        if not options["sign_ins"] and not there:
            began = time.monotonic()
            tell()
            self.stdout.write(f"Demo organisation loaded in {time.monotonic() - began:.1f} s.")
            there = True
        if there:
            self.stdout.write(f"Demo sign-ins, password {PASSWORD}:")
            for email, role in SIGN_INS:
                self.stdout.write(f"  {email:<28} {role.label if role else 'Host operator'}")
