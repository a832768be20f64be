"""Lines of two texts, for partials that show how they differ."""

from django import template

from models_registry.formats.text_diff import Hunk
from models_registry.services.shown_changes import Colours, ShownHunk

register = template.Library()


@register.filter
def coloured(hunks: list[Hunk]) -> list[ShownHunk]:
    """Hunks of two texts of no known language."""
    return [ShownHunk(hunk, Colours([], [])) for hunk in hunks]
