"""The first rows of datasets, and statistics of their columns.

They are read from the files of the default branch some moments after each commit: Parquet, CSV, JSON, text (each packed with
gzip, too) and folders of images.
"""

from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from hub.errors import BadRequest
from hub.wire.describing import describe
from hub.wire.pagination import page_limit
from models_registry.errors import EntryNotFound
from models_registry.hf_api.shapes import tables as shapes
from models_registry.hf_api.views import RepositoryView
from models_registry.models import Card, DatasetTable, Kind
from models_registry.services import croissant, tables

_MOST_DIGITS = 18


class Splits(RepositoryView):
    """Which configs and splits a dataset has."""

    @describe(answer=shapes.Splits)
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        found = tables.of_repository(request.actor, repository)
        splits = [
            {
                "config": table.config,
                "split": table.split,
                "format": table.format,
                "num_rows": table.num_rows,
                "num_files": table.file_count,
                "num_bytes": table.size,
            }
            for table in found
        ]
        return Response({"commit": found[0].commit if found else None, "splits": splits})


class Rows(RepositoryView):
    """The first rows of a split."""

    @describe(
        answer=shapes.Rows,
        query=[
            shapes.CONFIG,
            shapes.SPLIT,
            OpenApiParameter("offset", int, description="The first row, from 0."),
            OpenApiParameter("limit", int, description="How many, at most 100."),
        ],
    )
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        table = _asked(self, request, plural, namespace, name)
        limit, offset = page_limit(request, default=100, most=100), _offset(request)
        cut: dict[int, list[str]] = {}
        for row, column in table.cut:
            cut.setdefault(row, []).append(column)
        rows = [
            {"row_idx": number, "row": row, "truncated_cells": cut.get(number, [])}
            for number, row in enumerate(table.rows[offset : offset + limit], offset)
        ]
        return Response(
            {
                "config": table.config,
                "split": table.split,
                "commit": table.commit,
                "features": [{"name": column["name"], "type": column["type"]} for column in table.columns],
                "rows": rows,
                "num_rows_total": table.num_rows,
                "num_rows_shown": len(table.rows),
                "problems": table.problems,
            }
        )


class Statistics(RepositoryView):
    """What the columns of a split hold."""

    @describe(answer=shapes.Statistics, query=[shapes.CONFIG, shapes.SPLIT])
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        table = _asked(self, request, plural, namespace, name)
        return Response(
            {
                "config": table.config,
                "split": table.split,
                "commit": table.commit,
                "num_rows_total": table.num_rows,
                "num_rows_seen": table.seen_rows,
                "columns": table.columns,
                "problems": table.problems,
            }
        )


class Croissant(RepositoryView):
    """A dataset's description in Croissant 1.0, for programs that load datasets by it."""

    @describe(answer=shapes.CROISSANT)
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        found = tables.of_repository(request.actor, repository, with_columns=True)
        if repository.kind != Kind.DATASET:
            raise EntryNotFound("Croissant describes datasets; this is a model.")
        card = Card.objects.filter(repository=repository).first()
        return Response(croissant.describe(repository, found, card.front_matter if card else {}))


def _asked(view: RepositoryView, request: ActorApiRequest, plural: str, namespace: str, name: str) -> DatasetTable:
    repository = view.repository(request, plural, namespace, name)
    query = request.query_params
    return tables.one(request.actor, repository, query.get("config", ""), query.get("split", ""))


def _offset(request: ActorApiRequest) -> int:
    """Raises BadRequest."""
    raw = request.query_params.get("offset", "0")
    if not raw.isdecimal() or not raw.isascii() or len(raw) > _MOST_DIGITS:
        raise BadRequest(f"offset must be a number from 0 on, not {raw[:_MOST_DIGITS]!r}.")
    return int(raw)
