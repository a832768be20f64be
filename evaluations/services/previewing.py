"""The first rows of a suite's inputs, out of the commit that its version names, for who looks after suites."""

from django.utils.translation import gettext

from evaluations import proposals
from evaluations.models import SuiteVersion
from models_registry.errors import ContentQuarantined, EntryNotFound, StorageUnavailable
from models_registry.models import Commit, GitObject
from models_registry.services import reading, trees


def first_inputs(version: SuiteVersion) -> list[str]:
    """A line each; why there are none, where there are none."""
    repository = version.data_repository
    commit = Commit.objects.filter(repository=repository, oid=version.data_revision).first() if repository else None
    if repository is None or commit is None:
        return [gettext("(The data are not to be had.)")]
    try:
        entry = trees.file(repository, commit, version.data_path)
        content = reading.read_range(trees.stored(repository, entry), 0, entry.size)
        return proposals.first_rows(version.definition, content)
    except (EntryNotFound, ContentQuarantined, StorageUnavailable, GitObject.DoesNotExist, ValueError) as error:
        return [f"({error})"]
