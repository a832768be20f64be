from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class ModelsRegistryConfig(AppConfig):
    name = "models_registry"
    verbose_name = "Registry"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import scopes
        from accounts.navigation import SettingsPage, add_settings_page
        from models_registry.scopes import REPOSITORIES

        scopes.add(REPOSITORIES)
        add_settings_page(SettingsPage("settings-gated", _("Gated repositories"), "lock"))
        if apps.is_installed("allauth.account"):  # not at the CAS, where nobody has an account to leave
            from models_registry.services import leaving  # noqa: F401 - it listens, and tells what one can take along
