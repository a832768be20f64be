"""Evaluations, suites and leaderboards for programs."""

import json
from collections.abc import Callable, Iterator, Sequence
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
    pairing,
    plots,
    requesting,
    results,
    sample_reading,
    sealing,
    suites,
)
from evaluations.services.board_filters import Filters
from evaluations.services.differences import compared
from evaluations.services.self_reported import reported_for
from hub.errors import BadRequest
from hub.wire import rate_limits
from hub.wire.describing import ANY_OBJECT, BYTES, describe
from hub.wire.pagination import id_cursor, next_link, page_by_id, page_limit
from hub.wire.views import HubApiView, json_object
from models_registry.access import repository_for
from models_registry.models import Kind

MOST_ROWS = 1000
Stored = TypeVar("Stored", bound=Model)
Row = TypeVar("Row")


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


class SamplesView(HubApiView):
    """What a scored evaluation said of each row."""

    @describe(
        answer=presenting.Samples,
        query=[
            OpenApiParameter("show", str, enum=["wrong", "worst"], description="Wrong rows alone, or the worst first.")
        ],
        paged=True,
        refuses=[403],
    )
    def get(self, request: ActorApiRequest, run_id: UUID) -> Response:
        """Right or wrong, or how far off; and what was predicted, unless the suite is hidden. Never a label."""
        run = access.run_for(request.actor, run_id)
        found = sample_reading.samples_of(request.actor, run, request.GET.get("show", ""))
        shown, headers = _page(request, found)
        rows = [presenting.sample(row) for row in shown]
        return Response({"evaluation": str(run.pk), "total": len(found), "rows": rows}, headers=headers)


class PairedView(HubApiView):
    """Two scored evaluations on the same rows."""

    @describe(
        answer=presenting.Paired,
        query=[
            OpenApiParameter("show", str, enum=["first", "second"], description="Rows on which this one is better.")
        ],
        paged=True,
        refuses=[403, 409],
    )
    def get(self, request: ActorApiRequest, run_id: UUID, other: UUID) -> Response:
        """How often both, one or none is right, a paired test of the difference, and the rows on which they differ."""
        first, second = access.run_for(request.actor, run_id), access.run_for(request.actor, other)
        found = pairing.pair(request.actor, first, second, request.GET.get("show", ""))
        shown, headers = _page(request, found.differing)
        return Response(presenting.paired(first, second, found, shown), headers=headers)


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
        return Response(presenting.board(version, request.actor, shown), headers=headers)


class ProgressView(HubApiView):
    """How a suite's best score has grown."""

    @describe(answer=presenting.BoardProgress, query=presenting.FILTER_QUERY)
    def get(self, request: ActorApiRequest, suite: str) -> Response:
        """Each score that was the best when it was measured, oldest first; with the board's filters, of what they leave."""
        version = suites.current_version(suite)
        records = plots.progress(version, Filters.read(request.GET))
        return Response(
            {
                "suite": suite,
                "version": version.version,
                "metric": version.primary_metric["name"],
                "records": [presenting.record(score) for score in records],
            }
        )


class ProgressAsCsvView(HubApiView):
    """The same as CSV."""

    @describe(answer=BYTES, media_type="text/csv", query=presenting.FILTER_QUERY)
    def get(self, request: ActorApiRequest, suite: str) -> StreamingHttpResponse:
        records = plots.progress(suites.current_version(suite), Filters.read(request.GET))
        parts = board_exports.as_csv(board_exports.PROGRESS, board_exports.progress(records))
        return _file(parts, "text/csv; charset=utf-8", f"{suite}-progress.csv")


class SelfReportedView(HubApiView):
    """What models' cards say of a suite's task or data."""

    @describe(answer=presenting.SelfReported(many=True), paged=True)
    def get(self, request: ActorApiRequest, suite: str) -> Response:
        """Nobody has measured these here, and they are ranked with nothing."""
        rows, headers = page_by_id(request, reported_for(suites.current_version(suite)), default=100)
        return Response([presenting.self_reported(row) for row in rows], headers=headers)


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


class GroupEditionsView(HubApiView):
    """The published editions of a group's board, newest first."""

    @describe(answer=presenting.EditionFacts(many=True))
    def get(self, request: ActorApiRequest, group: str) -> Response:
        found = editions.editions_of(groups.group_with_editions(group))
        return Response([presenting.edition(published) for published in found])


class EditionView(HubApiView):
    @describe(answer=presenting.PublishedEdition)
    def get(self, request: ActorApiRequest, day: str, **board: str) -> Response:
        """A published edition of a board: the signed document, and who stands in its rows.

        `edition.rows` and `models` go together. A model that is not public any more is null; of the others, the document has the
        SHA-256 of their canonical JSON as `model_sha256`.
        """
        published = editions.edition(day, **board)
        document = json.loads(editions.document_of(published))
        models = [row.model for row in editions.rows(published, document)]
        return Response({"edition": editions.signed(published, document), "models": models})


class EditionDocumentView(HubApiView):
    @describe(answer=ANY_OBJECT, headers={"ETag": "SHA-256 of the document, as it is cited."})
    def get(self, request: ActorApiRequest, day: str, **board: str) -> HttpResponse:
        """The document of an edition alone, to the byte that was signed."""
        published = editions.edition(day, **board)
        headers = {
            "ETag": f'"{published.sha256}"',
            "Content-Disposition": _attachment(f"{published.board.name}-{day}.json"),
        }
        return HttpResponse(editions.document_of(published), content_type="application/json", headers=headers)


class EditionAsCsvView(HubApiView):
    """A published edition of a board as CSV; who is not public any more is left out of its row."""

    @describe(answer=BYTES, media_type="text/csv")
    def get(self, request: ActorApiRequest, day: str, **board: str) -> StreamingHttpResponse:
        published = editions.edition(day, **board)
        document = json.loads(editions.document_of(published))
        rows = editions.rows(published, document)
        parts = board_exports.as_csv(editions.table_columns(published, document), editions.table(rows))
        return _file(parts, "text/csv; charset=utf-8", f"{published.board.name}-{day}.csv")


def _asked(
    request: ActorApiRequest, rows: QuerySet[Stored], page_of: Callable[[QuerySet[Stored], int, int], list[Stored]]
) -> tuple[list[Stored], dict[str, str]]:
    """The rows that the address asks for, and the Link header to the next ones. Raises BadRequest."""
    if "limit" not in request.GET:
        return list(rows), {}
    limit, start = page_limit(request, default=MOST_ROWS, most=MOST_ROWS), id_cursor(request)
    found = page_of(rows, start, start + limit + 1)
    return found[:limit], next_link(request, str(start + limit) if len(found) > limit else None)


def _page(request: ActorApiRequest, rows: Sequence[Row]) -> tuple[Sequence[Row], dict[str, str]]:
    """As many rows as were asked for, and the Link to those after them."""
    start, limit = id_cursor(request), page_limit(request, default=100, most=MOST_ROWS)
    end = start + limit
    return rows[start:end], next_link(request, str(end) if end < len(rows) else None)


def _file(parts: Iterator[str] | Iterator[bytes], media_type: str, name: str) -> StreamingHttpResponse:
    return StreamingHttpResponse(parts, content_type=media_type, headers={"Content-Disposition": _attachment(name)})


def _attachment(name: str) -> str:
    return f'attachment; filename="{name}"'
