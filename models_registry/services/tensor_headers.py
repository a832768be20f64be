"""The headers of a sharded model's weights, read by ranges: its index names the files."""

import json
from typing import Any

from django.utils.translation import gettext as _

from hub.errors import Invalid
from hub.wire import json_text
from models_registry.errors import ContentTooLarge
from models_registry.formats.paths import joined
from models_registry.formats.safetensors_header import PREFIX_BYTES, InvalidHeaderError, header_end, parse_header
from models_registry.models import Commit, Repository
from models_registry.services import reading, trees
from models_registry.services.format_words import in_words
from models_registry.services.trees import TreeEntry

MAX_SHARDS = 500
_LONGEST_INDEX = 32 * 1024 * 1024
_MOST_BYTES = 64 * 1024 * 1024  # of all headers together
_FIRST_READ = 64 * 1024  # most headers are shorter


def of_index(repository: Repository, commit: Commit, path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the index without its map of tensors, {shard's path as the index names it: its header}).

    A single safetensors file is taken for its own only shard. Raises EntryNotFound, Invalid, ContentTooLarge,
    StorageUnavailable.
    """
    entry = trees.file(repository, commit, path)
    if path.endswith(".safetensors"):
        return {}, {path: _header(repository, entry, _MOST_BYTES)[0]}
    index = _index(repository, entry)
    shards = sorted({shard for shard in index["weight_map"].values() if isinstance(shard, str)})
    if len(shards) > MAX_SHARDS:
        raise ContentTooLarge(
            _("The index names %(count)s files; at most %(most)s are read.")
            % {"count": len(shards), "most": MAX_SHARDS}
        )
    folder = path.rpartition("/")[0]
    place_of = {shard: joined(folder, shard) for shard in shards}
    found = trees.find(repository, commit, place_of.values())
    headers, left = {}, _MOST_BYTES
    for shard, place in place_of.items():
        if place not in found or found[place].is_folder:
            raise Invalid(_("The index names %(shard)r, which is not there.") % {"shard": shard})
        headers[shard], size = _header(repository, found[place], left)
        left -= size
    metadata = index.get("metadata")
    return {"metadata": metadata} if isinstance(metadata, dict) else {}, headers


def _index(repository: Repository, entry: TreeEntry) -> dict[str, Any]:
    if entry.size > _LONGEST_INDEX:
        raise ContentTooLarge(
            _("%(path)s has %(size)s bytes; an index may have %(most)s.")
            % {"path": entry.path, "size": entry.size, "most": _LONGEST_INDEX}
        )
    raw = reading.read_range(trees.stored(repository, entry), 0, entry.size)
    index = json_text.loads(raw)
    if not isinstance(index, dict) or not isinstance(index.get("weight_map"), dict):
        raise Invalid(_("%(path)s is no index of safetensors files.") % {"path": entry.path})
    return index


def _header(repository: Repository, entry: TreeEntry, most: int) -> tuple[dict[str, Any], int]:
    """The header as the file says it, and its bytes."""
    stored = trees.stored(repository, entry)
    try:
        raw = reading.read_range(stored, 0, min(_FIRST_READ, entry.size))
        end = header_end(raw, entry.size)
        if end > most:
            raise ContentTooLarge(_("The headers have more than %(most)s bytes together.") % {"most": _MOST_BYTES})
        if end > len(raw):
            raw += reading.read_range(stored, len(raw), end)
        parse_header(raw, entry.size)
    except InvalidHeaderError as error:
        raise Invalid(_("%(path)s: %(error)s") % {"path": entry.path, "error": in_words(str(error))}) from None
    return json.loads(raw[PREFIX_BYTES:end]), end
