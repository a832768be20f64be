"""Files changed from a page: texts as it shows them and takes them back, new ones, moves, deletions."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import Actor
from hub.errors import HubError
from models_registry import access
from models_registry.errors import BadPath, BranchMoved, ContentTooLarge, EntryNotFound, PathTaken, RevisionNotFound
from models_registry.models import Commit, PullRequest, Reference, Repository
from models_registry.services import objects, references, trees
from models_registry.services.changes import MAX_CHANGES, AddFile, Change, Delete, Move, checked_path
from models_registry.services.commits import create_commit
from models_registry.services.pull_requests import propose
from models_registry.services.trees import TreeEntry

LONGEST = 512 * 1024  # bytes of a text that is edited in a page
_ATTEMPTS = 3  # of a commit beside others, which are quick


def text_of(repository: Repository, entry: TreeEntry) -> str | None:
    """The content, if it is text and short enough for a page. Raises StorageUnavailable."""
    if entry.lfs or entry.size > LONGEST:
        return None
    content = objects.inflate(trees.content_of(repository, entry))
    if b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def typed(text: str) -> str:
    """A text that was sent by a page, to be shown or kept. Raises ContentTooLarge."""
    if len(text) > LONGEST:
        raise ContentTooLarge(
            _("A page takes texts of up to %(most)s KB: send longer ones with hf or git.") % {"most": LONGEST // 1024}
        )
    return text


def branch_of(repository: Repository, revision: str) -> Reference | None:
    """What an edit made at this revision would move, or be proposed to: a branch, or a pull request's head."""
    try:
        return references.branch(repository, revision)
    except RevisionNotFound:
        return None


@dataclass(frozen=True)
class Ways:
    """How an actor may give back a file of a branch: as a commit on it, or as a pull request to it."""

    may_commit: bool
    may_propose: bool


def ways(actor: Actor, repository: Repository, branch: Reference) -> Ways:
    is_proposal = branch.name.startswith("refs/pr/")
    may_propose = not is_proposal and Repository.objects.filter(pk=repository.pk).proposable_by(actor).exists()
    try:
        access.require_write_to(actor, repository, branch.name)
    except HubError:
        return Ways(may_commit=False, may_propose=may_propose)
    return Ways(may_commit=True, may_propose=may_propose)


