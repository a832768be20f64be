"""git's smart HTTP: what `git clone`, `fetch` and `push` ask. Format: `git help gitprotocol-http`."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from drf_spectacular.utils import OpenApiParameter

from accounts.requests import ActorRequest
from hub.error_responses import error_headers, forwarding
from hub.errors import BadRequest, Forbidden, HubError, Unauthenticated
from hub.wire import rate_limits
from hub.wire.body import body_stream, inflated
from hub.wire.describing import BYTES, describe, describe_function
from models_registry import access
from models_registry.formats import pkt_line
from models_registry.git_http.lfs import HOW_TO_ASK
from models_registry.models import Repository
from models_registry.services.git import fetching, pushing
from models_registry.services.git.receiving import LARGEST_PACK

_NEVER_KEPT = {
    "Cache-Control": "no-cache, max-age=0, must-revalidate",
    "Expires": "Fri, 01 Jan 1980 00:00:00 GMT",
    "Pragma": "no-cache",
}


def speaks_git(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Refusals as plain text, which git shows to the person; a 401 makes it ask for a name and a token.

    Called by programs alone: nothing here trusts a browser's session, so there is nothing to forge.
    """

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except HubError as error:
            response = forwarding(request, error) or _refusal(error)
        for name, value in _NEVER_KEPT.items():
            response[name] = value
        return response

    return answer


def _refusal(error: HubError) -> HttpResponse:
    response = HttpResponse(
        f"{error.in_words}\n",
        content_type="text/plain; charset=utf-8",
        status=error.status,
        headers=error_headers(error),
    )
    if error.status == 401:
        response["WWW-Authenticate"] = HOW_TO_ASK
    return response


def _repository(request: ActorRequest, kind: str, namespace: str, name: str) -> Repository:
    return access.repository_for(request.actor, kind, f"{namespace}/{name}")


def _protocol(request: HttpRequest) -> str:
    return request.headers.get("Git-Protocol", "")


def _announced(service: str, advertised: bytes) -> bytes:
    return pkt_line.packet(f"# service={service}\n".encode()) + pkt_line.FLUSH + advertised


def _require_type(request: HttpRequest, service: str) -> None:
    if request.headers.get("Content-Type", "") != f"application/x-{service}-request":
        raise BadRequest(f"{service} takes application/x-{service}-request.")


def _require_token(request: ActorRequest) -> None:
    if request.actor.token is None:
        raise Unauthenticated("Send an access token as the password.")


@rate_limits.under(reads="git")
@describe_function(
    get=describe(
        answer=BYTES,
        media_type="*/*",
        query=[OpenApiParameter("service", str, required=True, enum=["git-upload-pack", "git-receive-pack"])],
        refuses=[403],
        in_words=True,
    )
)
@speaks_git
@require_GET
def info_refs(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """What there is to fetch, or to push onto: asked first by git."""
    repository = _repository(request, kind, namespace, name)
    service = request.GET.get("service", "")
    if service == "git-upload-pack":
        protocol = _protocol(request)
        advertised = fetching.advertise(actor=request.actor, repository=repository, protocol=protocol)
        if protocol != "version=2":
            advertised = _announced(service, advertised)
    elif service == "git-receive-pack":
        _require_token(request)
        advertised = _announced(service, pushing.advertise(actor=request.actor, repository=repository))
    else:
        raise Forbidden("This hub speaks git's smart protocol only: use git 1.6.6 or newer.")
    return HttpResponse(advertised, content_type=f"application/x-{service}-advertisement")


@rate_limits.under(writes="git")
@describe_function(
    post=describe(
        body={"application/x-git-upload-pack-request": BYTES},
        answer=BYTES,
        media_type="application/x-git-upload-pack-result",
        in_words=True,
    )
)
@speaks_git
@require_POST
def upload_pack(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponseBase:
    """Fetch: the client says what it wants and has, the hub sends a pack."""
    repository = _repository(request, kind, namespace, name)
    _require_type(request, "git-upload-pack")
    answer = fetching.upload_pack(
        actor=request.actor,
        repository=repository,
        protocol=_protocol(request),
        body=inflated(request, body_stream(request), most=fetching.LARGEST_REQUEST),
    )
    return StreamingHttpResponse(answer, content_type="application/x-git-upload-pack-result")


@rate_limits.under(writes="commit")
@describe_function(
    post=describe(
        body={"application/x-git-receive-pack-request": BYTES},
        answer=BYTES,
        media_type="application/x-git-receive-pack-result",
        in_words=True,
    )
)
@speaks_git
@require_POST
def receive_pack(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """Push: a pack, and which references are to move."""
    repository = _repository(request, kind, namespace, name)
    _require_type(request, "git-receive-pack")
    _require_token(request)
    report = pushing.receive(
        actor=request.actor,
        repository=repository,
        body=inflated(request, body_stream(request), most=4 * LARGEST_PACK),
    )
    return HttpResponse(report, content_type="application/x-git-receive-pack-result")
