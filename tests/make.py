"""Builders: the smallest real thing of each kind, made by the services that make it in life."""

import itertools
from typing import Any

from accounts.models import AccessToken, Actor, Membership, Organization, Role, TokenRole, User
from accounts.services.accounts import create_account, create_organization
from accounts.services.tokens import create_token
from models_registry.models import Commit, Repository
from models_registry.services.changes import AddFile, Change
from models_registry.services.commits import create_commit
from models_registry.services.repositories import create_repository

_number = itertools.count(1)


def user(name: str | None = None, **fields: Any) -> User:
    name = name or f"user{next(_number)}"
    return create_account(name=name, email=f"{name}@example.org", **fields)


def token(of: User, role: str = TokenRole.WRITE, **fields: Any) -> str:
    """The value of a new token."""
    return create_token(actor=Actor(user=of), user=of, name="a token", role=TokenRole(role), **fields)[1]


def token_row(value: str) -> AccessToken:
    found = AccessToken.objects.with_value(value)
    assert found is not None
    return found


def bearer(value: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {value}"}


def organization(name: str | None = None, **members: str) -> Organization:
    """`make.organization("lab", write=user)`: members by role name."""
    name = name or f"org{next(_number)}"
    made = create_organization(actor=Actor(), name=name)
    for role, member in members.items():
        Membership.objects.create(organization=made, user=member, role=Role.named(role))
    return made


def repository(
    owner: User | None = None,
    name: str | None = None,
    *,
    kind: str = "model",
    namespace: str | None = None,
    **fields: Any,
) -> Repository:
    """A repository with its initial commit."""
    owner = owner or user()
    name = name or f"repository{next(_number)}"
    made = create_repository(
        actor=Actor(user=owner),
        namespace=namespace or owner.username,
        name=name,
        kind=kind,
        private=fields.pop("private", False),
    )
    if fields:
        Repository.objects.filter(pk=made.pk).update(**fields)
        made.refresh_from_db()
    return made


def commit(
    repository: Repository, files: dict[str, bytes | str] | None = None, *, actor: Actor | None = None, **arguments: Any
) -> Commit:
    """A commit of regular files on the default branch."""
    files = files if files is not None else {f"file{next(_number)}.txt": f"content {next(_number)}"}
    changes: list[Change] = [
        AddFile.of(path, content.encode() if isinstance(content, str) else content) for path, content in files.items()
    ]
    return create_commit(
        actor=actor or Actor(user=repository.creator),
        repository=repository,
        branch=arguments.pop("branch", repository.default_branch),
        parent=arguments.pop("parent", None),
        changes=changes,
        title=arguments.pop("title", "a commit"),
        **arguments,
    )