def as_sent(text: str, before: str) -> str:
    """What a browser's field gives back, with the line ends that the file had."""
    ends = "\r\n" if "\r\n" in before else "\n"
    return ends.join(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def give_back(
    *,
    actor: Actor,
    repository: Repository,
    branch: Reference,
    path: str,
    parent: str,
    text: str,
    title: str,
    body: str = "",
    as_proposal: bool = False,
    to: str = "",
) -> Commit | PullRequest:
    """The file with its new text, as a commit or a pull request; under the path `to`, if one is named.

    A file that was deleted before `parent` is there again. Raises as `hand_in`, and PathTaken.
    """
    before = trees.find(repository, references.resolve(repository, parent), [path]).get(path)
    kept = text_of(repository, before) if before is not None and not before.is_folder else None
    changes: list[Change] = []
    if to and to != path and before is not None:
        changes.append(Move(path, to, before.lfs.sha256 if before.lfs else None))
    changes.append(AddFile.of(to or path, as_sent(text, kept or "").encode()))
    return hand_in(
        actor=actor, repository=repository, branch=branch, parent=parent, changes=changes, title=title, body=body,
        as_proposal=as_proposal, untouched=path, free=to if to != path else "",
    )  # fmt: skip


def add_file(
    *,
    actor: Actor,
    repository: Repository,
    branch: Reference,
    path: str,
    text: str,
    title: str,
    body: str = "",
    as_proposal: bool = False,
) -> Commit | PullRequest:
    """A new text file. Raises as `hand_in`, and PathTaken."""
    return hand_in(
        actor=actor, repository=repository, branch=branch, parent=branch.target,
        changes=[AddFile.of(path, as_sent(text, "").encode())], title=title, body=body, as_proposal=as_proposal, free=path,
    )  # fmt: skip


def move(
    *,
    actor: Actor,
    repository: Repository,
    branch: Reference,
    path: str,
    to: str,
    parent: str,
    title: str,
    body: str = "",
    as_proposal: bool = False,
) -> Commit | PullRequest:
    """A file, or a folder with all that is in it, under another path. Raises as `hand_in`, and PathTaken, ContentTooLarge."""
    checked_path(to)
    opened = references.resolve(repository, parent)
    entry = trees.find(repository, opened, [path]).get(path)
    if entry is None:
        raise EntryNotFound(
            _("There is no file or folder %(path)r at revision %(oid)s.") % {"path": path, "oid": opened.oid[:12]}
        )
    if to == path or (entry.is_folder and to.startswith(f"{path}/")):
        raise BadPath(
            _("%(path)r cannot be moved to %(to)r: it is the same place, or lies within.") % {"path": path, "to": to}
        )
    files = [entry]
    if entry.is_folder:
        listed, more = trees.listing(repository, opened, path, recursive=True, limit=2 * MAX_CHANGES)
        files = [one for one in listed if not one.is_folder]
        if more:
            raise ContentTooLarge(
                _("%(path)s holds too many files to be moved here: move them with git.") % {"path": path}
            )
    changes = [
        Move(one.path, f"{to}{one.path.removeprefix(path)}", one.lfs.sha256 if one.lfs else None) for one in files
    ]
    return hand_in(
        actor=actor, repository=repository, branch=branch, parent=parent, changes=changes, title=title, body=body,
        as_proposal=as_proposal, untouched=path, free=to,
    )  # fmt: skip


def delete(
    *,
    actor: Actor,
    repository: Repository,
    branch: Reference,
    path: str,
    parent: str,
    title: str,
    body: str = "",
    as_proposal: bool = False,
) -> Commit | PullRequest:
    """A file goes, or a folder with all that is in it. Raises as `hand_in`."""
    return hand_in(
        actor=actor, repository=repository, branch=branch, parent=parent, changes=[Delete(path)], title=title, body=body,
        as_proposal=as_proposal, untouched=path,
    )  # fmt: skip


def hand_in(
    *,
    actor: Actor,
    repository: Repository,
    branch: Reference,
    parent: str,
    changes: Sequence[Change],
    title: str,
    body: str,
    as_proposal: bool,
    untouched: str = "",
    free: str = "",
) -> Commit | PullRequest:
    """Changes thought of at the commit `parent`, as a commit on the branch or a pull request to it.

    Others may have committed meanwhile, so long as they left `untouched`, a file or folder, alone: raises BranchMoved if
    they did not. `free`: where nothing may be: raises PathTaken. And Forbidden and the rest as `create_commit` and `propose`.
    """
    opened = references.resolve(repository, parent)
    for attempt in range(_ATTEMPTS):
        head = references.resolve(repository, branch.name)
        if untouched and not _is_untouched(repository, untouched, opened, head):
            raise BranchMoved(
                _("%(untouched)s was changed by somebody else since you opened it.") % {"untouched": untouched}
            )
        if free and trees.find(repository, head, [free]):
            raise PathTaken(_("%(free)s is there already: choose another name, or edit that one.") % {"free": free})
        try:
            if as_proposal:
                return propose(
                    actor=actor, repository=repository, base=branch.short_name, parent=head.oid, changes=changes,
                    title=title, body=body,
                )[0]  # fmt: skip
            return create_commit(
                actor=actor, repository=repository, branch=branch.name, parent=head.oid, changes=changes, title=title,
                body=body,
            )  # fmt: skip
        except BranchMoved:  # between the look at its head and the lock
            if attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError  # the last attempt returns or raises


def _is_untouched(repository: Repository, path: str, before: Commit, now: Commit) -> bool:
    if before.oid == now.oid:
        return True
    there = [trees.find(repository, commit, [path]).get(path) for commit in (before, now)]
    return (there[0] and there[0].oid) == (there[1] and there[1].oid)
