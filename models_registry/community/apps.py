from django.apps import AppConfig


class CommunityConfig(AppConfig):
    name = "models_registry.community"
    label = "community"
    verbose_name = "Community"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from models_registry.community.services import (  # noqa: F401 - they listen
            activities,
            collections,
            likes,
            telling,
        )
        from models_registry.community.web import moderation_slots

        moderation_slots.fill()
