"""A push, from its first line to its report: unpacked beside the object folder, examined, then made rows at once."""

from collections.abc import Sequence
from pathlib import Path
from typing import IO

from django.conf import settings

from accounts.models import Actor
from hub.errors import Conflict, Forbidden, HubError, Invalid, PreconditionFailed
from models_registry import access
from models_registry.errors import GatedRepository, PushRefused, RepositoryDisabled, RevisionNotFound
from models_registry.models import PullRequest, Repository
from models_registry.services import pull_requests, references
from models_registry.services.git import checking, commands, folders, importing, programs, receiving, request_folders
from models_registry.services.git.commands import PROPOSING, Command, Request
from models_registry.services.git.programs import GitFailed
from models_registry.services.git.spool import Spool


def advertise(*, actor: Actor, repository: Repository) -> bytes:
    """What a client asks before it pushes. Raises Unauthenticated, Suspended, ReadOnlyToken, Forbidden, GitMissing."""
    access.require_push(actor, repository)
    programs.require()
    return commands.advertisement(folders.snapshot(repository).references)


def receive(*, actor: Actor, repository: Repository, body: IO[bytes]) -> bytes:
    """Take a push, as far as it can be taken. Returns the report for the client, which names every refusal.

    Raises Unauthenticated, Suspended, ReadOnlyToken, Forbidden, GitMissing, BadRequest, StorageUnavailable.
    """
    access.require_push(actor, repository)
    programs.require()
    request = commands.read(body)
    if not request.commands:
        return b""  # only asked whether it may
    try:
        refusals, words = _receive(actor, repository, request, body)
        refusals = _all_or_nothing(request, refusals)
    except PushRefused as error:
        refusals = {command.name: str(error) for command in request.commands}
        words = [str(error), *error.words]
    receiving.drain(body)
    return commands.report(request, refusals, words=words)


def _receive(
    actor: Actor, repository: Repository, request: Request, body: IO[bytes]
) -> tuple[dict[str, str], list[str]]:
    """{reference's name: why it does not move}, and lines for the person. Raises PushRefused."""
    refusals = _forbidden(actor, repository, request.commands)
    if _is_over(request, refusals):
        return refusals, []
    wanted = folders.snapshot(repository)
    with (
        folders.held(wanted) as objects,
        request_folders.made(wanted.references, alternate=objects) as folder,
        Spool() as spool,
    ):
        if request.sends_pack:
            receiving.unpack(body, folder)
        allowed = _without(request.commands, refusals)
        targets = checking.targets_of(folder, allowed)
        refusals |= targets.refusals
        refusals |= _rewriting(actor, repository, folder, _without(allowed, refusals), wanted.references)
        allowed = _without(request.commands, refusals)
        if _is_over(request, refusals):
            return refusals, []
        brought = checking.examine(folder, allowed, spool)
        large = importing.store_large(brought)
        try:
            written = importing.write(
                actor=actor, repository=repository, epoch=wanted.epoch, commands=allowed, named=targets.commits,
                brought=brought, large=large, is_atomic="atomic" in request.abilities,
            )  # fmt: skip
        except (
            Conflict,
            Forbidden,
            GatedRepository,
            PreconditionFailed,
        ) as error:  # what has changed while the pack came
            raise PushRefused(str(error)) from None
    return refusals | written.refusals, [line for made in written.opened for line in _told(made)]


def _told(made: PullRequest) -> tuple[str, ...]:
    return (
        f"Pull request #{made.number} for {made.base_name}: {settings.BASE_URL}{made.get_absolute_url()}",
        f"To add commits to it: git push <this remote> HEAD:{made.reference_name}",
    )


def _without(asked: Sequence[Command], refusals: dict[str, str]) -> list[Command]:
    return [command for command in asked if command.name not in refusals]


def _is_over(request: Request, refusals: dict[str, str]) -> bool:
    """Whether nothing can move any more."""
    if "atomic" in request.abilities and refusals:
        return True
    return len(refusals) >= len({command.name for command in request.commands})


def _all_or_nothing(request: Request, refusals: dict[str, str]) -> dict[str, str]:
    if "atomic" not in request.abilities or not refusals:
        return refusals
    together = "another reference of this atomic push was refused"
    return {command.name: refusals.get(command.name, together) for command in request.commands}


def _forbidden(actor: Actor, repository: Repository, asked: Sequence[Command]) -> dict[str, str]:
    """What needs no look at what is sent: {reference's name: why not}."""
    refusals = {}
    rights: dict[str, str] = {}  # asked for once, and once for each pull request
    seen: set[str] = set()
    for command in asked:
        of_whom = command.name if command.name.startswith(("refs/pr/", PROPOSING)) else ""
        if of_whom not in rights:
            rights[of_whom] = _right(actor, repository, command)
        why = "it is named twice" if command.name in seen else rights[of_whom] or _why_not(repository, command)
        seen.add(command.name)
        if why:
            refusals[command.name] = why
    return refusals


def _right(actor: Actor, repository: Repository, command: Command) -> str:
    try:
        if command.proposed_for:
            access.require_proposal(actor, repository)
        else:
            access.require_write_to(actor, repository, command.name)
    except HubError as error:
        return str(error)
    return ""


def _why_not(repository: Repository, command: Command) -> str:
    if command.proposed_for:
        return _why_not_proposed(repository, command)
    if not command.name.startswith(("refs/heads/", "refs/tags/", "refs/pr/")):
        return "this hub keeps branches (refs/heads/) and tags (refs/tags/) only"
    if command.name.startswith("refs/pr/") and (command.creates or command.deletes):
        return "to open a pull request, push to refs/for/<branch>; it is closed on the hub"
    if command.deletes and command.name == f"refs/heads/{repository.default_branch}":
        return f"{repository.default_branch} is the default branch, which cannot be deleted"
    if command.creates and command.deletes:
        return "it does not exist"
    try:
        if command.creates:
            references.checked_name(command.name)
    except Invalid as error:
        return str(error)
    return ""


def _why_not_proposed(repository: Repository, command: Command) -> str:
    if not command.creates or command.deletes:
        return "it stands for a new pull request, and is no reference"
    try:
        pull_requests.base_for(repository, command.proposed_for)
    except RevisionNotFound:
        return f"there is no branch {command.proposed_for} to propose it for"
    return ""


def _rewriting(
    actor: Actor, repository: Repository, folder: Path, allowed: Sequence[Command], before: dict[str, str]
) -> dict[str, str]:
    """The default branch is rewritten by who administers the repository alone; other branches by all who write."""
    name = f"refs/heads/{repository.default_branch}"
    for command in allowed:
        if command.name != name or command.creates or before.get(name) != command.old:
            continue  # one that has moved meanwhile is refused where it would be written
        try:
            programs.run(["merge-base", "--is-ancestor", command.old, command.new], folder=folder)
        except GitFailed:
            try:
                access.require_administration(actor, repository)
            except (Forbidden, RepositoryDisabled):
                return {
                    name: f"not a fast-forward: only who administers {repository.full_name} may rewrite"
                    f" its default branch; git pull first"
                }
    return {}
