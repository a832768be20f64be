"""Editions of a board, a suite's or a group's: what it said on a day, signed and kept, whatever is measured or taken down later.

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
from django.utils.translation import gettext as _

from accounts.models import Actor, AuditEntry
from evaluations import signing
from evaluations.errors import EditionDamaged, EditionExists, EditionNotFound, NothingToPublish
from evaluations.models import Edition, EditionModel, Suite, SuiteGroup, SuiteVersion
from evaluations.services import board_exports, edition_contents, results
from evaluations.services.edition_contents import Contents
from evaluations.suite_files import canonical_json
from models_registry import storage
from models_registry.models import Repository

logger = logging.getLogger(__name__)

SCHEMA = 1
SALT_BYTES = 16
WRITTEN_AT_ONCE = 1000
_BOARD = ("suite", "suite_version", "group")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an edition. model: who it is, or None where that is not for everybody any more."""

    stated: Mapping[str, Any]
    model: Mapping[str, Any] | None
    address: str = ""


def publish(*, actor: Actor, board: SuiteVersion | SuiteGroup, from_console: bool = False) -> Edition:
    """Keep the board as it stands, as the edition of today.

    from_console: whoever has the machine's command line needs no role. Raises Unauthenticated, Forbidden; NothingToPublish if
    the board is empty or about to be ranked anew; EditionExists; StorageUnavailable.
    """
    if not from_console:
        actor.require_permission("evaluations.publish_edition")
    contents = edition_contents.of(board)
    if contents.ranked_at is None or edition_contents.is_waiting(board):
        raise NothingToPublish(_("This board is being ranked anew: publish it when that is done, in a moment."))
    day = timezone.localdate()
    named = {name: row for name, row in contents.board.items() if name != "suite_version"}
    if Edition.objects.filter(**named, day=day).exists():
        raise EditionExists(
            _("There is an edition of %(day)s already, and no edition changes. Publish the next one tomorrow.")
            % {"day": day}
        )
    if not contents.lines:
        raise NothingToPublish(_("Nothing stands on this board: there is nothing to publish."))
    identities = [
        canonical_json(line.identity | {"salt": secrets.token_hex(SALT_BYTES)}).decode() for line in contents.lines
    ]
    document = _document(contents, day, identities)
    signature = signing.sign(document)
    key = f"editions/{signature.sha256[:2]}/{signature.sha256}.{uuid.uuid4().hex[:16]}"
    storage.put(key, document)
    try:
        return _write(actor, contents, day, key, signature, identities)
    except IntegrityError:  # two at once: the other one is the edition of today
        raise EditionExists(
            _("There is an edition of %(day)s already, and no edition changes.") % {"day": day}
        ) from None


def editions_of(board: Suite | SuiteGroup) -> QuerySet[Edition]:
    """Newest first."""
    return board.editions.select_related(*_BOARD).order_by("-day")


def edition(day: str, *, suite: str = "", group: str = "") -> Edition:
    """day: YYYY-MM-DD; of the board of one of the two, by its name. Raises EditionNotFound."""
    missing = EditionNotFound(
        _("There is no edition %(day)r of the leaderboard %(name)r.") % {"day": day[:40], "name": (suite or group)[:80]}
    )
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise missing from None
    of_board = {"suite__name": suite} if suite else {"group__name": group}
    found = Edition.objects.filter(**of_board, day=wanted).select_related(*_BOARD).first()
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


def table_columns(published: Edition, document: Mapping[str, Any]) -> dict[str, type]:
    """{name: type} of the edition as a table."""
    ranks = {"rank_first": int, "rank_last": int, "trust": str}
    if published.suite_version is None:
        names = [suite["id"] for suite in document["group"]["suites"]]
        of_board = board_exports.group_columns(names)
        identity = {name: kind for name, kind in edition_contents.IDENTITY.items() if name in of_board}
    else:
        of_board, identity = board_exports.columns(published.suite_version), edition_contents.IDENTITY
    return ranks | identity | {name: kind for name, kind in of_board.items() if name not in board_exports.FACTS}


def table(found: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """Records of `table_columns`. Where a model is withheld, who it is is left out."""
    for row in found:
        record = {"rank_first": row.stated["rank"][0], "rank_last": row.stated["rank"][1], "trust": row.stated["trust"]}
        for name, metric in row.stated["metrics"].items():
            low, high = metric["ci95"]
            record |= {name: metric["value"], f"{name}_low": low, f"{name}_high": high}
        record |= row.stated.get("split", {})
        record |= {name: score["normalized"] for name, score in row.stated.get("scores", {}).items()}
        record |= {"borda": row.stated["borda"]} if "borda" in row.stated else {}
        yield record | {name: value for name, value in (row.model or {}).items() if name in edition_contents.IDENTITY}


def _document(contents: Contents, day: date, identities: Iterable[str]) -> bytes:
    ranked_at = contents.ranked_at
    return canonical_json(
        {
            "schema": SCHEMA,
            "kind": "leaderboard edition",
            "edition": day.isoformat(),
            "published": timezone.now().isoformat(),
            "ranked": ranked_at.isoformat() if ranked_at else None,
            "hub": settings.BASE_URL,
            **contents.facts,
            "code": {"version": results.version(), "git": results.git_commit()},
            "rows": [
                {**line.stated, "model_sha256": hashlib.sha256(identity.encode()).hexdigest()}
                for line, identity in zip(contents.lines, identities, strict=True)
            ],
        }
    )


@transaction.atomic
def _write(
    actor: Actor, contents: Contents, day: date, key: str, signature: signing.Signature, identities: list[str]
) -> Edition:
    published = Edition.objects.create(
        **contents.board,
        day=day,
        model_count=len(contents.lines),
        key=key,
        sha256=signature.sha256,
        public_key=signature.public_key,
        signature=signature.value,
        published_by=actor.user,
    )
    EditionModel.objects.bulk_create(
        (
            EditionModel(edition=published, position=position, content=identity, repository=line.repository)
            for position, (line, identity) in enumerate(zip(contents.lines, identities, strict=True))
        ),
        batch_size=WRITTEN_AT_ONCE,
    )
    name = f"{published.board}, edition of {published.name}"  # kept, so not in the words of who publishes
    AuditEntry.objects.record(actor, "edition.published", name, sha256=published.sha256)
    logger.info("%s published with %d models", name, len(contents.lines))
    return published
