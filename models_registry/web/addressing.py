"""From a page's address to the repository that it is about."""

from accounts.requests import ActorRequest
from models_registry import access
from models_registry.models import Repository


def of_address(request: ActorRequest, kind: str, namespace: str, name: str) -> Repository:
    """The repository of a page's address. Raises RepositoryNotFound, for a private one as for a missing one."""
    return access.repository_for(request.actor, kind, f"{namespace}/{name}")
