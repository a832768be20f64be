"""Editions of a board: what it said on a day, signed and kept, whatever is measured or taken down later.

Two things are promised at once: that an edition never changes, and that a model which is hidden, taken down, made private or
deleted is named nowhere. So the signed document gives ranks, scores and trust, and of each model only the SHA-256 of who it is,
salted. Who it is (`EditionModel`) is given beside the document while everybody may see the repository, and goes with it: what
is withheld is seen to be withheld, and all that is given can still be checked against the signature.
"""

import hashlib
import json
import logging
import secrets
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Actor, AuditEntry
from evaluations import signing
from evaluations.errors import EditionDamaged, EditionExists, EditionNotFound, NothingToPublish
from evaluations.models import Board, Edition, EditionModel, Result, Standing, Suite, SuiteVersion
from evaluations.services import board_exports, boards, rank_requests, results
from evaluations.suite_files import canonical_json
from hub.jobs.models import Job
from hub.jobs.models import State as JobState
from models_registry import storage
from models_registry.models import Repository

logger = logging.getLogger(__name__)

SCHEMA = 1
SALT_BYTES = 16
WRITTEN_AT_ONCE = 1000
# Of who a model is, with the type of its column in a table.
IDENTITY: dict[str, type] = {
    name: kind for name, kind in board_exports.FACTS.items() if name not in {"rank_first", "rank_last", "trust"}
} | {"result_sha256": str}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an edition. model: who it is, or None where that is not for everybody any more."""

    stated: Mapping[str, Any]
    model: Mapping[str, Any] | None
    address: str = ""


def publish(*, actor: Actor, version: SuiteVersion, from_console: bool = False) -> Edition:
    """Keep the board as it stands, as the edition of today.

    from_console: whoever has the machine's command line needs no role. Raises Unauthenticated, Forbidden; NothingToPublish if
    the board is empty or about to be ranked anew; EditionExists; StorageUnavailable.
    """
    if not from_console:
        actor.require_permission("evaluations.publish_edition")
    board = Board.objects.filter(suite_version=version).first()
    waiting = Job.objects.filter(
        kind=rank_requests.KIND, key=str(version.pk), state__in=[JobState.QUEUED, JobState.RUNNING]
    )
    if board is None or waiting.exists():
        raise NothingToPublish("This board is being ranked anew: publish it when that is done, in a moment.")
    day = timezone.localdate()
    if Edition.objects.filter(suite=version.suite, day=day).exists():
        raise EditionExists(
            f"There is an edition of {day} already, and no edition changes. Publish the next one tomorrow."
        )
    standings = list(boards.standings(version))
    if not standings:
        raise NothingToPublish("Nothing stands on this board: there is nothing to publish.")
    signed_results = dict(Result.objects.filter(run__standing__suite_version=version).values_list("run_id", "sha256"))
    identities = [
        canonical_json(_identity(standing, signed_results.get(standing.run_id))).decode() for standing in standings
    ]
    document = _document(version, board, day, standings, identities)
    signature = signing.sign(document)
    key = f"editions/{signature.sha256[:2]}/{signature.sha256}.{uuid.uuid4().hex[:16]}"
    storage.put(key, document)
    try:
        return _write(actor, version, day, key, signature, standings, identities)
    except IntegrityError:  # two at once: the other one is the edition of today
        raise EditionExists(f"There is an edition of {day} already, and no edition changes.") from None


def editions_of(suite: Suite) -> QuerySet[Edition]:
    """Newest first."""
    return Edition.objects.filter(suite=suite).select_related("suite", "suite_version").order_by("-day")


def edition(suite: str, day: str) -> Edition:
    """day: YYYY-MM-DD. Raises EditionNotFound."""
    missing = EditionNotFound(f"There is no edition {day[:40]!r} of the leaderboard {suite[:80]!r}.")
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise missing from None
    found = Edition.objects.filter(suite__name=suite, day=wanted).select_related("suite", "suite_version").first()
    if found is None or found.name != day:
        raise missing
    return found


def document_of(published: Edition) -> bytes:
    """The signed document, to the byte. Raises EditionDamaged, StorageUnavailable."""
    try:
        content = storage.get(published.key)
    except storage.ObjectMissing:
        content = b""
    if hashlib.sha256(content).hexdigest() != published.sha256:
        logger.error("%s is not what was signed: see %s in storage", published, published.key)
        raise EditionDamaged
    return content


def signed(published: Edition, document: Mapping[str, Any]) -> dict[str, Any]:
    """With its signature beside it: see `evaluations.signing` for how to check it."""
    signature = {
        "algorithm": "ed25519",
        "sha256": published.sha256,
        "public_key": published.public_key,
        "value": published.signature,
    }
    return {**document, "signature": signature}


def rows(published: Edition, document: Mapping[str, Any], start: int = 0, stop: int | None = None) -> list[Row]:
    """A part of its rows, each with who it is, if everybody may know that today. One query."""
    stated = document["rows"][start:stop]
    shown = EditionModel.objects.filter(
        edition=published,
        position__gte=start,
        position__lt=start + len(stated),
        repository__in=Repository.objects.visible_to(Actor()),
    ).select_related("repository__namespace")
    known = {row.position: row for row in shown}
    return [
        Row(one, json.loads(row.content), row.repository.get_absolute_url()) if row else Row(one, None)
        for one, row in ((one, known.get(position)) for position, one in enumerate(stated, start))
    ]


def table_columns(published: Edition) -> dict[str, type]:
    """{name: type} of the edition as a table."""
    of_board = board_exports.columns(published.suite_version)
    metrics = {name: kind for name, kind in of_board.items() if name not in board_exports.FACTS}
    return {"rank_first": int, "rank_last": int, "trust": str} | IDENTITY | metrics


def table(found: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """Records of `table_columns`. Where a model is withheld, who it is is left out."""
    for row in found:
        record = {"rank_first": row.stated["rank"][0], "rank_last": row.stated["rank"][1], "trust": row.stated["trust"]}
        for name, metric in row.stated["metrics"].items():
            low, high = metric["ci95"]
            record |= {name: metric["value"], f"{name}_low": low, f"{name}_high": high}
        record |= row.stated.get("split", {})
        yield record | {name: value for name, value in (row.model or {}).items() if name in IDENTITY}


def _identity(standing: Standing, result_sha256: str | None) -> dict[str, Any]:
    (record,) = board_exports.records_of([standing])
    facts = {name: record.get(name) for name in IDENTITY}
    return facts | {"result_sha256": result_sha256, "salt": secrets.token_hex(SALT_BYTES)}


def _document(
    version: SuiteVersion, board: Board, day: date, standings: Iterable[Standing], identities: Iterable[str]
) -> bytes:
    definition = version.definition
    return canonical_json(
        {
            "schema": SCHEMA,
            "kind": "leaderboard edition",
            "edition": day.isoformat(),
            "published": timezone.now().isoformat(),
            "ranked": board.ranked_at.isoformat(),
            "hub": settings.BASE_URL,
            "suite": {
                "id": version.suite.name,
                "title": definition["title"],
                "version": version.version,
                "sha256": version.digest,
                "n": version.rows,
                "metrics": definition["metrics"],
            },
            "code": {"version": results.version(), "git": results.git_commit()},
            "rows": [
                {
                    "rank": [standing.first, standing.last],
                    "trust": standing.trust,
                    "metrics": {score.name: _metric(score) for score in standing.run.scores.all()},
                    **_split(standing),
                    "model_sha256": hashlib.sha256(identity.encode()).hexdigest(),
                }
                for standing, identity in zip(standings, identities, strict=True)
            ],
        }
    )


def _split(standing: Standing) -> dict[str, Any]:
    found = board_exports.split(getattr(standing.run, "split_score", None))
    return {"split": found} if found else {}


def _metric(score: Any) -> dict[str, Any]:
    return {
        "value": score.value,
        "ci95": [score.low, score.high],
        "ci_method": score.method,
        "stderr": score.stderr,
        "n": score.n,
        "chance": score.chance,
    }


@transaction.atomic
def _write(
    actor: Actor,
    version: SuiteVersion,
    day: date,
    key: str,
    signature: signing.Signature,
    standings: list[Standing],
    identities: list[str],
) -> Edition:
    published = Edition.objects.create(
        suite=version.suite,
        suite_version=version,
        day=day,
        model_count=len(standings),
        key=key,
        sha256=signature.sha256,
        public_key=signature.public_key,
        signature=signature.value,
        published_by=actor.user,
    )
    EditionModel.objects.bulk_create(
        (
            EditionModel(edition=published, position=position, content=identity, repository=standing.run.repository)
            for position, (standing, identity) in enumerate(zip(standings, identities, strict=True))
        ),
        batch_size=WRITTEN_AT_ONCE,
    )
    AuditEntry.objects.record(actor, "edition.published", str(published), sha256=published.sha256)
    logger.info("%s published with %d models", published, len(standings))
    return published
