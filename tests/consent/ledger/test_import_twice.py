"""Whatever is in a file: the counts add up, a dry run foretells them, and the same file again changes nothing."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.ledger.models import ConsentEvent, ConsentState, Evidence
from consent.purposes.models import Purpose
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from subscribers.imports.models import Import, ImportChange
from subscribers.suppression.models import Suppression
from tests.consent.choices import choose, new_purpose
from tests.subscribers.imports.files import OUR_FORM, counts_of, imported

pytestmark = pytest.mark.django_db

MAPPING = {
    "email": "email",
    "phone": "phone",
    "id": "external_id",
    "name": "first_name",
    "tags": "tags",
    "status": "consent.status",
    "date": "consent.occurred_at",
    "ip": "consent.ip",
    "what": "consent.purpose",
    "md5": "suppression.md5",
}
# Where every row has a quote too many, guessing finds another table in it.
READING = {"delimiter": ",", "quote": '"', "header": True}
HASH = hashlib.md5(b"c@x.example").hexdigest()
ADDRESSES = [
    "", "a@x.example", "A@x.example", "b@x.example", "c@x.example", "ada.martin@example.org", "ben@example.net", "bad",
    "d\0@x.example", '"e@x.example',
]  # fmt: skip
ROWS = st.tuples(
    st.sampled_from(ADDRESSES),
    st.sampled_from(["", "", "0612345678", "+33612345678", "0698765432", "12"]),
    st.sampled_from(["", "", "1", "2", "C-1001"]),
    st.sampled_from(["", "Zoé", "x\ty", "\\N", '"quoted, cell"']),
    st.sampled_from(["", "vip", '"vip, new"']),
    st.sampled_from(["", "", "subscribed", "unsubscribed", "bounced", "pending", "who knows"]),
    st.sampled_from(["", "2026-01-01", "2025-03-03", "2999-01-01", "yesterday"]),
    st.sampled_from(["", "192.0.2.1", "2001:db8::1", "300.1.1.1"]),
    st.sampled_from(["", "newsletter", "offers", "nothing"]),
    st.sampled_from(["", "", "", HASH, "12"]),
)
CLAIM = replace(
    OUR_FORM,
    consents=[{"purpose": key, "channel": "email"} for key in ("newsletter", "offers")],
    collected_on=date(2026, 2, 3),
    evidence_note="Box on the checkout page, not ticked.",
)


@pytest.fixture
def newsletter(in_acme: Organisation) -> Purpose:
    new_purpose(in_acme, "offers", channels=["email", "sms"], double_opt_in=True)
    return new_purpose(in_acme, valid_for_days=300)


def everything() -> list[list[tuple[object, ...]]]:
    """All that an import may change."""
    return [
        list(Contact.objects.order_by("pk").values_list()),
        list(ConsentState.objects.order_by("contact", "purpose", "channel").values_list()),
        list(ConsentEvent.objects.order_by("pk").values_list("pk", "action")),
        list(Evidence.objects.filter(contact__isnull=False).order_by("pk").values_list("pk")),
        list(Suppression.objects.order_by("pk").values_list("channel", "hash_type", "reason", "contact")),
        list(ImportChange.objects.order_by("pk").values_list("pk")),
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(ROWS, max_size=25),
    st.sampled_from(["fill", "overwrite", "skip"]),
    st.integers(1, 30),
    st.booleans(),
)
def test_the_same_file_again_changes_nothing(
    in_acme: Organisation,
    newsletter: Purpose,
    ada: Contact,
    ben: Contact,
    rows: list[tuple[str, ...]],
    rule: str,
    chunk_rows: int,
    said_no: bool,
) -> None:
    content = ",".join(MAPPING) + "\n" + "".join(",".join(row) + "\n" for row in rows)

    def run(*, dry_run: bool = False) -> Import:
        choice = {**READING, "mapping": MAPPING, "update_rule": rule}
        return imported(in_acme, content, declaration=CLAIM, dry_run=dry_run, **choice)

    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr("subscribers.imports.running.CHUNK_ROWS", chunk_rows)
        patch.setattr("subscribers.imports.running.BLOCK_BYTES", 64)
        if said_no:
            choose(ada, newsletter, "withdraw", occurred_at=datetime(2025, 1, 1, tzinfo=UTC))
        before = everything()
        dry = run(dry_run=True)
        assert everything() == before
        first = run()
        after = everything()
        second = run()
        again = everything()
        transaction.set_rollback(True)
    assert {dry.state, first.state, second.state} == {"done"}
    assert first.rows_read == len(rows)
    assert counts_of(dry) == counts_of(first)
    assert dry.rejects_by_code == first.rejects_by_code == second.rejects_by_code
    assert first.rows_created == len(after[0]) - len(before[0])
    assert first.rows_updated == len(after[5]) - len(before[5])
    assert again == after
    assert second.rows_created == second.rows_updated == 0
    if said_no:
        assert (ada.pk, newsletter.pk, "email", "withdrawn") in {(row[1], row[2], row[3], row[4]) for row in after[1]}
