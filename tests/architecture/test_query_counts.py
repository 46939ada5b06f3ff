"""A page or an answer costs the same number of queries with ten rows as with two hundred."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_scopes import scope

from consent.audiences.models import Audience
from consent.collection.models import CollectionPoint, FormVersion, SignUp
from consent.ledger.recording import Choice, record_events
from consent.models import NoticeVersion, Purpose
from consent.notices.actions import NoticeDraft, create_notice
from consent.rates.models import DailyCount
from portal.accounts.models import User
from portal.api.models import ApiToken
from portal.audit.models import AuditEntry
from portal.jobs.models import Job
from portal.organisations.actors import Actor
from portal.organisations.models import Invitation, Membership, Organisation
from subscribers.contacts.models import Contact, Origin
from subscribers.fields.models import Field
from subscribers.imports.models import Import, ImportDocument, ImportReject, ImportSample, SavedMapping
from subscribers.segments.models import Segment
from subscribers.suppression.models import Suppression
from tests.people import api_of, client_of

pytestmark = pytest.mark.django_db

FEW, MANY = 10, 200
PURPOSES = 30
NOTICES = 20
NOW = timezone.now()
PAGES = (
    "",
    "contacts/?size=100",
    "contacts/?size=100&sort=name_key",
    "contacts/{contact}/",
    "contacts/{contact}/edit/",
    "contacts/{contact}/copy/",
    "fields/",
    "imports/?size=100",
    "imports/{import_}/",
    "imports/{import_}/undo/",
    "imports/{import_}/quarantine/",
    "imports/{import_}/recall/",
    "imports/mappings/?size=100",
    "segments/?size=100",
    "segments/{segment}/",
    "segments/{segment}/people/",
    "suppressions/?size=100",
    "purposes/",
    "purposes/p-0/",
    "notices/",
    "notices/n-0/",
    "collection-points/?size=100",
    "collection-points/{point}/",
    "collection-points/{point}/edit/",
    "consents/rates/?period=365",
    "consents/rates/?from=2026-01-01&to=2026-12-31&by=day",
    "ledger/?size=100",
    "ledger/seals/?size=100",
    "ledger/contacts/{contact}/?day=2026-06-01",
    "audiences/?size=100",
    "audiences/{audience}/",
    "audiences/new/",
    "members/",
    "jobs/?size=100",
    "audit/?size=100",
    "tokens/",
)
ANSWERS = (
    "/contacts",
    "/contacts/{contact}",
    "/contacts/{contact}/timeline",
    "/contacts/{contact}/contactability?purpose=p-0&channel=email",
    "/consents",
    "/consents/rates?from=2026-01-01&to=2026-12-31",
    "/fields",
    "/imports",
    "/imports/{import_}",
    "/imports/{import_}/documents",
    "/segments",
    "/suppressions",
    "/purposes",
    "/purposes/p-0/versions",
    "/notices",
    "/notices/n-0",
    "/collection-points",
    "/audiences",
    "/audiences/{audience}",
    "/audit",
    "/notices/n-0/draft",
    "/notice-register",
    "/collection-points/{point}/versions",
    "/seals",
    "/seals/keys",
    "/seals/ledger",
    "/seals/verifications",
)


def fill(organisation: Organisation, start: int, stop: int) -> None:
    """Rows of everything, each by another member, so that whatever is read row by row shows."""
    own = {"organisation": organisation, "created_at": NOW}
    with_notices(organisation, start, stop)
    numbers = range(start, stop)
    users = User.objects.bulk_create([User(email=f"m{n}@acme.example", name=f"M {n}", password="!") for n in numbers])
    Membership.objects.bulk_create(
        [Membership(organisation=organisation, user=user, roles=["viewer"]) for user in users]
    )
    Invitation.objects.bulk_create(
        Invitation(
            organisation=organisation,
            email=f"i{n}@acme.example",
            roles=["viewer"],
            token_hash=n.to_bytes(32, "big"),
            expires_at=NOW + timedelta(days=7),
        )
        for n in numbers
    )
    contacts = Contact.objects.bulk_create(
        Contact(
            **own,
            email=f"c{n}@example.org",
            email_key=f"c{n}@example.org",
            first_name="Ada",
            tags=[f"t{n}"],
            origin=Origin.OWN_FORM,
            updated_at=NOW,
        )
        for n in numbers
    )
    Field.objects.bulk_create(
        Field(**own, key=f"f{n}", label=f"Field {n}", type="text", justification="Because.") for n in numbers
    )
    jobs = Job.objects.bulk_create(
        Job(**own, task="subscribers.imports.tasks.run_import", queue="imports", created_by=user) for user in users
    )
    imports = Import.objects.bulk_create(
        Import(
            **own,
            job=job,
            created_by=job.created_by,
            file_name="people.csv",
            file="imports/none.csv",
            file_size=10,
            file_digest=bytes(32),
            state="done",
            finished_at=NOW,
            origin_kind="own_form",
            rejects_by_code={"invalid_email": 1},
        )
        for job in jobs
    )
    first = Import.objects.order_by("pk")[0]
    ImportReject.objects.bulk_create(
        ImportReject(organisation=organisation, source_import=first, line=n, code="invalid_email", detail="", cells=[])
        for n in numbers
    )
    belongings_of(first, contacts, start)
    segments = Segment.objects.bulk_create(
        Segment(**own, name=f"S {n}", rule={"all": []}, updated_at=NOW, created_by=users[0]) for n in numbers
    )
    suppressed(organisation, contacts, start)
    with_choices(organisation, users, segments, start, stop)
    asked(organisation, start, stop)
    counted_by_day(organisation, start, stop)
    AuditEntry.objects.bulk_create(
        AuditEntry(organisation=organisation, at=NOW, actor_kind="member", actor_reference="m", user=user, action="a.b")
        for user in users
    )
    assert imports


def belongings_of(source: Import, contacts: list[Contact], start: int) -> None:
    """Documents and a sample of one import, and mappings that are remembered."""
    own: dict[str, Any] = {"organisation": source.organisation, "source_import": source}
    users = list(User.objects.order_by("-pk")[: len(contacts)])
    ImportDocument.objects.bulk_create(
        ImportDocument(
            **own,
            kind="proof",
            name="a.pdf",
            media_type="application/pdf",
            size=1,
            digest=bytes(32),
            added_by=user,
            added_at=NOW,
        )
        for user in users
    )
    ImportSample.objects.bulk_create(
        ImportSample(**own, line=start + n, contact=contact, draw=0.5) for n, contact in enumerate(contacts)
    )
    SavedMapping.objects.bulk_create(
        SavedMapping(organisation=source.organisation, signature=f"{start + n}", name="Form", used_at=NOW)
        for n in range(len(contacts))
    )


def with_notices(organisation: Organisation, start: int, stop: int) -> None:
    """Notices up to ``NOTICES``, each with a draft and a version of its own."""
    for n in range(start, min(stop, NOTICES)):
        create_notice(
            actor=Actor.system(organisation), organisation=organisation, draft=NoticeDraft(key=f"n-{n}", title=f"N {n}")
        )
    NoticeVersion.objects.bulk_create(
        NoticeVersion(
            organisation=organisation,
            notice=f"n-{n}",
            number=1,
            language="en",
            kind="collection",
            title="N",
            digest=bytes(32),
            published_at=NOW,
            published_by="system",
        )
        for n in range(start, min(stop, NOTICES))
    )


def suppressed(organisation: Organisation, contacts: list[Contact], start: int) -> None:
    Suppression.objects.bulk_create(
        Suppression(
            organisation=organisation,
            channel="email",
            digest=(start + n).to_bytes(32, "big"),
            reason="manual",
            contact=contact,
            created_at=NOW,
        )
        for n, contact in enumerate(contacts[1:])
    )


def with_choices(organisation: Organisation, users: list[User], segments: list[Segment], start: int, stop: int) -> None:
    """Purposes up to ``PURPOSES``, one person who chose about all of them again and again, and audiences."""
    known = Purpose.objects.count()
    Purpose.objects.bulk_create(
        Purpose(
            organisation=organisation,
            key=f"p-{n}",
            name=f"P {n}",
            basis="consent",
            channels=["email"],
            created_at=NOW,
            updated_at=NOW,
        )
        for n in range(known, min(stop, PURPOSES))
    )
    purposes = list(Purpose.objects.order_by("pk"))
    person = Contact.objects.order_by("pk")[0]
    choices = [
        Choice(
            contact_id=person.pk,
            purpose_id=purposes[n % len(purposes)].pk,
            channel="email",
            action="grant",
            source="form",
            occurred_at=NOW - timedelta(hours=n),
            evidence={"text": f"Yes {n}"},
        )
        for n in range(start, stop)
    ]
    record_events(organisation, choices, now=NOW)
    Audience.objects.bulk_create(
        Audience(
            organisation=organisation,
            name="A",
            segment=segment,
            purpose=purposes[n % len(purposes)],
            channel="email",
            fields=["first_name"],
            state="submitted",
            counts={"segment": 1, "allowed": 1, "excluded": {}},
            created_by=users[n],
            created_at=NOW,
            submitted_by=users[n],
            submitted_at=NOW,
            snapshot_at=NOW,
        )
        for n, segment in enumerate(segments)
    )


def asked(organisation: Organisation, start: int, stop: int) -> None:
    """Collection points, and sign-ups and versions of the first."""
    own: dict[str, Any] = {"organisation": organisation}
    CollectionPoint.objects.bulk_create(
        CollectionPoint(**own, key=f"point-{n}", name=f"Point {n}", created_at=NOW, updated_at=NOW, created_by="m")
        for n in range(start, stop)
    )
    point = CollectionPoint.objects.order_by("pk")[0]
    versions = FormVersion.objects.bulk_create(
        FormVersion(
            **own,
            point=point,
            number=n + 1,
            document={"config": {}},
            digest=bytes(32),
            published_at=NOW,
            published_by=f"member:{n}",
        )
        for n in range(start, stop)
    )
    SignUp.objects.bulk_create(
        SignUp(**own, point=point, version=versions[0], language="en", created_at=NOW, expires_at=NOW)
        for n in range(start, stop)
    )


def counted_by_day(organisation: Organisation, start: int, stop: int) -> None:
    """As many days, each with another collection point."""
    purposes = list(Purpose.objects.order_by("pk"))
    points = list(CollectionPoint.objects.order_by("pk"))
    DailyCount.objects.bulk_create(
        DailyCount(
            organisation=organisation,
            day=date(2026, 1, 1) + timedelta(days=n),
            purpose=purposes[n % len(purposes)],
            channel="email",
            collection_point_id=points[n].pk,
            action="grant",
            source_kind="person",
            count=1,
        )
        for n in range(start, stop)
    )


def ids(organisation: Organisation) -> dict[str, object]:
    """The first of each kind: the person with the choices, the import with the rejects."""
    kinds: dict[str, Any] = {"contact": Contact, "import_": Import, "segment": Segment, "audience": Audience}
    return {"point": "point-0", **{name: kind.objects.order_by("pk")[0].pk for name, kind in kinds.items()}}


def queries_of(get: object, path: str) -> int:
    """How many queries the second request of this address makes; the first may fill what is kept for long."""
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            answer = get(path)  # type: ignore[operator]
        assert answer.status_code == 200, (path, answer.content[:300])
    return len(captured)


def test_a_page_makes_as_many_queries_with_many_rows_as_with_few(acme: Organisation, owner: User) -> None:
    browser = client_of(owner)
    counted = []
    for start, stop in ((0, FEW), (FEW, MANY)):
        with scope(organisation=acme):
            fill(acme, start, stop)
            known = ids(acme)
        counted.append({page: queries_of(browser.get, f"/o/acme/{page.format(**known)}") for page in PAGES})
    few, many = counted
    assert many == few
    assert max(many.values()) <= 28, many


def test_an_answer_makes_as_many_queries_with_many_rows_as_with_few(acme: Organisation, owner: User) -> None:
    client = api_of(owner, acme)
    counted = []
    for start, stop in ((0, FEW), (FEW, MANY)):
        with scope(organisation=acme):
            fill(acme, start, stop)
            known = ids(acme)
        counted.append({path: queries_of(client.get, path.format(**known)) for path in ANSWERS})
    few, many = counted
    assert many == few
    assert max(many.values()) <= 25, many


def test_tokens_are_listed_in_as_many_queries(acme: Organisation, owner: User) -> None:
    browser = client_of(owner)
    counted = []
    for _ in range(2):
        for _ in range(5):
            api_of(owner, acme)
        counted.append(queries_of(browser.get, "/o/acme/tokens/"))
    with scope(organisation=acme):
        assert ApiToken.objects.count() == 10
    assert counted[0] == counted[1]
