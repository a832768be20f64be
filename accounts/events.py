"""What has happened to accounts and namespaces, told within the transaction of the fact itself. Higher apps listen."""

from django.dispatch import Signal

namespace_renamed = Signal()  # namespace: Namespace, under its new name; old_name: str
membership_changed = Signal()  # organization: Organization, user: User, role: Role or None for who is no member now
organization_invited = Signal()  # invitation: Invitation; user: User, the member whom it is for, by name or by address
user_leaving = Signal()  # user: User, about to be deleted
# organization: Organization, about to be deleted; who raises a HubError keeps it (something still stands under its name).
organization_leaving = Signal()
