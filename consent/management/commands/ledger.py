"""``manage.py ledger``: seal what is written, verify everything sealed, recreate where people stand, count by day."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django_scopes import scope

from consent.ledger.states import rebuild_states
from consent.rates.counting import count_days, differences, events_counted
from portal.organisations.models import Organisation
from portal.seals.models import Verification
from portal.seals.sealing import seal_everything
from portal.seals.streams import streams
from portal.seals.verifying import Problem, verify_chain


class Command(BaseCommand):
    help = "Seals, verifies or rebuilds the ledger; the audit log is sealed and verified with it."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="job", required=True)
        commands.add_parser("seal", help="seal now what has been written")
        verify = commands.add_parser("verify", help="recompute every seal; ends with 1 and names what is wrong")
        verify.add_argument("--organisation", metavar="SLUG", help="only this one")
        rebuild = commands.add_parser("rebuild", help="recreate from the events where everybody stands")
        rebuild.add_argument("--organisation", metavar="SLUG", help="only this one")
        rebuild.add_argument("--check", action="store_true", help="write nothing; end with 1 when anything differs")
        count = commands.add_parser("count", help="count by day what has been written, for the rates of consent")
        count.add_argument("--organisation", metavar="SLUG", help="with --check: only this one")
        count.add_argument("--check", action="store_true", help="recount; end with 1 when any count is wrong")
        count.add_argument("--anew", action="store_true", help="forget the counts and read the whole ledger")

    def handle(self, *args: Any, **options: Any) -> None:
        jobs = {"seal": self.seal, "verify": self.verify, "rebuild": self.rebuild, "count": self.count}
        jobs[options["job"]](options)

    def seal(self, _options: dict[str, Any]) -> None:
        for stream, done in seal_everything().items():
            told = f"{done.rows} sealed in {done.seals} seals" if done else "another sealer is at work"
            self.stdout.write(f"{stream}: {told}")
            if done and done.unsigned:
                message = f"{stream}: the keys of {len(done.unsigned)} organisations do not open; the log names them."
                raise CommandError(message)

    def verify(self, options: dict[str, Any]) -> None:
        failed = []
        for organisation in self.owners(options["organisation"]):
            for stream in streams():
                found = verify_chain(stream, organisation)
                told = f"{organisation.slug if organisation else 'host'}: {summary(found)}"
                if not found.ok:
                    failed.append(told)
                elif found.seals:
                    self.stdout.write(told)
        if failed:
            raise CommandError("\n".join(failed))
        self.stdout.write("Everything that is sealed is as it was.")

    def rebuild(self, options: dict[str, Any]) -> None:
        differing = 0
        for organisation in self.organisations(options["organisation"]):
            with scope(organisation=organisation):
                found = rebuild_states(organisation, write=not options["check"])
            differing += found.differing
            verb = "differ" if options["check"] else "put right"
            self.stdout.write(f"{organisation.slug}: {found.states} states, {found.differing} {verb}")
            for example in found.examples:
                self.stdout.write(f"  {example}")
        if differing and options["check"]:
            message = f"{differing} states are not what the events say."
            raise CommandError(message)

    def count(self, options: dict[str, Any]) -> None:
        if options["check"]:
            return self.check_counts(options["organisation"])
        if not count_days(now=timezone.now(), anew=options["anew"]):
            message = "Another counter is at work."
            raise CommandError(message)
        self.stdout.write("Counted.")
        return None

    def check_counts(self, slug: str | None) -> None:
        wrong = 0
        for organisation in self.organisations(slug):
            found = differences(organisation)
            counts, events = events_counted(organisation)
            self.stdout.write(f"{organisation.slug}: {events} events in {counts} counts, {len(found)} wrong")
            for difference in found[:10]:
                self.stdout.write(f"  {difference}")
            wrong += len(found)
        if wrong:
            message = f"{wrong} counts are not what the events say. Mend them with: ledger count --anew"
            raise CommandError(message)

    def owners(self, slug: str | None) -> list[Organisation | None]:
        """The organisation named, or all of them and the host."""
        return list(self.organisations(slug)) if slug else [*self.organisations(None), None]

    def organisations(self, slug: str | None) -> list[Organisation]:
        found = Organisation.objects.filter(slug=slug) if slug else Organisation.objects.all()
        if slug and not found:
            message = f"There is no organisation {slug!r}."
            raise CommandError(message)
        return list(found.order_by("slug"))


def summary(found: Verification) -> str:
    counted = f"{found.rows} in {found.seals} seals, {found.seconds:.1f} s"
    if found.ok:
        return f"{found.stream} holds: {counted}, head {found.head_number} {bytes(found.head_hash or b'').hex()}"
    details = found.details
    problem = Problem(found.code, details["seal"], tuple(int(row) for row in details["rows"]), details["note"])
    return f"{found.stream} FAILS: {problem} (before that {counted})"
