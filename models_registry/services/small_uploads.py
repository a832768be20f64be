"""A few small files that come through the hub itself, as a form sends them: a commit or a pull request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext as _

from accounts.models import Actor
from hub.errors import Invalid
from models_registry import access
from models_registry.errors import ContentTooLarge
from models_registry.formats import paths
from models_registry.models import Commit, PullRequest, Reference, Repository
from models_registry.services import preupload, references, uploads
from models_registry.services.changes import AddFile, AddLfsFile, Change, checked_path
from models_registry.services.commits import create_commit
from models_registry.services.preupload import Asked
from models_registry.services.pull_requests import propose

MOST_BYTES = 16 * 1024 * 1024  # of all files together
MOST_FILES = 100
_SAMPLE = 512


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...

    def seek(self, position: int, /) -> int: ...


@dataclass(frozen=True)
class NewFile:
    path: str
    size: int
    content: Readable


def path_in(folder: str, name: str) -> str:
    return paths.joined(folder.strip().strip("/"), name)


def add(
    *,
    actor: Actor,
    repository: Repository,
    branch: Reference,
    parent: str,
    files: Sequence[NewFile],
    title: str,
    body: str,
    as_proposal: bool,
) -> Commit | PullRequest:
    """Put the files on the branch, or propose them to it; which of them are large ones, the branch's rules say.

    Raises Invalid, ContentTooLarge, BadPath, and the rest as `create_commit` and `propose`.
    """
    access.require_proposal(actor, repository)
    if not files:
        raise Invalid(_("Choose at least one file."))
    if len(files) > MOST_FILES or sum(file.size for file in files) > MOST_BYTES:
        raise ContentTooLarge(
            _("A form takes %(most)s files of %(size)s MB in all: send more with hf or git.")
            % {"most": MOST_FILES, "size": MOST_BYTES // 2**20}
        )
    asked = []
    for file in files:
        asked.append(Asked(checked_path(file.path), file.size, file.content.read(_SAMPLE)))
        file.content.seek(0)
    decided = preupload.decide(repository, references.resolve(repository, branch.name), asked)
    changes = [
        _change(actor, repository, file, is_large=answer.is_lfs)
        for file, answer in zip(files, decided, strict=True)
        if not answer.is_ignored
    ]
    if not changes:
        raise Invalid(_("The repository's .gitignore names all of these files."))
    title = title or (f"Upload {changes[0].path}" if len(changes) == 1 else f"Upload {len(changes)} files")
    if as_proposal:
        return propose(
            actor=actor, repository=repository, base=branch.short_name, parent=parent, changes=changes, title=title,
            body=body,
        )[0]  # fmt: skip
    return create_commit(
        actor=actor, repository=repository, branch=branch.name, parent=parent, changes=changes, title=title, body=body
    )


def _change(actor: Actor, repository: Repository, file: NewFile, *, is_large: bool) -> Change:
    content = file.content.read()
    if is_large:
        return AddLfsFile(file.path, uploads.store(actor=actor, repository=repository, content=content), len(content))
    return AddFile.of(file.path, content)
