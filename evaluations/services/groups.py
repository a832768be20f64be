"""Groups of suites as rows, kept in step with their files."""

import logging
from pathlib import Path

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from evaluations import group_files
from evaluations.errors import GroupNotFound
from evaluations.group_files import GroupFile
from evaluations.models import GroupMember, GroupStanding, Suite, SuiteGroup, SuiteVersion
from evaluations.services import rank_requests

logger = logging.getLogger(__name__)


def synchronize(folder: Path = group_files.FOLDER) -> list[SuiteGroup]:
    """Make every group's file a row, after the suites; a group whose file is gone goes, too: nothing of it cannot be made again.

    Of one with editions the name is kept for them, without suites and a board. Raises InvalidSuiteError.
    """
    files = list(group_files.read_all(folder))
    current = SuiteVersion.objects.filter(current=True)
    definitions = dict(current.values_list("suite__name", "definition"))
    for file in files:
        file.check(definitions)
    with transaction.atomic():
        gone = SuiteGroup.objects.exclude(name__in=[file.name for file in files])
        gone.filter(editions=None).delete()
        GroupMember.objects.filter(group__in=gone).delete()
        GroupStanding.objects.filter(group__in=gone).delete()
        return [_synchronize(file) for file in files]


def all_groups() -> QuerySet[SuiteGroup]:
    members = GroupMember.objects.filter(group=OuterRef("pk"))
    return SuiteGroup.objects.filter(Exists(members)).prefetch_related("members__suite").order_by("title")


def group(name: str) -> SuiteGroup:
    """With its suites. Raises GroupNotFound."""
    found = all_groups().filter(name=name).first()
    if found is None:
        raise GroupNotFound(_("There is no group of suites %(name)r.") % {"name": name})
    return found


def group_with_editions(name: str) -> SuiteGroup:
    """As `group`, and also one that was. Raises GroupNotFound."""
    return SuiteGroup.objects.filter(name=name, editions__isnull=False).first() or group(name)


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
