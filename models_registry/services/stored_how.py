"""How the content of a large file lies in storage."""

from dataclasses import dataclass

from django.db.models import Count, F, FloatField, Sum
from django.db.models.functions import Cast

from models_registry.formats.git_objects import encode_pointer
from models_registry.models import LfsObject, Repository
from models_registry.services.trees import TreeEntry


@dataclass(frozen=True)
class StoredHow:
    """`pointer`: what git keeps of it. `chunks` in `xorbs` objects, about `packed` bytes: of what Xet has; 0 without it."""

    pointer: str
    has_plain_copy: bool
    xet_hash: str = ""
    chunks: int = 0
    xorbs: int = 0
    packed: int = 0


def of_file(repository: Repository, entry: TreeEntry) -> StoredHow | None:
    """None for a regular file, and one whose content is gone. Two queries."""
    if entry.lfs is None:
        return None
    pointer = encode_pointer(entry.lfs).decode()
    held = LfsObject.objects.filter(sha256=entry.lfs.sha256, possessions__repository=repository)
    file = held.select_related("xet_file").first()
    if file is None:
        return None
    if file.xet_file is None:
        return StoredHow(pointer, has_plain_copy=True)
    share = Cast(F("xorb__packed_size"), FloatField()) / F("xorb__unpacked_size")
    told = file.xet_file.terms.aggregate(
        chunks=Sum(F("chunk_end") - F("chunk_start")),
        xorbs=Count("xorb", distinct=True),
        packed=Sum(F("length") * share),
    )
    return StoredHow(
        pointer,
        has_plain_copy=bool(file.plain_key),
        xet_hash=entry.xet_hash or "",
        chunks=told["chunks"] or 0,
        xorbs=told["xorbs"] or 0,
        packed=round(told["packed"] or 0),
    )
