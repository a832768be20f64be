"""Which viewer a file's page gets, and what that viewer is given: one partial of `models_registry/view/` for each kind.

A name only suggests a viewer: what the file turns out not to be is shown by the next one that fits, and at the last come
its first bytes. So no file is without a page, whatever it claims to be.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.requests import ActorRequest
from models_registry.errors import ContentQuarantined, EntryNotFound
from models_registry.formats import archives, notebook
from models_registry.formats.archives import ArchiveError
from models_registry.formats.card import split as split_card
from models_registry.formats.highlighting import highlight_file
from models_registry.formats.text_heads import TextHead
from models_registry.models import Kind, Repository
from models_registry.page_addresses import page_url, resolve_url
from models_registry.services import cards, previews
from models_registry.services.format_words import in_words
from models_registry.services.indexing import tensors as headers
from models_registry.services.markdown import Place
from models_registry.services.previews import PICTURES
from models_registry.services.random_access import ReadRange, reader_of
from models_registry.services.trees import TreeEntry
from models_registry.storage import ObjectMissing
from models_registry.web import data, json_trees, notebooks, tensors

SOUNDS = (".wav", ".mp3", ".ogg", ".oga", ".opus", ".flac", ".m4a")
FILMS = (".mp4", ".webm", ".mov", ".m4v", ".ogv", ".mkv")
MARKDOWN = (".md", ".markdown", ".mdx")
MOST_LINES = 4_000
MOST_OF_A_DOCUMENT = 20 * 1024 * 1024  # bytes that a page fetches unasked
MOST_FILE_ROWS = 20
_HEAD = 16 * 1024
_LONGEST_LINE = 20_000  # of one with colours
_BYTES_SHOWN = 1024
_BYTES_IN_A_ROW = 16


class CannotShow(Exception):
    """Another viewer's turn; the text says why, for people to read, or is empty."""


class File:
    """One file of a page: where it is, and its bytes, read when a viewer asks."""

    def __init__(self, repository: Repository, revision: str, entry: TreeEntry):
        self.repository, self.revision, self.entry = repository, revision, entry
        self.lower = entry.name.lower()

    @cached_property
    def read(self) -> ReadRange:
        """Raises StorageUnavailable, ObjectMissing, ContentQuarantined."""
        return reader_of(self.repository, self.entry)

    @cached_property
    def head(self) -> bytes:
        return self.read(0, min(_HEAD, self.entry.size))

    @cached_property
    def text(self) -> TextHead | None:
        """The beginning, where it is text: as much of it as a page shows. None for an empty file, too."""
        if not self.entry.size or previews.text(self.head) is None:
            return None
        return previews.text(self.read(0, min(previews.LONGEST_TEXT, self.entry.size)))

    @property
    def is_whole(self) -> bool:
        """Whether `text` is all of it."""
        return self.entry.size <= previews.LONGEST_TEXT

    @property
    def place(self) -> Place:
        return Place(
            blob=page_url(self.repository, "blob", self.revision) + "/",
            resolve=resolve_url(self.repository, self.revision, ""),
            folder=self.entry.path.rpartition("/")[0],
        )


@dataclass(frozen=True)
class Viewer:
    """`key`: in the address, and of the partial. `draw` gives what the partial needs. Raises CannotShow."""

    key: str
    title: Any
    icon: str
    draw: Callable[[ActorRequest, File], dict[str, Any]]


def of_file(request: ActorRequest, repository: Repository, revision: str, entry: TreeEntry) -> dict[str, Any]:
    """For blob.html: `viewer` (a template), what it needs, `views` to choose from, and `view_notes`, sentences.

    Raises StorageUnavailable.
    """
    file = File(repository, revision, entry)
    if entry.is_lost:
        return _missing()
    try:
        return _shown(request, file)
    except (ObjectMissing, EntryNotFound, ContentQuarantined):
        return _missing()


