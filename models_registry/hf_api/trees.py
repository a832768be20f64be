"""Which files a revision has."""

from typing import Any

from django.http import QueryDict
from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from hub.errors import BadRequest
from hub.wire import rate_limits
from hub.wire.describing import JSON, describe
from hub.wire.pagination import next_link, page_limit
from models_registry.hf_api.presenting import tree_entries
from models_registry.hf_api.shapes import files as shapes
from models_registry.hf_api.views import RepositoryView, is_true
from models_registry.services import references, trees

_MOST_PATHS = 1000


class Tree(RepositoryView):
    """The files and folders of a folder, by pages."""

    @describe(answer=shapes.Entry(many=True), query=[shapes.RECURSIVE, shapes.EXPANDED], paged=True)
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str, rest: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        revision, path = references.split(repository, rest)
        commit = references.resolve(repository, revision)
        expand = is_true(request.query_params.get("expand"))
        limit = page_limit(request, default=100 if expand else 1000, most=100 if expand else 1000)
        entries, more = trees.listing(
            repository,
            commit,
            path,
            recursive=is_true(request.query_params.get("recursive")),
            after=request.query_params.get("cursor", ""),
            limit=limit,
        )
        headers = next_link(request, entries[-1].path if more else None)
        return Response(tree_entries(repository, commit, entries, expand=expand), headers=headers)


@rate_limits.under(writes="api")
class PathsInfo(RepositoryView):
    """What is known of these paths; those that are not there are left out.

    A read, whatever the method: for readers too.
    """

    @describe(
        body={"application/x-www-form-urlencoded": shapes.Paths, JSON: shapes.Paths}, answer=shapes.Entry(many=True)
    )
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str, rest: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        commit = references.resolve(repository, rest)
        data: Any = request.data  # a form, or JSON from old clients
        if not isinstance(data, dict):
            raise BadRequest("The body must be a form or a JSON object.")
        asked = data.getlist("paths") if isinstance(data, QueryDict) else data.get("paths", [])
        if not isinstance(asked, list) or len(asked) > _MOST_PATHS or not all(isinstance(path, str) for path in asked):
            raise BadRequest(f"paths must be a list of at most {_MOST_PATHS} paths.")
        wanted = [path.strip("/") for path in asked]
        found = trees.find(repository, commit, wanted)
        entries = [found[path] for path in dict.fromkeys(wanted) if path in found]
        return Response(tree_entries(repository, commit, entries, expand=is_true(data.get("expand"))))
