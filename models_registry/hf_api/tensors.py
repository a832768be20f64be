"""What a model's weights hold."""

from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from hub.wire.describing import ANY_OBJECT, describe
from models_registry import access
from models_registry.hf_api.views import RepositoryView
from models_registry.services import references, tensor_headers


class SafetensorsMetadata(RepositoryView):
    """The headers of all files that a safetensors index of the default branch names."""

    @describe(
        answer={
            "type": "object",
            "properties": {"index": ANY_OBJECT, "headers": {"type": "object", "additionalProperties": ANY_OBJECT}},
            "required": ["index", "headers"],
        }
    )
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str, rest: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        access.require_read(request.actor, repository)
        commit = references.resolve(repository, repository.default_branch)
        index, headers = tensor_headers.of_index(repository, commit, rest)
        return Response({"index": index, "headers": headers})
