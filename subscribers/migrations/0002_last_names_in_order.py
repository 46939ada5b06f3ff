import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0002_audit_append_only"),
        ("subscribers", "0001_initial"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="contact",
            name="contacts_by_last_name",
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                models.F("organisation"),
                django.db.models.functions.comparison.Collate(django.db.models.functions.text.Lower("last_name"), "C"),
                models.F("id"),
                name="contacts_by_last_name",
            ),
        ),
    ]
