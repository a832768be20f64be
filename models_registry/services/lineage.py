"""What a model was made from: edges from the written names, led to the repositories that bear these names now."""

import re
from collections.abc import Iterable, Sequence

from django.db.models import Q

from accounts.models import NamespaceRedirect
from models_registry.models import Kind, LineageEdge, Relation, Repository, RepositoryRedirect, RepositoryTag

MOST_BASES = 50
_QUANTIZED_NAME = re.compile(
    r"(?:^|[-_.])(?:gguf|gptq|awq|exl[23]|bnb|nf4|fp8|fp4|int[248]|[2348]-?bits?|w[48]a\d+|quantized|mlx-\dbit)(?:$|[-_.])",
    re.IGNORECASE,
)


def relation_of(*, written: str, bases: Sequence[str], name: str, is_adapter: bool, is_quantized: bool) -> Relation:
    """What the card says, else what the files and the name imply. is_quantized: by its configuration, or its GGUF files."""
    if written in Relation.values:
        return Relation(written)
    if is_adapter:
        return Relation.ADAPTER
    if is_quantized or _QUANTIZED_NAME.search(name):
        return Relation.QUANTIZED
    return Relation.MERGE if len(bases) > 1 else Relation.FINETUNE


def edges_for(repository: Repository, bases: Iterable[str], relation: Relation) -> list[LineageEdge]:
    """Not saved yet, each led to its base. One query, and one more where names are not found."""
    by_key: dict[str, str] = {}
    for written in bases:
        by_key.setdefault(written.lower(), written)
    written_names = dict(list(by_key.items())[:MOST_BASES])
    found = _repositories(written_names)
    edges = []
    for key, written in written_names.items():
        base = found.get(key)
        if base is None or base.pk != repository.pk:
            edges.append(
                LineageEdge(repository=repository, base_name=written, base_key=key, base=base, relation=relation)
            )
    return edges


def _repositories(keys: Iterable[str]) -> dict[str, Repository]:
    wanted = {
        key: (namespace, name)
        for key in keys
        if (namespace := key.partition("/")[0]) and (name := key.partition("/")[2])
    }
    if not wanted:
        return {}
    named = Q()
    for namespace, name in wanted.values():
        named |= Q(namespace__key=namespace, key=name)
    models = Repository.objects.select_related("namespace").filter(named, kind=Kind.MODEL)
    found = {base.full_name.lower(): base for base in models}
    found |= _in_renamed_namespaces({key: wanted[key] for key in wanted.keys() - found.keys()})
    if missing := wanted.keys() - found.keys():
        moved = Q()
        for key in missing:
            moved |= Q(namespace__key=wanted[key][0], key=wanted[key][1])
        old = RepositoryRedirect.objects.select_related("namespace", "repository__namespace")
        for redirect in old.filter(moved, kind=Kind.MODEL):
            found[f"{redirect.namespace.name.lower()}/{redirect.key}"] = redirect.repository
    return found


def _in_renamed_namespaces(wanted: dict[str, tuple[str, str]]) -> dict[str, Repository]:
    """{written name: the repository}, of those whose owner has another name by now."""
    former = NamespaceRedirect.objects.filter(old_key__in={namespace for namespace, _name in wanted.values()})
    led = dict(former.exclude(namespace=None).values_list("old_key", "namespace"))
    named = Q()
    for namespace, name in wanted.values():
        if namespace in led:
            named |= Q(namespace=led[namespace], key=name)
    if not named:
        return {}
    models = Repository.objects.select_related("namespace").filter(named, kind=Kind.MODEL)
    by_place = {(model.namespace_id, model.key): model for model in models}
    places = {key: (led.get(namespace), name) for key, (namespace, name) in wanted.items()}
    return {key: by_place[place] for key, place in places.items() if place in by_place}


def follow_rename(namespace_id: int) -> None:
    """Lead the edges that write a repository's new name to it, and let its children be found by that name.

    Their owner was renamed: they may be many.
    """
    models = Repository.objects.filter(namespace=namespace_id, kind=Kind.MODEL).select_related("namespace")
    for model in models.iterator():
        link(model)
        tag_children(model.pk)


def link(repository: Repository) -> None:
    """Lead the edges that name this repository to it: it has just been made, or got this name."""
    if repository.kind == Kind.MODEL:
        named = LineageEdge.objects.filter(base_key=repository.full_name.lower()).exclude(repository=repository)
        named.update(base=repository)


def tag_children(repository_id: int) -> None:
    """Let the models made from it be found by the name it has now. Its children may be many: not within a request.

    Whoever names a private repository in a card need not be of those who may know of it: such a name is told to nobody.
    """
    repository = Repository.objects.select_related("namespace").filter(pk=repository_id).first()
    if repository is None or not repository.is_public:
        return
    name = repository.full_name
    for child, relation in repository.children.values_list("repository", "relation").iterator():
        tags = (f"base_model:{name}", f"base_model:{relation}:{name}")
        RepositoryTag.objects.bulk_create(
            [RepositoryTag(repository_id=child, tag=tag) for tag in tags], ignore_conflicts=True
        )
