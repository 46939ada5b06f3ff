"""What is known about a person can be shown and erased, all of it: every model that names a contact has a source."""

from __future__ import annotations

from django.apps import apps
from django.db import models

from portal.personal_data.registry import PersonalDataSource, covered_models, sources
from subscribers.contacts.models import Contact

OURS = {"portal", "subscribers", "consent", "compliance"}
# Models that hold people's data with no link to a contact: somebody must answer for them all the same.
UNLINKED = {"subscribers.importreject"}


def models_that_name_a_contact() -> set[str]:
    """Every model of ours with a relation to Contact, of any kind, and Contact itself."""
    found = {Contact._meta.label_lower}
    for model in apps.get_models(include_auto_created=True):
        relations = [
            field for field in model._meta.get_fields() if isinstance(field, models.ForeignKey | models.ManyToManyField)
        ]
        if model._meta.app_label in OURS and any(field.remote_field.model is Contact for field in relations):
            found.add(model._meta.label_lower)
    return found


def test_every_model_that_names_a_contact_has_a_personal_data_source() -> None:
    missing = (models_that_name_a_contact() | UNLINKED) - covered_models()
    assert missing == set(), f"register a PersonalDataSource for {sorted(missing)} (docs/build/personal-data.md)"


def test_the_walk_sees_what_it_must_see() -> None:
    assert {"subscribers.contact", "subscribers.suppression", "consent.evidence"} <= models_that_name_a_contact()


def test_a_forgotten_model_would_be_noticed() -> None:
    without = [source for source in sources() if source.name != "suppression"]
    assert "subscribers.suppression" in models_that_name_a_contact() - covered_models(without)


def test_every_source_covers_models_that_exist() -> None:
    known = {model._meta.label_lower for model in apps.get_models()}
    assert covered_models() <= known


def test_the_contact_goes_last() -> None:
    """The other sources are found by the contact, so nothing may be erased after it."""
    last: PersonalDataSource = sources()[-1]
    assert "subscribers.Contact" in last.models
