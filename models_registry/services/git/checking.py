"""What a push brought, looked at before it counts: links, kinds, sizes, names. git walks, this says what is wrong."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NamedTuple

from models_registry.errors import PushRefused
from models_registry.formats import git_objects, paths
from models_registry.formats.git_objects import ReadCommit
from models_registry.models import ObjectKind
from models_registry.services.changes import MAX_REGULAR_BYTES
from models_registry.services.git import programs
from models_registry.services.git.commands import Command
from models_registry.services.git.programs import GitFailed
from models_registry.services.git.receiving import MOST_OBJECTS
from models_registry.services.git.spool import Spool, Spooled
from models_registry.services.objects import ROW_LIMIT
from models_registry.services.tree_changes import MAX_FOLDER_ENTRIES

MOST_COMMITS = 5_000
MOST_BYTES = 2 * 2**30  # of all new objects, inflated
LARGEST_TREE = 2**20
LARGEST_TEXT = 64 * 1024  # of a commit's or tag's
_KINDS = {"commit": ObjectKind.COMMIT, "tree": ObjectKind.TREE, "blob": ObjectKind.BLOB, "tag": ObjectKind.TAG}
_LARGEST = {ObjectKind.COMMIT: LARGEST_TEXT, ObjectKind.TAG: LARGEST_TEXT, ObjectKind.TREE: LARGEST_TREE}


@dataclass
class Brought:
    """New objects, in the spool; `commits` of them, parents before children.

    content: what pointers name, {SHA-256: (path, bytes)}. has_large: whether some are too large for a row.
    """

    spool: Spool
    has_large: bool = False
    commits: list[tuple[str, ReadCommit]] = field(default_factory=list)
    content: dict[str, tuple[str, int]] = field(default_factory=dict)


class _Found(NamedTuple):
    oid: str
    kind: ObjectKind
    size: int
    path: str


class Targets(NamedTuple):
    """What commands point at. refusals: {reference's name: why its new object is missing or of the wrong kind}; commits:
    {reference's name: the commit that it, or the annotated tag there, names}.
    """

    refusals: dict[str, str]
    commits: dict[str, str]


def targets_of(folder: Path, commands: Sequence[Command]) -> Targets:
    moved = [command for command in commands if not command.deletes]
    targets = _written(folder / "targets", (command.new for command in moved))
    with _asked(folder, "--batch-check", targets) as output:
        found = [None if line.endswith(b" missing\n") else _found(line) for line in output]
    tags = {item.oid for item in found if item and item.kind is ObjectKind.TAG and item.size <= LARGEST_TEXT}
    of_commits = {}
    with _asked(folder, "--batch", _written(folder / "tags", tags)) as output:
        for tag, raw in _contents(output):
            if git_objects.tag_names_commit(raw):
                of_commits[tag.oid] = git_objects.tag_target(raw)
    refusals, commits = {}, {}
    for command, item in zip(moved, found, strict=True):
        if item is None:
            refusals[command.name] = "the object it should point at was not sent and is not here"
        elif item.kind is not ObjectKind.COMMIT and not (command.is_tag and item.oid in of_commits):
            refusals[command.name] = "it must point at a commit" + (" or a tag of one" if command.is_tag else "")
        else:
            commits[command.name] = of_commits.get(item.oid, item.oid)
    return Targets(refusals, commits)


def examine(folder: Path, commands: Sequence[Command], spool: Spool) -> Brought:
    """Everything that these commands would make reachable and was not before. Raises PushRefused."""
    brought = Brought(spool)
    new = folder / "new"
    _list_new(folder, commands, new)
    _check_sizes(folder, new)
    with _asked(folder, "--batch", new) as output:
        for found, raw in _contents(output):
            _take(found, raw, brought)
    brought.commits.reverse()  # git names the newest first
    if brought.commits:
        _check_paths(folder, [oid for oid, _ in brought.commits])
    return brought


def _list_new(folder: Path, commands: Sequence[Command], new: Path) -> None:
    """`<id> <path>` a line, commits first. git follows every link, and ends with an error where one leads nowhere."""
    targets = _written(folder / "targets", (command.new for command in commands if not command.deletes))
    try:
        with targets.open("rb") as asked, new.open("wb") as listed:
            programs.run(
                ["rev-list", "--objects", "--topo-order", "--stdin", "--not", "--all"], folder=folder,
                stdin=asked, stdout=listed,
            )  # fmt: skip
    except GitFailed as error:
        if error.code < 0:
            raise PushRefused("git could not walk what was pushed: its folders may be too deep.") from None
        raise PushRefused(
            "What was pushed refers to objects that were not sent and are not here.", *str(error).splitlines()[-3:]
        ) from None


def _check_sizes(folder: Path, new: Path) -> None:
    """By git's word alone, before any object is read."""
    counts = dict.fromkeys(ObjectKind, 0)
    total = 0
    too_large: list[_Found] = []
    with _asked(folder, "--batch-check", new) as output:
        for line in output:
            found = _found(line)
            counts[found.kind] += 1
            total += found.size
            if found.size > _LARGEST.get(found.kind, MAX_REGULAR_BYTES):
                too_large.append(found)
                if len(too_large) >= 20:
                    break
    _refuse_large(too_large)
    if sum(counts.values()) > MOST_OBJECTS:
        raise PushRefused(f"{sum(counts.values())} new objects; one push may bring {MOST_OBJECTS}.")
    if counts[ObjectKind.COMMIT] > MOST_COMMITS:
        raise PushRefused(
            f"{counts[ObjectKind.COMMIT]} new commits; one push may bring {MOST_COMMITS}.",
            "Push older commits first: git push origin <commit>:refs/heads/main, then the rest.",
        )
    if total > MOST_BYTES:
        raise PushRefused(f"The new objects have {total} bytes unpacked; one push may bring {MOST_BYTES}.")


def _found(line: bytes) -> _Found:
    kind, size, oid, path = line.decode("utf-8", "replace").rstrip("\n").split(" ", 3)
    return _Found(oid, _KINDS[kind], int(size), path)


def _refuse_large(found: list[_Found]) -> None:
    blobs = [item for item in found if item.kind is ObjectKind.BLOB]
    if blobs:
        names = list(dict.fromkeys(item.path for item in blobs))
        raise PushRefused(
            f"{names[0]} has {blobs[0].size} bytes: files over {MAX_REGULAR_BYTES // 2**20} MB go by git-lfs.",
            *(f"too large: {item.path} ({item.size} bytes)" for item in blobs[:10]),
            "To turn them into git-lfs files, also in the commits before:",
            f"  git lfs migrate import --everything --include={_quoted(','.join(names[:10]))}",
            "and push again. For files to come: git lfs track " + _quoted(names[0]),
        )
    for item in found:
        most = _LARGEST[item.kind]
        where = f" ({item.path})" if item.path else ""
        raise PushRefused(f"{item.kind.label} {item.oid[:12]}{where} has {item.size} bytes; {most} are accepted.")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _take(found: _Found, raw: bytes, brought: Brought) -> None:
    pointer = None
    if found.kind is ObjectKind.COMMIT:
        brought.commits.append((found.oid, git_objects.read_commit(raw)))
    elif found.kind is ObjectKind.TREE:
        _check_tree(found, raw)
    elif found.kind is ObjectKind.BLOB:
        pointer = git_objects.parse_pointer(raw)
        if pointer is not None:
            _, size = brought.content.setdefault(pointer.sha256, (found.path, pointer.size))
            if size != pointer.size:
                raise PushRefused(f"{found.path} names content of {size} bytes as one of {pointer.size}.")
    brought.has_large |= found.size > ROW_LIMIT
    brought.spool.add(Spooled(found.oid, found.kind, found.size, pointer, git_objects.deflate(raw)))


def _check_tree(found: _Found, raw: bytes) -> None:
    where = found.path or "/"
    entries = git_objects.parse_tree(raw)
    if len(entries) > MAX_FOLDER_ENTRIES:
        raise PushRefused(f"Folder {where} has {len(entries)} entries; {MAX_FOLDER_ENTRIES} are accepted.")
    twins = paths.case_twins(entries)
    if twins:
        raise PushRefused(f"{twins[0]!r} and {twins[1]!r} in folder {where} differ in case alone: rename one of them.")
    for name, entry in entries.items():
        if entry.mode == git_objects.SUBMODULE_MODE:
            raise PushRefused(f"{name!r} in folder {where} is a submodule: this hub keeps files only.")


def _check_paths(folder: Path, commits: Iterable[str]) -> None:
    """Every path that a new commit adds or changes, also by moving a folder."""
    checked: set[bytes] = set()
    arguments = ["diff-tree", "--stdin", "-r", "-z", "--root", "--diff-merges=first-parent", "--no-commit-id"]
    with (
        _written(folder / "commits", commits).open("rb") as listed,
        programs.running(
            [*arguments, "--name-only", "--no-renames", "--diff-filter=AMT"], folder=folder, stdin=listed
        ) as process,
    ):
        assert process.stdout is not None
        for path in _until_nul(process.stdout):
            if path in checked:
                continue
            try:
                paths.checked(path.decode("utf-8", "surrogateescape"))
            except paths.UnsafePath as error:
                raise PushRefused(f"{error} Rename it in every commit that has it.") from None
            if len(checked) < MOST_OBJECTS:
                checked.add(path)
        if process.wait():
            raise PushRefused("git could not compare the commits that were pushed: their folders may be too deep.")


def _until_nul(stream: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while block := stream.read(64 * 1024):
        *whole, rest = (rest + block).split(b"\0")
        yield from whole
        if len(rest) > 1024 * 1024:
            raise PushRefused("A path of more than a million bytes was pushed.")


@contextlib.contextmanager
def _asked(folder: Path, how: str, listed: Path) -> Iterator[IO[bytes]]:
    """What `git cat-file` says of the ids in a file (`<id> <path>` a line). how: --batch, --batch-check."""
    form = f"{how}=%(objecttype) %(objectsize) %(objectname) %(rest)"
    with (
        listed.open("rb") as asked,
        programs.running(["cat-file", form, "--buffer"], folder=folder, stdin=asked) as process,
    ):
        assert process.stdout is not None
        yield process.stdout


def _contents(output: IO[bytes]) -> Iterator[tuple[_Found, bytes]]:
    while line := output.readline():
        found = _found(line)
        raw = output.read(found.size)
        output.read(1)  # the line feed after it
        yield found, raw


def _written(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path
