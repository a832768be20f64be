from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.services import (
            memberships,  # noqa: F401 - keeps an administrator when somebody leaves the hub
            sessions,  # noqa: F401 - ends the others when a password changes
        )
