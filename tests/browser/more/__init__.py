"""What the scene is made of beyond its core: one module a subject, found by being here.

A module may have `arrange(scene)`, run once the scene stands; `pages(scene)`, the pages it adds for a member; and
`entrance_pages()`, those for visitors. Each page found so is held to what holds on every page.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.browser.scene import Scene


def _subjects() -> list[ModuleType]:
    return [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]


def arrange(scene: Scene) -> None:
    for subject in _subjects():
        if hasattr(subject, "arrange"):
            subject.arrange(scene)


def pages(scene: Scene) -> dict[str, str]:
    found: dict[str, str] = {}
    for subject in _subjects():
        if hasattr(subject, "pages"):
            found |= subject.pages(scene)
    return found


def entrance_pages() -> dict[str, str]:
    found: dict[str, str] = {}
    for subject in _subjects():
        if hasattr(subject, "entrance_pages"):
            found |= subject.entrance_pages()
    return found
