"""What the views of this door share."""

from accounts.requests import ActorApiRequest
from hub.errors import BadRequest, NotOffered
from hub.wire.views import HubApiView
from models_registry import access
from models_registry.models import Kind, Repository

_KINDS = {"models": Kind.MODEL, "datasets": Kind.DATASET}


def kind_of(plural: str) -> Kind:
    """Raises NotOffered for the client's kinds that this hub has not, BadRequest for anything else."""
    if plural not in {*_KINDS, "spaces", "kernels"}:
        raise BadRequest(f"There is no kind of repository {plural.removesuffix('s')!r}: use model or dataset.")
    if plural not in _KINDS:
        raise NotOffered(f"This hub holds models and datasets, no {plural}.")
    return _KINDS[plural]


def is_true(value: object) -> bool:
    """As clients of all ages write it in a query or form."""
    return str(value).lower() in {"1", "true"}


def wants_pull_request(request: ActorApiRequest) -> bool:
    """Whether a write is meant as a proposal, which who may read a repository may make."""
    return is_true(request.query_params.get("create_pr"))


class RepositoryView(HubApiView):
    """A view below `/api/{models|datasets}/{namespace}/{name}`."""

    def repository(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Repository:
        """Raises RepositoryNotFound."""
        return access.repository_for(request.actor, kind_of(plural), f"{namespace}/{name}")
