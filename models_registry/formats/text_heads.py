"""Whether bytes are text, and which."""

from dataclasses import dataclass

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_MOST_STRANGE = 0.25  # of all characters, in what still is text
_CONTROLS = frozenset(map(chr, range(32))) - set("\t\n\r\f\b\x1b")


@dataclass(frozen=True)
class TextHead:
    """`encoding`: "UTF-8", "UTF-16", or "" where some bytes are neither: they are shown as U+FFFD."""

    text: str
    encoding: str


def decoded(raw: bytes) -> TextHead | None:
    """A file's first bytes as text; None for what is none. A character that the end cuts is left out."""
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            body = raw[len(mark) :]
            if encoding.startswith("utf-16"):
                body = body[: len(body) & ~1]
            return _judged(body.decode(encoding, "replace"), "UTF-16" if "16" in encoding else "UTF-8")
    if b"\0" in raw:
        return None
    try:
        return _judged(raw.decode(), "UTF-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and len(raw) - error.start < 4:
            return _judged(raw[: error.start].decode(), "UTF-8")
    return _judged(raw.decode(errors="replace"), "")


def _judged(text: str, encoding: str) -> TextHead | None:
    strange = text.count("\ufffd") + sum(text.count(character) for character in _CONTROLS)
    if strange > _MOST_STRANGE * len(text):
        return None
    return TextHead(text, encoding if "\ufffd" not in text or encoding == "UTF-8" else "")
