"""What a push brought becomes rows: objects, commits and references in one transaction, after large content is stored."""

import logging
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Actor, User
from hub.batches import batches
from hub.errors import HubError, PreconditionFailed
from models_registry import access, storage
from models_registry.errors import ContentQuarantined, PushRefused
from models_registry.events import ReferenceMove, commit_created, references_moved
from models_registry.formats.git_objects import ReadCommit
from models_registry.models import BlobContent, Commit, ObjectKind, PullRequest, Reference, Repository
from models_registry.services import (
    ancestry,
    history,
    objects,
    possession,
    pull_requests,
    quarantine,
    reference_guards,
    references,
)
from models_registry.services.git.checking import Brought
from models_registry.services.git.commands import Command
from models_registry.services.objects import ROW_LIMIT, Prepared
from models_registry.storage import keys

logger = logging.getLogger(__name__)

_ROWS_AT_ONCE = 500


class Written(NamedTuple):
    """Why some references did not move ({name: why not}), and the pull requests that are new."""

    refusals: dict[str, str]
    opened: Sequence[PullRequest] = ()


class _Undone(Exception):
    """Nothing is written, because of these refusals."""

    def __init__(self, refusals: dict[str, str]):
        super().__init__()
        self.refusals = refusals


def store_large(brought: Brought) -> dict[str, BlobContent]:
    """Put content over 1 MiB into storage, before any transaction: {blob's id: where it lies}. Raises StorageUnavailable."""
    stored: dict[str, BlobContent] = {}
    for item in brought.spool if brought.has_large else ():
        if item.size > ROW_LIMIT and item.kind == ObjectKind.BLOB:
            key = keys.blob(item.oid)
            storage.put(key, item.data)
            stored[item.oid] = BlobContent.objects.create(key=key, size=len(item.data))
    return stored


def write(
    *,
    actor: Actor,
    repository: Repository,
    epoch: int,
    commands: Sequence[Command],
    named: Mapping[str, str],
    brought: Brought,
    large: Mapping[str, BlobContent],
    is_atomic: bool,
) -> Written:
    """Move the references and insert what they need, all but those that have moved meanwhile; open pull requests.

    epoch: of the repository when the push was examined; objects that were deleted since may be missed. named: {reference's
    name: the commit that it is to name}.
    Raises PushRefused, Forbidden, PreconditionFailed, RepositoryNotFound.
    """
    try:
        with transaction.atomic():
            batch = objects.next_batch(repository)  # holds the repository's row
            _require_rights(actor, repository, commands)  # asked again: a push may take many minutes
            if Repository.objects.values_list("epoch", flat=True).get(pk=repository.pk) != epoch:
                raise PreconditionFailed("The repository was cleaned up meanwhile: push again.")
            _own_content(actor, repository, brought)
            proposals = [command for command in commands if command.proposed_for]
            moving = [command for command in commands if not command.proposed_for]
            refusals = reference_guards.refusals(actor, repository, [_as_move(command, named) for command in moving])
            moved, unmoved = _move_all(repository, [command for command in moving if command.name not in refusals])
            refusals |= unmoved | _empty(repository, proposals)
            if refusals and (is_atomic or len(refusals) == len(commands)):
                raise _Undone(refusals)
            _insert(repository, brought, large, batch)
            _note(repository, brought, commands)
            done = [command for command in commands if command.name not in refusals]
            _tell(actor, repository, moved, [command for command in done if not command.proposed_for])
            opened = [_open(actor, repository, command) for command in done if command.proposed_for]
    except _Undone as undone:
        return Written(undone.refusals)
    for reference in moved:
        logger.info("%s of repository %d pushed to %s", reference.name, repository.pk, reference.target)
    return Written(refusals, opened)


def _require_rights(actor: Actor, repository: Repository, commands: Sequence[Command]) -> None:
    if any(command.proposed_for for command in commands):
        access.require_proposal(actor, repository)
    moving = [command.name for command in commands if not command.proposed_for]
    for name in {name if name.startswith("refs/pr/") else "" for name in moving}:
        access.require_write_to(actor, repository, name)


def _empty(repository: Repository, proposals: Sequence[Command]) -> dict[str, str]:
    """Why a pull request would have no commits, or no base any more; those whose commits are new have some."""
    refusals = {}
    for command in proposals:
        name = command.proposed_for
        base = Reference.objects.filter(repository=repository, name=f"refs/heads/{name}").first()
        if base is None:
            refusals[command.name] = f"there is no branch {name} to propose it for"
            continue
        known = Commit.objects.filter(repository=repository, oid=command.new).first()
        if known is not None:
            fork = ancestry.fork_of(repository, Commit.objects.get(repository=repository, oid=base.target), known)
            if fork is not None and fork.oid == known.oid:
                refusals[command.name] = f"it has no commits that {name} lacks"
    return refusals


def _open(actor: Actor, repository: Repository, command: Command) -> PullRequest:
    """A pull request that says what its newest commit says."""
    commit = Commit.objects.get(repository=repository, oid=command.new)
    base = Reference.objects.get(repository=repository, name=f"refs/heads/{command.proposed_for}")
    return pull_requests.open_at(
        actor=actor, repository=repository, base=base, commit=commit, title=commit.title, description=commit.body
    )


