"""What a page shows of one file's content: its beginning as text, its first rows, what is in it. Read by ranges, and bounded."""

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any

import imagesize
from django.core.cache import cache
from django.utils.translation import gettext_noop

from hub.kept_sentences import sentence
from models_registry.formats import notebook, text_heads
from models_registry.formats.archives import MOST_LISTED, ArchiveError, Listing, Member
from models_registry.formats.notebook import Notebook
from models_registry.formats.text_heads import TextHead
from models_registry.models import DatasetTable, Repository
from models_registry.services.fenced_process import FencedProcess, File, ProcessFailed
from models_registry.services.indexing.table_process import TableProcess
from models_registry.services.random_access import ReadRange, content_id
from models_registry.services.trees import TreeEntry

PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".bmp", ".ico")  # what browsers draw
LONGEST_TEXT = 512 * 1024  # bytes of text in a page
LARGEST_NOTEBOOK = 10 * 1024 * 1024
LARGEST_DRAWING = 256 * 1024  # of an SVG, which stands in the page
_ROWS = {".parquet": "parquet", ".csv": "csv", ".tsv": "csv", ".jsonl": "json", ".ndjson": "json"}
_PICTURE_HEAD = 256 * 1024
_ICON = b"\0\0\1\0"
_BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"GIF8", b"RIFF", b"BM")  # of pictures
_AVIF = b"ftyp"  # its name stands behind a length
_SECONDS = 10.0  # for a process, and for one's turn to have one
_KEPT_SECONDS = 24 * 3600
_MOST_ARCHIVE_BYTES = 64 * 1024 * 1024
_TOO_LARGE = sentence(gettext_noop("It is larger than this hub draws."))
_TOO_MUCH = sentence(gettext_noop("It takes more memory or time to list than this hub gives it."))
_processes = BoundedSemaphore(1)  # each may take 2 GiB


class Busy(Exception):
    """Others' files are being read: later."""


@contextmanager
def _turn() -> Iterator[None]:
    """To have a process. Raises Busy."""
    if not _processes.acquire(timeout=_SECONDS):
        raise Busy
    try:
        yield
    finally:
        _processes.release()


def text(head: bytes) -> TextHead | None:
    """The beginning of a file as text, if it is text."""
    return text_heads.decoded(head)


def picture_size(read: ReadRange, size: int) -> tuple[int, int] | None:
    """Width and height in pixels; None for what is no picture that browsers draw.

    Turned as its header says, but for AVIF, where finding the turn takes lists that may claim any length.
    """
    head = read(0, min(size, _PICTURE_HEAD))
    if head.startswith(_ICON) and len(head) > 7:  # the first of its pictures; imagesize knows no icons
        return head[6] or 256, head[7] or 256
    is_avif = head[4:8] == _AVIF
    if not is_avif and not head.startswith(_BEGINNINGS):
        return None
    width, height = imagesize.get(io.BytesIO(head), exif_rotation=not is_avif)
    return (width, height) if 0 < width < 2**31 and 0 < height < 2**31 else None


def drawing(read: ReadRange, size: int) -> str | None:
    """An SVG as a data: address: in an <img> it runs nothing and loads nothing. None for what is none, or too large."""
    if size > LARGEST_DRAWING:
        return None
    content = read(0, size)
    if b"<svg" not in content[:8192].lower():
        return None
    return f"data:image/svg+xml;base64,{base64.b64encode(content).decode()}"


def notebook_of(read: ReadRange, size: int) -> Notebook:
    """Raises NotANotebook."""
    if size > LARGEST_NOTEBOOK:
        raise notebook.NotANotebook(_TOO_LARGE)
    return notebook.parse(read(0, size))


def archive_of(entry: TreeEntry, form: str, read: ReadRange) -> Listing:
    """What is in an archive of that form; kept for a day. Raises ArchiveError, Busy, StorageUnavailable."""
    key = f"archive:1:{content_id(entry)}:{form}"
    found: Listing | str | None = cache.get(key)
    if found is None:
        with _turn(), _ArchiveProcess() as process:
            found = process.listed(form, File(entry.name, entry.size, read))
        cache.set(key, found, _KEPT_SECONDS)
    if isinstance(found, str):
        raise ArchiveError(found)
    return found


class _ArchiveProcess(FencedProcess):
    module = "models_registry.formats.archives"

    def listed(self, form: str, file: File) -> Listing | str:
        """What is in it, or why it is not listed. Raises what the file's `read` raises."""
        try:
            answer = self.ask({"form": form}, [file], seconds=_SECONDS, most_bytes=_MOST_ARCHIVE_BYTES)
            return str(answer["problem"])[:300] if "problem" in answer else _checked(answer)
        except (ProcessFailed, ValueError, TypeError, LookupError):
            return _TOO_MUCH


def _checked(answer: dict[str, Any]) -> Listing:
    """What it says may be that of a process that was taken over. Raises ValueError, TypeError, LookupError."""
    members = [
        Member(
            str(one["name"]),
            int(one["size"]),
            None if one["packed"] is None else int(one["packed"]),
            bool(one["is_folder"]),
        )
        for one in answer["members"][:MOST_LISTED]
    ]
    return Listing(str(answer["form"]), members, int(answer["count"]), int(answer["size"]), bool(answer["is_cut"]))


def rows_form(name: str) -> str:
    """How a file's rows are written, as readers of tables take it; "" for one that holds none."""
    return _ROWS.get(_rows_ending(name).removesuffix(".gz"), "")


def _rows_ending(name: str) -> str:
    """What of a name tells how the file's rows are written and packed: ".tsv.gz"."""
    unpacked = name.lower().removesuffix(".gz")
    return name.lower()[unpacked.rindex(".") :] if "." in unpacked else ""


def rows_of(repository: Repository, entry: TreeEntry, read: ReadRange) -> DatasetTable:
    """A file's first rows, of a file that no dataset's index has; kept for a day. Raises Busy, StorageUnavailable."""
    form, ending = rows_form(entry.name), _rows_ending(entry.name)
    key = f"rows-of-file:1:{content_id(entry)}:{ending}"
    found: dict[str, Any] | None = cache.get(key)
    if found is None:
        found = _read_rows(form, File(f"rows{ending}", entry.size, read))
        cache.set(key, found, _KEPT_SECONDS)
    return DatasetTable(
        repository=repository,
        split=entry.name,
        format=form,
        size=entry.size,
        num_rows=found["num_rows"],
        seen_rows=found["seen"],
        columns=found["columns"],
        rows=found["rows"],
        cut=found["cut"],
        problems=found["problems"],
    )


def _read_rows(form: str, file: File) -> dict[str, Any]:
    """file: without its name, which is none of those who have the same content."""
    with _turn(), TableProcess(seconds=_SECONDS) as process:
        found = process.read(form, [file])
    return found | {"problems": [str(problem).removeprefix(f"{file.path}: ") for problem in found["problems"]]}
