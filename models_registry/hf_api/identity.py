"""Who am I?"""

from rest_framework.response import Response

from accounts.models import AccessToken, Membership, Role, TokenRole, User
from accounts.requests import ActorApiRequest
from accounts.services.accounts import has_verified_email
from hub.errors import Unauthenticated
from hub.wire.describing import describe
from hub.wire.views import HubApiView
from models_registry.hf_api.shapes import identity as shapes

_ROLE_NAMES = {TokenRole.FINE_GRAINED: "fineGrained"}


class WhoAmI(HubApiView):
    @describe(answer=shapes.Me)
    def get(self, request: ActorApiRequest) -> Response:
        user = request.actor.user
        if user is None:
            raise Unauthenticated("Invalid username or password.")
        answer = {
            "type": "user",
            "id": user.namespace.public_id,
            "name": user.username,
            "fullname": user.get_full_name(),
            "email": user.email,
            "emailVerified": has_verified_email(user),
            "isPro": False,
            "avatarUrl": "",
            "orgs": [_organization(membership) for membership in _memberships(user)],
        }
        if request.actor.token is not None:
            answer["auth"] = {"type": "access_token", "accessToken": _token(request.actor.token)}
        return Response(answer)


def _memberships(user: User) -> list[Membership]:
    return list(user.memberships.select_related("organization__namespace"))


def _organization(membership: Membership) -> dict[str, object]:
    namespace = membership.organization.namespace
    return {
        "type": "org",
        "id": namespace.public_id,
        "name": namespace.name,
        "fullname": namespace.display_name,
        "avatarUrl": "",
        "roleInOrg": Role(membership.role).label,
        "isEnterprise": False,
    }


def _token(token: AccessToken) -> dict[str, object]:
    return {
        "displayName": token.name,
        "role": _ROLE_NAMES.get(TokenRole(token.role), token.role),
        "createdAt": token.created_at,
    }
