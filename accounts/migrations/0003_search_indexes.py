from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations

from hub.search_indexes import trigrams


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_audit_is_append_only")]

    operations = [
        TrigramExtension(),
        trigrams("namespace_by_text", "accounts_namespace", "key"),
        trigrams("user_by_full_name", "accounts_user", "upper(full_name)"),
        trigrams("organization_by_full_name", "accounts_organization", "upper(full_name)"),
    ]
