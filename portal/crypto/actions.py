"""Key rotation: a new version to write with, the old ones kept to read with."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django_scopes import scopes_disabled

from portal import audit
from portal.crypto.keyring import forget_keys, key_rows, new_key_row, wrap_context
from portal.crypto.master import master_keys
from portal.crypto.models import KeyPurpose, OrganisationKey
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Capability

ROTATED = (KeyPurpose.DATA, KeyPurpose.SUPPRESSION, KeyPurpose.SIGNING, KeyPurpose.ARCHIVE)


@transaction.atomic
def rotate(*, actor: Actor, organisation: Organisation | None, purpose: KeyPurpose) -> OrganisationKey:
    """Add a version of this key and retire the one before; what it sealed, hashed or signed stays readable.

    Running processes go on writing with the old version for up to a minute, which is harmless.
    """
    actor.require(Capability.ORGANISATION_EDIT)
    now = timezone.now()
    organisation_id = organisation.pk if organisation else None
    with scopes_disabled():
        newest = key_rows(organisation_id, purpose).select_for_update().first()
        if newest is not None:
            newest.retired_at = now
            newest.save(update_fields=["retired_at"])
        key = new_key_row(organisation_id, purpose, newest.version + 1 if newest else 1)
        key.created_at = now
        key.save(force_insert=True)
    details = {"purpose": purpose.value, "version": key.version}
    audit.record(actor=actor, action="key.rotate", target=key, details=details, organisation=organisation)
    transaction.on_commit(forget_keys)
    return key


@transaction.atomic
def rewrap(*, actor: Actor) -> int:
    """Wrap every key under the current master key; the number of keys that were under an earlier one.

    Run it after putting the earlier master key into ``ACCORD_PREVIOUS_MASTER_KEYS``. It only takes as many
    statements as there are keys (a handful an organisation), so one transaction is short enough.
    """
    actor.require(Capability.ORGANISATION_EDIT)
    masters = master_keys()
    changed = 0
    with scopes_disabled():
        for row in OrganisationKey.objects.select_for_update().order_by("pk"):
            if masters.is_current(bytes(row.wrapped)):
                continue
            context = wrap_context(row.organisation_id, row.purpose, row.version)
            row.wrapped = masters.wrap(masters.unwrap(bytes(row.wrapped), context), context)
            row.save(update_fields=["wrapped"])
            changed += 1
    audit.record(actor=actor, action="key.rewrap", target_type="organisationkey", details={"keys": changed})
    return changed
