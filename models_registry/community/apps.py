from django.apps import AppConfig


class CommunityConfig(AppConfig):
    name = "models_registry.community"
    label = "community"
    verbose_name = "Community"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from accounts.navigation import OrganizationPage, SettingsPage, add_organization_page, add_settings_page
        from models_registry.community.services import (  # noqa: F401 - they listen
            activities,
            collections,
            exporting,
            likes,
            pull_requests,
            references,
            safety,
            telling,
        )
        from models_registry.community.services.webhooks import announcing  # noqa: F401 - it listens, too
        from models_registry.community.web import moderation_slots, slots
        from models_registry.community.web.webhooks import address_for

        add_settings_page(SettingsPage("settings-notifications", _("Notifications"), "bell"))
        add_settings_page(SettingsPage("settings-webhooks", _("Webhooks"), "link-45deg"))
        add_organization_page(OrganizationPage(address_for, _("Webhooks"), "link-45deg"))
        add_settings_page(SettingsPage("settings-moderation", _("Moderation"), "shield-exclamation"))

        slots.fill()
        moderation_slots.fill()
