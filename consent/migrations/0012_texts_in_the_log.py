from typing import Any

from django.db import migrations
from django.utils import timezone
from django_scopes import scopes_disabled

from consent.texts.kept import form_text, noted, notice_text, purpose_text


def note_what_is_kept(apps: Any, schema_editor: Any) -> None:
    """From now on the sealed audit log tells the fingerprint of each version; here those of the versions there are."""
    texts: dict[int, list[Any]] = {}
    with scopes_disabled():
        for model, text_of in (
            ("NoticeVersion", notice_text),
            ("PurposeVersion", purpose_text),
            ("FormVersion", form_text),
        ):
            for version in apps.get_model("consent", model).objects.iterator(200):
                texts.setdefault(version.organisation_id, []).append(text_of(version))
    for organisation, kept in texts.items():
        apps.get_model("portal", "AuditEntry").objects.create(
            organisation_id=organisation,
            at=timezone.now(),
            actor_kind="system",
            actor_reference="migration:consent.0012",
            action="texts.recorded",
            target_type="texts",
            details=noted(kept),
        )


class Migration(migrations.Migration):
    dependencies = [("consent", "0011_archived_files"), ("portal", "0009_branding")]
    operations = [migrations.RunPython(note_what_is_kept, migrations.RunPython.noop)]
