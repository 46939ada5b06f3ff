"""What follows a sign-up: a receipt to the person, and the scan in the bundle of the proof."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django_scopes import scope

from consent.collection.models import CollectionPoint
from consent.ledger.evidence import open_evidence
from consent.ledger.models import ConsentEvent
from consent.proofs.attachments import attachments_of
from consent.purposes.models import Purpose
from portal.accounts.models import User
from portal.organisations.models import Organisation
from portal.personal_data.registry import sources
from tests.consent.collection.forms import delivered, link_in, press, send
from tests.consent.collection.test_reporting import PDF, kind_of, record, scan

pytestmark = pytest.mark.django_db


def test_whoever_confirms_gets_a_receipt_with_the_words_and_the_way_out(
    point: CollectionPoint, acme: Organisation, django_capture_on_commit_callbacks: Any
) -> None:
    send(point)
    (asking,) = delivered()
    with django_capture_on_commit_callbacks(execute=True):
        press(link_in(asking))
    (receipt,) = delivered()
    assert receipt.to == ["nina@mail.example"]
    assert "Newsletter by e-mail" in receipt.body
    assert receipt.body.count("\n* ") == 1  # the yes and its confirmation are one thing
    assert re.search(r"/p/[A-Za-z0-9_-]{48}", receipt.body)
    with django_capture_on_commit_callbacks(execute=True):
        press(link_in(asking))
    assert delivered() == []  # a second press is none


def test_the_scan_comes_with_the_proof_until_the_person_is_erased(
    marketer: User, acme: Organisation, newsletter: Purpose
) -> None:
    kind_of(acme, newsletter, "paper")
    assert record(marketer, scan=scan(), reference="Box 3").status_code == 302
    with scope(organisation=acme):
        event = ConsentEvent.objects.select_related("evidence").get()
        assert event.evidence is not None
        proof = {"evidence": [{"document": open_evidence(event.evidence)}]}
        (found,) = attachments_of(acme, proof).items()
        assert (found[0][-4:], found[1]) == (".pdf", PDF)
        for source in sources():
            source.erased(acme, event.contact_id, now=event.recorded_at)
        assert attachments_of(acme, proof) == {}
