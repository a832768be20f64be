from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "hub.jobs"
    label = "jobs"
    default_auto_field = "django.db.models.BigAutoField"
    default = True

    def ready(self) -> None:
        autodiscover_modules("tasks")  # every app's tasks.py registers its kinds of work


class AskingConfig(JobsConfig):
    """Of a process that asks for work and does none: it need not have what the work needs."""

    default = False

    def ready(self) -> None:
        pass
