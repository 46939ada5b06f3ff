from django.db import migrations

from portal.append_only import append_only


class Migration(migrations.Migration):
    """The ledger can't be rewritten, and each event carries the transaction that wrote it (for the seals)."""

    dependencies = [("consent", "0001_initial"), ("portal", "0002_audit_append_only")]
    operations = [
        append_only("consent_consentevent"),
        migrations.RunSQL(
            sql="""
            ALTER TABLE consent_consentevent
                ADD COLUMN transaction xid8 NOT NULL DEFAULT pg_current_xact_id();
            """,
            reverse_sql="ALTER TABLE consent_consentevent DROP COLUMN transaction;",
        ),
    ]
