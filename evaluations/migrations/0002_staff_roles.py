"""The groups of the hub's staff: moderator, evaluator, operator. Each later `migrate` makes them so again."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

from hub import staff_roles


def set_up(apps, schema_editor):
    using = schema_editor.connection.alias
    for app in apps.get_app_configs():  # permissions are otherwise made after the last migration
        app.models_module = True
        create_permissions(app, apps=apps, using=using, verbosity=0)
        app.models_module = None
    staff_roles.set_up(apps, using)


def remove(apps, schema_editor):
    groups = apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias)
    groups.filter(name__in=staff_roles.ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("evaluations", "0001_initial"),
        ("community", "0001_initial"),
        ("jobs", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(set_up, remove)]
