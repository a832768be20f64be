"""The REST API that huggingface_hub speaks, at the addresses where it expects it.

`rest`: revision, or revision and path; both may hold slashes, so `services.references.split` takes them apart.
"""

from django.urls import path

from models_registry.hf_api import cards, commits, identity, references, repositories, trees, xet_tokens
from models_registry.hf_api.resolve import resolve
from models_registry.models import Kind

_REPOSITORY = "api/<str:plural>/<str:namespace>/<str:name>"

urlpatterns = [
    path("api/whoami-v2", identity.WhoAmI.as_view()),
    path("api/validate-yaml", cards.ValidateYaml.as_view()),
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
    path(f"{_REPOSITORY}/commits/<path:rest>", commits.CommitList.as_view()),
    path(f"{_REPOSITORY}/preupload/<path:rest>", commits.Preupload.as_view()),
    path(f"{_REPOSITORY}/commit/<path:rest>", commits.CommitView.as_view()),
    path(f"{_REPOSITORY}/xet-read-token/<path:rest>", xet_tokens.XetReadToken.as_view()),
    path(f"{_REPOSITORY}/xet-write-token/<path:rest>", xet_tokens.XetWriteToken.as_view()),
    path("datasets/<str:namespace>/<str:name>/resolve/<path:rest>", resolve, {"kind": Kind.DATASET}),
    path("<str:namespace>/<str:name>/resolve/<path:rest>", resolve),
    path("api/<str:plural>/<str:name>", repositories.NoNamespace.as_view()),
    path("api/<str:plural>/<str:name>/revision/<path:rest>", repositories.NoNamespace.as_view()),
    path("<str:name>/resolve/<path:rest>", repositories.NoNamespace.as_view()),
]
