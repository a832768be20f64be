"""Repositories as they are named on the command line."""

from django.core.management import CommandError

from models_registry.models import Kind, Repository


def repository_named(text: str) -> Repository:
    """By `namespace/name`, before which stands `datasets/` for a dataset. Raises CommandError."""
    kind = Kind.DATASET if text.startswith(Kind.DATASET.page_prefix) else Kind.MODEL
    namespace, _, name = text.removeprefix(kind.page_prefix).partition("/")
    found = Repository.objects.select_related("namespace").named(kind, namespace, name).first()
    if found is None:
        raise CommandError(f"There is no {kind} {text!r}.")
    return found