def _missing() -> dict[str, Any]:
    return {"viewer": "models_registry/view/_missing.html", "views": [], "view_notes": []}


def _shown(request: ActorRequest, file: File) -> dict[str, Any]:
    fitting = [viewer for fits, viewer in _VIEWERS if fits(file)]
    wanted = "source" if "plain" in request.GET else request.GET.get("view", "")
    order = sorted(fitting, key=lambda viewer: viewer.key != wanted)
    notes: list[str] = []
    for viewer in order:
        try:
            drawn = viewer.draw(request, file)
        except CannotShow as reason:
            fitting.remove(viewer)
            notes += [str(reason)] if str(reason) else []
            continue
        views = [(other.key, other.title, other.icon, other is viewer) for other in fitting if other.key != "bytes"]
        return {
            "viewer": f"models_registry/view/_{viewer.key}.html",
            "views": views if len(views) > 1 else [],
            "view_notes": notes,
            **drawn,
        }
    raise AssertionError("The bytes of a file can always be shown.")


def _picture(_request: ActorRequest, file: File) -> dict[str, Any]:
    size = previews.picture_size(file.read, file.entry.size)
    if size is None:
        raise CannotShow(_("Its name says that it is a picture, but it does not begin like one."))
    return {"pixels": size, "picture_url": resolve_url(file.repository, file.revision, file.entry.path)}


def _drawing(_request: ActorRequest, file: File) -> dict[str, Any]:
    address = previews.drawing(file.read, file.entry.size)
    if address is None:
        raise CannotShow(_("This drawing is too large for a page, or no SVG."))
    return {"picture_url": address}


def _media(_request: ActorRequest, file: File) -> dict[str, Any]:
    return {"media_url": resolve_url(file.repository, file.revision, file.entry.path)}


def _pdf(_request: ActorRequest, file: File) -> dict[str, Any]:
    is_shown = file.entry.size <= MOST_OF_A_DOCUMENT
    return {"document_url": resolve_url(file.repository, file.revision, file.entry.path) if is_shown else ""}


def _notebook(_request: ActorRequest, file: File) -> dict[str, Any]:
    try:
        found = previews.notebook_of(file.read, file.entry.size)
    except notebook.NotANotebook as error:
        raise CannotShow(_("This notebook cannot be drawn: %(reason)s") % {"reason": in_words(str(error))}) from error
    return {"notebook": found, "cells": notebooks.cells(found, file.place)}


def _markdown(_request: ActorRequest, file: File) -> dict[str, Any]:
    if file.text is None:
        raise CannotShow
    return {"rendered": cards.render(split_card(file.text.text)[1], file.place), "is_beginning": not file.is_whole}


def _rows(_request: ActorRequest, file: File) -> dict[str, Any]:
    indexed = data.of_file(file.repository, file.entry, MOST_FILE_ROWS)
    if indexed:
        return indexed
    if not previews.rows_form(file.entry.name):
        raise CannotShow
    try:
        table = previews.rows_of(file.repository, file.entry, file.read)
    except previews.Busy:
        raise CannotShow(_("Other tables are being read just now: load the page again for its rows.")) from None
    if not table.columns:
        raise CannotShow(" ".join(map(in_words, table.problems)))
    return data.shown(file.repository, table, table.rows[:MOST_FILE_ROWS], 0) | {"table_url": ""}


def _tensors(request: ActorRequest, file: File) -> dict[str, Any]:
    summary = headers.of_file(file.repository, file.entry)
    if summary is None or not (summary.tensors or summary.metadata):
        raise CannotShow(in_words(summary.problem) if summary else "")
    return tensors.shown(request, summary)


def _json(_request: ActorRequest, file: File) -> dict[str, Any]:
    if file.text is None or not file.is_whole:
        raise CannotShow
    try:
        return {"json_tree": json_trees.drawn(file.text.text)}
    except json_trees.NotATree as error:
        raise CannotShow(str(error)) from error


