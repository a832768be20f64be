"""`/api/docs`: the description of the API, for people. Drawn by the server, so it needs no script and works everywhere."""

from functools import cache
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hub.schema import description

_DEEPEST = 4


class Field(NamedTuple):
    """A member of a body, with those around it: `objects[].size`."""

    name: str
    type: str
    required: bool
    text: str


class Parameter(NamedTuple):
    name: str
    place: str
    type: str
    required: bool
    text: str


class Body(NamedTuple):
    media_type: str
    type: str
    text: str
    fields: list[Field]


class Answer(NamedTuple):
    status: str
    text: str
    headers: list[str]
    bodies: list[Body]


class Operation(NamedTuple):
    id: str
    method: str
    path: str
    summary: str
    text: str
    parameters: list[Parameter]
    bodies: list[Body]
    answers: list[Answer]
    refusals: list[Answer]


class Section(NamedTuple):
    name: str
    text: str
    operations: list[Operation]


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    return render(request, "hub/api_docs.html", {"sections": sections()})


@cache
def sections() -> list[Section]:
    """By subject, in the order of their names; inside, in the order of addresses."""
    whole = description()
    found = {tag["name"]: Section(tag["name"], tag["description"], []) for tag in whole["tags"]}
    for path, operations in whole["paths"].items():
        for method, operation in operations.items():
            (tag,) = operation["tags"]
            found[tag].operations.append(_operation(whole, path, method, operation))
    return list(found.values())


def _operation(whole: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> Operation:
    answers = [_answer(whole, status, answer) for status, answer in operation["responses"].items()]
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=operation.get("servers", [{"url": ""}])[0]["url"] + path,
        summary=operation["summary"],
        text=operation.get("description", ""),
        parameters=[
            Parameter(
                one["name"],
                one["in"],
                _type(whole, one["schema"]),
                one.get("required", False),
                one.get("description", ""),
            )
            for one in operation.get("parameters", [])
        ],
        bodies=_bodies(whole, operation.get("requestBody", {})),
        answers=[answer for answer in answers if answer.status < "400"],
        refusals=[answer for answer in answers if answer.status >= "400"],
    )


def _answer(whole: dict[str, Any], status: str, answer: dict[str, Any]) -> Answer:
    answer = _resolved(whole, answer)
    headers = [name for name in answer.get("headers", {}) if name != "X-Request-Id"]
    return Answer(status, answer.get("description", ""), headers, _bodies(whole, answer))


def _bodies(whole: dict[str, Any], holder: dict[str, Any]) -> list[Body]:
    found = []
    for media_type, content in holder.get("content", {}).items():
        schema = content.get("schema", {})
        text = _resolved(whole, _item(whole, schema)).get("description", "")
        found.append(Body(media_type, _type(whole, schema), text, list(_fields(whole, schema))))
    return found


def _resolved(whole: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """What a `$ref` points at; a field that adds a description wraps it in `allOf`."""
    while "$ref" in schema or "allOf" in schema:
        if "allOf" in schema:
            schema = {**schema["allOf"][0], **{key: value for key, value in schema.items() if key != "allOf"}}
        reference = schema.get("$ref")
        if reference:
            target: Any = whole
            for step in reference.removeprefix("#/").split("/"):
                target = target[step]
            schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def _item(whole: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """What an array holds, at any depth; anything else is itself."""
    schema = _resolved(whole, schema)
    return _item(whole, schema["items"]) if schema.get("type") == "array" else schema


def _type(whole: dict[str, Any], schema: dict[str, Any]) -> str:
    schema = _resolved(whole, schema)
    if "enum" in schema:
        return " | ".join(str(value).lower() if isinstance(value, bool) else str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"{_type(whole, schema['items'])}[]"
    return str(schema.get("format") or schema.get("type") or "any")


def _fields(whole: dict[str, Any], schema: dict[str, Any], before: str = "", depth: int = 0) -> list[Field]:
    found = []
    inner = _item(whole, schema)
    for name, member in inner.get("properties", {}).items():
        resolved = _resolved(whole, member)
        is_list = resolved.get("type") == "array"
        full = f"{before}{name}"
        required = name in inner.get("required", [])
        found.append(Field(full, _type(whole, member), required, resolved.get("description", "")))
        if depth < _DEEPEST:
            found += _fields(whole, member, f"{full}{'[]' if is_list else ''}.", depth + 1)
    return found
