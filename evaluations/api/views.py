"""Evaluations, suites and leaderboards for programs."""

import json
from collections.abc import Callable, Iterator
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from evaluations import access, signing
from evaluations.api import presenting
from evaluations.errors import ResultNotReady
from evaluations.models import Result
from evaluations.services import (
    board_exports,
    boards,
    bundles,
    editions,
    group_boards,
    groups,
    listing,
    requesting,
    results,
    sealing,
    suites,
)
from evaluations.services.board_filters import Filters
from evaluations.services.differences import compared
from hub.errors import BadRequest
from hub.wire import rate_limits
from hub.wire.describing import ANY_OBJECT, BYTES, describe
from hub.wire.pagination import id_cursor, next_link, page_limit
from hub.wire.views import HubApiView, json_object
from models_registry.access import repository_for
from models_registry.models import Kind

MOST_ROWS = 1000
Row = TypeVar("Row", bound=Model)


@rate_limits.under(writes="evaluation")
class EvaluationsView(HubApiView):
    """Ask for an evaluation, or list a repository's."""

    @describe(body=presenting.EvaluationRequest, answer=presenting.Evaluation, status=202, refuses=[404, 409])
    def post(self, request: ActorApiRequest) -> Response:
        """Ask for an evaluation."""
        body = presenting.EvaluationRequest(data=json_object(request))
        if not body.is_valid():
            name, faults = next(iter(body.errors.items()))
            raise BadRequest(f"{name}: {faults[0]}")
        wanted = body.validated_data
        run = requesting.request_evaluation(
            actor=request.actor,
            repository=repository_for(request.actor, Kind.MODEL, wanted["repository"]),
            revision=wanted["revision"],
            suite=wanted["suite"],
            hardware_class=wanted["hardware"],
        )
        return Response(presenting.run(request.actor, run), status=202)

    @describe(
        answer=presenting.Evaluation(many=True),
        query=[OpenApiParameter("repository", str, required=True), OpenApiParameter("limit", int)],
        refuses=[404],
    )
    def get(self, request: ActorApiRequest) -> Response:
        """The evaluations of a repository, newest first."""
        name = request.query_params.get("repository")
        if not name:
            raise BadRequest("Say which repository: ?repository=namespace/name.")
        repository = repository_for(request.actor, Kind.MODEL, name)
        limit = page_limit(request, default=50, most=200)
        runs = list(listing.runs_of(request.actor, repository)[:limit])
        return Response(presenting.runs(request.actor, runs))


class EvaluationView(HubApiView):
    """One evaluation, as it stands."""

    @describe(answer=presenting.ComparedEvaluation)
    def get(self, request: ActorApiRequest, run_id: UUID) -> Response:
        """One evaluation as it stands, beside the one of the commit that was scored before."""
        run = access.run_for(request.actor, run_id)
        beside = presenting.comparison(compared(run))
        return Response({**presenting.run(request.actor, run), "comparison": beside})


class ResultView(HubApiView):
    """The signed result document of a scored evaluation."""

    @describe(answer=ANY_OBJECT, headers={"ETag": "SHA-256 of the document."}, refuses=[409])
    def get(self, request: ActorApiRequest, run_id: UUID) -> Response:
        run = access.run_for(request.actor, run_id)
        sealing.require_shown(run)
        result = Result.objects.filter(run=run).first()
        if result is None:
            raise ResultNotReady(f"This evaluation is {run.state}: it has no result.")
        return Response(results.signed_document(result), headers={"ETag": f'"{result.sha256}"'})


class BundleView(HubApiView):
    """What repeats a scored evaluation elsewhere."""

    @describe(answer=ANY_OBJECT, refuses=[403, 409])
    def get(self, request: ActorApiRequest, run_id: UUID) -> Response:
        """The signed result, the suite's definition, and where files, inputs and samples are to be had."""
        run = access.run_for(request.actor, run_id)
        return Response(bundles.manifest(request.actor, run), headers={"Cache-Control": "no-store"})


class CancelView(HubApiView):
    """Stop an evaluation."""

    @describe(answer=presenting.Evaluation, status=202, refuses=[409])
    def post(self, request: ActorApiRequest, run_id: UUID) -> Response:
        run = requesting.cancel(actor=request.actor, run=access.run_for(request.actor, run_id))
        return Response(presenting.run(request.actor, run), status=202)


class KeyView(HubApiView):
    """With which key this hub signs its results, so that one can be checked without it."""

    @describe(answer=presenting.Key)
    def get(self, request: ActorApiRequest) -> Response:
        return Response({"algorithm": "Ed25519", "public_key": signing.public_key()})


class SuitesView(HubApiView):
    """What models can be measured on."""

    @describe(answer={"type": "array", "items": ANY_OBJECT})
    def get(self, request: ActorApiRequest) -> Response:
        return Response([presenting.suite(version) for version in suites.current_versions()])


class LeaderboardView(HubApiView):
    @describe(
        answer=presenting.Leaderboard,
        query=presenting.BOARD_QUERY,
        paged=True,
    )
    def get(self, request: ActorApiRequest, suite: str) -> Response:
        """A suite's board, best first: the whole of it, or pages of `limit` rows."""
        version = suites.current_version(suite)
        rows = boards.standings(version, Filters.read(request.GET), request.GET.get("sort", ""))
        shown, headers = _asked(request, rows, boards.page_of)
        answer = {"suite": suite, "version": version.version, "rows": [presenting.board_row(row) for row in shown]}
        return Response(answer, headers=headers)


