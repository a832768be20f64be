"""Branches and tags."""

from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from hub.errors import BadRequest
from hub.wire import rate_limits
from hub.wire.describing import describe
from hub.wire.views import json_object
from models_registry.hf_api.shapes import references as shapes
from models_registry.hf_api.views import RepositoryView, is_true
from models_registry.models import Reference
from models_registry.services import references, squashing
from models_registry.services.changes import MAX_MESSAGE


def _reference(reference: Reference, targets: dict[str, str]) -> dict[str, str]:
    target = targets.get(reference.target, reference.target)
    return {"name": reference.short_name, "ref": reference.name, "targetCommit": target}


class References(RepositoryView):
    """Branches, tags and pull requests, and the commits they point at."""

    @describe(answer=shapes.ListedReferences, query=[shapes.INCLUDE_PRS])
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        found = list(Reference.objects.shown().filter(repository=repository).order_by("name"))
        targets = references.peeled(repository, found)
        answer: dict[str, list[dict[str, str]]] = {
            "branches": [_reference(item, targets) for item in found if item.name.startswith("refs/heads/")],
            "converts": [],
            "tags": [_reference(item, targets) for item in found if item.name.startswith("refs/tags/")],
        }
        if is_true(request.query_params.get("include_prs")):
            answer["pullRequests"] = [_reference(item, targets) for item in found if item.name.startswith("refs/pr/")]
        return Response(answer)


@rate_limits.under(writes="commit")
class SuperSquash(RepositoryView):
    """Put one commit in place of all those of a branch or pull request."""

    @describe(body=shapes.Squash)
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str, rest: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        message = json_object(request).get("message")
        if not isinstance(message, str | None) or len(message or "") > MAX_MESSAGE:
            raise BadRequest(f"message must be a text of at most {MAX_MESSAGE} characters.")
        squashing.squash(actor=request.actor, repository=repository, branch=rest, message=message or "")
        return Response({})


class Branch(RepositoryView):
    @describe(body=shapes.NewBranch, refuses=[409])
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str, rest: str) -> Response:
        """Make a branch of the name in the address."""
        repository = self.repository(request, plural, namespace, name)
        start = json_object(request).get("startingPoint")
        references.create_branch(
            actor=request.actor, repository=repository, name=rest, start=str(start) if start else None
        )
        return Response({})

    @describe()
    def delete(self, request: ActorApiRequest, plural: str, namespace: str, name: str, rest: str) -> Response:
        """Delete a branch. The default branch stays."""
        repository = self.repository(request, plural, namespace, name)
        references.delete_branch(actor=request.actor, repository=repository, name=rest)
        return Response({})


class Tag(RepositoryView):
    @describe(body=shapes.NewTag, refuses=[409])
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str, rest: str) -> Response:
        """Tag the revision in the address."""
        repository = self.repository(request, plural, namespace, name)
        body = json_object(request)
        if not isinstance(body.get("tag"), str):
            raise BadRequest("The body needs the tag's name as 'tag'.")
        message = body.get("message")
        references.create_tag(
            actor=request.actor,
            repository=repository,
            name=body["tag"],
            revision=rest,
            message=str(message) if message else None,
        )
        return Response({})

    @describe()
    def delete(self, request: ActorApiRequest, plural: str, namespace: str, name: str, rest: str) -> Response:
        """Delete the tag in the address."""
        repository = self.repository(request, plural, namespace, name)
        references.delete_tag(actor=request.actor, repository=repository, name=rest)
        return Response({})
