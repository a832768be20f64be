"""Files looked at by ClamAV, if the operator runs it: one verdict for each content, and quarantine for what it recognises.

A scan never keeps a commit waiting. While the daemon is down its work waits, too; when its signatures change, what older
ones have said is asked again, the oldest answer first.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop

from hub.batches import batches
from hub.jobs.models import Job
from hub.jobs.registry import NotNow
from hub.kept_sentences import sentence
from models_registry.models import Commit, GitObject, LfsObject, ObjectKind, Repository, VirusScan
from models_registry.services import objects, quarantine, reading, trees
from models_registry.services.clamd import Clamd, ScannerUnavailable
from models_registry.services.random_access import content_id
from models_registry.services.trees import TreeEntry

logger = logging.getLogger(__name__)

KIND = "scan_for_viruses"
UNSCANNED = "unscanned"
_AT_ONCE = 2000
_AGAIN_AT_ONCE = 500
_LARGEST_TWIN = 64 * 1024 * 1024  # no regular file is larger, so no large one has a twin among them
_RECOGNISED = sentence(gettext_noop("ClamAV recognises %(signature)s"))

Verdict = VirusScan.Verdict


def is_on() -> bool:
    return bool(settings.CLAMD)


def _scanner() -> Clamd:
    return Clamd(settings.CLAMD)


def request(repository: Repository, files: Iterable[TreeEntry]) -> None:
    """Ask for the scan of every file that has none; what is in quarantine already is told to this repository, too."""
    if not is_on():
        return
    contents = sorted({content_id(entry) for entry in files if entry.size})
    for some in batches(contents, _AT_ONCE):
        harmless = VirusScan.objects.filter(content__in=some).exclude(verdict=Verdict.INFECTED)
        known = set(harmless.values_list("content", flat=True))
        Job.objects.add_many(KIND, (f"{repository.pk}:{content}" for content in some if content not in known))


def scan(key: str) -> bool:
    """key: repository and content. Whether it is malware, or was said to be. Raises NotNow while the daemon is down,
    StorageUnavailable."""
    repository_id, content = key.split(":", 1)
    repository = Repository.objects.select_related("namespace").filter(pk=repository_id).first()
    if repository is None or not is_on():
        return False
    before = VirusScan.objects.filter(content=content).values_list("verdict", flat=True).first()
    try:
        version = _scanner().version()
        row = VirusScan.objects.filter(content=content, version=version).first()
        if row is None:
            row = _scanned(repository, content, version)
    except ScannerUnavailable as error:
        logger.warning("%s waits: %s", content, error)
        raise NotNow from error
    if row is not None and row.verdict == Verdict.INFECTED:
        _put_into_quarantine(repository, content, row.signature)
    return Verdict.INFECTED in {before, row.verdict if row else None}


def _scanned(repository: Repository, content: str, version: str) -> VirusScan | None:
    """None: it went meanwhile."""
    stored = _stored(repository, content)
    if stored is None:
        return None
    reply = _scanner().scan(_blocks(stored))
    verdict = Verdict.TOO_LARGE if reply.is_too_large else Verdict.INFECTED if reply.signature else Verdict.CLEAN
    row, _created = VirusScan.objects.update_or_create(
        content=content,
        defaults={
            "repository": repository,
            "verdict": verdict,
            "signature": reply.signature,
            "version": version[:100],
            "scanned_at": timezone.now(),
        },
    )
    logger.info("content %s scanned for viruses: %s", content, verdict)
    return row


def _stored(repository: Repository, content: str) -> LfsObject | GitObject | None:
    if len(content) == 64:
        return LfsObject.objects.filter(sha256=content, possessions__repository=repository).first()
    rows = GitObject.objects.select_related("content")
    return rows.filter(repository=repository, oid=content, kind=ObjectKind.BLOB).first()


def _blocks(stored: LfsObject | GitObject) -> Iterator[bytes]:
    """Also of what is in quarantine: it may be found harmless one day."""
    if isinstance(stored, GitObject):
        yield objects.inflated(stored)
    else:
        yield from reading.stream_layout(reading.layout_of(stored, in_quarantine=True), 0, stored.size)


def _put_into_quarantine(repository: Repository, content: str, signature: str) -> None:
    stored = _stored(repository, content)
    quarantine.put(
        content=content,
        twin=_twin(stored) if stored is not None else "",
        reason=_RECOGNISED % {"signature": signature},
        repository=repository,
        path=_path(repository, content),
    )


def _twin(stored: LfsObject | GitObject) -> str:
    """What the same bytes are called in the other form, so that they do not come again through the other door."""
    if isinstance(stored, GitObject):
        return hashlib.sha256(objects.inflated(stored)).hexdigest()
    if stored.size > _LARGEST_TWIN:
        return ""
    hasher = hashlib.sha1(b"blob %d\0" % stored.size, usedforsecurity=False)
    for block in _blocks(stored):
        hasher.update(block)
    return hasher.hexdigest()


def _path(repository: Repository, content: str) -> str:
    """Where it lies, as far as anybody told; a regular file is looked for on the default branch."""
    if len(content) == 64:
        places = repository.possessions.filter(lfs_object__sha256=content)
        return places.values_list("path", flat=True).first() or ""
    reference = repository.references.filter(name=f"refs/heads/{repository.default_branch}").first()
    commit = Commit.objects.filter(repository=repository, oid=reference.target).first() if reference else None
    files = trees.files(repository, commit) if commit else ()
    return next((entry.path for entry in files if entry.oid == content), "")


def rescan() -> None:
    """Ask again where older signatures have answered."""
    if not is_on():
        return
    try:
        version = _scanner().version()
    except ScannerUnavailable:
        return
    old = VirusScan.objects.exclude(version=version).filter(repository__isnull=False).order_by("scanned_at")
    keys = old.values_list("repository_id", "content")[:_AGAIN_AT_ONCE]
    Job.objects.add_many(KIND, (f"{repository_id}:{content}" for repository_id, content in keys))


def verdicts(contents: Iterable[str]) -> dict[str, VirusScan]:
    """By content, where there is one. One query a 2,000."""
    found: dict[str, VirusScan] = {}
    for some in batches(sorted(set(contents)), _AT_ONCE):
        found |= {row.content: row for row in VirusScan.objects.filter(content__in=some)}
    return found


def status_of(row: VirusScan | None) -> str:
    """safe, unsafe or unscanned, as Hub clients read it."""
    if row is None or row.verdict == Verdict.TOO_LARGE:
        return UNSCANNED
    return "unsafe" if row.verdict == Verdict.INFECTED else "safe"


def presented(row: VirusScan | None) -> Mapping[str, Any] | None:
    """What Hub clients read as `avScan`; None where this hub scans for no viruses and never did."""
    if row is None:
        return {"status": UNSCANNED, "virusNames": []} if is_on() else None
    names: Sequence[str] = [row.signature] if row.signature else []
    return {
        "status": status_of(row),
        "version": row.version,
        "virusNames": names,
        **(
            {"message": "It is larger than the scanner takes: nobody has looked."}
            if row.verdict == Verdict.TOO_LARGE
            else {}
        ),
    }
