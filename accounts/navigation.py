"""The lists of pages under Settings, a member's and an organisation's, to which higher apps add theirs from `ready()`."""

from collections.abc import Callable
from typing import NamedTuple

from django.utils.functional import Promise

from accounts.models import Namespace


class SettingsPage(NamedTuple):
    """`url_name`: of its address, with which those of all its pages begin."""

    url_name: str
    title: str | Promise
    icon: str


class OrganizationPage(NamedTuple):
    """`url`: its address for that organisation."""

    url: Callable[[Namespace], str]
    title: str | Promise
    icon: str


_pages: list[SettingsPage] = []
_of_organizations: list[OrganizationPage] = []


def add_settings_page(page: SettingsPage) -> None:
    _pages.append(page)


def settings_pages() -> list[SettingsPage]:
    return list(_pages)


def add_organization_page(page: OrganizationPage) -> None:
    _of_organizations.append(page)


def organization_pages() -> list[OrganizationPage]:
    return list(_of_organizations)
