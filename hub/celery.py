"""The queue. Rows with a state are the truth; a message only wakes a worker (`hub.jobs`, `evaluations`)."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
TRANSPORT_ALIASES["filesystem"] = "hub.file_broker:Transport"

app = Celery("grove")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["hub.jobs", "accounts", "models_registry", "models_registry.community", "evaluations"])
