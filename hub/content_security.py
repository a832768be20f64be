"""What a page of ours may load and run: our own files, and nothing that stands in the page itself.

Pictures of cards come from the repository, that is by redirect from storage or from the content server; uploads go from
the browser straight to storage. A view that has set a policy of its own (raw file content) keeps it. The one script that
runs WebAssembly is the worker that hashes uploads; a worker is held to the policy that its own file came with.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from hub import sign_in_providers
from hub.addresses import origin

HEADER = "Content-Security-Policy"
_HASHING = f"{settings.STATIC_URL}js/upload/hashing-worker."


def _written(directives: dict[str, list[str]]) -> str:
    return "; ".join(" ".join([name, *sources]) for name, sources in directives.items())


def policies() -> tuple[str, str, str]:
    """The policy of our pages, the looser one of the administration, and that of the worker that hashes."""
    storage = sorted({origin(settings.S3_PUBLIC_ENDPOINT_URL), origin(settings.CONTENT_URL)})
    ours = {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", *storage],
        "media-src": ["'self'", *storage],
        "font-src": ["'self'"],
        "connect-src": ["'self'", *storage],
        "form-action": ["'self'", *sign_in_providers.origins()],  # browsers hold redirects after a form to it, too
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "manifest-src": ["'self'"],
    }
    # django-unfold keeps its behaviour in attributes that Alpine evaluates, and sets styles in place. Only staff see it,
    # and nothing that users wrote is rendered as HTML there.
    administration = ours | {
        "script-src": ["'self'", "'unsafe-inline'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
    }
    hashing = {"default-src": ["'none'"], "script-src": ["'self'", "'wasm-unsafe-eval'"]}
    return _written(ours), _written(administration), _written(hashing)


def allow_frames_of_its_script(response: HttpResponseBase) -> None:
    """For this page alone: its frames may show documents that its own script made (`blob:`), and no address of anybody's."""
    response.headers[HEADER] = f"{policies()[0]}; frame-src blob:"


class ContentSecurityPolicyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response
        self.ours, self.administration, self.hashing = policies()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault(HEADER, self._policy(request.path))
        return response

    def _policy(self, path: str) -> str:
        if path.startswith("/admin/"):
            return self.administration
        return self.hashing if path.startswith(_HASHING) else self.ours
