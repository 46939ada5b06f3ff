"""Tables that the database itself keeps from being changed: a trigger refuses UPDATE, DELETE and TRUNCATE."""

from __future__ import annotations

from django.db import migrations

REFUSE = """
CREATE OR REPLACE FUNCTION accord_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'append_only: % on % is refused; the past is corrected by a new row', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


def append_only(table: str) -> migrations.RunSQL:
    """The migration operation that makes this table append-only."""
    return migrations.RunSQL(
        sql=f"""
        {REFUSE}
        CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION accord_append_only();
        CREATE TRIGGER append_only_table BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION accord_append_only();
        """,
        reverse_sql=f"""
        DROP TRIGGER append_only_rows ON {table};
        DROP TRIGGER append_only_table ON {table};
        """,
    )


REFUSE_BUT_END = """
CREATE OR REPLACE FUNCTION accord_end_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
        AND to_jsonb(NEW) - 'ended_at' = to_jsonb(OLD) - 'ended_at' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'append_only: % on % is refused; only its end can be written, once', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


def append_only_until_ended(table: str) -> migrations.RunSQL:
    """As :func:`append_only`, for rows that say how long they held: ``ended_at`` may be written, once."""
    return migrations.RunSQL(
        sql=f"""
        {REFUSE}
        {REFUSE_BUT_END}
        CREATE TRIGGER append_only_end BEFORE UPDATE ON {table}
            FOR EACH ROW EXECUTE FUNCTION accord_end_once();
        CREATE TRIGGER append_only_rows BEFORE DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION accord_append_only();
        CREATE TRIGGER append_only_table BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION accord_append_only();
        """,
        reverse_sql=f"""
        DROP TRIGGER append_only_end ON {table};
        DROP TRIGGER append_only_rows ON {table};
        DROP TRIGGER append_only_table ON {table};
        """,
    )
