"""``manage.py rotate_keys``: new keys for organisations, or every key under a new master key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.crypto import actions
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation


class Command(BaseCommand):
    help = "Adds a new version of each key, or with --master wraps all keys under the current master key."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organisation", metavar="SLUG", help="only this organisation; otherwise all of them")
        parser.add_argument("--purpose", choices=[purpose.value for purpose in actions.ROTATED], help="only this key")
        parser.add_argument(
            "--master",
            action="store_true",
            help="wrap all keys again; ACCORD_PREVIOUS_MASTER_KEYS holds the earlier master key",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        actor = Actor.system(reference="command:rotate_keys")
        if options["master"]:
            self.stdout.write(f"{actions.rewrap(actor=actor)} keys wrapped under the current master key")
            return
        for organisation in self.organisations(options["organisation"]):
            for purpose in actions.ROTATED:
                if options["purpose"] in (None, purpose.value):
                    key = actions.rotate(actor=actor, organisation=organisation, purpose=purpose)
                    self.stdout.write(f"{organisation.slug}: {purpose.value} version {key.version}")

    def organisations(self, slug: str | None) -> list[Organisation]:
        found = Organisation.objects.filter(slug=slug) if slug else Organisation.objects.all()
        if slug and not found:
            raise CommandError(f"There is no organisation {slug!r}.")
        return list(found.order_by("slug"))
