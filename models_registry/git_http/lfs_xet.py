"""Large files by Xet, for clients that ask the LFS batch API which way to go (huggingface_hub before 1.20, git-xet)."""

from typing import Any
from urllib.parse import quote

from django.conf import settings

from accounts.requests import ActorApiRequest
from models_registry.errors import RevisionNotFound
from models_registry.models import Repository
from models_registry.services import possession, references
from models_registry.services.xet import tokens


def uploads(
    request: ActorApiRequest, repository: Repository, body: dict[str, Any], items: list[tuple[str, int]]
) -> Any:
    """For each content a token for the CAS; none for what is here.

    git-xet reads the headers, and takes the address for the one that renews them; huggingface_hub asks there by itself.
    """
    revision = _revision(repository, body)
    proposes = not Repository.objects.filter(pk=repository.pk).writable_by(request.actor).exists()
    issued = tokens.issue_write_token(request.actor, repository, revision, proposes=proposes)
    address = request.build_absolute_uri(f"{repository.api_path}/xet-write-token/{quote(revision, safe='')}")
    upload = {
        "href": f"{address}?create_pr=1" if proposes else address,
        "header": {
            "X-Xet-Cas-Url": settings.CAS_URL,
            "X-Xet-Access-Token": issued.value,
            "X-Xet-Token-Expiration": str(issued.expires),
        },
    }
    hashes = [sha256 for sha256, _size in items]
    here = possession.available(request.actor, repository, hashes)
    possession.told(request.actor, repository, sorted(here))
    return [
        {"oid": sha256, "size": size, "authenticated": True}
        | ({} if sha256 in here else {"actions": {"upload": upload}})
        for sha256, size in items
    ]


def _revision(repository: Repository, body: dict[str, Any]) -> str:
    """The branch that the client is about to change, if it says so and there is one."""
    named = body.get("ref")
    name = named.get("name") if isinstance(named, dict) else None
    if isinstance(name, str) and name:
        short = name.removeprefix("refs/heads/")
        try:
            references.branch(repository, short)
        except RevisionNotFound:
            return repository.default_branch
        return short
    return repository.default_branch
