"""Who follows whom: people, organisations, repositories."""

from rest_framework.response import Response

from accounts.models import Namespace
from accounts.requests import ActorApiRequest
from accounts.services.accounts import organization_named, user_named
from hub.wire import rate_limits
from hub.wire.describing import describe
from hub.wire.pagination import page_by_id
from hub.wire.views import HubApiView
from models_registry.community.services import follows
from models_registry.hf_api.people import short_user
from models_registry.hf_api.shapes import people as shapes
from models_registry.hf_api.views import RepositoryView


def _namespace(username: str, name: str) -> Namespace:
    """Raises NamespaceNotFound."""
    return user_named(username).namespace if username else organization_named(name).namespace


@rate_limits.under(writes="follow")
class FollowView(HubApiView):
    """Follow a member or an organisation, or no longer; twice is once."""

    @describe(answer=shapes.FollowState)
    def post(self, request: ActorApiRequest, username: str = "", name: str = "") -> Response:
        follows.follow(actor=request.actor, namespace=_namespace(username, name))
        return Response({"following": True})

    @describe(answer=shapes.FollowState)
    def delete(self, request: ActorApiRequest, username: str = "", name: str = "") -> Response:
        follows.unfollow(actor=request.actor, namespace=_namespace(username, name))
        return Response({"following": False})


@rate_limits.under(writes="follow")
class FollowRepository(RepositoryView):
    """Follow a repository, or no longer; twice is once."""

    @describe(answer=shapes.FollowState)
    def post(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        follows.follow(actor=request.actor, repository=self.repository(request, plural, namespace, name))
        return Response({"following": True})

    @describe(answer=shapes.FollowState)
    def delete(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        follows.unfollow(actor=request.actor, repository=self.repository(request, plural, namespace, name))
        return Response({"following": False})


class Followers(HubApiView):
    """Who follows a member or an organisation, the latest first."""

    @describe(answer=shapes.ShortUser(many=True), paged=True)
    def get(self, request: ActorApiRequest, username: str = "", name: str = "") -> Response:
        found = follows.followers(namespace=_namespace(username, name))
        rows, headers = page_by_id(request, found, newest_first=True)
        return Response([short_user(row.user) for row in rows], headers=headers)


class RepositoryFollowers(RepositoryView):
    """Who follows a repository, the latest first."""

    @describe(answer=shapes.ShortUser(many=True), paged=True)
    def get(self, request: ActorApiRequest, plural: str, namespace: str, name: str) -> Response:
        found = follows.followers(repository=self.repository(request, plural, namespace, name))
        rows, headers = page_by_id(request, found, newest_first=True)
        return Response([short_user(row.user) for row in rows], headers=headers)


class Following(HubApiView):
    """The members whom a member follows, the latest first."""

    @describe(answer=shapes.ShortUser(many=True), paged=True)
    def get(self, request: ActorApiRequest, username: str) -> Response:
        found = follows.following(user_named(username)).filter(namespace__user__isnull=False)
        rows, headers = page_by_id(request, found, newest_first=True)
        people = [row.namespace.user for row in rows if row.namespace and row.namespace.user]
        return Response([short_user(user) for user in people], headers=headers)
