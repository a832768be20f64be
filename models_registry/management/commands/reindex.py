"""Make again, from the repositories themselves, what pages and lists read."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hub.jobs.models import Job
from models_registry.errors import StorageUnavailable
from models_registry.management.naming import repository_named
from models_registry.models import Reference, Repository
from models_registry.services import indexing, storage_use

_CHUNK = 200


class Command(BaseCommand):
    help = (
        "Reads cards, configurations, tensors and lineage again, asks for the scans that are missing, and measures storage."
        " It may run beside a live hub, as often as you like; after an interruption, --after goes on where it stood."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--repository", metavar="NAMESPACE/NAME", help="this one; datasets/… for a dataset")
        which.add_argument("--all", action="store_true", help="every repository")
        parser.add_argument("--after", type=int, default=0, metavar="ID", help="with --all: those after this id alone")
        parser.add_argument("--queue", action="store_true", help="leave the work to the hub's workers")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        repositories = Repository.objects.select_related("namespace").order_by("pk")
        if options["repository"]:
            repositories = repositories.filter(pk=repository_named(options["repository"]).pk)
        failed = done = 0
        last = options["after"]
        while batch := list(repositories.filter(pk__gt=last)[:_CHUNK]):
            for repository in batch:
                try:
                    _queue(repository) if options["queue"] else _reindex(repository)
                except StorageUnavailable as error:
                    failed += 1
                    self.stderr.write(f"{repository.full_name}: {error}")
                last, done = repository.pk, done + 1
            self.stdout.write(f"{done} repositories; go on with --after {last}")
        if failed:
            raise CommandError(f"{failed} of {done} repositories could not be read: run this again.")
        self.stdout.write(self.style.SUCCESS(f"{done} repositories {'queued' if options['queue'] else 'indexed'}."))


def _reindex(repository: Repository) -> None:
    indexing.reindex(repository)
    storage_use.measure(repository.pk)


def _queue(repository: Repository) -> None:
    storage_use.request([repository.pk])
    name = f"refs/heads/{repository.default_branch}"
    for target in Reference.objects.filter(repository=repository, name=name).values_list("target", flat=True):
        Job.objects.add("index_commit", f"{repository.pk}:{target}")
