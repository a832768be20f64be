"""A git directory for one request: exactly the references it may see, and no objects of its own but what is pushed."""

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from django.conf import settings

_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
_FORGOTTEN_AFTER = 4 * 3600  # seconds; no request lasts so long


def _root() -> Path:
    return Path(settings.GIT_CACHE_DIR) / "requests"


@contextlib.contextmanager
def made(references: Mapping[str, str], *, head: str = "main", alternate: Path | None = None) -> Iterator[Path]:
    """references: {full name: id}. alternate: an object folder that its own objects build on."""
    root = _root()
    root.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=root))
    try:
        (folder / "config").write_text(_CONFIG)
        (folder / "HEAD").write_text(f"ref: refs/heads/{head}\n")
        (folder / "refs").mkdir()
        (folder / "objects" / "info").mkdir(parents=True)
        (folder / "objects" / "pack").mkdir()
        if alternate is not None:
            (folder / "objects" / "info" / "alternates").write_text(f"{alternate}\n")
        with (folder / "packed-refs").open("wb") as packed:
            packed.write(b"# pack-refs with: sorted \n")
            packed.writelines(
                b"%s %s\n" % (target.encode(), name)
                for name, target in sorted((name.encode(), target) for name, target in references.items())
            )
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Remove what processes that were killed have left."""
    with contextlib.suppress(FileNotFoundError):
        for folder in _root().iterdir():
            if folder.stat().st_mtime < time.time() - _FORGOTTEN_AFTER:
                shutil.rmtree(folder, ignore_errors=True)
