"""What somebody says about a file before it is imported: kept with it, and whether it may still be changed."""

from __future__ import annotations

from datetime import datetime, time

from django.utils.translation import gettext_lazy as _

from portal.errors import ConflictError, InvalidInputError
from portal.organisations.models import Organisation
from subscribers.imports.models import Import, ImportState
from subscribers.imports.passport.points import Naming, point_problems
from subscribers.imports.passport.rules import Declaration, declaration_problems
from subscribers.imports.stages import Claim, claim_problems

CONSENT_DATE = "consent.occurred_at"


class ImportStartedError(ConflictError):
    code = "import_started"
    title = _("This import has started already and cannot be changed. Make a new one from the file.")


class ImportEndedError(ConflictError):
    code = "import_ended"
    title = _("This import has ended already.")


def set_declaration(organisation: Organisation, source: Import, declaration: Declaration, now: datetime) -> None:
    check_declaration(organisation, source, declaration, now)
    source.origin_kind = declaration.origin_kind
    source.origin_name = declaration.origin_name.strip()
    source.collected_by = declaration.collected_by.strip()
    source.collected_on = declaration.collected_on
    source.basis = declaration.basis
    source.consents = list(declaration.consents)
    source.evidence_note = declaration.evidence_note.strip()
    source.occurred_at = declaration.occurred_at
    source.partners = declaration.partners.strip()
    source.collection_point = declaration.collection_point
    source.notice_language = declaration.notice_language if declaration.collection_point else ""


def check_declaration(organisation: Organisation, source: Import, declaration: Declaration, now: datetime) -> None:
    # Which columns a large file has may not be known yet: then this is looked at again before it is run.
    dated = CONSENT_DATE in source.mapping.values() or not source.columns
    today = now.astimezone(organisation.zone).date()
    problems = declaration_problems(declaration, dated_rows=dated, now=now, today=today)
    claim = Claim(
        consents=declaration.consents,
        basis=declaration.basis,
        origin_kind=declaration.origin_kind,
        evidence_note=declaration.evidence_note,
    )
    problems += claim_problems(organisation, claim)
    problems += point_problems(organisation, naming_of(organisation, source, declaration))
    if problems:
        raise InvalidInputError(_("Some of what an import must say is missing or wrong."), errors=problems)


def declaration_of(source: Import) -> Declaration:
    return Declaration(
        origin_kind=source.origin_kind,
        origin_name=source.origin_name,
        collected_by=source.collected_by,
        collected_on=source.collected_on,
        basis=source.basis,
        consents=source.consents,
        evidence_note=source.evidence_note,
        occurred_at=source.occurred_at,
        partners=source.partners,
        collection_point=source.collection_point,
        notice_language=source.notice_language,
    )


def naming_of(organisation: Organisation, source: Import, declaration: Declaration) -> Naming:
    """What is said about the collection point, with what is known of the columns so far."""
    dated = CONSENT_DATE in source.mapping.values() or not source.columns
    moment, place = moment_of(declaration, organisation)
    return Naming(
        key=declaration.collection_point,
        language=declaration.notice_language,
        origin_kind=declaration.origin_kind,
        consents=declaration.consents,
        moment=None if dated else moment,
        moment_place=place,
        speaks="language" in source.mapping.values() or not source.columns,
        until=source.started_at,
    )


def moment_of(declaration: Declaration, organisation: Organisation) -> tuple[datetime | None, tuple[str, ...]]:
    """When the people of a file were asked, as far as the file as a whole says it, and the field that does."""
    if declaration.occurred_at:
        return declaration.occurred_at, ("options", "occurred_at")
    place = ("options", "origin", "collected_on")
    day = declaration.collected_on
    return (datetime.combine(day, time(), organisation.zone), place) if day else (None, place)


def lock_uploaded(source: Import) -> Import:
    locked = Import.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=source.pk)
    require_changeable(locked)
    return locked


def require_changeable(locked: Import) -> None:
    """ImportStartedError unless the import is only uploaded, or at the end of a dry run."""
    tried = (
        locked.dry_run and locked.file and locked.state in (ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED)
    )
    if locked.state != ImportState.UPLOADED and not tried:
        raise ImportStartedError
    if locked.job_id is not None and not tried:
        raise ImportStartedError
