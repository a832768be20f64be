"""Pictures of 1200 × 630 pixels that other sites show beside a link to a page of ours (Open Graph, https://ogp.me)."""

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.cache import cache as shared_cache
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1200, 630
_MARGIN = 80
_STATIC = settings.BASE_DIR / "static"
# Letters that the vendored fonts lack are drawn in one of these, where the machine has it (Debian: fonts-noto-cjk).
_WIDE_FONTS = (
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc"),
)
# As static/css/tokens.css has them, in light.
_PAPER, _TEXT, _QUIET, _LINE, _ACCENT = "#fcfdfb", "#17201b", "#4a574f", "#dfe5e0", "#17734a"
_KEPT_SECONDS = 24 * 3600
MINUTES_FRESH = 60


@dataclass(frozen=True)
class Preview:
    """`over`: a word above the title, such as its owner; `facts`: (number or word, what it is), at most four are drawn."""

    over: str
    title: str
    text: str
    facts: Sequence[tuple[str, str]] = ()


def answer(request: HttpRequest, preview: Preview) -> HttpResponse:
    """The picture, drawn once for each thing it says."""
    said = hashlib.sha256(json.dumps(asdict(preview)).encode()).hexdigest()[:32]
    etag = f'"{said}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers={"ETag": etag})
    key = f"preview:1:{said}"
    drawn = shared_cache.get(key)
    if drawn is None:
        drawn = draw(preview)
        shared_cache.set(key, drawn, _KEPT_SECONDS)
    return HttpResponse(drawn, content_type="image/png", headers={"ETag": etag})


def draw(preview: Preview) -> bytes:
    """A PNG. What is too long ends in an ellipsis."""
    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, WIDTH, 12), fill=_ACCENT)
    mark = Image.open(_STATIC / "logo.png").resize((64, 64), Image.Resampling.LANCZOS)
    image.paste(mark, (_MARGIN - 8, 56))
    pen.text((_MARGIN + 64, 62), "Grove", font=_font(40, bold=True), fill=_TEXT)
    line = _line(preview.over, 34, WIDTH - 2 * _MARGIN)
    _write(pen, (_MARGIN, 168), line, 34, fill=_ACCENT)
    size = 72 if _width(preview.title, 72, bold=True) < 1.7 * (WIDTH - 2 * _MARGIN) else 54
    y = 218
    for line in _wrapped(preview.title, size, most=2, bold=True):
        _write(pen, (_MARGIN, y), line, size, fill=_TEXT, bold=True)
        y += round(size * 1.2)
    y += 16
    for line in _wrapped(preview.text, 34, most=2 if y < 380 else 1):
        _write(pen, (_MARGIN, y), line, 34, fill=_QUIET)
        y += 46
    pen.line((_MARGIN, 508, WIDTH - _MARGIN, 508), fill=_LINE, width=2)
    x = _MARGIN
    for value, meaning in preview.facts[:4]:
        room = min(420, WIDTH - _MARGIN - x)
        if room < 80:
            break
        number, what = _line(value, 36, room, bold=True), _line(meaning, 26, room)
        _write(pen, (x, 522), number, 36, fill=_TEXT, bold=True)
        _write(pen, (x, 568), what, 26, fill=_QUIET)
        x += round(max(_width(number, 36, bold=True), _width(what, 26))) + 56
    out = io.BytesIO()
    image.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


@cache
def _font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_STATIC / "vendor" / f"noto-sans-{700 if bold else 400}.woff2", size)


@cache
def _wide_font(size: int) -> ImageFont.FreeTypeFont | None:
    found = next((path for path in _WIDE_FONTS if path.exists()), None)
    return ImageFont.truetype(found, size, index=2) if found else None  # 2: the simplified Chinese forms


def _runs(text: str, size: int, *, bold: bool) -> list[tuple[str, ImageFont.FreeTypeFont]]:
    """Stretches of one font each: ours for what is Latin, the machine's for the rest."""
    runs: list[tuple[str, ImageFont.FreeTypeFont]] = []
    for letter in text:
        is_ours = letter < "\u0250" or "\u2010" <= letter <= "\u2026"
        font = _font(size, bold=bold) if is_ours else _wide_font(size) or _font(size, bold=bold)
        if runs and runs[-1][1] is font:
            runs[-1] = (runs[-1][0] + letter, font)
        else:
            runs.append((letter, font))
    return runs


def _width(text: str, size: int, *, bold: bool = False) -> float:
    return sum(font.getlength(run) for run, font in _runs(text, size, bold=bold))


def _write(
    pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int, *, fill: str, bold: bool = False
) -> None:
    x, y = at
    baseline = y + round(size * 1.07)
    for run, font in _runs(text, size, bold=bold):
        pen.text((x, baseline), run, font=font, fill=fill, anchor="ls")
        x += font.getlength(run)


def _line(text: str, size: int, room: float, *, bold: bool = False) -> str:
    """As much of the text as there is room for."""
    text = " ".join(text.split())[:400]
    if _width(text, size, bold=bold) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if _width(text[:middle].rstrip() + "…", size, bold=bold) <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…"


def _wrapped(text: str, size: int, *, most: int, bold: bool = False) -> list[str]:
    """At most so many lines; broken between words, and inside those that are wider than a line (names, Chinese)."""
    room = WIDTH - 2 * _MARGIN
    rest = " ".join(text.split())[:400]
    lines: list[str] = []
    while rest and len(lines) < most - 1:
        if _width(rest, size, bold=bold) <= room:
            break
        fits = len(_line(rest, size, room, bold=bold)) - 1
        cut = max(rest.rfind(" ", 0, fits + 1), rest.rfind("-", 0, fits) + 1, 0)
        cut = cut if cut > fits // 2 else fits
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*lines, _line(rest, size, room, bold=bold)] if rest else lines
