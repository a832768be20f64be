"""The database itself refuses to change or delete an entry of the audit log.

What the hub does beside adding is allowed: an account or namespace that goes is taken out of its entries, by name they stay.
On SQLite nothing keeps a row from being deleted, as tests empty their tables so; whoever holds the file holds the log.
"""

from django.db import migrations

REFUSED = "the audit log is append-only"
POSTGRES = f"""
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
        AND (to_jsonb(NEW) - 'user_id' - 'namespace_id') = (to_jsonb(OLD) - 'user_id' - 'namespace_id')
        AND (NEW.user_id IS NULL OR NEW.user_id = OLD.user_id) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '{REFUSED}';
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON accounts_auditentry
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
"""
SQLITE = f"""
CREATE TRIGGER audit_is_append_only
BEFORE UPDATE OF actor_name, token_prefix, action, target, details, created_at ON accounts_auditentry
BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END
"""


def guard(apps, schema_editor):
    schema_editor.execute(POSTGRES if schema_editor.connection.vendor == "postgresql" else SQLITE, params=None)


def unguard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER audit_is_append_only ON accounts_auditentry", params=None)
        schema_editor.execute("DROP FUNCTION audit_is_append_only()", params=None)
    else:
        schema_editor.execute("DROP TRIGGER audit_is_append_only", params=None)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunPython(guard, unguard)]
