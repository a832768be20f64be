"""Groups of suites as their operator writes them: one YAML file each in `evaluations/suites/groups/`, checked against its schema.

A group names suites, not versions: its board is made of their current ones. What it averages are shares of rows that are right,
each with what guessing reaches: other numbers have no common scale, so a suite that is ranked by one may not be in a group.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluations import suite_files
from evaluations.suite_files import InvalidSuiteError

FOLDER = suite_files.FOLDER / "groups"
SCHEMA = FOLDER / "schema.json"


@dataclass(frozen=True, slots=True)
class GroupFile:
    """One group as it stands in its file, already checked by itself."""

    path: Path
    name: str
    title: str
    summary: str
    suites: tuple[str, ...]

    def check(self, suites: Mapping[str, Mapping[str, Any]]) -> None:
        """Against the definitions of the suites there are, by name. Raises InvalidSuiteError."""
        for name in self.suites:
            definition = suites.get(name)
            if definition is None:
                raise InvalidSuiteError(f"{self.path.name}: there is no suite {name!r}.")
            (metric,) = (metric for metric in definition["metrics"] if metric["primary"])
            if metric["ci"] != "wilson" or not metric["higher_is_better"]:
                raise InvalidSuiteError(
                    f"{self.path.name}: {name} is ranked by {metric['name']}, which is no share of rows that are right; "
                    "only those can be averaged."
                )
            if not 0 <= metric.get("chance", 1) < 1:
                raise InvalidSuiteError(f"{self.path.name}: {name} does not say what guessing reaches (`chance`).")


def read(path: Path) -> GroupFile:
    """Raises InvalidSuiteError."""
    definition = suite_files.read_checked(path, SCHEMA)
    if path.stem != definition["id"]:
        raise InvalidSuiteError(f"{path.name} holds the group {definition['id']!r}; the names must agree.")
    return GroupFile(
        path, definition["id"], definition["title"], definition["summary"].strip(), tuple(definition["suites"])
    )


def read_all(folder: Path = FOLDER) -> Iterator[GroupFile]:
    """Every group of the folder, by name. Raises InvalidSuiteError at the first that won't do."""
    for path in sorted(folder.glob("*.yaml")):
        yield read(path)
