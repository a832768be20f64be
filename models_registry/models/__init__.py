from models_registry.models.access_request import AccessRequest
from models_registry.models.content import (
    LfsObject,
    RepositoryLfsObject,
    ServedBytes,
    UploadSession,
    XetChunkKey,
    XetFile,
    XetGrant,
    XetTerm,
    Xorb,
    XorbHolder,
)
from models_registry.models.garbage import GarbageMark, GarbageRound
from models_registry.models.git import BlobContent, Commit, FolderHistory, GitObject, ObjectKind, Reference
from models_registry.models.metadata import Card, RepositoryTag, TensorSummary
from models_registry.models.repository import Gate, Kind, Repository, RepositoryRedirect

__all__ = [
    "AccessRequest",
    "BlobContent",
    "Card",
    "Commit",
    "FolderHistory",
    "GarbageMark",
    "GarbageRound",
    "Gate",
    "GitObject",
    "Kind",
    "LfsObject",
    "ObjectKind",
    "Reference",
    "Repository",
    "RepositoryLfsObject",
    "RepositoryRedirect",
    "RepositoryTag",
    "ServedBytes",
    "TensorSummary",
    "UploadSession",
    "XetChunkKey",
    "XetFile",
    "XetGrant",
    "XetTerm",
    "Xorb",
    "XorbHolder",
]
