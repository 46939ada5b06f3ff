"""The demo organisation, loaded once: what a visitor sees first has to hold together."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django_scopes import scope

from compliance.demo.story import PASSWORD, SIGN_INS, tell
from consent.collection.models import CollectionPoint, SignUp
from consent.ledger.models import ConsentEvent
from consent.notices.models import NoticeVersion
from consent.rates.counting import count_days, differences
from portal.mail.models import OutgoingMail
from tests.portal.seals.keeping import seal, verify


@pytest.mark.django_db(transaction=True)
def test_the_demo_holds_together() -> None:
    now = timezone.now()
    organisation = tell(now=now)
    with scope(organisation=organisation):
        point = CollectionPoint.objects.get()
        asked = ConsentEvent.objects.filter(collection_point_id=point.pk)
        shown = {f"{row.notice}/{row.number}/{row.language}": row.digest for row in NoticeVersion.objects.all()}
        assert len(shown) == 4
        for version, digest, at in asked.values_list("notice_version", "notice_digest", "occurred_at"):
            assert digest == shown[version]
            assert at <= now
        assert SignUp.objects.count() > asked.values("contact_id").distinct().count() > 100
        assert not OutgoingMail.objects.filter(template="receipt").exists(), "nobody is written to about the past"
        newest = ConsentEvent.objects.order_by("-pk")[:50]
        assert sorted(newest, key=lambda event: event.occurred_at, reverse=True)[0] in newest[:4]

    assert seal()
    assert verify(organisation).ok
    call_command("ledger", "rebuild", "--check", stdout=StringIO())
    assert count_days(now=timezone.now())
    assert differences(organisation) == []
    for email, _role in SIGN_INS:
        assert Client().post("/accounts/login/", {"login": email, "password": PASSWORD}).status_code == 302
