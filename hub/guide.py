"""`/docs`: how to use the hub, for its members. The texts are Markdown in `docs/guide/<language>/<page>.md`."""

from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from hub.errors import NotFound
from models_registry.services import cards
from models_registry.services.markdown import Place

# In the order in which one reads them.
PAGES = ("start", "browser", "python", "git", "api", "cards", "evaluations", "scores", "moderation")
_FOLDER = settings.BASE_DIR / "docs" / "guide"
_EXAMPLE = "https://hub.example"  # in the texts: this hub's own address
_ORIGINAL = "en"


@dataclass(frozen=True)
class Chapter:
    """`language` is that of the text."""

    name: str
    title: str
    language: str
    html: SafeString


@require_safe
def guide(request: HttpRequest, page: str = PAGES[0]) -> HttpResponse:
    if page not in PAGES:
        raise NotFound(_("The guide has no page %(page)r.") % {"page": page})
    language = get_language() or _ORIGINAL
    chapters = [chapter(name, language) for name in PAGES]
    place = PAGES.index(page)
    context = {
        "chapters": chapters,
        "chapter": chapters[place],
        "previous": chapters[place - 1] if place else None,
        "next": chapters[place + 1] if place + 1 < len(PAGES) else None,
    }
    return render(request, "hub/guide.html", context)


@cache
def chapter(name: str, language: str) -> Chapter:
    """A page in the reader's language, or as it was first written."""
    language = language if (_FOLDER / language).is_dir() else _ORIGINAL
    text = (_FOLDER / language / f"{name}.md").read_text().replace(_EXAMPLE, settings.BASE_URL)
    heading, _line, body = text.partition("\n")
    return Chapter(
        name,
        heading.removeprefix("# ").strip(),
        language,
        cards.render(body.replace("\n## ", "\n# "), Place("/docs/", "/docs/", id_prefix="on-")),
    )
