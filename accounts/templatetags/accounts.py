"""What the accounts' pages draw."""

from django import template

from accounts import navigation
from accounts.models import Namespace
from accounts.navigation import OrganizationPage, SettingsPage
from accounts.requests import ActorRequest
from accounts.services import invitations

register = template.Library()


@register.simple_tag
def settings_pages() -> list[SettingsPage]:
    """Of higher apps."""
    return navigation.settings_pages()


@register.simple_tag
def organization_pages(namespace: Namespace) -> list[tuple[str, OrganizationPage]]:
    """Of higher apps, each with its address."""
    return [(page.url(namespace), page) for page in navigation.organization_pages()]


@register.filter
def may_invite(request: ActorRequest) -> bool:
    """To the hub itself."""
    return invitations.may_invite(request.actor)
