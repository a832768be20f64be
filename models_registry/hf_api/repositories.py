"""Repositories as programs see them: made, described, changed, deleted."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from hub.errors import BadRequest, NotFound
from hub.wire import rate_limits
from hub.wire.describing import describe
from hub.wire.views import HubApiView, json_object
from models_registry import access
from models_registry.errors import RepositoryExists, RepositoryNotFound
from models_registry.hf_api import describing
from models_registry.hf_api.shapes import repositories as shapes
from models_registry.hf_api.views import RepositoryView, is_true, kind_of
from models_registry.models import Gate, Kind, Repository
from models_registry.services import duplicating, moving, references, repositories


def _kind(body: dict[str, Any]) -> Kind:
    return kind_of(f"{body.get('type') or Kind.MODEL}s")


def _name_in(request: ActorApiRequest, body: dict[str, Any]) -> tuple[str, str]:
    """(namespace, name): the client sends them apart, or as one "namespace/name". Raises Unauthenticated, BadRequest."""
    user = request.actor.require_user()
    name, organization = body.get("name"), body.get("organization")
    if not isinstance(name, str) or not name:
        raise BadRequest("The body needs the repository's name.")
    if "/" in name and not organization:
        organization, _, name = name.partition("/")
    return str(organization or user.username), name


def _visibility(body: dict[str, Any]) -> bool | None:
    """Private or not, as new clients (`visibility`) and old ones (`private`) say it; None: not said."""
    match body.get("visibility"):
        case None:
            return body["private"] if isinstance(body.get("private"), bool) else None
        case "private":
            return True
        case "public":
            return False
        case other:
            raise BadRequest(f"visibility must be public or private, not {other!r}.")


@rate_limits.under(writes="repository")
class Create(HubApiView):
    """Make a repository, with its initial commit."""

    @describe(body=shapes.NewRepository, answer=shapes.MadeRepository, refuses=[404, 409, 501])
    def post(self, request: ActorApiRequest) -> Response:
        body = json_object(request)
        namespace, name = _name_in(request, body)
        kind = _kind(body)
        try:
            made = repositories.create_repository(
                actor=request.actor, namespace=namespace, name=name, kind=kind, private=_visibility(body)
            )
        except RepositoryExists as error:
            raise _with_address(request, error, kind, namespace, name) from None
        url = request.build_absolute_uri(made.get_absolute_url())
        return Response({"url": url, "name": made.full_name, "id": str(made.pk)})


class Delete(HubApiView):
    """Delete a repository, for good."""

    @describe(body=shapes.Name, refuses=[404, 501])
    def delete(self, request: ActorApiRequest) -> Response:
        body = json_object(request)
        namespace, name = _name_in(request, body)
        repository = access.repository_for(request.actor, _kind(body), f"{namespace}/{name}")
        repositories.delete_repository(actor=request.actor, repository=repository)
        return Response({})


def _full_name(body: dict[str, Any], member: str) -> tuple[str, str]:
    """(namespace, name) of a "namespace/name". Raises BadRequest."""
    value = body.get(member)
    namespace, _, name = value.partition("/") if isinstance(value, str) else ("", "", "")
    if not namespace or not name or "/" in name:
        raise BadRequest(f"The body needs {member} as namespace/name.")
    return namespace, name


@rate_limits.under(writes="repository")
class Move(HubApiView):
    """Rename a repository, or give it to another namespace; its old address leads on."""

    @describe(body=shapes.NewAddress, answer=shapes.MovedRepository, refuses=[404, 409, 501])
    def post(self, request: ActorApiRequest) -> Response:
        body = json_object(request)
        source, target = _full_name(body, "fromRepo"), _full_name(body, "toRepo")
        repository = access.repository_for(request.actor, _kind(body), "/".join(source))
        moved = moving.move_repository(actor=request.actor, repository=repository, namespace=target[0], name=target[1])
        return Response({"url": request.build_absolute_uri(moved.get_absolute_url()), "name": moved.full_name})


@rate_limits.under(writes="repository")
class Duplicate(RepositoryView):
    """Copy a repository with its history, branches and tags; large files are not stored again."""

    @describe(body=shapes.NewDuplicate, answer=shapes.MadeRepository, refuses=[409])
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        source = self.repository(request, plural, namespace, name)
        request.actor.require_writer()
        body = json_object(request)
        target = _full_name(body, "repository")
        try:
            made = duplicating.duplicate_repository(
                actor=request.actor, source=source, namespace=target[0], name=target[1], private=_visibility(body)
            )
        except RepositoryExists as error:
            raise _with_address(request, error, Kind(source.kind), *target) from None
        url = request.build_absolute_uri(made.get_absolute_url())
        return Response({"url": url, "name": made.full_name, "id": str(made.pk)})


def _with_address(
    request: ActorApiRequest, error: RepositoryExists, kind: Kind, namespace: str, name: str
) -> RepositoryExists:
    """The client takes the address of what exists from the refusal."""
    url = request.build_absolute_uri(f"/{kind.page_prefix}{namespace}/{name}")
    return RepositoryExists(str(error), details={"url": url, "name": f"{namespace}/{name}"})


class Settings(RepositoryView):
    """Change who sees a repository, and who reads it."""

    @describe(body=shapes.ChangedSettings, answer=shapes.Settings)
    def put(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        body = json_object(request)
        gated = None
        if "gated" in body:
            if body["gated"] not in (False, "auto", "manual"):
                raise BadRequest('gated must be "auto", "manual" or false.')
            gated = Gate(body["gated"] or "")
        changed = repositories.change_settings(
            actor=request.actor, repository=repository, private=_visibility(body), gated=gated
        )
        return Response({"private": changed.private, "gated": changed.gated or False})


class Info(RepositoryView):
    """A repository, as its default branch stands."""

    @describe(answer=shapes.RepositoryInfo, query=[shapes.EXPAND, shapes.BLOBS, shapes.SECURITY])
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        return _info(request, self.repository(request, plural, namespace, name), revision=None)

    @extend_schema(exclude=True)
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        """What reads as `{name}/{action}` of a name without a namespace is told that there is no such repository."""
        self.repository(request, plural, namespace, name)
        raise MethodNotAllowed(str(request.method))

    put = delete = post


class RevisionInfo(RepositoryView):
    """A repository, as this revision stands."""

    @describe(answer=shapes.RepositoryInfo, query=[shapes.EXPAND, shapes.BLOBS, shapes.SECURITY])
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str, rest: str) -> Response:
        return _info(request, self.repository(request, plural, namespace, name), revision=rest)


def _info(request: ActorApiRequest, repository: Repository, *, revision: str | None) -> Response:
    commit = references.resolve(repository, revision or repository.default_branch)
    asked = request.query_params
    kind = Kind(repository.kind)
    expand = describing.checked_expand(kind, asked.getlist("expand") + asked.getlist("expand[]"))
    wanted = describing.with_security(expand, kind) if is_true(asked.get("securityStatus")) else expand
    page = describing.Page([repository], commits={repository.pk: commit}, blobs=is_true(asked.get("blobs")))
    return Response(describing.describe(page, repository, wanted or None, expanded=bool(expand)))


class AuthCheck(RepositoryView):
    """May I read (or write) it?"""

    @describe(refuses=[403])
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str, what: str = "read") -> Response:
        repository = self.repository(request, plural, namespace, name)
        if what not in {"read", "write"}:
            raise NotFound(f"There is no check for {what!r}: it is read, or write.")
        if what == "write":
            access.require_write(request.actor, repository)
        else:
            access.require_read(request.actor, repository)
        return Response({})


class NoNamespace(HubApiView):
    """Ids without a namespace: no repository of this hub has one, and the client must read that from the code."""

    @describe(answer=None, status=404)
    def _refuse(self, request: ActorApiRequest, name: str, **_: Any) -> Response:
        raise RepositoryNotFound(f"There is no repository {name!r}.", anonymous=not request.actor.is_known)

    get = post = put = delete = _refuse