def _source(_request: ActorRequest, file: File) -> dict[str, Any]:
    if file.text is None:
        raise CannotShow
    text = file.text.text
    lines = text.split("\n", MOST_LINES)
    is_beginning = not file.is_whole or len(lines) > MOST_LINES
    shown = "\n".join(lines[:MOST_LINES])
    is_plain = any(len(line) > _LONGEST_LINE for line in lines)
    drawn = [_line(line) for line in highlight_file(shown, "" if is_plain else file.entry.name)]
    return {
        "lines": drawn,
        "line_count": None if is_beginning else len(drawn),
        "is_beginning": is_beginning,
        "encoding": file.text.encoding,
    }


def _line(html: str) -> SafeString:
    return mark_safe(html)  # noqa: S308 - Pygments escapes what it colours


def _archive(_request: ActorRequest, file: File) -> dict[str, Any]:
    try:
        found = previews.archive_of(file.entry, archives.form_of(file.head), file.read)
    except ArchiveError as error:
        raise CannotShow(_("This archive is not listed: %(reason)s") % {"reason": in_words(str(error))}) from error
    except previews.Busy:
        raise CannotShow(
            _("Other files are being read just now: load the page again for what is in this archive.")
        ) from None
    return {"archive": found}


def _bytes(_request: ActorRequest, file: File) -> dict[str, Any]:
    shown = file.head[:_BYTES_SHOWN]
    rows = []
    for start in range(0, len(shown), _BYTES_IN_A_ROW):
        row = shown[start : start + _BYTES_IN_A_ROW]
        rows.append((f"{start:04x}", row.hex(" "), "".join(chr(one) if 32 <= one < 127 else "·" for one in row)))
    return {"byte_rows": rows, "byte_count": len(shown)}


def _ends(*endings: str) -> Callable[[File], bool]:
    return lambda file: file.lower.endswith(endings)


def _may_hold_rows(file: File) -> bool:
    """Others may be splits of a dataset, too: JSON can be rows or anything."""
    is_split = file.repository.kind == Kind.DATASET and file.lower.endswith(".json")
    return is_split or bool(previews.rows_form(file.entry.name))


def _is_readable(file: File) -> bool:
    return file.text is not None


_READ = gettext_lazy("Rendered")
# In the order in which they are tried; the last one takes everything.
_VIEWERS: list[tuple[Callable[[File], bool], Viewer]] = [
    (_ends(*PICTURES), Viewer("picture", gettext_lazy("Picture"), "image", _picture)),
    (_ends(".svg"), Viewer("drawing", gettext_lazy("Picture"), "image", _drawing)),
    (_ends(*SOUNDS), Viewer("sound", gettext_lazy("Sound"), "soundwave", _media)),
    (_ends(*FILMS), Viewer("film", gettext_lazy("Film"), "play", _media)),
    (lambda file: file.head.startswith(b"%PDF-"), Viewer("pdf", "PDF", "file-text", _pdf)),
    (_ends(".ipynb"), Viewer("notebook", _READ, "eye", _notebook)),
    (_ends(*MARKDOWN), Viewer("markdown", _READ, "eye", _markdown)),
    (_may_hold_rows, Viewer("rows", gettext_lazy("Rows"), "table", _rows)),
    (_ends(".safetensors", ".gguf", ".onnx"), Viewer("tensors", gettext_lazy("Tensors"), "table", _tensors)),
    (_is_readable, Viewer("source", gettext_lazy("Source"), "file-earmark-code", _source)),
    (_ends(".json", ".webmanifest", ".geojson"), Viewer("json", gettext_lazy("Structure"), "bar-chart-steps", _json)),
    (lambda file: bool(archives.form_of(file.head)), Viewer("archive", gettext_lazy("Archive"), "box", _archive)),
    (lambda _file: True, Viewer("bytes", gettext_lazy("Bytes"), "file-earmark-binary", _bytes)),
]
