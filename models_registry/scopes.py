"""Repositories as what a fine-grained token can be limited to (see `accounts.scopes`)."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from accounts.models import Actor
from accounts.scopes import ScopeKind
from models_registry.models import Kind, Repository


def _find(actor: Actor, names: Iterable[str]) -> dict[str, int]:
    found = {}
    for written in names:
        kind = Kind.DATASET if written.startswith("datasets/") else Kind.MODEL
        namespace, _slash, name = written.removeprefix("datasets/").partition("/")
        repository = Repository.objects.visible_to(actor).named(kind, namespace, name).first()
        if repository is not None:
            found[written] = repository.pk
    return found


def _names(ids: Iterable[int]) -> dict[int, str]:
    repositories = Repository.objects.filter(pk__in=list(ids)).select_related("namespace")
    return {repository.pk: repository.get_absolute_url().lstrip("/") for repository in repositories}


REPOSITORIES = ScopeKind(
    key="repository",
    title=str(_("Repositories")),
    example="birch-lab/digits-cnn\ndatasets/birch-lab/digits",
    find=_find,
    names=_names,
)
