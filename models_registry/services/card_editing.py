"""A card's metadata changed from a page: a commit to the README that touches nothing else."""

from typing import Any

from accounts.models import Actor
from hub.errors import Invalid
from models_registry import access
from models_registry.formats.card import CardError
from models_registry.formats.front_matter import with_values
from models_registry.models import Commit, Repository
from models_registry.services import objects, references, trees
from models_registry.services.changes import AddFile
from models_registry.services.commits import create_commit

README = "README.md"


def edit_card(*, actor: Actor, repository: Repository, values: dict[str, Any], title: str) -> Commit:
    """Set these keys of the metadata on the default branch, None takes one out; the commit, or the head if nothing changes.

    Raises Forbidden; Invalid if the card cannot be edited so; BranchMoved if another commit came in between.
    """
    access.require_write(actor, repository)
    head = references.resolve(repository, repository.default_branch)
    entry = trees.find(repository, head, [README]).get(README)
    text = ""
    if entry is not None:
        if entry.is_folder or entry.lfs is not None:
            raise Invalid("The README.md of this repository is no text file: its metadata cannot be changed here.")
        try:
            text = objects.inflate(trees.content_of(repository, entry)).decode("utf-8")
        except UnicodeDecodeError:
            raise Invalid(
                "The README.md of this repository is not UTF-8: its metadata cannot be changed here."
            ) from None
    try:
        edited = with_values(text, values)
    except CardError as error:
        raise Invalid(str(error)) from error
    change = AddFile.of(README, edited.encode())
    return create_commit(
        actor=actor,
        repository=repository,
        branch=repository.default_branch,
        parent=head.oid,
        changes=[change],
        title=title,
    )
