"""Content that came plainly (git-lfs, clients without Xet) is cut into chunks by a worker, as a Xet client would have sent it.

Then it has a Xet hash, without which the stock client copies nothing between repositories; it shares its chunks with
other versions of itself; and one way of keeping it is enough (see `plain_copies`). The work goes through the hub's own CAS:
what is checked of anybody's upload is checked of this one.
"""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import BoundedSemaphore, Timer

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from hub.jobs.models import Job, State
from hub.jobs.registry import NotNow
from models_registry.models import LfsObject, Repository, RepositoryLfsObject
from models_registry.services import reading, storage_use
from models_registry.services.xet import tokens
from models_registry.services.xet.tokens import IssuedToken

KIND = "chunk_content"
LEASE = timedelta(hours=6)
LARGEST = 100 * 1024**3
"""Bytes. What is larger has more chunks than one registration takes, and stays plain."""
_PROGRAM = "models_registry.services.xet.chunking"
_SECONDS = int(LEASE.total_seconds()) - 600
_ASKED_AT_ONCE = 500
_ASKED_AGAIN_AFTER = timedelta(days=1)
# Large ones take minutes: one at a time, so that the other threads of a worker are free for other work.
_LARGE = 64 * 1024 * 1024
_large_ones = BoundedSemaphore(1)


class ConversionFailed(Exception):
    """The content could not be sent to the CAS. It is as it was, and may be tried again."""


def is_on() -> bool:
    return bool(settings.XET_CONVERSION == "always")


def request(row: LfsObject) -> None:
    """Ask for it, in the transaction that stores the content."""
    if is_on() and 0 < row.size <= LARGEST and row.xet_file_id is None:
        Job.objects.add(KIND, row.sha256)


def _plain() -> QuerySet[LfsObject]:
    return LfsObject.objects.filter(xet_file__isnull=True, size__gt=0, size__lte=LARGEST, possessions__isnull=False)


def look_for_plain() -> int:
    """Ask for what nobody asked for yet (it came before this was switched on), or what has failed a day ago. Returns how
    many."""
    if not is_on():
        return 0
    asked, position = 0, 0
    while asked < _ASKED_AT_ONCE:
        page = list(_plain().filter(pk__gt=position).distinct().order_by("pk").values_list("pk", "sha256")[:500])
        if not page:
            break
        position = page[-1][0]
        jobs = Job.objects.filter(kind=KIND, key__in=[sha256 for _pk, sha256 in page]).exclude(state=State.DONE)
        old = {"state": State.FAILED, "run_after__lt": timezone.now() - _ASKED_AGAIN_AFTER}
        known = set(jobs.exclude(**old).values_list("key", flat=True))
        wanted = [sha256 for _pk, sha256 in page if sha256 not in known]
        Job.objects.add_many(KIND, wanted)
        asked += len(wanted)
    return asked


def convert(sha256: str) -> None:
    """Make chunks of the content, unless it has some or is gone. Running it twice, also at once, changes nothing.

    Raises ConversionFailed; StorageUnavailable; NotNow while another large one is under way.
    """
    row = LfsObject.objects.filter(sha256=sha256, xet_file__isnull=True).first()
    repository = Repository.objects.filter(possessions__lfs_object=row).order_by("pk").first() if row else None
    if row is None or repository is None or not is_on():
        return
    token = tokens.issue_conversion_token(repository, sha256, seconds=_SECONDS)
    if row.size <= _LARGE:
        _send(row, token)
    elif _large_ones.acquire(blocking=False):
        try:
            _send(row, token)
        finally:
            _large_ones.release()
    else:
        raise NotNow
    with transaction.atomic():
        holders = RepositoryLfsObject.objects.filter(lfs_object=row)
        storage_use.request(holders.values_list("repository_id", flat=True))


def _send(row: LfsObject, token: IssuedToken) -> None:
    """Let the client's library send it, which remembers nothing afterwards: what it knows of may be collected one day."""
    order: dict[str, str | int] = {
        "endpoint": settings.CAS_URL,
        "token": token.value,
        "expires": token.expires,
        "sha256": row.sha256,
        "size": row.size,
    }
    with tempfile.TemporaryDirectory(prefix="grove-chunking-") as folder, tempfile.TemporaryFile() as words:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        child = subprocess.Popen(  # noqa: S603 - a program of ours, and nobody's words
            [sys.executable, "-m", _PROGRAM],
            env={**environment, "HF_HOME": folder, "HF_XET_CACHE": str(Path(folder) / "xet")},
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=words,
            stderr=words,
        )
        limit = Timer(_SECONDS, child.kill)
        limit.start()
        try:
            _feed(child, order, row)
            child.wait()
        finally:
            limit.cancel()
            child.kill()
            child.wait()
        if child.returncode:
            words.seek(-min(words.seek(0, os.SEEK_END), 2000), os.SEEK_END)
            said = words.read().decode(errors="replace").strip()
            raise ConversionFailed(f"{row.sha256}: {said or f'ended with {child.returncode}'}")


def _feed(child: "subprocess.Popen[bytes]", order: dict[str, str | int], row: LfsObject) -> None:
    assert child.stdin is not None
    with suppress(BrokenPipeError), child.stdin as pipe:  # it says why it ended
        pipe.write(json.dumps(order).encode() + b"\n")
        for block in reading.stream(row):
            pipe.write(block)
