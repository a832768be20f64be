from models_registry.models.access_request import AccessRequest
from models_registry.models.content import (
    LfsLock,
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
from models_registry.models.counters import DownloadCount
from models_registry.models.facet_index import FacetIndex
from models_registry.models.garbage import GarbageMark, GarbageRound
from models_registry.models.git import BlobContent, Commit, FolderHistory, GitObject, ObjectKind, Reference
from models_registry.models.metadata import (
    Card,
    DatasetTable,
    FileScan,
    GateForm,
    LineageEdge,
    Relation,
    RepositoryFacts,
    RepositoryTag,
    TensorSummary,
)
from models_registry.models.pull_request import PullRequest
from models_registry.models.repository import CommercialUse, Gate, Kind, Repository, RepositoryRedirect, Standing
from models_registry.models.safety import Quarantine, SecretFinding, SecretScan, VirusScan
from models_registry.models.training import TrainingFile, TrainingLog, TrainingScalar

__all__ = [
    "AccessRequest",
    "BlobContent",
    "Card",
    "CommercialUse",
    "Commit",
    "DatasetTable",
    "DownloadCount",
    "FacetIndex",
    "FileScan",
    "FolderHistory",
    "GarbageMark",
    "GarbageRound",
    "Gate",
    "GateForm",
    "GitObject",
    "Kind",
    "LfsLock",
    "LfsObject",
    "LineageEdge",
    "ObjectKind",
    "PullRequest",
    "Quarantine",
    "Reference",
    "Relation",
    "Repository",
    "RepositoryFacts",
    "RepositoryLfsObject",
    "RepositoryRedirect",
    "RepositoryTag",
    "SecretFinding",
    "SecretScan",
    "ServedBytes",
    "Standing",
    "TensorSummary",
    "TrainingFile",
    "TrainingLog",
    "TrainingScalar",
    "UploadSession",
    "VirusScan",
    "XetChunkKey",
    "XetFile",
    "XetGrant",
    "XetTerm",
    "Xorb",
    "XorbHolder",
]