def _as_move(command: Command, named: Mapping[str, str]) -> ReferenceMove:
    return ReferenceMove(command.name, None if command.creates else command.old, named.get(command.name))


def _own_content(actor: Actor, repository: Repository, brought: Brought) -> None:
    """Pointers may only name content that this repository may have. Raises PushRefused."""
    found = possession.claimed(actor, repository, list(brought.content))
    for sha256, (path, _) in brought.content.items():
        if quarantine.holds(sha256):
            raise PushRefused(f"{path}: {ContentQuarantined()}")
    missing = [(sha256, path) for sha256, (path, _) in brought.content.items() if sha256 not in found]
    if missing:
        raise PushRefused(
            f"The content of {missing[0][1]} was not uploaded: send it with git lfs push --all, then push again.",
            *(f"missing: {path} (sha256 {sha256})" for sha256, path in missing[:10]),
            "To send all of it: git lfs push --all origin",
        )
    for sha256, (path, size) in brought.content.items():
        if found[sha256].size != size:
            raise PushRefused(f"The pointer of {path} says {size} bytes; its content has {found[sha256].size}.")


def _move_all(repository: Repository, commands: Sequence[Command]) -> tuple[list[Reference], dict[str, str]]:
    """The references that point at something new, and why others did not move."""
    moved = []
    refusals = {}
    for command in sorted(commands, key=lambda command: not command.deletes):  # `a` may go to make room for `a/b`
        rows = Reference.objects.filter(repository=repository, name=command.name)
        if command.creates:
            try:
                moved.append(references.add(repository, command.name, command.new))
            except HubError as error:
                refusals[command.name] = str(error)
            continue
        here = rows.filter(target=command.old)
        done = here.delete()[0] if command.deletes else here.update(target=command.new)
        if not done:
            refusals[command.name] = "it has moved meanwhile: git fetch, then push again"
        elif not command.deletes:
            moved.append(rows.get())
    return moved, refusals


def _insert(repository: Repository, brought: Brought, large: Mapping[str, BlobContent], batch: int) -> None:
    for some in batches(brought.spool, _ROWS_AT_ONCE):
        if any(quarantine.holds(item.oid) for item in some):
            raise PushRefused(str(ContentQuarantined()))
        prepared = [
            Prepared(
                item.oid,
                item.kind,
                item.size,
                None if item.oid in large else item.data,
                content=large.get(item.oid),
                pointer=item.pointer,
            )
            for item in some
        ]
        objects.insert(repository, prepared, batch=batch)
    authors = _authors(brought.commits)
    for some_commits in batches(brought.commits, _ROWS_AT_ONCE):
        history.add_commits(
            [_row(repository, oid, said, authors.get(said.author_email.lower())) for oid, said in some_commits]
        )
    if brought.commits:
        history.ask_for_maps(repository)


def _row(repository: Repository, oid: str, said: ReadCommit, author: User | None) -> Commit:
    return Commit(
        repository=repository,
        oid=oid,
        tree=said.tree,
        first_parent=said.parents[0] if said.parents else None,
        parents=said.parents,
        author=author,
        author_name=said.author_name[:200],
        title=said.title[:500],
        body=said.body,
        committed_at=said.committed_at,
    )


def _authors(commits: Sequence[tuple[str, ReadCommit]]) -> dict[str, User]:
    """Members by the addresses in commits: verified ones, and the one this hub gives away in their place."""
    addresses = {said.author_email.lower() for _, said in commits if said.author_email}
    ours = f"@users.noreply.{urlsplit(settings.BASE_URL).hostname}"
    names = {address.removesuffix(ours): address for address in addresses if address.endswith(ours)}
    found = {names[user.namespace.key]: user for user in _users(names)}
    verified = EmailAddress.objects.filter(email__in=addresses, verified=True).select_related("user")
    return {row.email.lower(): row.user for row in verified} | found


def _users(names: Mapping[str, str]) -> list[User]:
    return list(User.objects.filter(namespace__key__in=list(names)).select_related("namespace"))


def _note(repository: Repository, brought: Brought, commands: Sequence[Command]) -> None:
    """Where the large files went, for the list of them."""
    reference = next((command.name for command in commands if not command.deletes), "")
    places = {sha256: path for sha256, (path, _) in brought.content.items()}
    possession.note_places(repository, places, reference)


def _tell(actor: Actor, repository: Repository, moved: Sequence[Reference], done: Sequence[Command]) -> None:
    before = {command.name: None if command.creates else command.old for command in done}
    heads = [reference for reference in moved if not reference.name.startswith("refs/tags/")]
    if heads:
        Repository.objects.filter(pk=repository.pk).update(updated_at=timezone.now())
    for reference in heads:
        commit = Commit.objects.get(repository=repository, oid=reference.target)
        commit.repository = repository
        commit_created.send(
            sender=Commit, commit=commit, reference=reference, before=before[reference.name], actor=actor
        )
    moves = [
        ReferenceMove(command.name, before[command.name], None if command.deletes else command.new) for command in done
    ]
    if moves:
        references_moved.send(sender=Repository, repository=repository, moves=moves, actor=actor)
