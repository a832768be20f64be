"""The community's durable work: telling people and programs."""

from datetime import timedelta

from celery import shared_task
from django.db import OperationalError

from hub.jobs.registry import job
from models_registry.community.services import activities, mails, mentions, notifications, pictures, references
from models_registry.community.services.moderation import acts, appeals, reports
from models_registry.community.services.moderation import telling as moderation_telling
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


@job(notifications.KIND, lease=timedelta(minutes=10), retry_on=(OperationalError,))
def tell(key: str) -> None:
    notifications.tell(int(key))


@job(mails.KIND, lease=timedelta(minutes=5), attempts=8, retry_on=(*mails.REFUSALS, OperationalError))
def send_mail(key: str) -> None:
    mails.send(int(key))


@job(mentions.KIND_OF_JOB, lease=timedelta(minutes=5), retry_on=(OperationalError,))
def note_references(key: str) -> None:
    references.of_comment(int(key))


@job(references.COMMITS, lease=timedelta(minutes=5), retry_on=(OperationalError,))
def note_commit_references(key: str) -> None:
    references.of_commits(key)


@shared_task(name="community.sweep_pictures", ignore_result=True)
def sweep_pictures() -> None:
    pictures.sweep()


@job(acts.TELL, lease=timedelta(minutes=5), attempts=8, retry_on=(*mails.REFUSALS, OperationalError))
def tell_of_act(key: str) -> None:
    moderation_telling.tell(int(key))


@job(appeals.TELL, lease=timedelta(minutes=5), attempts=8, retry_on=(*mails.REFUSALS, OperationalError))
def tell_of_decision(key: str) -> None:
    moderation_telling.tell_of_decision(int(key))


@job(reports.ANSWER, lease=timedelta(minutes=5), attempts=8, retry_on=(*mails.REFUSALS, OperationalError))
def answer_complaints(key: str) -> None:
    moderation_telling.answer_complaints(int(key))


@shared_task(name="community.send_digests", ignore_result=True)
def send_digests() -> None:
    mails.request_digests()


@shared_task(name="community.forget_old_news", ignore_result=True)
def forget_old_news() -> None:
    activities.prune()
    notifications.prune()