class BoardAsCsvView(HubApiView):
    """A suite's board as CSV, filtered and sorted alike."""

    @describe(answer=BYTES, media_type="text/csv", query=presenting.BOARD_QUERY)
    def get(self, request: ActorApiRequest, suite: str) -> StreamingHttpResponse:
        version = suites.current_version(suite)
        rows = boards.standings(version, Filters.read(request.GET), request.GET.get("sort", ""))
        return _file(
            board_exports.as_csv(board_exports.columns(version), board_exports.records(rows)),
            "text/csv; charset=utf-8",
            f"{suite}.csv",
        )


class BoardAsParquetView(HubApiView):
    """A suite's board as Parquet, filtered and sorted alike."""

    @describe(answer=BYTES, media_type="application/vnd.apache.parquet", query=presenting.BOARD_QUERY)
    def get(self, request: ActorApiRequest, suite: str) -> StreamingHttpResponse:
        version = suites.current_version(suite)
        rows = boards.standings(version, Filters.read(request.GET), request.GET.get("sort", ""))
        parts = board_exports.as_parquet(board_exports.columns(version), board_exports.records(rows))
        return _file(parts, "application/vnd.apache.parquet", f"{suite}.parquet")


class GroupsView(HubApiView):
    """Suites that are averaged."""

    @describe(answer=presenting.Group(many=True))
    def get(self, request: ActorApiRequest) -> Response:
        return Response([presenting.group(group) for group in groups.all_groups()])


class GroupView(HubApiView):
    @describe(answer=presenting.GroupBoard, query=presenting.GROUP_QUERY, paged=True)
    def get(self, request: ActorApiRequest, group: str) -> Response:
        """A group's board, best first, who lacks a suite last: the whole of it, or pages of `limit` rows.

        `mean` is that of the chance-normalised scores, (score - chance) / (1 - chance); without every suite there is none, and
        no rank. `borda` is the sum over the suites of how many models it beats there.
        """
        found = groups.group(group)
        rows = group_boards.standings(found, Filters.read(request.GET), request.GET.get("sort", ""))
        shown, headers = _asked(request, rows, group_boards.page_of)
        suites = {member.suite_id: member.suite.name for member in found.members.all()}
        board = [presenting.group_row(row, suites) for row in shown]
        return Response({**presenting.group(found), "rows": board}, headers=headers)


class GroupAsCsvView(HubApiView):
    """A group's board as CSV, filtered and sorted alike."""

    @describe(answer=BYTES, media_type="text/csv", query=presenting.GROUP_QUERY)
    def get(self, request: ActorApiRequest, group: str) -> StreamingHttpResponse:
        found = groups.group(group)
        rows = group_boards.standings(found, Filters.read(request.GET), request.GET.get("sort", ""))
        suites = {member.suite_id: member.suite.name for member in found.members.all()}
        table = board_exports.group_records(suites, rows)
        parts = board_exports.as_csv(board_exports.group_columns(suites.values()), table)
        return _file(parts, "text/csv; charset=utf-8", f"{group}.csv")


class EditionsView(HubApiView):
    """The published editions of a board, newest first."""

    @describe(answer=presenting.EditionFacts(many=True))
    def get(self, request: ActorApiRequest, suite: str) -> Response:
        found = editions.editions_of(suites.current_version(suite).suite)
        return Response([presenting.edition(published) for published in found])


class EditionView(HubApiView):
    @describe(answer=presenting.PublishedEdition)
    def get(self, request: ActorApiRequest, suite: str, day: str) -> Response:
        """A published edition of a board: the signed document, and who stands in its rows.

        `edition.rows` and `models` go together. A model that is not public any more is null; of the others, the document has the
        SHA-256 of their canonical JSON as `model_sha256`.
        """
        published = editions.edition(suite, day)
        document = json.loads(editions.document_of(published))
        models = [row.model for row in editions.rows(published, document)]
        return Response({"edition": editions.signed(published, document), "models": models})


class EditionDocumentView(HubApiView):
    @describe(answer=ANY_OBJECT, headers={"ETag": "SHA-256 of the document, as it is cited."})
    def get(self, request: ActorApiRequest, suite: str, day: str) -> HttpResponse:
        """The document of an edition alone, to the byte that was signed."""
        published = editions.edition(suite, day)
        headers = {"ETag": f'"{published.sha256}"', "Content-Disposition": _attachment(f"{suite}-{day}.json")}
        return HttpResponse(editions.document_of(published), content_type="application/json", headers=headers)


class EditionAsCsvView(HubApiView):
    """A published edition of a board as CSV; who is not public any more is left out of its row."""

    @describe(answer=BYTES, media_type="text/csv")
    def get(self, request: ActorApiRequest, suite: str, day: str) -> StreamingHttpResponse:
        published = editions.edition(suite, day)
        rows = editions.rows(published, json.loads(editions.document_of(published)))
        parts = board_exports.as_csv(editions.table_columns(published), editions.table(rows))
        return _file(parts, "text/csv; charset=utf-8", f"{suite}-{day}.csv")


def _asked(
    request: ActorApiRequest, rows: QuerySet[Row], page_of: Callable[[QuerySet[Row], int, int], list[Row]]
) -> tuple[list[Row], dict[str, str]]:
    """The rows that the address asks for, and the Link header to the next ones. Raises BadRequest."""
    if "limit" not in request.GET:
        return list(rows), {}
    limit, start = page_limit(request, default=MOST_ROWS, most=MOST_ROWS), id_cursor(request)
    found = page_of(rows, start, start + limit + 1)
    return found[:limit], next_link(request, str(start + limit) if len(found) > limit else None)


def _file(parts: Iterator[str] | Iterator[bytes], media_type: str, name: str) -> StreamingHttpResponse:
    return StreamingHttpResponse(parts, content_type=media_type, headers={"Content-Disposition": _attachment(name)})


def _attachment(name: str) -> str:
    return f'attachment; filename="{name}"'
