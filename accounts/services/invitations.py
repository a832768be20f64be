"""Inviting people to the hub and to organisations: asked, accepted, declined, taken back."""

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import access
from accounts.errors import NoSuchInvitation
from accounts.events import membership_changed, organization_invited
from accounts.models import Actor, AuditEntry, Invitation, Membership, Namespace, Organization, Role, TokenRole, User
from hub.errors import Conflict, Forbidden, Invalid, RateLimited
from hub.jobs.models import Job

LIFE = timedelta(days=14)
MOST_PENDING = 50  # of one member, to the hub
MOST_PENDING_OF_ORGANIZATION = 500


def may_invite(actor: Actor, organization: Organization | None = None) -> bool:
    """To the hub where registration is by invitation; to an organisation as its admin."""
    if organization is not None:
        return access.may_administer(actor, organization)
    user = actor.user
    if user is None or user.is_suspended or actor.token is not None:
        return False
    return settings.REGISTRATION == "invitation" and (settings.INVITING == "members" or user.is_staff)


@transaction.atomic
def invite(
    *,
    actor: Actor,
    email: str = "",
    user: User | None = None,
    organization: Organization | None = None,
    role: Role = Role.READ,
    life: timedelta = LIFE,
) -> Invitation:
    """Ask somebody: a member by name (to an organisation), an address, or whoever gets the link, which is then shown.

    An address gets a letter with the link. An older invitation of the same to the same is taken back. Raises Forbidden;
    Invalid for what is no address; Conflict for who is a member already; RateLimited while very many wait.
    """
    if not may_invite(actor, organization):
        raise Forbidden(_("You may not invite here."))
    inviter, now = actor.require_writer(), timezone.now()
    email = _checked_address(email)
    pending = Invitation.objects.pending(now)
    if organization is None:
        waiting, most = pending.filter(invited_by=inviter, organization=None), MOST_PENDING
    else:
        Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        waiting, most = pending.filter(organization=organization), MOST_PENDING_OF_ORGANIZATION
    if waiting.count() >= most:
        raise RateLimited(_("%(most)s invitations wait for an answer: take some back first.") % {"most": most})
    member = user or _member_at(email)
    if member is not None and organization is None:
        raise Conflict(_("Somebody with this address is a member of this hub already."))
    if user is not None and Membership.objects.filter(organization=organization, user=user).exists():
        raise Conflict(
            _("%(user)s is a member already.") % {"user": user.username}
        )  # whose address it is, nobody learns by inviting it
    if user or email:
        same = Invitation.objects.filter(organization=organization, accepted_at=None, revoked_at=None)
        same.filter(user=user, email=email).update(revoked_at=now)
    invitation = Invitation.objects.create(
        email=email, user=user, organization=organization, role=role, invited_by=inviter, expires_at=now + life
    )
    AuditEntry.objects.record(
        actor,
        "invitation.created",
        _target(invitation),
        namespace=_namespace(invitation),
        whom=_whom(invitation),
        role=role.label if organization else "",
    )
    if email and member is None:
        Job.objects.add("send_invitation", str(invitation.pk))
    if member is not None:  # who is told as they wish to be, by e-mail too
        organization_invited.send(sender=Invitation, invitation=invitation, user=member)
    return invitation


def open_invitation(value: str) -> Invitation:
    """The invitation of this link, if it can still be accepted. Raises NoSuchInvitation."""
    found = Invitation.objects.with_value(value)
    if found is None or not found.is_pending(timezone.now()):
        raise NoSuchInvitation
    return found


def is_for(invitation: Invitation, user: User) -> bool:
    """Whether this member may accept it with its link: named, or by an address of theirs, or it is anybody's.

    The link came by a letter to that address, so who holds it need not show again that the address is theirs.
    """
    if invitation.user_id is None and invitation.email in {"", user.email.lower()}:
        return True
    return Invitation.objects.addressed_to(user).filter(pk=invitation.pk).exists()


