"""Repositories: made, changed, deleted."""

import re
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Actor, AuditEntry, Namespace
from accounts.services.accounts import keep, namespace_named
from hub.jobs.models import Job
from models_registry import access
from models_registry.errors import BadName, RepositoryExists, RepositoryNotFound, RevisionNotFound
from models_registry.events import repository_created, repository_deleted, settings_changed
from models_registry.formats import gitattributes
from models_registry.formats.front_matter import with_values
from models_registry.models import Gate, Kind, Repository, RepositoryRedirect
from models_registry.models.repository import REPOSITORY_NAME
from models_registry.services import references
from models_registry.services.card_editing import README, template
from models_registry.services.changes import AddFile
from models_registry.services.commits import create_initial_commit
from models_registry.services.licences import front_matter


def check_name(name: str) -> None:
    """Raises BadName."""
    if not re.fullmatch(REPOSITORY_NAME, name) or "--" in name or ".." in name or name.endswith((".git", ".ipynb")):
        raise BadName(
            _(
                "%(name)r is no name for a repository: use at most 96 letters, digits, '-', '_' and '.', not at the ends,"
                " without '--' or '..', and not ending in '.git'."
            )
            % {"name": name}
        )
    if name[0] in "-." or name[-1] in "-.":
        raise BadName(_("%(name)r may not begin or end with '-' or '.'.") % {"name": name})


def full_key(namespace: Namespace, name: str) -> str:
    """What `Repository.full_key` must be."""
    return f"{namespace.name}/{name}".lower()


@transaction.atomic
def create_repository(
    *,
    actor: Actor,
    namespace: str,
    name: str,
    kind: str = Kind.MODEL,
    private: bool | None = None,
    gated: Gate = Gate.OPEN,
    licence: str = "",
    task: str = "",
    from_template: bool = False,
) -> Repository:
    """A repository with its initial commit: the rules for large files, and a card if there is anything to put into one.

    private: None asks for the namespace's default. from_template: the card has the headings of a good one.
    Raises BadName, NamespaceNotFound, Forbidden, RepositoryExists.
    """
    check_name(name)
    owner = namespace_named(namespace)
    access.require_creation(actor, owner)
    if private is None:
        private = bool(owner.organization and owner.organization.private_by_default)
    repository = add_repository(actor=actor, owner=owner, name=name, kind=kind, private=private)
    rules = AddFile.of(".gitattributes", gitattributes.DEFAULT.encode())
    card = _card(name, kind, licence=licence, task=task, from_template=from_template)
    create_initial_commit(actor=actor, repository=repository, files=[rules, *card], title="initial commit")
    repository_created.send(sender=Repository, repository=repository)
    AuditEntry.objects.record(
        actor, "repository.created", repository.full_name, namespace=repository.namespace, kind=kind, private=private
    )
    if gated != Gate.OPEN:
        change_settings(actor=actor, repository=repository, gated=gated)
    return repository


def _card(name: str, kind: str, *, licence: str, task: str, from_template: bool) -> list[AddFile]:
    values: dict[str, Any] = dict(front_matter(licence)) if licence.strip() else {}
    if task:
        values |= {"task_categories": [task]} if kind == Kind.DATASET else {"pipeline_tag": task}
    if not values and not from_template:
        return []
    text = template(name, kind) if from_template else f"# {name}\n"
    return [AddFile.of(README, with_values(text, values).encode())]


def is_free(owner: Namespace, kind: str, name: str) -> bool:
    """Whether a repository of this name can be made there; asked ahead, so that a form can say so. Raises BadName."""
    check_name(name)
    return not Repository.objects.filter(namespace=owner, kind=kind, key=name.lower()).exists()


def add_repository(*, actor: Actor, owner: Namespace, name: str, kind: str, private: bool) -> Repository:
    """The row, with nothing in it yet; within the transaction that fills it. Raises RepositoryExists, NamespaceNotFound."""
    keep(owner)
    try:
        with transaction.atomic():
            repository = Repository.objects.create(
                namespace=owner,
                name=name,
                full_key=full_key(owner, name),
                kind=kind,
                private=private,
                creator=actor.require_user(),
            )
    except IntegrityError:
        raise RepositoryExists(
            _("You already created this %(kind)s repo: %(owner)s/%(name)s")
            % {"kind": Kind(kind).in_words, "owner": owner.name, "name": name}
        ) from None
    RepositoryRedirect.objects.filter(namespace=owner, kind=kind, key=name.lower()).delete()
    return repository


@transaction.atomic
def delete_repository(*, actor: Actor, repository: Repository) -> None:
    """Remove it from the hub. Content that other repositories share stays; the rest is collected later.

    Raises Forbidden, RepositoryNotFound.
    """
    access.require_administration(actor, repository)
    # Whoever is writing to it comes first; whoever comes later finds it gone.
    if not Repository.objects.select_for_update().filter(pk=repository.pk).values_list("pk"):
        raise RepositoryNotFound(_("The repository has just been deleted."))
    repository_deleted.send(sender=Repository, repository=repository)
    AuditEntry.objects.record(
        actor, "repository.deleted", repository.full_name, namespace=repository.namespace, kind=repository.kind
    )
    repository.delete()


@transaction.atomic
def change_settings(
    *, actor: Actor, repository: Repository, private: bool | None = None, gated: Gate | None = None
) -> Repository:
    """Who may see it, and who may read it; None leaves a setting as it is. Raises Forbidden."""
    access.require_administration(actor, repository)
    changes: dict[str, object] = {}
    if private is not None and private != repository.private:
        repository.private = changes["private"] = private
        AuditEntry.objects.record(
            actor, "repository.visibility", repository.full_name, namespace=repository.namespace, private=private
        )
    if gated is not None and gated != repository.gated:
        repository.gated = gated
        changes["gated"] = str(gated) or False
        AuditEntry.objects.record(
            actor, "repository.gate", repository.full_name, namespace=repository.namespace, gated=gated
        )
    repository.save(update_fields=["private", "gated"])
    if changes:
        settings_changed.send(sender=Repository, repository=repository, changes=changes)
    return repository


@transaction.atomic
def change_default_branch(*, actor: Actor, repository: Repository, branch: str) -> Repository:
    """Which branch its page and clients that name none read. Raises Forbidden, RevisionNotFound."""
    access.require_administration(actor, repository)
    access.keep(repository)
    head = references.branch(repository, branch)
    if not head.name.startswith("refs/heads/"):
        raise RevisionNotFound(branch)
    name = head.name.removeprefix("refs/heads/")
    if name != repository.default_branch:
        AuditEntry.objects.record(
            actor,
            "repository.default_branch",
            repository.full_name,
            namespace=repository.namespace,
            old=repository.default_branch,
            new=name,
        )
        repository.default_branch = name
        repository.save(update_fields=["default_branch"])
        settings_changed.send(sender=Repository, repository=repository, changes={"default_branch": name})
        Job.objects.add("index_commit", f"{repository.pk}:{head.target}")
    return repository
