"""Branches and tags, and what a revision means."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from dulwich.refs import Ref, check_ref_format

from accounts.models import Actor
from hub.errors import Forbidden, Invalid
from models_registry import access
from models_registry.errors import ReferenceExists, RevisionNotFound
from models_registry.events import ReferenceMove, references_moved
from models_registry.formats import git_objects
from models_registry.models import Commit, GitObject, ObjectKind, Reference, Repository
from models_registry.models.git import ReferenceQuerySet
from models_registry.services import objects, reference_guards

_HEX = frozenset("0123456789abcdef")
SHORT_ID = 7


def _possible_names(revision: str) -> list[str]:
    """Full reference names a revision may mean, the first that exists wins."""
    return [f"refs/heads/{revision}", f"refs/tags/{revision}", revision, f"refs/{revision}"]


def resolve(repository: Repository, revision: str) -> Commit:
    """The commit that a branch, tag, full reference name, id or short id (from 7 digits) means. Raises RevisionNotFound."""
    wanted = repository.default_branch if revision == "HEAD" else revision
    names = _possible_names(wanted)
    found = {reference.name: reference for reference in _shown(repository, names)}
    for name in names:
        if name in found:
            return _commit_at(repository, found[name].target)
    commit = _commit_by_id(repository, wanted.lower())
    if commit is None:
        raise RevisionNotFound(revision)
    return commit


def _shown(repository: Repository, names: Iterable[str]) -> ReferenceQuerySet:
    return Reference.objects.shown().filter(repository=repository, name__in=list(names))


def _commit_at(repository: Repository, oid: str) -> Commit:
    """The commit with that id, or the one an annotated tag of that id names."""
    commit = Commit.objects.filter(repository=repository, oid=oid).first()
    if commit is None:
        tag = GitObject.objects.get(repository=repository, oid=oid, kind=ObjectKind.TAG)
        commit = Commit.objects.get(repository=repository, oid=git_objects.tag_target(objects.inflate(tag)))
    return commit


def _commit_by_id(repository: Repository, oid: str) -> Commit | None:
    if not SHORT_ID <= len(oid) <= 40 or not _HEX.issuperset(oid):
        return None
    matching = Commit.objects.filter(repository=repository, oid__gte=oid.ljust(40, "0"), oid__lte=oid.ljust(40, "f"))
    several = list(matching[:2])
    return several[0] if len(several) == 1 else None


def split(repository: Repository, rest: str) -> tuple[str, str]:
    """`revision/path` apart: a branch's name may hold slashes, so the longest reference that exists is the revision."""
    parts = rest.strip("/").split("/")
    prefixes = ["/".join(parts[:count]) for count in range(1, min(len(parts), 12) + 1)]
    names = {name: prefix for prefix in prefixes for name in _possible_names(prefix)}
    existing = _shown(repository, names).values_list("name", flat=True)
    revision = max((names[name] for name in existing), key=len, default=parts[0])
    if revision == parts[0] and parts[0] == "refs" and len(parts) >= 3:  # a full name that does not exist, told as such
        revision = "/".join(parts[:3])
    return revision, rest.strip("/")[len(revision) :].strip("/")


def branch(repository: Repository, name: str) -> Reference:
    """The branch or pull request's head that a commit may go to. Raises RevisionNotFound."""
    names = [f"refs/heads/{name}", name] if name.startswith("refs/") else [f"refs/heads/{name}"]
    candidates = Reference.objects.filter(repository=repository, name__in=names).filter(
        Q(name__startswith="refs/heads/") | Q(name__startswith="refs/pr/")
    )
    found = {reference.name: reference for reference in candidates}
    for full_name in names:
        if full_name in found:
            return found[full_name]
    raise RevisionNotFound(name)


def checked_name(full_name: str) -> str:
    """Raises Invalid. A name that reads as a commit's full id would put other files under an id that people pin."""
    short = full_name.split("/", 2)[-1]
    if (
        len(full_name) > 255
        or not check_ref_format(Ref(full_name.encode()))
        or short == "HEAD"
        or short.startswith("-")  # git takes it for an option
        or (len(short) == 40 and _HEX.issuperset(short.lower()))
    ):
        raise Invalid(_("%(short)r is not a name for a branch or tag.") % {"short": short[:60]})
    return full_name


@transaction.atomic
def create_branch(*, actor: Actor, repository: Repository, name: str, start: str | None = None) -> Reference:
    """Raises Forbidden, ReferenceGuarded, ReferenceExists, RevisionNotFound, Invalid."""
    access.require_write(actor, repository)
    full_name = checked_name(f"refs/heads/{name}")
    access.keep(repository)
    commit = resolve(repository, start or repository.default_branch)
    reference_guards.require(actor, repository, ReferenceMove(full_name, None, commit.oid))
    made = add(repository, full_name, commit.oid)
    _tell(actor, repository, full_name, None, commit.oid)
    return made


