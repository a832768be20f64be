"""What the pickles in a repository's files would do when they are loaded: verdicts, one for each content.

A content is scanned once, wherever it occurs, after the commit that brought it; a commit never waits for it. Only where its
names alone tell whether it is a pickle, a verdict by a harmless name holds for no file with a pickle's: it is scanned again.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from django.utils import timezone

from hub.batches import batches
from hub.jobs.models import Job
from models_registry.errors import RevisionNotFound
from models_registry.formats import pickles
from models_registry.models import (
    Commit,
    FileScan,
    GitObject,
    LfsObject,
    ObjectKind,
    Repository,
    RepositoryFacts,
    VirusScan,
)
from models_registry.services import antivirus, objects, references, trees
from models_registry.services.random_access import content_id, large_reader, opened
from models_registry.services.trees import TreeEntry
from models_registry.storage import ObjectMissing

logger = logging.getLogger(__name__)

KIND = "scan_file"
SUM_UP = "sum_up_scans"
UNSCANNED = "unscanned"
_STATUS = {
    pickles.DANGEROUS: FileScan.Status.UNSAFE,
    pickles.SUSPICIOUS: FileScan.Status.SUSPICIOUS,
    pickles.SAFE: FileScan.Status.SAFE,
}
_GRAVEST_FIRST = (FileScan.Status.UNSAFE, FileScan.Status.SUSPICIOUS, FileScan.Status.ERROR)
_MOST_TOLD = 10
_AT_ONCE = 2000
_BY_FIRST_BYTES = " by first bytes"  # after the scanner's name: no name said that it is a pickle


@cache
def scanner() -> str:
    return f"picklescan {version('picklescan')}"


def _scanner_for(name: str) -> str:
    return scanner() if pickles.is_named_as_pickle(name) else scanner() + _BY_FIRST_BYTES


def request(repository: Repository, files: Iterable[TreeEntry]) -> None:
    """Ask for the scan of every file that may hold pickles and was not scanned by this version of the scanner."""
    names: dict[str, str] = {}
    for entry in files:
        if entry.size and pickles.may_hold_pickles(entry.name):
            if pickles.is_named_as_pickle(entry.name):
                names[content_id(entry)] = entry.name
            else:
                names.setdefault(content_id(entry), entry.name)
    Job.objects.add_many(
        KIND,
        (f"{repository.pk}:{content}:{_ending(names[content])}" for content in sorted(names.keys() - _scanned(names))),
    )


def _ending(name: str) -> str:
    """It stands in the key, because pickles of the oldest protocol have no first bytes to know them by."""
    return name.rpartition(".")[2][-20:] if "." in name else ""


def request_commit(repository_id: int, oid: str) -> None:
    """As `request`, for all files of a commit on any branch; and the virus scanner's turn, if there is one."""
    repository = Repository.objects.filter(pk=repository_id).first()
    commit = Commit.objects.filter(repository=repository_id, oid=oid).first()
    if repository is not None and commit is not None:
        files = trees.files(repository, commit)
        request(repository, files)
        antivirus.request(repository, files)


def _scanned(names: Mapping[str, str]) -> set[str]:
    """Those of these contents, each with a name it has, of which there is a verdict that holds for that name."""
    found: set[str] = set()
    for some in batches(sorted(names), _AT_ONCE):
        rows = FileScan.objects.filter(content__in=some)
        for content, made_by in rows.values_list("content", "scanner"):
            if made_by in {scanner(), _scanner_for(names[content])}:
                found.add(content)
    return found


def scan_file(key: str) -> None:
    """key: repository, content and ending, as `request` writes it. Raises StorageUnavailable."""
    repository_id, content, ending = key.split(":", 2)
    name = f"file.{ending}"
    before = FileScan.objects.filter(content=content).values_list("status", flat=True).first()
    if _scanned({content: name}):
        _tell(int(repository_id), before)  # it was asked for while another repository's scan was under way
        return
    try:
        file = _open(int(repository_id), content)
    except ObjectMissing:
        return  # it went meanwhile
    with file:
        verdict = pickles.scan(file, name)
    status = _STATUS[verdict.worst]
    if verdict.problem and status == FileScan.Status.SAFE:
        status = FileScan.Status.ERROR
    FileScan.objects.update_or_create(
        content=content,
        defaults={
            "status": status,
            "imports": [list(entry) for entry in verdict.imports],
            "problem": verdict.problem[:500],
            "scanner": _scanner_for(name),
            "scanned_at": timezone.now(),
        },
    )
    _tell(int(repository_id), before, status)
    logger.info("content %s scanned: %s", content, status)


def _tell(repository_id: int, *statuses: str | None) -> None:
    """The repository's page says another thing where a verdict is bad, or was."""
    if not set(statuses) <= {None, FileScan.Status.SAFE}:
        Job.objects.add(SUM_UP, str(repository_id))


