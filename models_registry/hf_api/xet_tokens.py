"""Tokens for the CAS: where chunk-level uploads and downloads begin."""

from django.conf import settings
from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from hub.wire import rate_limits
from hub.wire.describing import describe
from models_registry.hf_api.downloads import note_session
from models_registry.hf_api.shapes import identity as shapes
from models_registry.hf_api.shapes.files import CREATE_PR
from models_registry.hf_api.views import RepositoryView, wants_pull_request
from models_registry.services.xet import tokens
from models_registry.services.xet.tokens import IssuedToken


def _answer(issued: IssuedToken) -> Response:
    """Said twice, because clients differ in where they look: the native library in the body, Python in the headers."""
    body = {"casUrl": settings.CAS_URL, "exp": issued.expires, "accessToken": issued.value}
    headers = {
        "X-Xet-Cas-Url": settings.CAS_URL,
        "X-Xet-Access-Token": issued.value,
        "X-Xet-Token-Expiration": str(issued.expires),
        "Cache-Control": "no-store",
    }
    return Response(body, headers=headers)


@rate_limits.under(reads="resolve")
class XetReadToken(RepositoryView):
    """A token that reads this repository's content from the CAS."""

    @describe(answer=shapes.XetToken, headers=shapes.XET_HEADERS, refuses=[403])
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str, rest: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        issued = tokens.issue_read_token(request.actor, repository, rest)
        note_session(request, repository.pk)  # the files themselves are fetched elsewhere
        return _answer(issued)


@rate_limits.under(reads="upload")
class XetWriteToken(RepositoryView):
    """A token that uploads content for this repository to the CAS.

    With `create_pr` the right to read is enough: the content is for a pull request.
    """

    @describe(answer=shapes.XetToken, query=[CREATE_PR], headers=shapes.XET_HEADERS, refuses=[403])
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str, rest: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        token = tokens.issue_write_token(request.actor, repository, rest, proposes=wants_pull_request(request))
        return _answer(token)
