"""Several models side by side: their facts, and where they stand on each board that one of them is on."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from accounts.models import Actor
from evaluations.models import Standing, SuiteVersion
from evaluations.services import boards
from models_registry.models import Kind, Repository
from models_registry.services.browsing import matching

MOST = 6
SUGGESTED = 8


@dataclass(frozen=True)
class OnSuite:
    """standings: one for each model, None where it is not on the board. best: the model that all others are told from."""

    version: SuiteVersion
    standings: list[Standing | None]
    best: Repository | None


def models_named(actor: Actor, names: Sequence[str]) -> list[Repository]:
    """Those that there are, and that this actor may know of, in the order of the names: one query."""
    wanted = Q()
    for name in names:
        namespace, _, rest = name.lower().partition("/")
        wanted |= Q(namespace__key=namespace, key=rest)
    if not wanted:
        return []
    found = Repository.objects.visible_to(actor).filter(wanted, kind=Kind.MODEL).for_cards()
    by_name = {repository.full_name.lower(): repository for repository in found}
    return [by_name[name.lower()] for name in names if name.lower() in by_name]


def suggested(actor: Actor, words: str, besides: Sequence[Repository]) -> list[Repository]:
    """Models that these words find, the most downloaded first."""
    visible = Repository.objects.visible_to(actor).filter(kind=Kind.MODEL)
    others = matching(visible, words).exclude(pk__in=[repository.pk for repository in besides])
    return list(others.for_cards().order_by("-downloads", "pk")[:SUGGESTED])


def on_suites(repositories: Sequence[Repository]) -> list[OnSuite]:
    """Of the boards as everybody sees them, by the name of the suite: two queries."""
    rows = boards.public_standings().filter(run__repository__in=repositories, suite_version__current=True)
    rows = rows.select_related("run__repository__namespace", "suite_version__suite").prefetch_related(
        boards.WITH_SCORES
    )
    by_suite: dict[SuiteVersion, dict[int, Standing]] = {}
    for row in rows.order_by("suite_version__suite__name"):
        by_suite.setdefault(row.suite_version, {})[row.run.repository_id] = row
    return [
        OnSuite(version, [found.get(repository.pk) for repository in repositories], _best(list(found.values())))
        for version, found in by_suite.items()
    ]


def _best(standings: Sequence[Standing]) -> Repository | None:
    """The one whose worst rank is before the best of every other; None where the data cannot tell."""
    first, *others = sorted(standings, key=lambda row: row.position)
    told_apart = bool(others) and all(first.last < other.first for other in others)
    return first.run.repository if told_apart else None
