"""The process that reads tables: `python -m models_registry.formats.tables`, as `formats.fenced` says. Requests: {"format"}."""

from models_registry.formats import fenced
from models_registry.formats.tables.reading import read_table

_MEMORY = 2 * 1024**3
_CPU_SECONDS = 300


if __name__ == "__main__":
    fenced.serve(lambda request, sources: read_table(request["format"], sources), memory=_MEMORY, seconds=_CPU_SECONDS)
