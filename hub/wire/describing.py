"""How a view describes itself to `/api/schema`: one `@describe(…)` on each method, or `@describe_function` on a plain view.

What all views share (refusals, request ids, the bearer token, operation ids, summaries) `HubSchema` adds by itself.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, cast

from django.http import HttpRequest, HttpResponseBase
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.views import APIView

from hub import errors

F = TypeVar("F", bound=Callable[..., Any])

JSON = "application/json"
DONE = {"type": "object", "description": "Done; there is nothing to tell."}
ANY_OBJECT = {"type": "object", "additionalProperties": {}}
BYTES = {"type": "string", "format": "binary"}
NO_BODY = None
PAGE = (
    OpenApiParameter("limit", int, description="Entries a page; the hub has an upper bound of its own."),
    OpenApiParameter(
        "cursor", str, description="Where the page begins: as the Link header of the one before names it."
    ),
)

# Each status with the class whose docstring says what it means.
_REFUSALS: dict[int, type[errors.HubError]] = {
    kind.status: kind
    for kind in (
        errors.BadRequest, errors.Unauthenticated, errors.Forbidden, errors.NotFound, errors.Conflict,
        errors.PreconditionFailed, errors.TooLarge, errors.Invalid, errors.RateLimited, errors.NotOffered,
        errors.Unavailable,
    )
}  # fmt: skip
_TELLS = {429: ("Retry-After", "RateLimit", "RateLimit-Policy"), 503: ("Retry-After",)}
_ALWAYS = {400, 401, 429, 503}
_OF_WRITES = {403, 413, 422}


class Described(NamedTuple):
    """What `@describe` leaves on a method for `HubSchema` to find."""

    refuses: frozenset[int]
    in_words: bool


def text(name: str, description: str, **more: Any) -> OpenApiParameter:
    """A query parameter."""
    return OpenApiParameter(name, str, description=description, **more)


def flag(name: str, description: str) -> OpenApiParameter:
    """A query parameter that is true or false."""
    return OpenApiParameter(name, bool, description=description)


def describe(
    *,
    body: Any = NO_BODY,
    answer: Any = DONE,
    status: int = 200,
    media_type: str = JSON,
    also: Mapping[int, Any] | None = None,
    query: Sequence[OpenApiParameter] = (),
    headers: Mapping[str, str] | None = None,
    paged: bool = False,
    refuses: Sequence[int] = (),
    in_words: bool = False,
) -> Callable[[F], F]:
    """Of a view's method.

    body, answer: a Serializer class (`many=True` for a list), or a JSON schema. body: {media type: one of them}, too.
    answer: None where the answer has no body. also: further answers, {status: Serializer class, or the meaning of one without
    a body of interest}.
    headers: of the answer, {name: meaning}. paged: a list by pages (`hub.wire.pagination`).
    refuses: statuses beyond those that every view of its kind may answer with. in_words: refusals are text, not JSON.
    """
    parameters = [*query, *(PAGE if paged else ())]
    named = dict(headers or {}) | ({"Link": 'The next page, if there is one: `<…>; rel="next"`.'} if paged else {})
    for name, meaning in named.items():
        parameters.append(
            OpenApiParameter(name, str, OpenApiParameter.HEADER, description=meaning, response=[status, *(also or {})])
        )
    responses: dict[Any, Any] = {status if answer is None else (status, media_type): answer}
    for other, meaning in (also or {}).items():
        responses[other] = OpenApiResponse(description=meaning) if isinstance(meaning, str) else meaning

    def decorate(method: F) -> F:
        described: Any = extend_schema(request=body, responses=responses, parameters=parameters)(method)
        described.described = Described(frozenset(refuses), in_words)
        return cast("F", described)

    return decorate


def describe_function(**methods: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Callable[[F], F]:
    """Of a function view: `@describe_function(get=describe(…), head=describe(…))`, above its other decorators.

    Only classes of views are described, so one stands in for the function; it never answers a request.
    """

    def decorate(view: F) -> F:
        def unbound() -> Callable[..., Any]:
            def method(self: APIView, request: HttpRequest, **_path: str) -> HttpResponseBase:
                return view(request, **_path)

            return method

        members = {name: described(unbound()) for name, described in methods.items()}
        stand_in = type(view.__name__, (APIView,), {**members, "__module__": view.__module__, "__doc__": view.__doc__})
        view.cls, view.initkwargs = stand_in, {}  # type: ignore[attr-defined]  # where DRF's enumerator looks
        return view

    return decorate


def components() -> dict[str, Any]:
    """What the descriptions of all views refer to: the error, its headers, each refusal, the token."""
    header = {"schema": {"type": "string"}}
    named = {
        "X-Request-Id": header | {"description": "The one that was sent, or a new one; it stands in the hub's log."},
        "X-Error-Code": header
        | {"description": "For programs, such as RepoNotFound, RevisionNotFound, EntryNotFound, GatedRepo."},
        "X-Error-Message": header | {"description": "The sentence of the body, in one line."},
        "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait before the next attempt."},
        "RateLimit": header
        | {"description": 'What is left of which limit: `"api";r=0;t=55`, 0 for the next 55 seconds.'},
        "RateLimit-Policy": header
        | {"description": 'The limit: `"fixed window";"api";q=500;w=300`, 500 in 300 seconds.'},
    }
    responses = {}
    for status, kind in _REFUSALS.items():
        tells = ["X-Request-Id", "X-Error-Code", "X-Error-Message", *_TELLS.get(status, ())]
        responses[kind.__name__] = {
            "description": kind.says,
            "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in tells},
            "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
    responses["Moved"] = {
        "description": "It has another name now: ask there, with the same method and body.",
        "headers": {"Location": header | {"description": "Without the host."}},
    }
    return {
        "schemas": {
            "Error": {
                "type": "object",
                "description": "Why not, in a sentence for people.",
                "properties": {"error": {"type": "string"}},
                "required": ["error"],
                "additionalProperties": {},
            }
        },
        "headers": named,
        "responses": responses,
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer", "description": "An access token: `hf_…`."},
        },
    }


class HubSchema(AutoSchema):
    """Adds what the doors have in common to what a view says of itself."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any
    ) -> dict[str, Any] | None:
        operation = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation is not None:
            self._add_refusals(operation["responses"])
        return operation

    def _add_refusals(self, responses: dict[str, Any]) -> None:
        for answer in responses.values():
            answer.setdefault("headers", {})["X-Request-Id"] = {"$ref": "#/components/headers/X-Request-Id"}
        found = getattr(getattr(self.view, self.method.lower()), "described", Described(frozenset(), in_words=False))
        statuses = _ALWAYS | found.refuses
        if "{" in self.path:
            statuses |= {404}
        if "{plural}" in self.path:  # clients know kinds of repositories that no hub of ours has
            statuses |= {501}
        if "{name}" in self.path:
            statuses |= {403}  # gated
            responses["307"] = {"$ref": "#/components/responses/Moved"}
        if self.method not in {"GET", "HEAD"}:
            statuses |= _OF_WRITES
        for status in sorted(statuses):
            kind = _REFUSALS[status]
            answer = {"$ref": f"#/components/responses/{kind.__name__}"}
            if found.in_words:
                # What is refused before the view is asked, a wrong token above all, is JSON here, too.
                words = {"text/plain": {"schema": {"type": "string"}}, JSON: {"schema": {"type": "object"}}}
                answer = {"description": kind.says, "content": words}
            responses.setdefault(str(status), answer)

    def get_operation_id(self) -> str:
        return re.sub(r"\W+", "_", f"{self.method.lower()} {self.path.removeprefix('/api')}").strip("_")

    def get_summary(self) -> str:
        return self._said().partition("\n\n")[0].replace("\n", " ").rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]  # as AutoSchema itself has it
        return self._said().partition("\n\n")[2]

    def _said(self) -> str:
        """The docstring of the method, else of the view itself, else the view's name in words."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", type(self.view).__name__).capitalize()
        method = getattr(self.view, self.method.lower())
        said = method.__doc__ or vars(type(self.view)).get("__doc__") or words
        return "\n".join(line.strip() for line in said.strip().splitlines())

    def get_tags(self) -> list[str]:
        """The room that the view stands in: it is read as a subject."""
        package, _, module = type(self.view).__module__.rpartition(".")
        if module == "views":
            package, _, module = package.rpartition(".")
        if module == "api":
            module = package
        return [module.replace("_", " ")]
