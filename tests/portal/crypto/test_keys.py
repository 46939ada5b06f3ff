"""The keys of organisations: each its own, made on first use, rotated without losing what the old one
wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks, Settings

from portal.audit.models import AuditEntry
from portal.crypto import (
    KeyPurpose,
    TamperedError,
    UnknownKeyError,
    actions,
    keyed_hashes,
    open_sealed,
    public_keys,
    seal,
    sealer,
    sign,
    signature_is_valid,
    verify_signature,
)
from portal.crypto.keyring import forget_keys, kept
from portal.crypto.models import OrganisationKey
from portal.errors import PermissionDeniedError
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_kept_keys() -> Iterator[None]:
    forget_keys()
    yield
    forget_keys()


def test_what_is_sealed_opens_for_its_organisation_alone(acme: Organisation, other: Organisation) -> None:
    box = seal(acme, b"proof", context=b"evidence:1")

    assert b"proof" not in box
    assert open_sealed(acme, box, context=b"evidence:1") == b"proof"
    assert open_sealed(acme.pk, box, context=b"evidence:1") == b"proof"
    for owner in (other, None):
        with pytest.raises(TamperedError):
            open_sealed(owner, box, context=b"evidence:1")
    with pytest.raises(TamperedError):
        open_sealed(acme, box, context=b"evidence:2")


def test_the_host_has_keys_of_its_own() -> None:
    assert open_sealed(None, seal(None, b"x", context=b"c"), context=b"c") == b"x"


def test_bulk_sealing_asks_the_database_once(acme: Organisation) -> None:
    bulk = sealer(acme)

    with CaptureQueriesContext(connection) as queries:
        boxes = [bulk.seal(b"%d" % n, context=b"c") for n in range(50)]
        assert [bulk.open(box, context=b"c") for box in boxes] == [b"%d" % n for n in range(50)]
    assert len(queries) == 0


def test_a_rotated_data_key_seals_anew_and_opens_the_old(acme: Organisation) -> None:
    old_sealer = sealer(acme)
    old = seal(acme, b"before", context=b"c")
    actions.rotate(actor=Actor.system(acme), organisation=acme, purpose=KeyPurpose.DATA)
    forget_keys()
    new = seal(acme, b"after", context=b"c")

    assert old[1:3] == b"\x00\x01"
    assert new[1:3] == b"\x00\x02"
    assert open_sealed(acme, old, context=b"c") == b"before"
    # A worker that started before the rotation reads what others seal after it.
    assert old_sealer.open(new, context=b"c") == b"after"


def test_hashes_are_looked_up_under_every_key(acme: Organisation, other: Organisation) -> None:
    first = keyed_hashes(acme).current(b"anna@example.org")
    assert first[0] == 1
    assert len(first[1]) == 32
    assert keyed_hashes(other).current(b"anna@example.org")[1] != first[1]

    actions.rotate(actor=Actor.system(acme), organisation=acme, purpose=KeyPurpose.SUPPRESSION)
    forget_keys()
    hasher = keyed_hashes(acme)

    assert hasher.version == 2
    assert hasher.versions == (2, 1)
    assert hasher.all(b"anna@example.org") == [hasher.current(b"anna@example.org"), first]
    assert hasher.current_many([b"a", b"b"]) == [hasher.current(b"a")[1], hasher.current(b"b")[1]]


def test_a_signature_is_checked_with_the_public_key_alone(acme: Organisation, other: Organisation) -> None:
    key_id, signature = sign(acme, b"d" * 32)
    key = public_keys(acme)[key_id]

    assert len(key.public_key) == 32
    assert key.valid_to is None
    assert signature_is_valid(key.public_key, b"d" * 32, signature)
    assert verify_signature(acme, key_id, b"d" * 32, signature)
    assert not verify_signature(acme, key_id, b"e" * 32, signature)
    assert not verify_signature(other, key_id, b"d" * 32, signature)
    assert not signature_is_valid(b"short", b"d" * 32, signature)


def test_a_retired_signing_key_keeps_its_dates_and_still_verifies(acme: Organisation) -> None:
    old_id, signature = sign(acme, b"d" * 32)
    actions.rotate(actor=Actor.system(acme), organisation=acme, purpose=KeyPurpose.SIGNING)
    forget_keys()
    new_id, _signature = sign(acme, b"d" * 32)
    keys = public_keys(acme)

    assert new_id != old_id
    assert keys[old_id].valid_to == keys[new_id].valid_from
    assert verify_signature(acme, old_id, b"d" * 32, signature)


def test_rotation_is_permitted_and_written_down(acme: Organisation) -> None:
    with pytest.raises(PermissionDeniedError):
        actions.rotate(actor=Actor.link(acme, reference="link:1"), organisation=acme, purpose=KeyPurpose.DATA)

    actions.rotate(actor=Actor.system(acme), organisation=acme, purpose=KeyPurpose.DATA)
    with scopes_disabled():
        entry = AuditEntry.objects.get(action="key.rotate")
    assert entry.organisation_id == acme.pk
    assert entry.details == {"purpose": "data", "version": 1}


def test_a_key_made_in_a_transaction_that_fails_is_never_used_again(
    acme: Organisation, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    class FailedError(Exception):
        pass

    with django_capture_on_commit_callbacks(execute=True), pytest.raises(FailedError), transaction.atomic():
        lost = seal(acme, b"x", context=b"c")
        raise FailedError
    assert (acme.pk, "data") not in kept

    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        seal(acme, b"y", context=b"c")
    assert (acme.pk, "data") in kept
    with pytest.raises(TamperedError):
        open_sealed(acme, lost, context=b"c")


def test_a_box_of_a_key_that_is_gone_says_so(acme: Organisation) -> None:
    box = seal(acme, b"x", context=b"c")

    with pytest.raises(UnknownKeyError):
        open_sealed(acme, box[:1] + b"\x00\x09" + box[3:], context=b"c")


def test_the_command_wraps_every_key_under_a_new_master_key(acme: Organisation, settings: Settings) -> None:
    box = seal(acme, b"x", context=b"c")
    old = settings.ACCORD
    settings.ACCORD = replace(old, master_key=b"n" * 32, previous_master_keys=(old.master_key,))
    out = StringIO()

    call_command("rotate_keys", master=True, stdout=out)
    settings.ACCORD = replace(old, master_key=b"n" * 32, previous_master_keys=())
    forget_keys()

    assert open_sealed(acme, box, context=b"c") == b"x"
    assert "1 keys" in out.getvalue()


def test_the_command_rotates_the_keys_of_one_organisation(acme: Organisation, other: Organisation) -> None:
    call_command("rotate_keys", organisation="acme", stdout=StringIO())

    with scopes_disabled():
        assert OrganisationKey.objects.filter(organisation=acme).count() == 4
        assert not OrganisationKey.objects.filter(organisation=other).exists()
    with pytest.raises(CommandError):
        call_command("rotate_keys", organisation="nobody", stdout=StringIO())
