"""Two revisions side by side."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from hub.wire.describing import describe
from hub.wire.pagination import next_link, page_limit
from models_registry import access
from models_registry.hf_api.shapes import comparing as shapes
from models_registry.hf_api.views import RepositoryView, is_true
from models_registry.services import comparing, diffs
from models_registry.services.diffs import Change, Comparison
from models_registry.services.trees import TreeEntry


class Compare(RepositoryView):
    """How the files of two revisions differ, by pages in the order of paths.

    `a..b` compares the two; `a...b` tells what `b` changed since it was branched off `a`.
    """

    @describe(answer=shapes.ComparedRevisions, query=[shapes.RAW], paged=True, refuses=[403])
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str, rest: str) -> HttpResponseBase:
        repository = self.repository(request, plural, namespace, name)
        access.require_read(request.actor, repository)  # lines are content
        old, new = comparing.sides(repository, rest)
        limit = page_limit(request, default=100, most=300)
        comparison = diffs.between(repository, old, new, after=request.query_params.get("cursor", ""), limit=limit)
        headers = next_link(request, comparison.changes[-1].path if comparison.more else None)
        if request.query_params.get("raw", "0") == "" or is_true(request.query_params.get("raw")):
            text = "".join(line for change in comparison.changes for line in comparing.patch(change))
            return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=headers)
        return Response(_comparison(old.oid, new.oid, comparison), headers=headers)


def _comparison(base: str, head: str, comparison: Comparison) -> dict[str, Any]:
    return {
        "base": base,
        "head": head,
        "total": comparison.total,
        "truncated": comparison.is_cut,
        "files": [_change(change) for change in comparison.changes],
    }


def _change(change: Change) -> dict[str, Any]:
    answer: dict[str, Any] = {"path": change.path, "status": str(change.kind)}
    if change.old is not None:
        answer["old"] = _side(change.old)
    if change.new is not None:
        answer["new"] = _side(change.new)
    answer["diff"] = None if change.hunks is None else "".join(comparing.hunk_lines(change.hunks))
    return answer


def _side(entry: TreeEntry) -> dict[str, Any]:
    answer: dict[str, Any] = {"path": entry.path, "oid": entry.oid, "size": entry.size, "mode": f"{entry.mode:06o}"}
    if entry.lfs:
        answer["lfs"] = {"oid": entry.lfs.sha256, "size": entry.lfs.size}
    return answer