def sum_up(repository_id: int) -> None:
    """Write down what scans say of the files of the default branch, for the repository's page."""
    repository = Repository.objects.filter(pk=repository_id).first()
    if repository is None:
        return
    try:
        commit = references.resolve(repository, repository.default_branch)
    except RevisionNotFound:
        return
    found = repository_status(trees.files(repository, commit))["filesWithIssues"]
    found.sort(key=lambda item: (_GRAVEST_FIRST.index(item["level"]), item["path"]))
    told = [[item["path"], item["level"]] for item in found[:_MOST_TOLD]]
    values = {"scan_findings": told, "flagged": len(found)}
    RepositoryFacts.objects.update_or_create(repository=repository, defaults=values)


def _open(repository_id: int, content: str) -> Any:
    """Raises ObjectMissing."""
    if len(content) == 64:
        large = LfsObject.objects.filter(sha256=content, possessions__repository=repository_id).first()
        if large is not None:
            return opened(large_reader(large, in_quarantine=True), large.size)
    else:
        rows = GitObject.objects.select_related("content")
        small = rows.filter(repository=repository_id, oid=content, kind=ObjectKind.BLOB).first()
        if small is not None:
            raw = objects.inflated(small)
            return opened(lambda start, end: raw[start:end], len(raw))
    raise ObjectMissing(f"The repository does not have the content {content}.")


def verdicts(entries: Sequence[TreeEntry]) -> dict[str, dict[str, Any]]:
    """{path: what Hub clients read as `securityFileStatus`} for the files among the entries. Two queries a 2,000 files."""
    files = [entry for entry in entries if not entry.is_folder]
    rows, viruses = scans(files), antivirus.verdicts(content_id(entry) for entry in files)
    return {
        entry.path: _presented(entry, rows.get(content_id(entry)), viruses.get(content_id(entry))) for entry in files
    }


def scans(files: Iterable[TreeEntry]) -> dict[str, FileScan]:
    """The verdicts there are, by content, that hold for all these files."""
    names: dict[str, bool] = {}  # whether one of them is a pickle's
    for entry in files:
        if pickles.may_hold_pickles(entry.name):
            content = content_id(entry)
            names[content] = names.get(content, False) or pickles.is_named_as_pickle(entry.name)
    found: dict[str, FileScan] = {}
    for some in batches(sorted(names), _AT_ONCE):
        rows = FileScan.objects.filter(content__in=some)
        found |= {row.content: row for row in rows if _holds(row, as_pickle=names[row.content])}
    return found


def _holds(scan: FileScan, *, as_pickle: bool) -> bool:
    is_bad = scan.status in {FileScan.Status.UNSAFE, FileScan.Status.SUSPICIOUS}
    return is_bad or not (as_pickle and scan.scanner.endswith(_BY_FIRST_BYTES))


def status_of(entry: TreeEntry, scan: FileScan | None, virus: VirusScan | None = None) -> str:
    """safe, suspicious, unsafe, error, or unscanned: the worst of what is known. What can hold no pickle is safe."""
    if virus is not None and virus.verdict == VirusScan.Verdict.INFECTED:
        return str(FileScan.Status.UNSAFE)
    if scan is not None:
        return scan.status
    return UNSCANNED if entry.size and pickles.may_hold_pickles(entry.name) else str(FileScan.Status.SAFE)


def _presented(entry: TreeEntry, scan: FileScan | None, virus: VirusScan | None) -> dict[str, Any]:
    by_pickles = status_of(entry, scan)
    imports = scan.imports if scan else []
    pickle_scan = {
        "status": by_pickles,
        "pickleImports": [{"module": module, "name": name, "safety": safety} for module, name, safety in imports],
        "version": scan.scanner if scan else scanner(),
        **({"message": scan.problem} if scan and scan.problem else {}),
    }
    return {
        "status": status_of(entry, scan, virus),
        "avScan": antivirus.presented(virus),
        "pickleImportScan": pickle_scan if pickles.may_hold_pickles(entry.name) else None,
    }


def repository_status(files: Sequence[TreeEntry]) -> dict[str, Any]:
    """What Hub clients read as `securityRepoStatus`: whether all is scanned, and the files with something to see."""
    rows, viruses = scans(files), antivirus.verdicts(content_id(entry) for entry in files)
    statuses = [
        (entry.path, status_of(entry, rows.get(content_id(entry)), viruses.get(content_id(entry)))) for entry in files
    ]
    waits = antivirus.is_on() and any(entry.size and content_id(entry) not in viruses for entry in files)
    return {
        "scansDone": not waits and all(status != UNSCANNED for _path, status in statuses),
        "filesWithIssues": [
            {"path": path, "level": str(status)}
            for path, status in statuses
            if status not in (UNSCANNED, FileScan.Status.SAFE)
        ],
    }
