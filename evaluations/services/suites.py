"""Suites as rows, kept in step with their files; their labels in storage. What holds their inputs: `services.hosting`."""

import logging
import uuid
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from evaluations import suite_files
from evaluations.errors import SuiteChanged, SuiteNotFound
from evaluations.models import Suite, SuiteVersion
from evaluations.services import rank_requests
from evaluations.suite_files import InvalidSuiteError, SuiteFile, digest_of_data
from models_registry import storage

logger = logging.getLogger(__name__)


def synchronize(folder: Path = suite_files.FOLDER) -> list[SuiteVersion]:
    """Make every suite's file a current version; those that are known already cost one query each.

    Labels go to storage first, rows second. Raises InvalidSuiteError, SuiteChanged, StorageUnavailable.
    """
    return [keep(suite) for suite in suite_files.read_all(folder)]


def current_versions() -> QuerySet[SuiteVersion]:
    return (
        SuiteVersion.objects.filter(current=True)
        .select_related("suite", "data_repository__namespace")
        .order_by("suite__task", "suite__title")
    )


def current_version(name: str) -> SuiteVersion:
    """Raises SuiteNotFound."""
    found = current_versions().filter(suite__name=name).first()
    if found is None:
        raise SuiteNotFound(_("There is no suite %(name)r.") % {"name": name})
    return found


def keep(suite: SuiteFile) -> SuiteVersion:
    """Make one suite's file a current version. Raises as `synchronize`."""
    definition = dict(suite.definition)
    known = SuiteVersion.objects.filter(suite__name=definition["id"], version=definition["version"])
    found = known.select_related("suite").first()
    if found is None:
        if Suite.objects.filter(name=definition["id"], is_proposed=True).exists():
            raise SuiteChanged(f"{suite.path.name}: a member's suite has this id. Give the file another one.")
        labels_key = store_labels(suite)
        try:
            found = _add_version(suite, labels_key)
        except IntegrityError:  # another worker starts at the same moment; its version is as good
            found = known.get()
    if found.digest != suite.digest:
        raise SuiteChanged(f"{suite.path.name} changed, but its version is still {found.version}: give it a new one.")
    if not found.current:
        _make_current(found)
    return found


@transaction.atomic
def _add_version(suite: SuiteFile, labels_key: str) -> SuiteVersion:
    definition = dict(suite.definition)
    facts = {name: definition[name] for name in ("title", "summary", "task", "tier")}
    row, is_new = Suite.objects.update_or_create(name=definition["id"], defaults=facts)
    row.versions.update(current=False)
    version = row.versions.create(
        version=definition["version"],
        digest=suite.digest,
        definition=definition,
        labels_key=labels_key,
    )
    if not is_new:
        rank_requests.ask(version)  # and with it the groups, which were made of the version before
    logger.info("suite %s added", version)
    return version


@transaction.atomic
def _make_current(version: SuiteVersion) -> None:
    SuiteVersion.objects.filter(suite=version.suite).update(current=False)
    version.current = True
    version.save(update_fields=["current"])
    rank_requests.ask(version)
    logger.info("suite %s is current again", version)


def store_labels(suite: SuiteFile) -> str:
    """Put the labels under their own prefix; all data are checked against their hashes first. Returns the key.

    Raises InvalidSuiteError, StorageUnavailable.
    """
    (data,) = suite.definition["data"]
    _checked(suite, data, "inputs", "sha256")
    content = _checked(suite, data, "labels", "labels_sha256")
    key = f"labels/{data['labels_sha256'][:2]}/{data['labels_sha256']}.{uuid.uuid4().hex[:16]}"
    storage.put(key, content)
    return key


def _checked(suite: SuiteFile, data: dict[str, Any], part: str, hash_name: str) -> bytes:
    content = suite.data_content(data[part])
    if digest_of_data(content) != data[hash_name]:
        raise InvalidSuiteError(f"{suite.path.name}: {data[part]} is not what {hash_name} says.")
    return content
