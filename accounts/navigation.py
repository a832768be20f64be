"""The list of pages under Settings, to which higher apps add theirs from `ready()`."""

from typing import NamedTuple

from django.utils.functional import Promise


class SettingsPage(NamedTuple):
    """`url_name`: of its address, with which those of all its pages begin."""

    url_name: str
    title: str | Promise
    icon: str


_pages: list[SettingsPage] = []


def add_settings_page(page: SettingsPage) -> None:
    _pages.append(page)


def settings_pages() -> list[SettingsPage]:
    return list(_pages)
