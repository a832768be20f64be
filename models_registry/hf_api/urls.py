"""The REST API that huggingface_hub speaks, at the addresses where it expects it.

`rest`: revision, or revision and path; both may hold slashes, so `services.references.split` takes them apart.
"""

from django.urls import path, register_converter

from models_registry.hf_api import (
    cards,
    commits,
    comparing,
    identity,
    lfs_files,
    lists,
    references,
    repositories,
    tensors,
    trees,
    xet_tokens,
)
from models_registry.hf_api.resolve import raw, resolve
from models_registry.models import Kind


class PluralConverter:
    """What the client calls the kinds of repositories; those this hub has not are refused in words (`views.kind_of`)."""

    regex = "models|datasets|spaces|kernels"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(PluralConverter, "plural")

_REPOSITORY = "api/<plural:plural>/<str:namespace>/<str:name>"

urlpatterns = [
    # First, because it is asked most.
    path("datasets/<str:namespace>/<str:name>/resolve/<path:rest>", resolve, {"kind": Kind.DATASET}),
    path("<str:namespace>/<str:name>/resolve/<path:rest>", resolve),
    path("datasets/<str:namespace>/<str:name>/raw/<path:rest>", raw, {"kind": Kind.DATASET}),
    path("<str:namespace>/<str:name>/raw/<path:rest>", raw),
    path("api/whoami-v2", identity.WhoAmI.as_view()),
    path("api/validate-yaml", cards.ValidateYaml.as_view()),
    path("api/models-tags-by-type", lists.TagsByType.as_view(), {"kind": Kind.MODEL}),
    path("api/datasets-tags-by-type", lists.TagsByType.as_view(), {"kind": Kind.DATASET}),
    path("api/<plural:plural>", lists.RepositoryList.as_view()),
    path("api/repos/create", repositories.Create.as_view()),
    path("api/repos/delete", repositories.Delete.as_view()),
    path(f"{_REPOSITORY}", repositories.Info.as_view()),
    path(f"{_REPOSITORY}/revision/<path:rest>", repositories.RevisionInfo.as_view()),
    path(f"{_REPOSITORY}/settings", repositories.Settings.as_view()),
    path(f"{_REPOSITORY}/auth-check", repositories.AuthCheck.as_view()),
    path(f"{_REPOSITORY}/auth-check/<str:what>", repositories.AuthCheck.as_view()),
    path(f"{_REPOSITORY}/tree/<path:rest>", trees.Tree.as_view()),
    path(f"{_REPOSITORY}/paths-info/<path:rest>", trees.PathsInfo.as_view()),
    path(f"{_REPOSITORY}/refs", references.References.as_view()),
    path(f"{_REPOSITORY}/branch/<path:rest>", references.Branch.as_view()),
    path(f"{_REPOSITORY}/tag/<path:rest>", references.Tag.as_view()),
    path(f"{_REPOSITORY}/super-squash/<path:rest>", references.SuperSquash.as_view()),
    path(f"{_REPOSITORY}/lfs-files", lfs_files.LargeFiles.as_view()),
    path(f"{_REPOSITORY}/lfs-files/batch", lfs_files.Removal.as_view()),
    path(f"{_REPOSITORY}/lfs-files/duplicate", lfs_files.Copying.as_view()),
    path(f"{_REPOSITORY}/safetensors-metadata/<path:rest>", tensors.SafetensorsMetadata.as_view()),
    path(f"{_REPOSITORY}/commits/<path:rest>", commits.CommitList.as_view()),
    path(f"{_REPOSITORY}/compare/<path:rest>", comparing.Compare.as_view()),
    path(f"{_REPOSITORY}/preupload/<path:rest>", commits.Preupload.as_view()),
    path(f"{_REPOSITORY}/commit/<path:rest>", commits.CommitView.as_view()),
    path(f"{_REPOSITORY}/xet-read-token/<path:rest>", xet_tokens.XetReadToken.as_view()),
    path(f"{_REPOSITORY}/xet-write-token/<path:rest>", xet_tokens.XetWriteToken.as_view()),
    path("api/<plural:plural>/<str:name>", repositories.NoNamespace.as_view()),
    path("api/<plural:plural>/<str:name>/revision/<path:rest>", repositories.NoNamespace.as_view()),
    path("<str:name>/resolve/<path:rest>", repositories.NoNamespace.as_view()),
]
