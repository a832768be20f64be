"""The process that reads tables (`formats.tables.__main__`), as its parent asks it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_noop

from hub.kept_sentences import sentence
from models_registry.services.fenced_process import FencedProcess, File, ProcessFailed

SECONDS = 60.0
MOST_BYTES = 96 * 1024 * 1024  # that one split is given
_TOO_MUCH = sentence(gettext_noop("These files take more memory or time to read than this hub gives a preview."))
_EMPTY: Mapping[str, Any] = {"num_rows": None, "seen": 0, "columns": [], "rows": [], "cut": []}

__all__ = ["File", "TableProcess"]


class TableProcess(FencedProcess):
    """`with TableProcess() as tables: tables.read("parquet", files)`.

    seconds: that one call to `read` may take.
    """

    module = "models_registry.formats.tables"

    def __init__(self, seconds: float = SECONDS) -> None:
        super().__init__()
        self.seconds = seconds

    def read(self, form: str, files: Sequence[File]) -> dict[str, Any]:
        """As `formats.tables.reading.read_table`. Raises what a file's `read` raises."""
        try:
            return _checked(self.ask({"format": form}, files, seconds=self.seconds, most_bytes=MOST_BYTES))
        except (ProcessFailed, ValueError):
            self.end()
            return {**_EMPTY, "problems": [_TOO_MUCH]}


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    """Raises ValueError for what no reader of tables would answer."""
    shapes = {"seen": int, "columns": list, "rows": list, "cut": list, "problems": list}
    if not all(isinstance(answer.get(name), shape) for name, shape in shapes.items()):
        raise ValueError("This is no table.")
    if not all(isinstance(entry, dict) for entry in (*answer["columns"], *answer["rows"])):
        raise ValueError("This is no table.")
    return answer
