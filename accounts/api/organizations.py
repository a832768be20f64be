# ruff: noqa: N815 - names as in the rest of the API
"""Organisations of this hub: founding and setting them up, their members, and invitations."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework import serializers
from rest_framework.response import Response

from accounts import access
from accounts.models import Invitation, Organization, Role
from accounts.requests import ActorApiRequest
from accounts.services import invitations, memberships, organizations, profiles, renaming
from accounts.services.accounts import organization_named, user_named
from hub.errors import BadRequest, NotFound
from hub.wire import rate_limits
from hub.wire.describing import describe
from hub.wire.pagination import page_by_id
from hub.wire.views import HubApiView, json_object


class NewOrganization(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="Stands in every address; taken and reserved names are refused.")
    fullname = serializers.CharField(required=False)
    about = serializers.CharField(required=False, help_text="Markdown.")
    privateByDefault = serializers.BooleanField(required=False)


class FoundOrganization(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    fullname = serializers.CharField()


class OrganizationSettings(serializers.Serializer[Any]):
    """What is left out stays as it is."""

    fullname = serializers.CharField(required=False, allow_blank=True)
    about = serializers.CharField(required=False, allow_blank=True, help_text="Markdown.")
    website = serializers.URLField(required=False, allow_blank=True)
    location = serializers.CharField(required=False, allow_blank=True)
    links = serializers.ListField(child=serializers.URLField(), required=False)
    privateByDefault = serializers.BooleanField(required=False, help_text="Of new repositories.")
    defaultRole = serializers.ChoiceField(
        [label for label in Role.labels if label != "admin"], required=False, help_text="Of who is invited."
    )


class Confirmation(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="The organisation's name again, so that nothing is deleted by a slip.")


class NewName(serializers.Serializer[Any]):
    name = serializers.CharField()


class GivenRole(serializers.Serializer[Any]):
    role = serializers.ChoiceField(list(Role.labels))


class MemberRole(serializers.Serializer[Any]):
    user = serializers.CharField()
    role = serializers.ChoiceField(list(Role.labels))


class NewInvitation(serializers.Serializer[Any]):
    """To a member by `user`, or to an address by `email`."""

    user = serializers.CharField(required=False)
    email = serializers.EmailField(required=False)
    role = serializers.ChoiceField(list(Role.labels), required=False, help_text="Else the organisation's default.")


class DescribedInvitation(serializers.Serializer[Any]):
    id = serializers.CharField()
    organization = serializers.CharField()
    user = serializers.CharField(allow_null=True)
    email = serializers.CharField(allow_null=True)
    role = serializers.ChoiceField(list(Role.labels))
    invitedBy = serializers.CharField(allow_null=True)
    createdAt = serializers.DateTimeField()
    expiresAt = serializers.DateTimeField()


class Answer(serializers.Serializer[Any]):
    accept = serializers.BooleanField()


def _text(body: dict[str, Any], name: str, default: str | None = None) -> str:
    """Raises BadRequest if it is no string."""
    value = body.get(name, default)
    if not isinstance(value, str):
        raise BadRequest(f"{name} must be a string.")
    return value


def _text_or_none(body: dict[str, Any], name: str) -> str | None:
    return _text(body, name) if body.get(name) is not None else None


def _bool_or_none(body: dict[str, Any], name: str) -> bool | None:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise BadRequest(f"{name} must be true or false.")
    return value


def _role(body: dict[str, Any], name: str = "role") -> Role:
    try:
        return Role.named(_text(body, name))
    except ValueError as error:
        raise BadRequest(str(error)) from None


def _links(body: dict[str, Any]) -> list[str] | None:
    links = body.get("links")
    if links is not None and not (isinstance(links, list) and all(isinstance(link, str) for link in links)):
        raise BadRequest("links must be a list of addresses.")
    return links


def _described(organization: Organization) -> dict[str, Any]:
    namespace = organization.namespace
    return {"id": namespace.public_id, "name": namespace.name, "fullname": namespace.display_name}


def _invitation(invitation: Invitation) -> dict[str, Any]:
    return {
        "id": str(invitation.pk),
        "organization": invitation.organization.namespace.name if invitation.organization else "",
        "user": invitation.user.username if invitation.user else None,
        "email": invitation.email or None,
        "role": Role(invitation.role).label,
        "invitedBy": invitation.invited_by.username if invitation.invited_by else None,
        "createdAt": invitation.created_at,
        "expiresAt": invitation.expires_at,
    }


class Organizations(HubApiView):
    @describe(body=NewOrganization, answer=FoundOrganization, refuses=[409])
    def post(self, request: ActorApiRequest) -> Response:
        """Found an organisation; you are its first administrator."""
        body = json_object(request)
        with transaction.atomic():
            made = organizations.found(
                actor=request.actor,
                name=_text(body, "name"),
                full_name=_text(body, "fullname", ""),
                private_by_default=bool(_bool_or_none(body, "privateByDefault")),
            )
            if about := _text(body, "about", ""):
                profiles.change_profile(actor=request.actor, namespace=made.namespace, about=about)
        return Response(_described(made))


class OneOrganization(HubApiView):
    @describe(body=OrganizationSettings, answer=FoundOrganization)
    def patch(self, request: ActorApiRequest, name: str) -> Response:
        """Change what an organisation says of itself, and its defaults. For its administrators."""
        organization, body = organization_named(name), json_object(request)
        role = _role(body, "defaultRole") if body.get("defaultRole") is not None else None
        with transaction.atomic():
            profiles.change_profile(
                actor=request.actor,
                namespace=organization.namespace,
                full_name=_text_or_none(body, "fullname"),
                about=_text_or_none(body, "about"),
                website=_text_or_none(body, "website"),
                location=_text_or_none(body, "location"),
                links=_links(body),
            )
            organizations.change_defaults(
                actor=request.actor,
                organization=organization,
                private_by_default=_bool_or_none(body, "privateByDefault"),
                role=role,
            )
        return Response(_described(organization_named(name)))

    @describe(body=Confirmation, refuses=[409])
    def delete(self, request: ActorApiRequest, name: str) -> Response:
        """Delete an organisation that holds no repositories any more. Its name stays held for a while."""
        organization = organization_named(name)
        if _text(json_object(request), "name", "") != organization.namespace.name:
            raise BadRequest("Send the organisation's name in the body, too.")
        organizations.delete_organization(actor=request.actor, organization=organization)
        return Response({})


class Naming(HubApiView):
    @describe(body=NewName, answer=FoundOrganization, refuses=[409])
    def post(self, request: ActorApiRequest, name: str) -> Response:
        """Give an organisation another name. The old one leads on, and nobody else can have it for a while."""
        organization = organization_named(name)
        wanted = _text(json_object(request), "name")
        renaming.rename(actor=request.actor, namespace=organization.namespace, name=wanted)
        return Response(_described(organization_named(wanted)))


class OneMember(HubApiView):
    @describe(body=GivenRole, answer=MemberRole, refuses=[409])
    def put(self, request: ActorApiRequest, name: str, username: str) -> Response:
        """Change a member's role. The last administrator keeps theirs."""
        organization, user = organization_named(name), user_named(username)
        role = _role(json_object(request))
        memberships.change_role(actor=request.actor, organization=organization, user=user, role=role)
        return Response({"user": user.username, "role": role.label})

    @describe(refuses=[409])
    def delete(self, request: ActorApiRequest, name: str, username: str) -> Response:
        """Remove a member, or leave: then name yourself. The last administrator stays."""
        organization, user = organization_named(name), user_named(username)
        if user == request.actor.user:
            memberships.leave(actor=request.actor, organization=organization)
        else:
            memberships.remove(actor=request.actor, organization=organization, user=user)
        return Response({})