@transaction.atomic
def delete_branch(*, actor: Actor, repository: Repository, name: str) -> None:
    """Raises Forbidden (the default branch too), RevisionNotFound."""
    access.require_write(actor, repository)
    if name == repository.default_branch:
        raise Forbidden(_("Cannot delete refs/heads/%(name)s: it is the default branch.") % {"name": name})
    _delete(actor, repository, f"refs/heads/{name}")


@transaction.atomic
def create_tag(
    *, actor: Actor, repository: Repository, name: str, revision: str, message: str | None = None
) -> Reference:
    """A tag; an annotated one if there is a message.

    Raises Forbidden, ReferenceGuarded, ReferenceExists, RevisionNotFound, Invalid.
    """
    access.require_write(actor, repository)
    full_name = checked_name(f"refs/tags/{name}")
    access.keep(repository)
    target = resolve(repository, revision).oid
    if not Reference.objects.filter(repository=repository, name=full_name).exists():  # else it is refused as such
        reference_guards.require(actor, repository, ReferenceMove(full_name, None, target))
    if message:
        user = actor.require_user()
        encoded = git_objects.encode_tag(
            target=target,
            tag=name,
            name=user.get_full_name(),
            email=objects.public_email(user),
            when=timezone.now(),
            message=message,
        )
        objects.insert(repository, [objects.row_of(encoded, ObjectKind.TAG)], batch=objects.next_batch(repository))
        target = encoded.oid
    made = add(repository, full_name, target)
    _tell(actor, repository, full_name, None, target)
    return made


@transaction.atomic
def delete_tag(*, actor: Actor, repository: Repository, name: str) -> None:
    """Raises Forbidden, ReferenceGuarded, RevisionNotFound."""
    access.require_write(actor, repository)
    access.keep(repository)
    _delete(actor, repository, f"refs/tags/{name}")


def _delete(actor: Actor, repository: Repository, full_name: str) -> None:
    """Raises RevisionNotFound, ReferenceGuarded."""
    found = Reference.objects.filter(repository=repository, name=full_name)
    target = found.values_list("target", flat=True).first()
    if target is not None:
        reference_guards.require(actor, repository, ReferenceMove(full_name, target, None))
    if target is None or not found.delete()[0]:
        raise RevisionNotFound(full_name.split("/", 2)[2])
    _tell(actor, repository, full_name, target, None)


def _tell(actor: Actor, repository: Repository, full_name: str, old: str | None, new: str | None) -> None:
    moves = [ReferenceMove(full_name, old, new)]
    references_moved.send(sender=Repository, repository=repository, moves=moves, actor=actor)


_PINS = "refs/scores/"


@transaction.atomic
def pin(*, repository: Repository, commit: str) -> None:
    """Keep a commit, whatever becomes of the branches: something published names it. Nobody is shown the reference.

    A commit that is gone already stays gone. Raises RepositoryNotFound.
    """
    access.keep(repository)
    if Commit.objects.filter(repository=repository, oid=commit).exists():
        Reference.objects.get_or_create(repository=repository, name=f"{_PINS}{commit}", defaults={"target": commit})


@transaction.atomic
def unpin(*, repository: Repository, commit: str) -> None:
    """What named the commit is withdrawn: from now on it is kept as long as a branch leads to it."""
    Reference.objects.filter(repository=repository, name=f"{_PINS}{commit}").delete()


def add(repository: Repository, full_name: str, target: str) -> Reference:
    """git keeps references as files: `a` and `a/b` cannot both be, and a clone would fail. Raises ReferenceExists."""
    parts = full_name.split("/")
    above = ["/".join(parts[:count]) for count in range(3, len(parts))]
    inside = Q(name__in=above) | Q(name__startswith=f"{full_name}/")
    if other := Reference.objects.filter(inside, repository=repository).first():
        raise ReferenceExists(
            _("Reference %(other)s already exists, beside which git can keep no %(full_name)s")
            % {"other": other.name, "full_name": full_name}
        )
    try:
        with transaction.atomic():
            return Reference.objects.create(repository=repository, name=full_name, target=target)
    except IntegrityError:
        raise ReferenceExists(_("Reference %(full_name)s already exists") % {"full_name": full_name}) from None


def peeled(repository: Repository, found: Iterable[Reference]) -> dict[str, str]:
    """{an annotated tag's id: the commit it names}, for those references that point at one."""
    tags = GitObject.objects.filter(
        repository=repository, oid__in=[reference.target for reference in found], kind=ObjectKind.TAG
    )
    return {tag.oid: git_objects.tag_target(objects.inflate(tag)) for tag in tags}
