"""Scalars out of what a training writes down: TensorBoard's event files and the trainer_state.json of transformers.

Files come from anyone: so `reading` runs in a process of its own (`__main__`), as `formats.fenced` says.
"""

from collections.abc import Iterable
from enum import Enum

STATE_FILE = "trainer_state.json"
MOST_TAGS = 1000  # of a file
MOST_POINTS = 1000  # of a tag
LONGEST_TAG = 200


class Form(Enum):
    EVENTS = "events"
    TRAINER_STATE = "trainer_state"


def form_of(path: str) -> Form | None:
    """What is in a file of that name, by TensorBoard's own rule and by transformers'. None: no log of a training."""
    name = path.rpartition("/")[2]
    if name == STATE_FILE:
        return Form.TRAINER_STATE
    return Form.EVENTS if "tfevents" in name else None


def run_of(path: str) -> str:
    """The run that a file belongs to: its folder, "." at the top; a state is one of its own."""
    return path if form_of(path) is Form.TRAINER_STATE else path.rpartition("/")[0] or "."


def without_earlier_states(paths: Iterable[str]) -> list[str]:
    """The logs among the files of a repository, in their order.

    Each checkpoint of transformers holds the whole history so far: of a folder's checkpoints and its own state, the last stays.
    """
    found = sorted(path for path in paths if form_of(path))
    last: dict[str, tuple[float, str]] = {}
    for path in found:
        if form_of(path) is Form.TRAINER_STATE:
            training, step = _checkpoint(path)
            last[training] = max(last.get(training, (-1.0, "")), (step, path))
    kept = {path for _step, path in last.values()}
    return [path for path in found if form_of(path) is Form.EVENTS or path in kept]


def _checkpoint(path: str) -> tuple[str, float]:
    """(folder of the training, how far it was): a/checkpoint-500/trainer_state.json → ("a", 500)."""
    folder = path.rpartition("/")[0]
    training, _, name = folder.rpartition("/")
    number = name.removeprefix("checkpoint-")
    if number != name and number.isdecimal() and number.isascii() and len(number) < 16:
        return training, float(number)
    return folder, float("inf")
