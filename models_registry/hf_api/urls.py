"""The REST API that huggingface_hub speaks, at the addresses where it expects it.

`rest`: revision, or revision and path; both may hold slashes, so `services.references.split` takes them apart.
"""

from django.urls import path

from models_registry.hf_api import (
    access_requests,
    cards,
    commits,
    identity,
    likes,
    lists,
    not_offered,
    people,
    references,
    repositories,
    trees,
    xet_tokens,
)
from models_registry.hf_api.addressing import REPOSITORY as _REPOSITORY
from models_registry.hf_api.resolve import resolve
from models_registry.models import Kind

urlpatterns = [
    # First, because it is asked most.
    path("datasets/<str:namespace>/<str:name>/resolve/<path:rest>", resolve, {"kind": Kind.DATASET}),
    path("<str:namespace>/<str:name>/resolve/<path:rest>", resolve),
    *not_offered.urlpatterns,
    path("datasets/<str:namespace>/<str:name>/ask-access", access_requests.AskAccess.as_view(), {"kind": Kind.DATASET}),
    path("<str:namespace>/<str:name>/ask-access", access_requests.AskAccess.as_view()),
    path("api/whoami-v2", identity.WhoAmI.as_view()),
    path("api/validate-yaml", cards.ValidateYaml.as_view()),
    path("api/models-tags-by-type", lists.TagsByType.as_view(), {"kind": Kind.MODEL}),
    path("api/datasets-tags-by-type", lists.TagsByType.as_view(), {"kind": Kind.DATASET}),
    path("api/<plural:plural>", lists.RepositoryList.as_view()),
    path("api/repos/create", repositories.Create.as_view()),
    path("api/repos/delete", repositories.Delete.as_view()),
    path("api/repos/move", repositories.Move.as_view()),
    path("api/settings/repositories", people.Stored.as_view()),
    path("api/users/<str:username>/overview", people.UserOverview.as_view()),
    path("api/users/<str:username>/likes", likes.LikedBy.as_view()),
    path("api/users/<str:username>/followers", people.NobodyFollows.as_view()),
    path("api/users/<str:username>/following", people.NobodyFollows.as_view()),
    path("api/organizations/<str:name>/overview", people.OrganizationOverview.as_view()),
    path("api/organizations/<str:name>/members", people.Members.as_view()),
    path("api/organizations/<str:name>/followers", people.NobodyFollows.as_view()),
    path("api/organizations/<str:name>/settings/repositories", people.Stored.as_view()),
    path(f"{_REPOSITORY}", repositories.Info.as_view()),
    path(f"{_REPOSITORY}/revision/<path:rest>", repositories.RevisionInfo.as_view()),
    path(f"{_REPOSITORY}/settings", repositories.Settings.as_view()),
    path(f"{_REPOSITORY}/duplicate", repositories.Duplicate.as_view()),
    path(f"{_REPOSITORY}/like", likes.LikeView.as_view()),
    path(f"{_REPOSITORY}/likers", likes.Likers.as_view()),
    path(f"{_REPOSITORY}/user-access-request/handle", access_requests.HandleAccessRequest.as_view()),
    path(f"{_REPOSITORY}/user-access-request/grant", access_requests.GrantAccess.as_view()),
    path(f"{_REPOSITORY}/user-access-request/<str:status>", access_requests.AccessRequests.as_view()),
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
    path("api/<plural:plural>/<str:name>", repositories.NoNamespace.as_view()),
    path("api/<plural:plural>/<str:name>/<action:action>/<path:rest>", repositories.NoNamespace.as_view()),
    path("<str:name>/resolve/<path:rest>", repositories.NoNamespace.as_view()),
]
