from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps
from django.db.models.signals import post_migrate

from hub import staff_roles


def make_staff_roles(using: str, apps: Apps = installed, **_: object) -> None:
    """Also after a flush, which tells no state of the apps."""
    staff_roles.set_up(apps, using)


class EvaluationsConfig(AppConfig):
    name = "evaluations"
    verbose_name = "Evaluations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from evaluations.services import (  # noqa: F401 - they listen, guard tags, and tell what a member takes along
            automatic,
            exporting,
            rank_requests,
            self_reported,
            tag_rules,
        )
        from evaluations.web import slots

        slots.fill()
        # This app comes last: by its turn, every app has its permissions.
        post_migrate.connect(make_staff_roles, sender=self)
