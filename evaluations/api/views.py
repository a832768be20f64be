"""Evaluations, suites and leaderboards for programs."""

from collections.abc import Iterator, Sequence
from typing import TypeVar
from uuid import UUID

from django.http import StreamingHttpResponse
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
    comparing,
    listing,
    plots,
    requesting,
    results,
    sample_reading,
    suites,
)
from evaluations.services.board_filters import Filters
from evaluations.services.self_reported import reported_for
from hub.errors import BadRequest
from hub.wire import rate_limits
from hub.wire.describing import ANY_OBJECT, BYTES, describe
from hub.wire.pagination import id_cursor, next_link, page_by_id, page_limit
from hub.wire.views import HubApiView, json_object
from models_registry.access import repository_for
from models_registry.models import Kind

MOST_SAMPLES = 1000
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

    @describe(answer=presenting.Evaluation)
    def get(self, request: ActorApiRequest, run_id: UUID) -> Response:
        return Response(presenting.run(request.actor, access.run_for(request.actor, run_id)))


class ResultView(HubApiView):
    """The signed result document of a scored evaluation."""

    @describe(answer=ANY_OBJECT, headers={"ETag": "SHA-256 of the document."}, refuses=[409])
    def get(self, request: ActorApiRequest, run_id: UUID) -> Response:
        run = access.run_for(request.actor, run_id)
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


class ComparisonView(HubApiView):
    """Two scored evaluations on the same rows."""

    @describe(
        answer=presenting.Comparison,
        query=[
            OpenApiParameter("show", str, enum=["first", "second"], description="Rows on which this one is better.")
        ],
        paged=True,
        refuses=[403, 409],
    )
    def get(self, request: ActorApiRequest, run_id: UUID, other: UUID) -> Response:
        """How often both, one or none is right, a paired test of the difference, and the rows on which they differ."""
        first, second = access.run_for(request.actor, run_id), access.run_for(request.actor, other)
        found = comparing.compare(request.actor, first, second, request.GET.get("show", ""))
        shown, headers = _page(request, found.differing)
        return Response(presenting.comparison(first, second, found, shown), headers=headers)


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
    """A suite's board, best first."""

    @describe(
        answer=presenting.Leaderboard,
        query=presenting.BOARD_QUERY,
    )
    def get(self, request: ActorApiRequest, suite: str) -> Response:
        version = suites.current_version(suite)
        rows = boards.standings(version, Filters.read(request.GET), request.GET.get("sort", ""))
        return Response(presenting.board(version, request.actor, list(rows)))


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
        return _file(board_exports.as_csv(version, rows), "text/csv; charset=utf-8", f"{suite}.csv")


class BoardAsParquetView(HubApiView):
    """A suite's board as Parquet, filtered and sorted alike."""

    @describe(answer=BYTES, media_type="application/vnd.apache.parquet", query=presenting.BOARD_QUERY)
    def get(self, request: ActorApiRequest, suite: str) -> StreamingHttpResponse:
        version = suites.current_version(suite)
        rows = boards.standings(version, Filters.read(request.GET), request.GET.get("sort", ""))
        return _file(board_exports.as_parquet(version, rows), "application/vnd.apache.parquet", f"{suite}.parquet")


def _page(request: ActorApiRequest, rows: Sequence[Row]) -> tuple[Sequence[Row], dict[str, str]]:
    """As many rows as were asked for, and the Link to those after them."""
    start, limit = id_cursor(request), page_limit(request, default=100, most=MOST_SAMPLES)
    end = start + limit
    return rows[start:end], next_link(request, str(end) if end < len(rows) else None)


def _file(parts: Iterator[str] | Iterator[bytes], media_type: str, name: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(parts, content_type=media_type, headers=headers)
