"""A repository copied by reference: its rows are copied within the database, its large content stays where it lies."""

from django.db import connection, models, transaction

from accounts.models import Actor, AuditEntry, Namespace
from accounts.services.accounts import namespace_named
from models_registry import access
from models_registry.events import commit_created, repository_created
from models_registry.models import Commit, FolderHistory, GitObject, Reference, Repository, RepositoryLfsObject
from models_registry.services import history
from models_registry.services.repositories import add_repository, check_name

# What makes a repository, and in `Reference` that which is its own: pull requests belong to the conversation about it.
_COPIED: tuple[type[models.Model], ...] = (GitObject, Commit, FolderHistory, RepositoryLfsObject)
_COPIED_REFERENCES = ("refs/heads/%", "refs/tags/%")


@transaction.atomic
def duplicate_repository(
    *, actor: Actor, source: Repository, namespace: str, name: str, private: bool | None = None
) -> Repository:
    """A repository of the same files, history, branches and tags, and as gated as its source.

    private: None keeps a private one private, and asks for the namespace's default otherwise. Whatever its size, nothing
    of it passes through this process. Raises BadName, NamespaceNotFound, Forbidden, GatedRepository, RepositoryExists.
    """
    check_name(name)
    owner = namespace_named(namespace)
    access.require_creation(actor, owner)
    access.require_read(actor, source)
    access.keep(source)  # no commit comes between its tables
    source.refresh_from_db(fields=["batch", "default_branch", "gated", "private"])
    made = add_repository(
        actor=actor, owner=owner, name=name, kind=source.kind, private=_privacy(source, owner, private)
    )
    Repository.objects.filter(pk=made.pk).update(
        batch=source.batch, default_branch=source.default_branch, gated=source.gated
    )
    made.refresh_from_db()
    for model in _COPIED:
        _copy(model, source, made)
    for pattern in _COPIED_REFERENCES:
        _copy(Reference, source, made, like=pattern)
    history.ask_for_maps(made)  # of commits that had none yet
    repository_created.send(sender=Repository, repository=made)
    _tell_of_the_head(made)
    AuditEntry.objects.record(
        actor, "repository.duplicated", made.full_name, kind=made.kind, source=source.full_name, private=made.private
    )
    return made


def _privacy(source: Repository, owner: Namespace, asked: bool | None) -> bool:
    if asked is not None:
        return asked
    return source.private or bool(owner.organization and owner.organization.private_by_default)


def _copy(model: type[models.Model], source: Repository, target: Repository, *, like: str | None = None) -> None:
    """INSERT … SELECT of the source's rows; every column but the row's own id and whose it is stays as it is."""
    quote = connection.ops.quote_name
    taken = [
        quote(field.column)
        for field in model._meta.concrete_fields  # noqa: SLF001 - Django's documented name
        if field.column is not None
        and field.name != "repository"
        and not field.generated
        and not isinstance(field, models.AutoField)
    ]
    columns, table, owner = ", ".join(taken), quote(model._meta.db_table), quote("repository_id")  # noqa: SLF001
    statement = f"INSERT INTO {table} ({owner}, {columns}) SELECT %s, {columns} FROM {table} WHERE {owner} = %s"  # noqa: S608 - names of our own models
    values: list[int | str] = [target.pk, source.pk]
    if like is not None:
        statement += f" AND {quote('name')} LIKE %s"
        values.append(like)
    if any(isinstance(field, models.AutoField) for field in model._meta.concrete_fields):  # noqa: SLF001
        statement += f" ORDER BY {quote('id')}"  # commits are numbered parents first
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _tell_of_the_head(made: Repository) -> None:
    """What follows from a commit follows from the copy of one."""
    reference = Reference.objects.filter(repository=made, name=f"refs/heads/{made.default_branch}").first()
    commit = Commit.objects.filter(repository=made, oid=reference.target).first() if reference else None
    if reference is not None and commit is not None:
        Repository.objects.filter(pk=made.pk).update(updated_at=commit.committed_at)
        commit_created.send(sender=Commit, commit=commit, reference=reference, before=None, actor=None)
