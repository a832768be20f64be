"""The process that lists archives: `python -m models_registry.formats.archives`. Requests: {"form"}, one file.

Answers: a Listing, or {"problem"}.
"""

import io
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from models_registry.formats import fenced
from models_registry.formats.archives import ArchiveError, listed
from models_registry.formats.fenced import Source, SourceFile

_MEMORY = 512 * 1024**2
_CPU_SECONDS = 5
_BUFFER = 128 * 1024  # what is read lies a little here and there


def _answer(request: dict[str, Any], sources: Sequence[Source]) -> dict[str, Any]:
    try:
        return asdict(listed(request["form"], io.BufferedReader(SourceFile(sources[0]), _BUFFER)))
    except ArchiveError as error:
        return {"problem": str(error)}


if __name__ == "__main__":
    fenced.serve(_answer, memory=_MEMORY, seconds=_CPU_SECONDS)
