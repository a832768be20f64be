"""Weight files and what goes with them, as small as they can be."""

import json
import struct
from typing import Any

from models_registry.models import Repository
from models_registry.services.indexing import index_commit
from tests import make


def safetensors(dtype: str = "F32", **tensors: list[int]) -> bytes:
    header, offset = {}, 0
    for name, shape in tensors.items():
        size = {"F32": 4, "F16": 2}[dtype]
        for length in shape:
            size *= length
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(offset)


def shard_index(**shards: str) -> str:
    return json.dumps({"metadata": {}, "weight_map": shards})


def indexed(files: dict[str, bytes | str], **fields: Any) -> Repository:
    """A repository with those files, indexed."""
    repository = make.repository(**fields)
    index_commit(repository.pk, make.commit(repository, files).oid)
    repository.refresh_from_db()
    return repository
