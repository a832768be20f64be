"""What the accounts' pages draw."""

from django import template

from accounts import navigation
from accounts.navigation import SettingsPage

register = template.Library()


@register.simple_tag
def settings_pages() -> list[SettingsPage]:
    """Of higher apps."""
    return navigation.settings_pages()
