"""Who likes what."""

from rest_framework.response import Response

from accounts.requests import ActorApiRequest
from accounts.services.accounts import user_named
from hub.wire import rate_limits
from hub.wire.describing import describe
from hub.wire.pagination import page_by_id
from hub.wire.views import HubApiView
from models_registry.community.services import likes
from models_registry.hf_api.people import short_user
from models_registry.hf_api.shapes import people as shapes
from models_registry.hf_api.views import RepositoryView


@rate_limits.under(writes="like")
class LikeView(RepositoryView):
    """Like a repository, or no longer; twice is once."""

    @describe(answer=shapes.LikeState)
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        likes.like(actor=request.actor, repository=repository)
        return Response({"liked": True})

    @describe(answer=shapes.LikeState)
    def delete(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        likes.unlike(actor=request.actor, repository=repository)
        return Response({"liked": False})


class Likers(RepositoryView):
    """Who likes a repository, the latest first."""

    @describe(answer=shapes.ShortUser(many=True), paged=True)
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        repository = self.repository(request, plural, namespace, name)
        rows, headers = page_by_id(request, likes.likers(repository), newest_first=True)
        return Response([short_user(row.user) for row in rows], headers=headers)


class LikedBy(HubApiView):
    """What a member likes, the latest first."""

    @describe(answer=shapes.Liked(many=True), paged=True)
    def get(self, request: ActorApiRequest, username: str) -> Response:
        liked = likes.liked_by(user_named(username), seen_by=request.actor)
        rows, headers = page_by_id(request, liked, newest_first=True)
        answer = [
            {
                "repo": {"name": row.repository.full_name, "type": row.repository.kind},
                "createdAt": row.created_at,
            }
            for row in rows
        ]
        return Response(answer, headers=headers)
