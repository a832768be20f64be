"""The filesystem broker, with messages that are whole from the moment they can be seen.

kombu opens a message's file under its final name and writes afterwards: a worker that looks in between reads nothing,
and dies of it, because nothing is no JSON. Here a message is written beside its place first.
"""

import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]  # kombu disagrees with itself
        """The name is kombu's: workers look for its end, and take messages in its order."""
        folder, identity = Path(self.data_folder_out), uuid.uuid4()
        draft = folder / f".{identity}.draft"
        try:
            draft.write_text(dumps(payload), "utf-8")
            draft.replace(folder / f"{round(time.monotonic() * 1000)}_{identity}.{queue}.msg")
        except OSError:
            draft.unlink(missing_ok=True)
            raise


class Transport(filesystem.Transport):
    Channel = Channel
