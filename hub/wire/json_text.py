"""JSON that strangers send: UTF-8, bounded, and only text that a database can hold."""

import json
from typing import Any

from hub.errors import BadRequest


def loads(raw: bytes, *, with_nul: bool = True) -> Any:
    """The value. `with_nul`: texts may hold a NUL, which PostgreSQL cannot keep.

    Raises BadRequest: no JSON in UTF-8, nested too deeply, or text that is none.
    """
    try:
        text = raw.decode()
        value = json.loads(text, parse_constant=_no_constant)
        if "\\u" in text:  # only what is escaped can be no character
            _check_texts(value, with_nul=with_nul)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The body is no JSON that can be read: {error}.") from None
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _check_texts(value: Any, *, with_nul: bool) -> None:
    plain = json.dumps(value, ensure_ascii=False)
    try:
        plain.encode()
    except UnicodeEncodeError:
        raise ValueError("a text holds half a surrogate pair") from None
    if not with_nul and "\\u0000" in plain.replace("\\\\", ""):
        raise ValueError("a text holds a NUL character")
