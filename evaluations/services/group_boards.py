"""A group's board as it is read, in a fixed number of queries, whatever its length."""

from django.db.models import F, Prefetch, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Actor
from evaluations.models import GroupPart, GroupStanding, SuiteGroup
from evaluations.services.board_filters import Filters
from hub.errors import BadRequest
from models_registry.models import Repository

SORTS = ("mean", "borda")


def standings(group: SuiteGroup, filters: Filters | None = None, sort: str = "") -> QuerySet[GroupStanding]:
    """As everybody sees it, best first by the mean or by Borda; who lacks a suite comes last. Raises BadRequest."""
    if sort not in {"", *SORTS}:
        raise BadRequest(
            _("A group's board is sorted by %(choices)s, not by %(sort)r.")
            % {"choices": " or ".join(SORTS), "sort": sort[:40]}
        )
    rows = GroupStanding.objects.filter(group=group, repository__in=Repository.objects.visible_to(Actor()))
    rows = _with_facts(rows.filter((filters or Filters()).condition(run="")))
    return rows.order_by(F("borda").desc(nulls_last=True), "position") if sort == "borda" else rows.order_by("position")


def page_of(rows: QuerySet[GroupStanding], start: int, stop: int) -> list[GroupStanding]:
    """As `boards.page_of`."""
    keys = list(rows.select_related(None).prefetch_related(None).values_list("pk", flat=True)[start:stop])
    found = _with_facts(GroupStanding.objects.filter(pk__in=keys)).in_bulk()
    return [found[key] for key in keys if key in found]


def _with_facts(rows: QuerySet[GroupStanding]) -> QuerySet[GroupStanding]:
    parts = Prefetch("parts", GroupPart.objects.all())
    return rows.select_related("repository__namespace").prefetch_related(parts)
