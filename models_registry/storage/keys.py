"""Where things lie: `<kind>/<two hex digits>/<hash>.<generation>`. A generation is never used again, so removing an old
object can never hit an upload of the same content that comes at the same moment."""

import uuid

LFS, BLOBS, XORBS, STAGING = "lfs/", "blobs/", "xorbs/", "staging/"
"""Everything that is collected when no row names it any more. Other folders have other keepers."""


def _generation() -> str:
    return uuid.uuid4().hex[:16]


def lfs(sha256: str) -> str:
    return f"{LFS}{sha256[:2]}/{sha256}.{_generation()}"


def blob(oid: str) -> str:
    return f"{BLOBS}{oid[:2]}/{oid}.{_generation()}"


def xorb(xorb_hash: str) -> str:
    return f"{XORBS}{xorb_hash[:2]}/{xorb_hash}.{_generation()}"


PICTURES = "pictures/"  # kept by the community: services.pictures


def picture(digest: str) -> str:
    return f"{PICTURES}{digest[:2]}/{digest}.{_generation()}"


def staging(session: str) -> str:
    """For one upload session: clients may write here, so nothing here is trusted."""
    return f"{STAGING}{session}"