@transaction.atomic
def accept(*, actor: Actor, invitation: Invitation) -> Membership | None:
    """Join what one was asked to join; the door has made sure that the actor holds the link, if it is for anybody.

    A higher role that the member has already stays. Raises Forbidden for a token that opens less than its owner's all;
    NoSuchInvitation if it was answered or taken back meanwhile, or who made it administers the organisation no more.
    """
    user, now = actor.require_writer(), timezone.now()
    _require_whole(actor)
    waiting = Invitation.objects.pending(now).filter(pk=invitation.pk)
    if not (_is_still_meant(invitation) and is_for(invitation, user)) or not waiting.update(
        accepted_at=now, accepted_by=user
    ):
        raise NoSuchInvitation
    AuditEntry.objects.record(
        actor, "invitation.accepted", _target(invitation), namespace=_namespace(invitation), whom=_whom(invitation)
    )
    organization, role = invitation.organization, Role(invitation.role)
    if organization is None:
        return None
    membership, created = Membership.objects.get_or_create(
        organization=organization, user=user, defaults={"role": role}
    )
    if created or membership.role < role:
        Membership.objects.filter(pk=membership.pk).update(role=role)
        membership.role = role
        AuditEntry.objects.record(
            actor,
            "membership.created" if created else "membership.changed",
            organization.namespace.name,
            namespace=organization.namespace,
            member=user.username,
            role=role.label,
        )
        membership_changed.send(sender=Membership, organization=organization, user=user, role=role)
    return membership


@transaction.atomic
def decline(*, actor: Actor, invitation: Invitation) -> None:
    """Raises Forbidden as `accept`; NoSuchInvitation if it is not the actor's, or was answered meanwhile."""
    _require_whole(actor)
    if not is_for(invitation, actor.require_user()) or not _end(invitation):
        raise NoSuchInvitation
    AuditEntry.objects.record(
        actor, "invitation.declined", _target(invitation), namespace=_namespace(invitation), whom=_whom(invitation)
    )


def _is_still_meant(invitation: Invitation) -> bool:
    """Whose trust ended, by leaving or by a ban, lets nobody in any more: another account of theirs might wait."""
    administrators = Membership.objects.of_administrators().filter(organization=invitation.organization_id)
    return invitation.organization_id is None or administrators.filter(user=invitation.invited_by_id).exists()


def _require_whole(actor: Actor) -> None:
    """A token for some repositories neither joins organisations nor declines to: its owner's rights are not its own."""
    if actor.token is not None and actor.token.role != TokenRole.WRITE:
        raise Forbidden(_("Only a token of the role “write” answers invitations."))


@transaction.atomic
def revoke(*, actor: Actor, invitation: Invitation) -> None:
    """Take it back: its link opens nothing any more. For who made it, admins of its organisation, staff. Raises Forbidden."""
    user = actor.require_writer()
    of_organization = invitation.organization is not None and may_invite(actor, invitation.organization)
    is_own = invitation.organization is None and invitation.invited_by_id == user.pk
    if not (of_organization or is_own):
        actor.require_permission("accounts.revoke_invitation")
    if not _end(invitation):
        raise NoSuchInvitation
    AuditEntry.objects.record(
        actor, "invitation.revoked", _target(invitation), namespace=_namespace(invitation), whom=_whom(invitation)
    )


def _end(invitation: Invitation) -> bool:
    now = timezone.now()
    return bool(Invitation.objects.pending(now).filter(pk=invitation.pk).update(revoked_at=now))


def _checked_address(email: str) -> str:
    email = email.strip().lower()
    if email:
        try:
            validate_email(email)
        except ValidationError:
            raise Invalid(_("%(email)r is no e-mail address.") % {"email": email[:100]}) from None
    return email


def _member_at(email: str) -> User | None:
    found = EmailAddress.objects.filter(email__iexact=email, verified=True).select_related("user") if email else ()
    return next((address.user for address in found), None)


def _target(invitation: Invitation) -> str:
    return invitation.organization.namespace.name if invitation.organization else "the hub"


def _namespace(invitation: Invitation) -> Namespace | None:
    return invitation.organization.namespace if invitation.organization else None


def _whom(invitation: Invitation) -> str:
    return invitation.user.username if invitation.user else invitation.email
