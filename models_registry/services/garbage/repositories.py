"""Git objects that no reference of their repository leads to: deleted branches, rewritten history, abandoned proposals.

The first collection that finds one notes when; a later one, after the grace, removes it if that is still so. A reference
moves only under the repository's lock, which is held while objects go. Until its own grace is over, a commit can be fetched
back by its id: so it keeps what it needs, however long ago that was lost.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce, Length
from django.utils import timezone

from hub.batches import batches
from models_registry.models import Commit, FolderHistory, GarbageMark, GitObject, ObjectKind, Reference, Repository
from models_registry.services import storage_use
from models_registry.services.garbage.amounts import Amounts, Plan
from models_registry.services.garbage.reachable import Reachable

_NOTED_AT_ONCE = 5000
_REMOVED_AT_ONCE = 500


class _Heads(NamedTuple):
    """Where a repository's references point. `state` is another whenever one has moved or something was written."""

    state: str
    targets: list[str]
    batch: int


class _Noted(NamedTuple):
    unreachable: int
    due: int


def step(position: str, plan: Plan, amounts: Amounts) -> str | None:
    """The next repository."""
    found = Repository.objects.filter(pk__gt=int(position or 0)).order_by("pk").values_list("pk", flat=True).first()
    if found is None:
        return None
    collect_repository(found, plan, amounts)
    return str(found)


def collect_repository(repository_id: int, plan: Plan, amounts: Amounts) -> None:
    heads = _heads(repository_id)
    if heads is None:
        return
    mark = GarbageMark.objects.filter(repository=repository_id).first()
    if mark is not None and mark.state == heads.state and not mark.unreachable:
        return  # nothing was written, and no reference has moved, since nothing was found
    with Reachable(repository_id) as reachable:
        reachable.walk(heads.targets)
        noted = _note(repository_id, heads.batch, reachable, plan)
        if plan.dry_run:
            amounts.add("git objects", noted.due)
            amounts.add("git objects, later", noted.unreachable - noted.due)
            return
        reachable.walk(_in_their_grace(repository_id, plan))
        _forget_commits(repository_id, reachable, plan)
        removed = 0
        while found := _remove_some(repository_id, reachable, plan, amounts):
            removed += found
        amounts.add("git objects, later", noted.unreachable - removed)
    if removed:
        storage_use.request([repository_id])
    with transaction.atomic():
        if Repository.objects.select_for_update(no_key=True).filter(pk=repository_id).values_list("pk"):
            GarbageMark.objects.update_or_create(
                repository_id=repository_id,
                defaults={
                    "state": heads.state,
                    "unreachable": max(noted.unreachable - removed, 0),
                    "marked_at": timezone.now(),
                },
            )


@transaction.atomic
def _heads(repository_id: int) -> _Heads | None:
    """Under the repository's lock, until the end of the transaction around it. None: it was deleted."""
    locked = Repository.objects.select_for_update(no_key=True).filter(pk=repository_id).values_list("batch", flat=True)
    batch = next(iter(locked), None)
    if batch is None:
        return None
    found = list(Reference.objects.filter(repository=repository_id).order_by("name").values_list("name", "target"))
    text = f"{batch}\n" + "".join(f"{name} {target}\n" for name, target in found)
    return _Heads(hashlib.sha256(text.encode()).hexdigest(), sorted({target for _, target in found}), batch)


def _note(repository_id: int, batch: int, reachable: Reachable, plan: Plan) -> _Noted:
    """Write down which objects are unreachable, and which are not any more; what came after `batch` is left alone."""
    now, before = timezone.now(), plan.regretted_before()
    unreachable, due, last = 0, 0, ""
    while rows := _page(repository_id, batch, last):
        last = rows[-1][0]
        reached = reachable.among([oid for oid, _since in rows])
        lost = [(oid, since) for oid, since in rows if oid not in reached]
        unreachable += len(lost)
        due += sum((since or now) <= before for _oid, since in lost)
        if not plan.dry_run:
            objects = GitObject.objects.filter(repository=repository_id)
            newly = [oid for oid, since in lost if since is None]
            again = [oid for oid, since in rows if since is not None and oid in reached]
            for some in batches(newly, _REMOVED_AT_ONCE):
                objects.filter(oid__in=some).update(unreachable_since=now)
            for some in batches(again, _REMOVED_AT_ONCE):
                objects.filter(oid__in=some).update(unreachable_since=None)
    return _Noted(unreachable, due)


def _page(repository_id: int, batch: int, last: str) -> list[tuple[str, datetime | None]]:
    rows = GitObject.objects.filter(repository=repository_id, batch__lte=batch)
    if last:
        rows = rows.filter(oid__gt=last)
    return list(rows.order_by("oid").values_list("oid", "unreachable_since")[:_NOTED_AT_ONCE])


def _in_their_grace(repository_id: int, plan: Plan) -> Iterator[str]:
    """Lost commits and tags that are not to go yet."""
    lost = GitObject.objects.filter(
        repository=repository_id,
        kind__in=[ObjectKind.COMMIT, ObjectKind.TAG],
        unreachable_since__gt=plan.regretted_before(),
    )
    return lost.values_list("oid", flat=True).iterator(chunk_size=_NOTED_AT_ONCE)


@transaction.atomic
def _forget_commits(repository_id: int, reachable: Reachable, plan: Plan) -> None:
    """All that are to go, at once: nobody may come back to a commit of which some objects are gone already."""
    heads = _heads(repository_id)
    if heads is None:
        return
    reachable.walk(heads.targets)
    due = GitObject.objects.filter(
        repository=repository_id, kind=ObjectKind.COMMIT, unreachable_since__lte=plan.regretted_before()
    ).order_by("oid")
    last = ""
    while oids := list((due.filter(oid__gt=last) if last else due).values_list("oid", flat=True)[:_REMOVED_AT_ONCE]):
        last = oids[-1]
        reached = reachable.among(oids)
        doomed = [oid for oid in oids if oid not in reached]
        FolderHistory.objects.filter(repository=repository_id, commit__in=doomed).delete()
        Commit.objects.filter(repository=repository_id, oid__in=doomed).delete()


@transaction.atomic
def _remove_some(repository_id: int, reachable: Reachable, plan: Plan, amounts: Amounts) -> int:
    """Remove some objects whose grace is over. Returns how many it dealt with; 0: there are no more."""
    heads = _heads(repository_id)
    if heads is None:
        return 0
    reachable.walk(heads.targets)  # what has come since is little, and is needed
    due = GitObject.objects.filter(repository=repository_id, unreachable_since__lte=plan.regretted_before())
    oids = list(due.values_list("oid", flat=True)[:_REMOVED_AT_ONCE])
    if not oids:
        return 0
    reached = reachable.among(oids)
    if reached:
        GitObject.objects.filter(repository=repository_id, oid__in=reached).update(unreachable_since=None)
    doomed = [oid for oid in oids if oid not in reached]
    if doomed:
        objects = GitObject.objects.filter(repository=repository_id, oid__in=doomed)
        size = objects.aggregate(size=Coalesce(Sum(Length("data")), 0))["size"]
        objects.delete()
        Repository.objects.filter(pk=repository_id).update(epoch=F("epoch") + 1)
        amounts.add("git objects", len(doomed), size)
    return len(oids)
