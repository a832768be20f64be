"""Members and organisations as programs see them, and what they store."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Q, Sum
from rest_framework.response import Response

from accounts.models import Actor, Membership, Namespace, Organization, Role, User
from accounts.requests import ActorApiRequest
from accounts.services.accounts import organization_named, user_named
from accounts.services.profiles import profile_of
from hub.errors import Forbidden
from hub.wire.describing import describe
from hub.wire.pagination import page_by_id
from hub.wire.views import HubApiView
from models_registry.community.models import Collection, CollectionUpvote, Discussion
from models_registry.community.services import follows, likes
from models_registry.hf_api.shapes import people as shapes
from models_registry.models import Kind, Repository


def short_user(user: User) -> dict[str, Any]:
    """Needs the user with their namespace."""
    return {
        "_id": user.namespace.public_id,
        "user": user.username,
        "fullname": user.get_full_name(),
        "avatarUrl": "",
        "type": "user",
        "isPro": False,
    }


def _short_organization(organization: Organization) -> dict[str, Any]:
    namespace = organization.namespace
    return {
        "_id": namespace.public_id, "name": namespace.name, "fullname": namespace.display_name, "avatarUrl": "",
        "type": "org",
    }  # fmt: skip


def _counts(actor: Actor, namespace: Namespace) -> Mapping[str, int]:
    """Of what the asker may know of."""
    visible = Repository.objects.visible_to(actor).filter(namespace=namespace)
    counted = visible.aggregate(
        numModels=Count("pk", filter=Q(kind=Kind.MODEL)), numDatasets=Count("pk", filter=Q(kind=Kind.DATASET))
    )
    return {**counted, "numSpaces": 0, "numPapers": 0}


class UserOverview(HubApiView):
    """A member."""

    @describe(answer=shapes.User)
    def get(self, request: ActorApiRequest, username: str) -> Response:
        user = user_named(username)
        memberships = Membership.objects.filter(user=user).select_related("organization__namespace").order_by("pk")
        answer = short_user(user) | {
            "details": profile_of(user.namespace).about or None,
            "isFollowing": follows.is_following(request.actor, namespace=user.namespace),
            "createdAt": user.date_joined,
            **_counts(request.actor, user.namespace),
            "numDiscussions": Discussion.objects.visible_to(request.actor).filter(author=user).count(),
            "numUpvotes": CollectionUpvote.objects.filter(
                user=user, collection__in=Collection.objects.visible_to(request.actor).values("pk")
            ).count(),
            "numLikes": likes.liked_by(user, seen_by=request.actor).count(),
            "numFollowing": follows.following(user).count(),
            "numFollowers": follows.followers(namespace=user.namespace).count(),
            "orgs": [_short_organization(membership.organization) for membership in memberships],
        }
        return Response(answer)


class OrganizationOverview(HubApiView):
    """An organisation."""

    @describe(answer=shapes.Organization)
    def get(self, request: ActorApiRequest, name: str) -> Response:
        organization = organization_named(name)
        answer = _short_organization(organization) | {
            "details": profile_of(organization.namespace).about or None,
            "isVerified": bool(organization.verified_as),
            "isFollowing": follows.is_following(request.actor, namespace=organization.namespace),
            "createdAt": organization.created_at,
            "numUsers": organization.memberships.count(),
            **_counts(request.actor, organization.namespace),
            "numFollowers": follows.followers(namespace=organization.namespace).count(),
        }
        return Response(answer)


class Members(HubApiView):
    """Who belongs to an organisation."""

    @describe(answer=shapes.Member(many=True), paged=True)
    def get(self, request: ActorApiRequest, name: str) -> Response:
        memberships = Membership.objects.filter(organization=organization_named(name)).select_related("user__namespace")
        rows, headers = page_by_id(request, memberships)
        return Response([short_user(row.user) | {"role": Role(row.role).label} for row in rows], headers=headers)


class Stored(HubApiView):
    """What is stored in one's own namespace, or in an organisation's, for its members."""

    @describe(answer=shapes.StoredRepository(many=True), paged=True, refuses=[403])
    def get(self, request: ActorApiRequest, name: str = "") -> Response:
        user = request.actor.require_user()
        namespace = organization_named(name).namespace if name else user.namespace
        if not request.actor.namespaces(Role.READ).filter(pk=namespace.pk).exists():
            raise Forbidden(f"You are no member of {namespace.name}.")
        rows = (
            Repository.objects.visible_to(request.actor).filter(namespace=namespace).defer("search_text", "tag_words")
        )
        total = rows.aggregate(total=Sum("storage_logical"))["total"] or 0
        found, headers = page_by_id(request, rows.select_related("namespace"))
        return Response([_stored(repository, total) for repository in found], headers=headers)


def _stored(repository: Repository, total: int) -> dict[str, Any]:
    return {
        "id": repository.full_name,
        "type": repository.kind,
        "updatedAt": repository.updated_at,
        "visibility": "private" if repository.private else "public",
        "storage": repository.storage_logical,
        "storagePercent": round(100 * repository.storage_logical / total, 2) if total else 0,
    }
