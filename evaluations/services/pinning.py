"""A commit that a published score names stays in its repository, though its branch be rewritten: anybody may check it."""

from typing import Any

from django.db.models.signals import post_delete
from django.dispatch import receiver

from evaluations.models import Run, State
from models_registry.services import references


def pin(run: Run) -> None:
    """In the transaction that publishes the run's score."""
    references.pin(repository=run.repository, commit=run.commit)


@receiver(post_delete, sender=Run)
def unpin(sender: object, instance: Run, **_: Any) -> None:
    """The last score of a commit went: with its run, or with the whole repository."""
    others = Run.objects.filter(repository=instance.repository_id, commit=instance.commit, state=State.SCORED)
    if instance.state == State.SCORED and not others.exists():
        references.unpin(repository=instance.repository, commit=instance.commit)
