"""Every way there is to use a right: what is sent, and where. `{name}` is the repository's, `{key}` its last part.

A door that only a browser or only a program can pass says so; all others are tried with sessions and tokens alike.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.permissions.rights import Right

SHA = "a" * 64
ANYBODY, BROWSER, PROGRAM = "anybody", "browser", "program"


@dataclass(frozen=True)
class Door:
    right: Right
    method: str
    address: str
    body: Any = None
    by: str = ANYBODY
    content_type: str = "application/json"
    gated_only: bool = False
    """Elsewhere there is nothing to be opened, and the door says so to whoever may ask."""

    def __str__(self) -> str:
        return f"{self.method} {self.address}"

    def at(self, name: str, comment: str) -> str:
        return self.address.replace("{name}", name).replace("{comment}", comment)

    def sent(self, name: str) -> str:
        """The body, as Django's test client takes it."""
        if isinstance(self.body, str):
            return self.body
        if self.content_type == "application/json":
            sent = "" if self.body is None else json.dumps(self.body)
            return sent.replace("{name}", name).replace("{key}", name.partition("/")[2])
        return urlencode({key: value.replace("{name}", name) for key, value in (self.body or {}).items()})


def _lines(path: str = "a", content: bytes = b"other") -> str:
    """A commit's body."""
    file = {"path": path, "content": base64.b64encode(content).decode(), "encoding": "base64"}
    lines = [{"key": "header", "value": {"summary": "a change"}}, {"key": "file", "value": file}]
    return "\n".join(json.dumps(line) for line in lines)


def _api(right: Right, method: str, path: str, body: Any = None, **more: Any) -> Door:
    return Door(right, method, f"/api/models/{{name}}{path}", body, **more)


def _page(right: Right, path: str, form: dict[str, str] | None = None) -> Door:
    method = "GET" if form is None else "POST"
    return Door(right, method, f"/{{name}}{path}", form, BROWSER, "application/x-www-form-urlencoded")


def _git(right: Right, service: str) -> Door:
    return Door(right, "GET", f"/{{name}}.git/info/refs?service={service}", by=PROGRAM)


