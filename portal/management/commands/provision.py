"""``manage.py provision SLUG --name N --owner EMAIL``: a client's start, as one JSON object."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError

from portal.errors import DomainError
from portal.organisations.provisioning import provision


class Command(BaseCommand):
    help = "Make (or find) an organisation with one member a role and its tokens; prints one JSON object."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--name", default="")
        parser.add_argument("--owner", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = provision(slug=options["slug"], name=options["name"], owner_email=options["owner"])
        except DomainError as error:
            raise CommandError(str(error)) from error
        except ProgrammingError as error:
            message = "The database is not ready: run `python manage.py migrate` first."
            raise CommandError(message) from error
        self.stdout.write(json.dumps(made, indent=1))
