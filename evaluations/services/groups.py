"""Groups of suites as rows, kept in step with their files."""

import logging
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet

from evaluations import group_files
from evaluations.errors import GroupNotFound
from evaluations.group_files import GroupFile
from evaluations.models import GroupMember, Suite, SuiteGroup, SuiteVersion
from evaluations.services import rank_requests

logger = logging.getLogger(__name__)


def synchronize(folder: Path = group_files.FOLDER) -> list[SuiteGroup]:
    """Make every group's file a row, after the suites; a group whose file is gone goes, too: nothing of it cannot be made again.

    Raises InvalidSuiteError.
    """
    files = list(group_files.read_all(folder))
    current = SuiteVersion.objects.filter(current=True)
    definitions = dict(current.values_list("suite__name", "definition"))
    for file in files:
        file.check(definitions)
    with transaction.atomic():
        SuiteGroup.objects.exclude(name__in=[file.name for file in files]).delete()
        return [_synchronize(file) for file in files]


def all_groups() -> QuerySet[SuiteGroup]:
    return SuiteGroup.objects.prefetch_related("members__suite").order_by("title")


def group(name: str) -> SuiteGroup:
    """With its suites. Raises GroupNotFound."""
    found = all_groups().filter(name=name).first()
    if found is None:
        raise GroupNotFound(f"There is no group of suites {name!r}.")
    return found


def _synchronize(file: GroupFile) -> SuiteGroup:
    row, is_new = SuiteGroup.objects.update_or_create(
        name=file.name, defaults={"title": file.title, "summary": file.summary}
    )
    known = list(row.members.values_list("suite__name", flat=True))
    if known != list(file.suites):
        suites = Suite.objects.in_bulk(file.suites, field_name="name")
        row.members.all().delete()
        GroupMember.objects.bulk_create(
            GroupMember(group=row, suite=suites[name], place=place) for place, name in enumerate(file.suites)
        )
        rank_requests.ask_for_group(row)
        logger.info("group %s %s", row, "added" if is_new else "has other suites")
    return row