NDJSON = {"content_type": "application/x-ndjson"}
R = Right
DOORS = [
    _page(R.KNOW, ""),
    _api(R.KNOW, "GET", ""),
    _api(R.KNOW, "GET", "/likers"),
    _api(R.TALK, "POST", "/like", {}),
    _api(R.TALK, "POST", "/follow", {}),
    _page(R.TALK, "/like", {}),
    _page(R.TALK, "/follow", {}),
    _page(R.KNOW, "/likers"),
    _api(R.KNOW, "GET", "/followers"),
    _api(R.KNOW, "GET", "/discussions"),
    _api(R.KNOW, "GET", "/discussions/1"),
    _api(R.KNOW, "GET", "/discussions/1?diff=1"),
    _api(R.TALK, "POST", "/discussions", {"title": "a question", "description": "why?", "pullRequest": False}),
    _api(R.PROPOSE, "POST", "/discussions", {"title": "a draft", "description": "", "pullRequest": True}),
    _api(R.TALK, "POST", "/discussions/1/comment", {"comment": "yes"}),
    _api(R.EDIT, "POST", "/discussions/1/comment/{comment}/edit", {"content": "better"}),
    _api(R.STEER, "POST", "/discussions/1/comment/{comment}/hide", {}),
    _api(R.STEER, "POST", "/discussions/1/title", {"title": "another"}),
    _api(R.STEER, "POST", "/discussions/1/status", {"status": "closed"}),
    _api(R.WRITE, "POST", "/discussions/1/merge", {}),
    _api(R.STEER, "POST", "/discussions/1/base", {"base": "old"}),
    _api(R.WRITE, "POST", "/discussions/1/pin", {}),
    _api(R.WRITE, "POST", "/discussions/1/lock", {}),
    _page(R.KNOW, "/discussions"),
    _page(R.KNOW, "/discussions/1"),
    _page(R.KNOW, "/discussions/1/comments/{comment}/history"),
    _page(R.READ, "/discussions/1/commits"),
    _page(R.READ, "/discussions/1/files"),
    _page(R.TALK, "/discussions/new"),
    _page(R.TALK, "/discussions/new", {"act": "open", "title": "a question", "text": "why?"}),
    _page(R.PROPOSE, "/discussions/new/pull-request"),
    _page(R.PROPOSE, "/discussions/new/pull-request", {"act": "open", "title": "a draft", "text": "", "base": "main"}),
    _page(R.TALK, "/discussions/preview", {"text": "hello"}),
    _page(R.TALK, "/discussions/1/comment", {"text": "yes"}),
    _page(R.STEER, "/discussions/1/comment", {"act": "close", "text": ""}),
    _page(R.STEER, "/discussions/1/title", {"title": "another"}),
    _page(R.STEER, "/discussions/1/status", {"status": "closed"}),
    _page(R.STEER, "/discussions/1/base", {"base": "old"}),
    _page(R.WRITE, "/discussions/1/merge", {}),
    _page(R.WRITE, "/discussions/1/pin", {"to": "on"}),
    _page(R.WRITE, "/discussions/1/lock", {"to": "on"}),
    _page(R.TALK, "/discussions/1/comments/{comment}/react", {"sign": "👍"}),
    _page(R.EDIT, "/discussions/1/comments/{comment}/edit", {"act": "save", "text": "better"}),
    _page(R.STEER, "/discussions/1/comments/{comment}/hide", {"act": "hide", "reason": "off topic"}),
    _page(R.KNOW, "/evaluations"),
    _api(R.LIST, "GET", "/refs"),
    _api(R.LIST, "GET", "/revision/main"),
    _api(R.LIST, "GET", "/tree/main"),
    _api(R.LIST, "GET", "/commits/main"),
    _api(R.LIST, "POST", "/paths-info/main", {"paths": ["a"]}),
    _api(R.READ, "GET", "/auth-check"),
    _api(R.READ, "GET", "/compare/main..main"),
    _api(R.READ, "GET", "/xet-read-token/main"),
    _page(R.READ, "/tree/main"),
    _page(R.READ, "/blob/main/a"),
    _page(R.READ, "/commits/main"),
    _page(R.READ, "/commit/main"),
    Door(R.READ, "GET", "/{name}/resolve/main/a"),
    Door(R.READ, "HEAD", "/{name}/resolve/main/a"),
    Door(R.READ, "GET", "/{name}/raw/main/a"),
    _git(R.READ, "git-upload-pack"),
    Door(R.READ, "POST", "/{name}.git/info/lfs/objects/batch", {"operation": "download", "objects": []}, PROGRAM),
    _api(R.PROPOSE, "POST", "/commit/main?create_pr=1", _lines(), **NDJSON),
    _api(R.PROPOSE, "POST", "/preupload/main?create_pr=1", {"files": []}),
    _api(R.PROPOSE, "GET", "/xet-write-token/None?create_pr=1"),
    _api(R.ADD, "POST", "/commit/refs%2Fpr%2F1", _lines("b"), **NDJSON),
    _git(R.PROPOSE, "git-receive-pack"),
    _api(R.WRITE, "GET", "/auth-check/write"),
    _api(R.WRITE, "POST", "/commit/main", _lines(), **NDJSON),
    _api(R.WRITE, "POST", "/preupload/main", {"files": []}),
    _api(R.WRITE, "POST", "/branch/side", {}),
    _api(R.WRITE, "DELETE", "/branch/old"),
    _api(R.WRITE, "POST", "/tag/main", {"tag": "v2"}),
    _api(R.WRITE, "DELETE", "/tag/v1"),
    _api(R.WRITE, "POST", "/super-squash/old", {}),
    _api(R.WRITE, "GET", "/xet-write-token/main"),
    _api(R.READ, "GET", "/lfs-files"),
    Door(R.PROPOSE, "POST", "/{name}.git/info/lfs/objects/batch", {"operation": "upload", "objects": []}, PROGRAM),
    Door(R.WRITE, "POST", "/{name}.git/info/lfs/locks", {"path": "a"}, PROGRAM),
    _api(R.WRITE, "GET", "/user-access-request/pending", gated_only=True),
    _api(R.WRITE, "POST", "/user-access-request/grant", {"user": "founder"}, gated_only=True),
    _api(R.WRITE, "POST", "/user-access-request/handle", {"user": "asker", "status": "accepted"}, gated_only=True),
    _page(R.WRITE, "/settings/access"),
    _page(R.WRITE, "/settings/access/export"),
    _api(R.ADMINISTER, "PUT", "/settings", {"private": True}),
    Door(R.ADMINISTER, "DELETE", "/api/repos/delete", {"name": "{key}", "organization": "lab"}),
    Door(R.ADMINISTER, "POST", "/api/repos/move", {"fromRepo": "{name}", "toRepo": "lab/renamed", "type": "model"}),
    _page(R.ADMINISTER, "/settings"),
    _page(R.ADMINISTER, "/settings/visibility", {"private": "private"}),
    _page(R.ADMINISTER, "/settings/default-branch", {"branch": "old"}),
    _page(R.ADMINISTER, "/settings/licence"),
    _page(R.ADMINISTER, "/settings/transfer"),
    _page(R.ADMINISTER, "/settings/transfer", {"namespace": "lab", "name": "renamed"}),
    _page(R.ADMINISTER, "/settings/access/gate", {"gated": "auto"}),
    _page(R.ADMINISTER, "/settings/delete", {"confirmation": "{name}"}),
]
