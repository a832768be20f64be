from django.apps import AppConfig, apps


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.services import memberships  # noqa: F401 - keeps an administrator when somebody leaves the hub

        if apps.is_installed("allauth.account"):  # not where nobody signs in, as at the CAS
            from accounts.services import leaving, sessions  # noqa: F401 - what one takes along; a new password ends others
