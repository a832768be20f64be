"""The logs of trainings in the head of a default branch, read after a commit; each content once, wherever it occurs."""

import logging
import math
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from hub.jobs.models import Job
from hub.kept_sentences import sentence
from models_registry.errors import ContentQuarantined
from models_registry.formats.git_objects import LINK_MODE
from models_registry.formats.training_logs import MOST_POINTS, MOST_TAGS, Form, form_of, without_earlier_states
from models_registry.models import Commit, Repository, TrainingFile, TrainingLog, TrainingScalar
from models_registry.services import trees
from models_registry.services.fenced_process import FencedProcess, File, ProcessFailed
from models_registry.services.indexing.heads import is_head, is_head_locked
from models_registry.services.random_access import content_id, reader_of
from models_registry.services.trees import TreeEntry
from models_registry.storage import ObjectMissing

KIND = "read_training_logs"
MOST_FILES = 200
MOST_BYTES = 256 * 1024 * 1024  # of a file
SECONDS = 60.0  # for a file
BUDGET = 20 * 60  # seconds for a commit: what is left then is told, and read after the next
UNUSED = timedelta(days=1)
_TOO_MUCH = sentence(gettext_noop("It takes more memory or time to read than this hub gives it."))
_LEFT_OUT = sentence(gettext_noop("This commit holds more logs of trainings than this hub reads at once."))

logger = logging.getLogger(__name__)


def request(repository: Repository, commit: Commit, files: Sequence[TreeEntry]) -> None:
    """In the transaction that makes the commit's other facts known; also where the last log has just been deleted."""
    if _logs(files) or TrainingFile.objects.filter(repository=repository).exists():
        Job.objects.add(KIND, f"{repository.pk}:{commit.oid}")


def read(key: str) -> None:
    """Read what a commit's logs hold, if it still is the default branch's head. key: repository, commit.

    Raises StorageUnavailable; what was read until then stays.
    """
    repository_id, _, oid = key.partition(":")
    repository = Repository.objects.select_related("namespace").filter(pk=repository_id).first()
    if repository is None or not is_head(repository, oid):
        return
    commit = Commit.objects.get(repository=repository, oid=oid)
    rows = _files_of(repository, commit, _logs(trees.files(repository, commit)))
    with transaction.atomic():
        if not is_head_locked(repository, oid):
            return
        TrainingFile.objects.filter(repository=repository).delete()
        TrainingFile.objects.bulk_create(rows)
    logger.info("%d logs of trainings of commit %s read", len(rows), oid)


def forget_unused() -> int:
    """Delete what was read of contents that no default branch holds any more. Returns how many."""
    old = TrainingLog.objects.filter(files__isnull=True, read_at__lt=timezone.now() - UNUSED)
    _rows, by_model = old.delete()
    return by_model.get("models_registry.TrainingLog", 0)


def _logs(files: Sequence[TreeEntry]) -> list[TreeEntry]:
    by_path = {entry.path: entry for entry in files if entry.mode != LINK_MODE}
    return [by_path[path] for path in without_earlier_states(by_path)]


def _files_of(repository: Repository, commit: Commit, entries: Sequence[TreeEntry]) -> list[TrainingFile]:
    """The rows of these files, in no transaction. Raises StorageUnavailable."""
    entries = entries[: MOST_FILES + 1]  # the last one tells that there are more
    known = {(log.content, log.form): log for log in TrainingLog.objects.filter(content__in=map(content_id, entries))}
    until, rows = time.monotonic() + BUDGET, []
    with _LogProcess() as process:
        for number, entry in enumerate(entries):
            form, content = form_of(entry.path), content_id(entry)
            assert form is not None
            row = TrainingFile(repository=repository, commit=commit.oid, path=entry.path, content=content)
            rows.append(row)
            row.log = known.get((content, form.value)) if number < MOST_FILES else None
            if row.log is not None:
                continue
            if number >= MOST_FILES or time.monotonic() > until:
                row.problem = _LEFT_OUT
                continue
            try:
                file = File(entry.path, entry.size, reader_of(repository, entry))
                row.log = known[content, form.value] = _kept(content, form, process.read(form, file))
            except (ContentQuarantined, ObjectMissing) as error:
                row.problem = str(error)[:500]
    return rows


@transaction.atomic
def _kept(content: str, form: Form, found: Mapping[str, Any]) -> TrainingLog:
    problems = [str(problem)[:500] for problem in found["problems"]]
    log, is_new = TrainingLog.objects.get_or_create(content=content, form=form.value, defaults={"problems": problems})
    if is_new:
        scalars = (TrainingScalar(log=log, **scalar) for scalar in found["scalars"])
        TrainingScalar.objects.bulk_create(scalars, batch_size=20)
    return log


class _LogProcess(FencedProcess):
    module = "models_registry.formats.training_logs"

    def read(self, form: Form, file: File) -> dict[str, Any]:
        """As `formats.training_logs.reading.read_log`. Raises what the file's `read` raises."""
        try:
            return _checked(self.ask({"form": form.value}, [file], seconds=SECONDS, most_bytes=MOST_BYTES))
        except (ProcessFailed, ValueError, TypeError, LookupError):
            self.end()
            return {"scalars": [], "problems": [_TOO_MUCH]}


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    """What it says may be that of a process that was taken over. Raises ValueError, TypeError, LookupError."""
    scalars, problems = answer["scalars"], answer["problems"]
    if len(scalars) > MOST_TAGS or not isinstance(problems, list):
        raise ValueError("This is no log.")
    return {"scalars": [_checked_scalar(scalar) for scalar in scalars], "problems": problems}


def _checked_scalar(scalar: Mapping[str, Any]) -> dict[str, Any]:
    if len(scalar["points"]) > MOST_POINTS:
        raise ValueError("This is no scalar.")
    points = [[int(step), None if at is None else float(at), float(value)] for step, at, value in scalar["points"]]
    if not all(math.isfinite(number) for _step, *numbers in points for number in numbers if number is not None):
        raise ValueError("This is no scalar.")
    first = scalar["first_not_finite"]
    return {
        "tag": str(scalar["tag"])[:200], "count": int(scalar["count"]), "not_finite": int(scalar["not_finite"]),
        "first_not_finite": None if first is None else int(first), "points": points,
    }  # fmt: skip
