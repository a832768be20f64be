"""Secrets that lie open in files, for those who may write the repository."""

from typing import Any

from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from hub.errors import BadRequest
from hub.wire.describing import describe
from hub.wire.pagination import page_by_id
from hub.wire.views import json_object
from models_registry.hf_api.shapes import secrets as shapes
from models_registry.hf_api.views import RepositoryView
from models_registry.models import SecretFinding
from models_registry.services import secrets


def _presented(finding: SecretFinding) -> dict[str, Any]:
    return {
        "id": finding.pk,
        "kind": finding.kind,
        "path": finding.path,
        "line": finding.line,
        "commit": finding.commit,
        "fingerprint": finding.fingerprint,
        "revoked": finding.is_revoked,
        "foundAt": finding.found_at,
        "dismissed": finding.dismissed_at is not None,
        **({"dismissedReason": finding.dismissed_reason} if finding.dismissed_at else {}),
    }


class Secrets(RepositoryView):
    """What was found: where, and of which kind; never the secret itself."""

    @describe(answer=shapes.Secret(many=True), paged=True)
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        found = secrets.findings(request.actor, repository)
        rows, headers = page_by_id(request, found)
        return Response([_presented(row) for row in rows], headers=headers)


class Dismissal(RepositoryView):
    """It is no secret, or is good for nothing any more."""

    @describe(body=shapes.Dismissal, answer=shapes.Secret)
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str, finding: int) -> Response:
        repository = self.repository(request, plural, namespace, name)
        reason = json_object(request).get("reason")
        if not isinstance(reason, str):
            raise BadRequest("The body needs the reason as a text.")
        row = secrets.dismiss(actor=request.actor, repository=repository, finding=finding, reason=reason)
        return Response(_presented(row))