@rate_limits.under(writes="invitation")
class Invitations(HubApiView):
    @describe(answer=DescribedInvitation(many=True), paged=True)
    def get(self, request: ActorApiRequest, name: str) -> Response:
        """Those of an organisation that wait for an answer. For its administrators."""
        organization = organization_named(name)
        access.require_administration(request.actor, organization)
        rows = _pending().filter(organization=organization)
        found, headers = page_by_id(request, rows, newest_first=True)
        return Response([_invitation(row) for row in found], headers=headers)

    @describe(body=NewInvitation, answer=DescribedInvitation, refuses=[409])
    def post(self, request: ActorApiRequest, name: str) -> Response:
        """Invite a member by name, or anybody by an e-mail address."""
        organization, body = organization_named(name), json_object(request)
        access.require_administration(request.actor, organization)
        username, email = _text(body, "user", ""), _text(body, "email", "")
        if bool(username) == bool(email):
            raise BadRequest("Name either a user or an email.")
        role = _role(body) if body.get("role") is not None else Role(organization.default_role)
        made = invitations.invite(
            actor=request.actor,
            organization=organization,
            email=email,
            user=user_named(username) if username else None,
            role=role,
        )
        return Response(_invitation(made))


class OneInvitation(HubApiView):
    @describe()
    def delete(self, request: ActorApiRequest, name: str, number: int) -> Response:
        """Take an invitation back."""
        organization = organization_named(name)
        access.require_administration(request.actor, organization)
        invitation = _pending().filter(organization=organization, pk=number).first()
        if invitation is None:
            raise NotFound("There is no such invitation, or it is answered.")
        invitations.revoke(actor=request.actor, invitation=invitation)
        return Response({})


class MyInvitations(HubApiView):
    @describe(answer=DescribedInvitation(many=True), paged=True)
    def get(self, request: ActorApiRequest) -> Response:
        """Those that wait for your own answer."""
        rows = _pending().addressed_to(request.actor.require_user()).exclude(organization=None)
        found, headers = page_by_id(request, rows, newest_first=True)
        return Response([_invitation(row) for row in found], headers=headers)


class MyInvitation(HubApiView):
    @describe(body=Answer)
    def post(self, request: ActorApiRequest, number: int) -> Response:
        """Accept an invitation, or decline it."""
        asked = _pending().addressed_to(request.actor.require_writer())
        invitation, accepts = asked.filter(pk=number).first(), _bool_or_none(json_object(request), "accept")
        if accepts is None:
            raise BadRequest("accept must be true or false.")
        if invitation is None:
            raise NotFound("There is no such invitation, or it is answered.")
        answer = invitations.accept if accepts else invitations.decline
        answer(actor=request.actor, invitation=invitation)
        return Response({})


def _pending() -> Any:
    rows = Invitation.objects.pending(timezone.now())
    return rows.select_related("organization__namespace", "user", "invited_by")
