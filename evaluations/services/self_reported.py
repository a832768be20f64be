"""Scores that models' authors report: read after each commit on the default branch, and shown apart from what was run here."""

import logging
import re
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import BooleanField, Case, Q, QuerySet, Value, When
from django.dispatch import receiver

from accounts.models import Actor
from evaluations.models import SelfReportedScore, SuiteVersion
from hub.jobs.models import Job
from models_registry.events import commit_indexed
from models_registry.formats import eval_results
from models_registry.formats.card import CardError, plain_yaml
from models_registry.formats.eval_results import LONGEST, ReportedScore
from models_registry.models import Card, Commit, Gate, Kind, Repository
from models_registry.services import quarantine, reading, trees
from models_registry.services.trees import TreeEntry

logger = logging.getLogger(__name__)

KIND = "read_self_reported_scores"
FILES = re.compile(r"\.eval_results/[^/]{1,200}\.ya?ml")
MOST_FILES = 50
LARGEST_FILE = 256 * 1024
MOST_SCORES = 500  # of one repository
# What a gate keeps are files; the card is everybody's.
_OPEN = Q(path="README.md") | Q(repository__gated=Gate.OPEN)
# What authors call the metrics of our suites.
METRICS = {
    "acc": "accuracy",
    "macro_f1": "f1_macro",
    "r_squared": "r2",
    "mean_absolute_error": "mae",
    "mean_squared_error": "mse",
    "bpb": "bits_per_byte",
}


@receiver(commit_indexed)
def ask(sender: object, repository: Repository, card: Card, files: list[TreeEntry], **_: Any) -> None:
    """Only where there is something to read, or was."""
    says = "model-index" in card.front_matter or any(FILES.fullmatch(entry.path) for entry in files)
    if repository.kind == Kind.MODEL and (says or reported_by(repository).exists()):
        Job.objects.add(KIND, str(repository.pk))


def read(repository_id: int) -> None:
    """Write down what the repository's card and files say now. Raises StorageUnavailable."""
    repository = Repository.objects.select_related("namespace").filter(pk=repository_id).first()
    card = Card.objects.filter(repository=repository_id).first()
    commit = Commit.objects.filter(repository=repository_id, oid=card.commit).first() if card else None
    if repository is None or card is None or commit is None:
        return
    rows = [_row(repository, card.commit, "README.md", score) for score in eval_results.of_card(card.front_matter)]
    for path, score in _of_files(repository, commit):
        rows.append(_row(repository, card.commit, path, score))
    with transaction.atomic():
        locked = Repository.objects.select_for_update(no_key=True).filter(pk=repository.pk).values_list("pk")
        if not locked or not Card.objects.filter(pk=card.pk, commit=card.commit).exists():
            return  # deleted, or a later commit has asked again
        SelfReportedScore.objects.filter(repository=repository).delete()
        SelfReportedScore.objects.bulk_create(rows[:MOST_SCORES])
    logger.info("%d self-reported scores of repository %s", len(rows[:MOST_SCORES]), repository.pk)


def reported_for(version: SuiteVersion) -> QuerySet[SelfReportedScore]:
    """What public models report that a suite could have measured: of its task or its data, by one of its metrics.

    Those that name its data come first (`names_suite`), then by repository: never by value.
    """
    metrics = [metric["name"] for metric in version.definition["metrics"]]
    names = {version.suite.name, *(data["name"].lower() for data in version.definition["data"])}
    names_suite = Q(dataset_key__in=names)
    of_task = Q(task=version.suite.task, metric_key__in=metrics)
    rows = SelfReportedScore.objects.filter(
        of_task | (names_suite & Q(metric_key__in=["", *metrics])),
        repository__in=Repository.objects.visible_to(Actor()),
    ).filter(_OPEN)
    marked = rows.annotate(names_suite=Case(When(names_suite, Value(True)), default=False, output_field=BooleanField()))
    return marked.select_related("repository__namespace").order_by("-names_suite", "repository__full_key", "pk")


def reported_by(repository: Repository) -> QuerySet[SelfReportedScore]:
    """In the order in which they are written."""
    return SelfReportedScore.objects.filter(repository=repository).filter(_OPEN).order_by("pk")


def _of_files(repository: Repository, commit: Commit) -> Iterator[tuple[str, ReportedScore]]:
    named = [entry for entry in trees.files(repository, commit) if FILES.fullmatch(entry.path) and entry.lfs is None]
    for entry in trees.with_sizes(repository, named[:MOST_FILES]):
        if entry.size > LARGEST_FILE or quarantine.holds(entry.oid):
            continue
        raw = reading.read_range(trees.content_of(repository, entry), 0, entry.size)
        try:
            data = plain_yaml(raw.decode("utf-8", "replace"))
        except CardError:
            continue
        for score in eval_results.of_file(data):
            yield entry.path, score


def _row(repository: Repository, commit: str, path: str, score: ReportedScore) -> SelfReportedScore:
    metric = re.sub(r"[\s-]+", "_", score.metric.lower())[:LONGEST]  # a letter can be two when it is small
    return SelfReportedScore(
        repository=repository,
        commit=commit,
        path=path,
        task=re.sub(r"[\s_]+", "-", score.task.lower())[:LONGEST],
        dataset=score.dataset,
        dataset_key=score.dataset.lower()[:LONGEST],
        dataset_name=score.dataset_name,
        split=score.split,
        metric=score.metric,
        metric_key=METRICS.get(metric, metric),
        value=score.value,
        source_url=score.source_url,
    )
