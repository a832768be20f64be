"""What can be reported and acted upon, of whatever kind, as one type."""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import ObjectDoesNotExist
from django.utils.translation import gettext_noop

from accounts.models import Actor, Namespace, User
from accounts.services.accounts import namespace_named
from hub.errors import NotFound
from hub.kept_sentences import sentence
from models_registry import access
from models_registry.community import access as community_access
from models_registry.community.models import Collection, Discussion, Event, Picture, SubjectKind
from models_registry.errors import RepositoryNotFound
from models_registry.models import Kind, Repository

MOST_TEXT = 20_000
_COMMENT = sentence(gettext_noop("%(thread)s, comment of %(author)s"))
_COMMENT_OF_NOBODY = sentence(gettext_noop("%(thread)s, comment of a deleted user"))


@dataclass(frozen=True)
class Subject:
    """`address`: of its page, "" if it has none. `owner`: in whose namespace it lies. `author`: who wrote or made it.

    `text`: what it holds, for moderators to read; never HTML.
    """

    kind: SubjectKind
    id: int
    name: str
    address: str = ""
    owner: Namespace | None = None
    author: User | None = None
    text: str = ""


class SubjectNotFound(NotFound):
    says = gettext_noop("There is nothing of that name, or you may not see it.")


def of_repository(repository: Repository) -> Subject:
    return Subject(
        kind=SubjectKind.REPOSITORY,
        id=repository.pk,
        name=repository.full_name if repository.kind == Kind.MODEL else f"datasets/{repository.full_name}",
        address=repository.get_absolute_url(),
        owner=repository.namespace,
        author=repository.creator,
        text=repository.summary,
    )


def of_discussion(discussion: Discussion) -> Subject:
    first = discussion.events.filter(kind=Event.Kind.COMMENT).order_by("pk").first()
    return Subject(
        kind=SubjectKind.DISCUSSION,
        id=discussion.pk,
        name=str(discussion),
        address=discussion.get_absolute_url(),
        owner=discussion.repository.namespace,
        author=discussion.author,
        text=f"{discussion.title}\n\n{first.text if first else ''}"[:MOST_TEXT],
    )


def of_comment(comment: Event) -> Subject:
    return Subject(
        kind=SubjectKind.COMMENT,
        id=comment.pk,
        name=_COMMENT % {"thread": comment.discussion, "author": comment.author}
        if comment.author
        else _COMMENT_OF_NOBODY % {"thread": comment.discussion},
        address=f"{comment.discussion.get_absolute_url()}#{comment.public_id}",
        owner=comment.author.namespace if comment.author else None,
        author=comment.author,
        text=comment.text[:MOST_TEXT],
    )


def of_namespace(namespace: Namespace) -> Subject:
    return Subject(
        kind=SubjectKind.NAMESPACE,
        id=namespace.pk,
        name=namespace.name,
        address=namespace.get_absolute_url(),
        owner=namespace,
        author=namespace.user,
        text=namespace.display_name,
    )


def of_collection(collection: Collection) -> Subject:
    return Subject(
        kind=SubjectKind.COLLECTION,
        id=collection.pk,
        name=collection.slug,
        address=collection.get_absolute_url(),
        owner=collection.namespace,
        author=collection.namespace.user,
        text=f"{collection.title}\n\n{collection.description}",
    )


def of_picture(picture: Picture) -> Subject:
    return Subject(
        kind=SubjectKind.PICTURE,
        id=picture.pk,
        name=picture.name,
        address=picture.get_absolute_url(),
        owner=picture.uploader.namespace if picture.uploader else None,
        author=picture.uploader,
    )


_REPOSITORIES = Repository.objects.select_related("namespace", "creator")
_DISCUSSIONS = Discussion.objects.select_related("repository__namespace", "author")
_EVENTS = Event.objects.select_related("discussion__repository__namespace", "author__namespace")
_COLLECTIONS = Collection.objects.select_related("namespace__user", "namespace__organization")
_PICTURES = Picture.objects.select_related("uploader__namespace")
_NAMESPACES = Namespace.objects.select_related("user", "organization")

_BY_KIND: dict[str, Callable[[int], Subject]] = {
    SubjectKind.REPOSITORY: lambda pk: of_repository(_REPOSITORIES.get(pk=pk)),
    SubjectKind.DISCUSSION: lambda pk: of_discussion(_DISCUSSIONS.get(pk=pk)),
    SubjectKind.COMMENT: lambda pk: of_comment(_EVENTS.get(pk=pk)),
    SubjectKind.COLLECTION: lambda pk: of_collection(_COLLECTIONS.get(pk=pk)),
    SubjectKind.PICTURE: lambda pk: of_picture(_PICTURES.get(pk=pk)),
    SubjectKind.NAMESPACE: lambda pk: of_namespace(_NAMESPACES.get(pk=pk)),
}


def find(kind: str, pk: int) -> Subject | None:
    """None if it has been deleted."""
    try:
        return _BY_KIND[kind](pk)
    except (KeyError, ObjectDoesNotExist):
        return None


def seen_by(actor: Actor, kind: str, name: str) -> Subject:
    """By the name that addresses use. What the actor may not see answers like what is missing. Raises SubjectNotFound.

    A repository is named as on its page (`ada/net`, `datasets/ada/net`), a thread `ada/net#12`, a comment by its public
    id, a collection `ada/title-0000…`, a picture and a member or organisation by name.
    """
    try:
        return _SEEN[kind](actor, name)
    except (KeyError, ValueError, NotFound, RepositoryNotFound, ObjectDoesNotExist):
        raise SubjectNotFound from None


def _repository(actor: Actor, name: str) -> Repository:
    kind, name = (Kind.DATASET, name.removeprefix("datasets/")) if name.startswith("datasets/") else (Kind.MODEL, name)
    return access.repository_for(actor, kind, name)


def _seen_discussion(actor: Actor, name: str) -> Subject:
    repository, _, number = name.partition("#")
    found = _DISCUSSIONS.filter(repository=_repository(actor, repository), number=int(number)).first()
    if found is None:
        raise SubjectNotFound
    return of_discussion(found)


def _seen_comment(actor: Actor, public_id: str) -> Subject:
    found = _EVENTS.filter(
        pk=int(public_id[-16:], 16) if len(public_id) <= 24 else 0,
        kind=Event.Kind.COMMENT,
        hidden_at=None,
        discussion__repository__in=Repository.objects.visible_to(actor),
    ).first()
    if found is None:
        raise SubjectNotFound
    return of_comment(found)


_SEEN: dict[str, Callable[[Actor, str], Subject]] = {
    "repository": lambda actor, name: of_repository(_repository(actor, name)),
    "discussion": _seen_discussion,
    "comment": _seen_comment,
    "collection": lambda actor, slug: of_collection(community_access.collection_for(actor, slug)),
    "picture": lambda _actor, name: of_picture(_PICTURES.get(name=name)),  # whoever knows its name may see it
    "name": lambda _actor, name: of_namespace(namespace_named(name)),
}
NAMES = tuple(_SEEN)
