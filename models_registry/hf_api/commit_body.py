"""The body of a commit: one JSON object a line, read by the line, however long the whole is."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import IO, Any

from django.utils.translation import gettext as _

from hub.errors import BadRequest
from hub.wire import json_text
from models_registry.errors import BadPath, ContentTooLarge
from models_registry.formats.paths import MAX_PATH_BYTES
from models_registry.services import objects
from models_registry.services.changes import (
    MAX_CHANGES,
    MAX_MESSAGE,
    MAX_REGULAR_BYTES,
    AddFile,
    AddLfsFile,
    Change,
    Delete,
)

_LINE_LIMIT = MAX_REGULAR_BYTES * 4 // 3 + 64 * 1024
_MEMORY_LIMIT = 32 * 1024 * 1024  # file content held at once; what comes after goes to storage even if it is small
_SMALL = 64 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass
class CommitBody:
    title: str = ""
    body: str = ""
    parent: str | None = None
    changes: list[Change] = field(default_factory=list)


def read_commit(stream: IO[bytes]) -> CommitBody:
    """Parse the lines; content of large regular files goes to storage as it is read.

    Raises BadRequest, BadPath, ContentTooLarge, StorageUnavailable.
    """
    commit = CommitBody()
    held = 0
    number = 0
    while line := stream.readline(_LINE_LIMIT):
        number += 1
        if len(line) >= _LINE_LIMIT:
            raise ContentTooLarge(f"Line {number} is too long: files over {MAX_REGULAR_BYTES} bytes go through LFS.")
        if not line.strip():
            continue
        key, value = _parsed(line, number)
        if number == 1 and key != "header":
            raise BadRequest("The first line must be the header, with a summary.")
        if key == "header":
            _read_header(commit, value)
            continue
        change = _change(key, value, number, spill_over=objects.ROW_LIMIT if held < _MEMORY_LIMIT else _SMALL)
        if isinstance(change, AddFile) and change.blob.data is not None:
            held += len(change.blob.data)
        commit.changes.append(change)
        if len(commit.changes) > MAX_CHANGES:
            raise ContentTooLarge(_("A commit may hold %(most)s changes.") % {"most": MAX_CHANGES})
    if not number:
        raise BadRequest("The commit is empty: the first line must be its header.")
    return commit


def _parsed(line: bytes, number: int) -> tuple[str, dict[str, Any]]:
    try:
        record = json_text.loads(line)
        key, value = record["key"], record["value"]
    except BadRequest as error:
        raise BadRequest(f"Line {number}: {error}") from None
    except (KeyError, TypeError):
        raise BadRequest(f'Line {number} is not a JSON object with "key" and "value".') from None
    if not isinstance(key, str) or not isinstance(value, dict):
        raise BadRequest(f'Line {number}: "key" must be a text and "value" an object.')
    return key, value


def _read_header(commit: CommitBody, value: dict[str, Any]) -> None:
    title, _gap, more = _text(value, "summary", 1).replace("\r\n", "\n").strip().partition("\n\n")
    commit.title = " ".join(title.split("\n"))  # as git folds it
    commit.body = "\n\n".join(part for part in (more.lstrip("\n"), str(value.get("description") or "")) if part)
    if "\0" in commit.title or "\0" in commit.body:
        raise BadRequest("The commit's message holds a NUL character.")
    if len(commit.title) + len(commit.body) > MAX_MESSAGE:
        raise ContentTooLarge(_("A commit's message may hold %(most)s characters.") % {"most": MAX_MESSAGE})
    parent = value.get("parentCommit")
    commit.parent = str(parent) if parent else None
    if not commit.title:
        raise BadRequest("The header needs a summary.")


def _text(value: dict[str, Any], name: str, number: int) -> str:
    if not isinstance(value.get(name), str):
        raise BadRequest(f"Line {number} lacks {name!r}.")
    return value[name]


def _change(key: str, value: dict[str, Any], number: int, *, spill_over: int) -> Change:
    path = _text(value, "path", number)
    if len(path) > MAX_PATH_BYTES + 1:  # told here, before thousands of them are held
        raise BadPath(
            _("%(path)s is longer than %(most)s bytes.") % {"path": f"{path[:60]!r}…", "most": MAX_PATH_BYTES}
        )
    match key:
        case "file":
            return AddFile.of(path, _content(value, number), spill_over=spill_over)
        case "lfsFile":
            sha256 = _text(value, "oid", number).lower()
            if value.get("algo", "sha256") != "sha256" or not _SHA256.fullmatch(sha256):
                raise BadRequest(f"Line {number}: an LFS file is named by its sha256 in hex.")
            size = value.get("size")
            return AddLfsFile(path, sha256, size if isinstance(size, int) else None)
        case "deletedFile" | "deletedFolder" | "deletedEntry":
            return Delete(path.rstrip("/"))
        case _:
            raise BadRequest(f"Line {number}: this hub does not know the key {key!r}.")


def _content(value: dict[str, Any], number: int) -> bytes:
    content = _text(value, "content", number)
    if value.get("encoding", "utf-8") != "base64":
        return content.encode()
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest(f"Line {number}: the content is not base64.") from None
