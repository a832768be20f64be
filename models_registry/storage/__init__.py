"""S3, the only storage: the one room that talks to boto3. Keys are made in `keys`, and live in rows, never in trees."""

from models_registry.storage.ranged import read_range
from models_registry.storage.s3 import (
    ObjectMissing,
    Part,
    abort_multipart,
    complete_multipart,
    copy,
    create_multipart,
    delete,
    get,
    parts_of,
    presign_get,
    presign_part,
    presign_put,
    put,
    size_of,
    stream,
)

__all__ = [
    "ObjectMissing",
    "Part",
    "abort_multipart",
    "complete_multipart",
    "copy",
    "create_multipart",
    "delete",
    "get",
    "parts_of",
    "presign_get",
    "presign_part",
    "presign_put",
    "put",
    "read_range",
    "size_of",
    "stream",
]
