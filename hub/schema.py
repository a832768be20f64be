"""The description of the whole API, for `/api/schema` and the page at `/api/docs`."""

import sys
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator

from hub.wire.describing import components, describe, describe_function

_CAS = "models_registry.cas_api.urls"
_PARAMETERS = {
    "plural": "Kind of the repository.",
    "namespace": "Member or organisation that the repository belongs to.",
    "name": "Name within the namespace. Capitals do not matter.",
    "rest": "Revision (branch, tag, commit id, or such as `refs/pr/1`), with the path behind it where the address needs "
    "one. Slashes may be sent as they are or as %2F.",
    "slug": "Words of the title and the id of a collection; the id alone counts.",
    "xorb_hash": "Hash of a xorb, as the CAS writes hashes.",
    "file_hash": "Hash of a file, as the CAS writes hashes.",
    "chunk_hash": "Hash of a chunk, as the CAS writes hashes.",
}


class _Enumerator(EndpointEnumerator):
    """Lists HEAD, too, where a view describes it."""

    def get_allowed_methods(self, callback: Any) -> list[str]:
        methods: list[str] = super().get_allowed_methods(callback)
        return [*methods, "HEAD"] if hasattr(callback.cls, "head") else methods


class Generator(SchemaGenerator):
    """Of the site and of the CAS, whose addresses are on an origin of their own, and whose tokens are its own."""

    endpoint_inspector_cls = _Enumerator

    def _initialise_endpoints(self) -> None:
        super()._initialise_endpoints()
        self.endpoints += _Enumerator(urlconf=_CAS).get_api_endpoints()

    def parse(self, input_request: Any, public: bool) -> dict[str, Any]:
        paths: dict[str, Any] = super().parse(input_request, public)
        of_cas = {path for path, *_ in _Enumerator(urlconf=_CAS).get_api_endpoints()}
        for path, operations in paths.items():
            for operation in operations.values():
                for parameter in operation.get("parameters", []):
                    if parameter["in"] == "path" and parameter["name"] in _PARAMETERS:
                        parameter.setdefault("description", _PARAMETERS[parameter["name"]])
                operation["security"] = [{"token": []}, {}]
                if path in of_cas:
                    operation |= {"security": [{"casToken": []}], "servers": [{"url": settings.CAS_URL}]}
        return paths

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        schema: dict[str, Any] = super().get_schema(request, public)
        for kind, shared in components().items():
            schema["components"].setdefault(kind, {}).update(shared)
        schema["components"]["securitySchemes"]["casToken"] = {
            "type": "http",
            "scheme": "bearer",
            "description": "A token for the CAS, from `xet-read-token` or `xet-write-token`.",
        }
        schema["servers"] = [{"url": settings.BASE_URL}]
        schema["tags"] = _subjects(self.endpoints)
        return schema


def _subjects(endpoints: Any) -> list[dict[str, str]]:
    """The rooms of the views, described by their docstrings."""
    found = {}
    for _path, _regex, _method, callback in endpoints:
        view = callback.cls()
        (tag,) = view.schema.get_tags()
        found[tag] = (sys.modules[callback.cls.__module__].__doc__ or "").partition("\n\n")[0].replace("\n", " ")
    return [{"name": tag, "description": found[tag]} for tag in sorted(found)]


@cache
def description() -> dict[str, Any]:
    """The same for everybody, and for as long as the process lives."""
    return Generator().get_schema(public=True)


@describe_function(get=describe(answer={"type": "object"}, media_type="application/vnd.oai.openapi+json"))
@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """This description."""
    return JsonResponse(description(), content_type="application/vnd.oai.openapi+json")
