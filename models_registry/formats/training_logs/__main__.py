"""The process that reads logs of trainings: `python -m models_registry.formats.training_logs`. Requests: {"form"}, one file."""

from models_registry.formats import fenced
from models_registry.formats.training_logs import Form
from models_registry.formats.training_logs.reading import read_log

_MEMORY = 1024**3
_CPU_SECONDS = 300


if __name__ == "__main__":
    fenced.serve(
        lambda request, sources: read_log(Form(request["form"]), sources[0]), memory=_MEMORY, seconds=_CPU_SECONDS
    )
