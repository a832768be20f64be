"""Writing files: what goes which way (preupload), and the commit. Reading them back: the list of commits."""

import re
from html import escape
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from hub.errors import BadRequest
from hub.wire import rate_limits
from hub.wire.body import body_stream
from hub.wire.describing import describe, text
from hub.wire.pagination import next_link, page_limit
from hub.wire.views import json_object
from models_registry import access
from models_registry.hf_api.commit_body import read_commit
from models_registry.hf_api.shapes import files as shapes
from models_registry.hf_api.views import RepositoryView, wants_pull_request
from models_registry.models import Commit, Reference, Repository
from models_registry.services import history, path_history, preupload, pull_requests, references, uploads
from models_registry.services.changes import AddLfsFile
from models_registry.services.commits import create_commit

_CO_AUTHOR = re.compile(r"^co-authored-by:[ \t]*([^<>\r\n]{1,200})<", re.IGNORECASE | re.MULTILINE)


@rate_limits.under(writes="upload")
class Preupload(RepositoryView):
    """Which of these files go into the commit itself, and which are uploaded before it."""

    @describe(body=shapes.AskedFiles, answer=shapes.PlannedFiles, query=[shapes.CREATE_PR])
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str, rest: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        branch = _branch(request, repository, rest)
        commit = references.resolve(repository, branch.name)
        body = json_object(request)
        files = [_asked(item) for item in _list(body, "files")]
        ignore = body.get("gitIgnore")
        answers = preupload.decide(repository, commit, files, ignore_rules=ignore if isinstance(ignore, str) else None)
        asks = body.get("clashes") is True
        clashes = preupload.clashes(repository, commit, [file.path for file in files]) if asks else {}
        return Response(
            {
                "files": [
                    {
                        "path": answer.path,
                        "uploadMode": "lfs" if answer.is_lfs else "regular",
                        "shouldIgnore": answer.is_ignored,
                        **({"oid": answer.current} if answer.current else {}),
                        **({"clash": clashes[answer.path]} if answer.path in clashes else {}),
                    }
                    for answer in answers
                ],
                "commitOid": commit.oid,
            }
        )


def _branch(request: ActorApiRequest, repository: Repository, name: str) -> Reference:
    """The branch, or pull request's head, to write to or (`create_pr`) to build on.

    Raises Unauthenticated, ReadOnlyToken, Suspended, RevisionNotFound, Forbidden, GatedRepository.
    """
    if wants_pull_request(request):
        access.require_proposal(request.actor, repository)
        return pull_requests.base_for(repository, name)
    request.actor.require_writer()
    reference = references.branch(repository, name)
    access.require_write_to(request.actor, repository, reference.name)
    return reference


def _list(body: dict[str, Any], name: str) -> list[Any]:
    value = body.get(name)
    if not isinstance(value, list):
        raise BadRequest(f"The body needs a list {name!r}.")
    if len(value) > preupload.MAX_FILES:
        raise BadRequest(f"At most {preupload.MAX_FILES} files a call.")
    return value


def _asked(item: Any) -> preupload.Asked:
    match item:
        case {"path": str(path), "size": int(size)}:
            return preupload.Asked.of(path, size, str(item.get("sample") or ""))
    raise BadRequest("Each file needs a path and a size.")


@rate_limits.under(writes="commit")
class CommitView(RepositoryView):
    """Move a branch by one commit, all or nothing."""

    @describe(
        body={shapes.NDJSON: shapes.COMMIT_LINES},
        answer=shapes.MadeCommit,
        query=[shapes.CREATE_PR],
        refuses=[409, 412],
    )
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str, rest: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        _branch(request, repository, rest)  # before a byte of the body is read
        body = read_commit(body_stream(request))
        uploads.finish_pending(repository, [change.sha256 for change in body.changes if isinstance(change, AddLfsFile)])
        answer: dict[str, Any] = {"success": True, "hookOutput": ""}
        if wants_pull_request(request):
            made, commit = pull_requests.propose(
                actor=request.actor, repository=repository, base=rest, parent=body.parent, changes=body.changes,
                title=body.title, body=body.body,
            )  # fmt: skip
            answer["pullRequestUrl"] = request.build_absolute_uri(made.get_absolute_url())
        else:
            commit = create_commit(
                actor=request.actor, repository=repository, branch=rest, parent=body.parent, changes=body.changes,
                title=body.title, body=body.body,
            )  # fmt: skip
        url = request.build_absolute_uri(f"{repository.get_absolute_url()}/commit/{commit.oid}")
        return Response(answer | {"commitOid": commit.oid, "commitUrl": url})


class CommitList(RepositoryView):
    """The history of a revision, newest first.

    With `path`, only what changed that file or folder.
    """

    @describe(
        answer=shapes.ListedCommit(many=True),
        query=[
            OpenApiParameter("expand[]", str, enum=["formatted"], many=True),
            text("path", "Only commits that changed this file or folder."),
        ],
        paged=True,
    )
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str, rest: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        limit = page_limit(request, default=50, most=1000)
        start = references.resolve(repository, rest)
        cursor = request.query_params.get("cursor")
        after = references.resolve(repository, cursor) if cursor else None
        if path := request.query_params.get("path", "").strip("/"):
            page = path_history.of_path(
                repository, after or start, path, limit=min(limit, 100), begins_here=after is not None
            )
            found, following = page.commits, page.next
        else:
            line = history.commits_from(repository, start, limit + 1, after=after)
            found, following = line[:limit], line[limit].oid if len(line) > limit else None
        formatted = "formatted" in request.query_params.getlist("expand[]") + request.query_params.getlist("expand")
        headers = next_link(request, following)
        return Response([_commit(commit, formatted=formatted) for commit in found], headers=headers)


def _commit(commit: Commit, *, formatted: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "id": commit.oid,
        "title": commit.title,
        "message": commit.body,
        "date": commit.committed_at,
        "authors": [{"user": name} for name in _authors(commit)],
    }
    if formatted:
        answer["formatted"] = {"title": escape(commit.title), "message": escape(commit.body)}
    return answer


def _authors(commit: Commit) -> list[str]:
    """Its author, and those it names as co-authors in git's way."""
    author = commit.author.username if commit.author else commit.author_name
    return list(dict.fromkeys([author, *(name.strip() for name in _CO_AUTHOR.findall(commit.body))]))
