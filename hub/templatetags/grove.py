"""What every page of ours draws: icons, avatars, short numbers. Loaded into all templates (settings.TEMPLATES)."""

import json
import re
from datetime import datetime, timedelta
from urllib.parse import quote
from zlib import crc32

from django import template
from django.conf import settings
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.forms import BoundField, Select
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from hub.addresses import absolute
from hub.drawing import remembered
from hub.kept_sentences import in_words
from hub.static_files import ALL_STYLES, STYLES

register = template.Library()
register.filter(absolute)
register.filter("told", in_words)

_NO_MARKUP = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}
_OPTION = re.compile(r"(?<!\S)(--[\w-]+)")
MINUTE = timedelta(minutes=1)
HUES = 6  # .avatar-1 … .avatar-6 in avatar.css


@register.simple_tag
@remembered
def icon(name: str) -> SafeString:
    """One drawing of the sprite. It is decoration: the words beside it, or an aria-label, carry the meaning."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static("icons.svg"), name)


@register.simple_tag
def stylesheets() -> SafeString:
    names = [ALL_STYLES] if settings.STATIC_COLLECTED else STYLES
    return format_html_join("\n  ", '<link rel="stylesheet" href="{}">', ((static(name),) for name in names))


@register.simple_tag
@remembered
def avatar(name: str, *, organization: bool = False, medium: bool = False) -> SafeString:
    """Initials on a colour of its own; square for an organisation."""
    words = [word for word in name.replace("_", "-").replace(".", "-").split("-") if word]
    initials = "".join(word[0] for word in words[: 2 if organization else 1]).upper()
    classes = f"avatar avatar-{crc32(name.lower().encode()) % HUES + 1}"
    classes += " avatar-org" if organization else ""
    classes += " avatar-m" if medium else ""
    return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, initials)


@register.simple_tag
def when(moment: datetime | None, css_class: str = "") -> SafeString:
    """How long ago, with the whole date beneath; nothing for None. moment: aware."""
    if moment is None:
        return SafeString()
    minutes = (timezone.now() - moment) // MINUTE
    return _remembered_when(moment, css_class, minutes) if minutes > 0 else _when(moment, css_class, minutes)


def _when(moment: datetime, css_class: str, _minutes: int) -> SafeString:
    """What it says changes with the minutes since then; within the first one, with each second."""
    moment = timezone.localtime(moment)
    return format_html(
        '<time{} datetime="{}" title="{}">{}</time>',
        format_html(' class="{}"', css_class) if css_class else "",
        moment.isoformat(),
        date_format(moment, "DATETIME_FORMAT"),
        naturaltime(moment),
    )


_remembered_when = remembered(_when, most=4_000)


@register.filter
@remembered
def short_number(value: int | None) -> str:
    """38282 → "38.3 K": three digits are enough to compare by; nothing for None."""
    if value is None:
        return ""
    for unit, size in (("T", 10**12), ("B", 10**9), ("M", 10**6), ("K", 10**3)):
        if value >= size:
            amount = value / size
            digits = 0 if amount >= 99.95 else 1
            return f"{number_format(round(amount, digits), digits)}\u00a0{unit}"
    return number_format(value, 0)


@register.simple_tag(takes_context=True)
def canonical(context: Context) -> str:
    """This page's one address, whatever its query says beside the number of the page."""
    request = context["request"]
    page = request.GET.get("page", "")
    query = f"?page={page}" if page.isdecimal() and page.isascii() and page != "1" and len(page) < 9 else ""
    return absolute(quote(request.path)) + query


@register.filter
def json_ld(data: object) -> SafeString:
    """Facts for search engines (https://json-ld.org), as a block of data that no browser runs."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_NO_MARKUP)
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(text))  # noqa: S308 - translated above


@register.filter
def whole_options(command: str) -> SafeString:
    """A command whose options are in one piece each: browsers break lines behind hyphens."""
    pieces = _OPTION.split(command)  # every second one is an option
    parts = (
        format_html('<span class="option">{}</span>', piece) if index % 2 else escape(piece)
        for index, piece in enumerate(pieces)
    )
    return format_html_join("", "{}", ((part,) for part in parts))


@register.filter
def get(mapping: dict, key: object) -> object:
    """The entry of a dict under a key that is only known in the template."""
    return mapping.get(key)


@register.filter
def styled(field: BoundField) -> SafeString:
    """A form's field with the class that its look hangs on, whoever wrote the form."""
    return field.as_widget(attrs={"class": "form-select" if isinstance(field.field.widget, Select) else "form-control"})
