"""Search over everything, what it says when it finds nothing, and lists of which every facet is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.browser.scene import Scene


def pages(scene: Scene) -> dict[str, str]:
    return {
        "search": "/search?q=digits",
        "search-discussions": "/search?q=expected&type=discussions",
        "search-people": "/search?q=a&type=people",
        "models-every-facet": "/models?task=image-classification&params_min=9&params_max=14&pickle=no&gate=open&in-tag=di",
        "models-by-score": "/models?sort=score:digits-image-classification",
    }


def entrance_pages() -> dict[str, str]:
    return {
        "search-empty": "/search",
        "search-nothing": "/search?q=nothing-like-this",
        "search-models": "/search?q=digits&type=models",
        "datasets-narrowed": "/datasets?licence=cc-by-4.0",
    }
