"""The community's durable work."""

from datetime import timedelta

from celery import shared_task
from django.db import OperationalError

from hub.jobs.registry import job
from models_registry.community.services.webhooks import announcing, delivering


@job(announcing.KIND, lease=timedelta(minutes=5), retry_on=(OperationalError,))
def deliver_webhooks(key: str) -> None:
    delivering.deliver_due(key)


@shared_task(name="community.sweep_deliveries", ignore_result=True)
def sweep_deliveries() -> None:
    delivering.sweep()


@shared_task(name="community.prune_deliveries", ignore_result=True)
def prune_deliveries() -> None:
    delivering.prune()
