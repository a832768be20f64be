"""Secrets that lie open in text: keys and tokens whose forms are known, and long random values behind telling names.

The forms are those their issuers publish. They are written here, and not taken from a library, because the ones there are
keep their settings in the process (no two threads may differ), look at a line at a time through dozens of calls, or do not
know half of these. Every pattern is linear: it has no part that can match the same text in two ways.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

VERSION = 1  # raised when a pattern is added: what was read before is read again

LARGEST = 1024 * 1024  # of a file; data and vocabularies are larger
MOST = 100  # in one file
OF_THIS_HUB = "hub access token"
_MOST_MATCHES = 1000  # looked at, of one form

_KNOWN: tuple[tuple[str, str], ...] = (
    (OF_THIS_HUB, r"\bhf_[A-Za-z0-9]{30,60}\b"),
    ("AWS access key", r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    ("GitHub token", r"\bgh[pousr]_[A-Za-z0-9]{36,255}\b"),
    ("GitHub token", r"\bgithub_pat_[A-Za-z0-9_]{60,90}\b"),
    ("GitLab token", r"\bgl(?:pat|dt|rt|ptt|cbt)-[A-Za-z0-9_-]{20,60}"),
    ("Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{20,250}"),
    ("Slack webhook", r"https://hooks\.slack\.com/services/T[A-Z0-9]{6,14}/B[A-Z0-9]{6,14}/[A-Za-z0-9]{20,30}"),
    ("Google API key", r"\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    ("OpenAI key", r"\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,160}T3BlbkFJ[A-Za-z0-9_-]{20,160}"),
    ("OpenAI key", r"\bsk-proj-[A-Za-z0-9_-]{60,200}"),
    ("Anthropic key", r"\bsk-ant-[a-z0-9]{3,10}-[A-Za-z0-9_-]{80,120}"),
    ("Stripe key", r"\b[sr]k_live_[A-Za-z0-9]{20,120}\b"),
    ("PyPI token", r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,250}"),
    ("npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("SendGrid key", r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    ("Telegram bot token", r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"),
    ("JSON web token", r"\beyJ[A-Za-z0-9_-]{10,300}\.eyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{20,1000}"),
    ("private key", r"-----BEGIN (?:[A-Z]{2,10} )?PRIVATE KEY(?: BLOCK)?-----"),
)
_PATTERNS = [(kind, re.compile(pattern)) for kind, pattern in _KNOWN]

# A name that says "secret", and a value in quotes that looks drawn by lot.
_NAMED = re.compile(
    r"(?i)(?:passw(?:or)?d|secret|token|api_?-?key|access_?-?key|private_?-?key|credential)[a-z0-9_-]{0,20}[\"']?"
    r"[ \t]{0,4}(?::|=|=>|:=)[ \t]{0,4}[\"']([A-Za-z0-9+/=_.~!@#$%^&*-]{20,200})[\"']"
)
_PLACEHOLDER = re.compile(
    r"(?i)example|sample|dummy|change|your|placeholder|xxxx|0000|1234567|test|fake|todo|insert|redacted"
)
_LEAST_ENTROPY = 3.6  # bits a sign; English has about 4 with spaces, but none behind such a name
# Vocabularies and lock files are full of random-looking values that are none of anybody's secrets.
_NOT_BY_NAME = ("tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json")
_NOT_BY_ENDING = (".lock", "-lock.json", ".sum", ".map", ".min.js", ".svg", ".ipynb.json")


class Found(NamedTuple):
    """`line` counts from 1. `value` is the secret itself: for comparing, never for keeping."""

    kind: str
    line: int
    value: str


def find(text: str, name: str) -> list[Found]:
    """name: of the file, without folders. At most `MOST`, in the order of the text, each value once."""
    guesses = not (name.lower() in _NOT_BY_NAME or name.lower().endswith(_NOT_BY_ENDING))
    matches = sorted(_matches(text, guesses), key=lambda match: match[0])
    found: dict[str, Found] = {}
    line, place = 1, 0
    for start, kind, value in matches:
        line += text.count("\n", place, start)
        place = start
        found.setdefault(value, Found(kind, line, value))
    return list(found.values())[:MOST]


def _matches(text: str, guesses: bool) -> Iterator[tuple[int, str, str]]:
    """(place, kind, value)."""
    known: list[str] = []
    for kind, pattern in _PATTERNS:
        for match in islice(pattern.finditer(text), _MOST_MATCHES):
            if not _is_made_up(match[0]):
                known.append(match[0])
                yield match.start(), kind, match[0]
    if not guesses:
        return
    certain = "\n".join(known)
    for match in islice(_NAMED.finditer(text), _MOST_MATCHES):
        value = match[1]
        if value not in certain and not any(other in value for other in known[:MOST]) and _looks_random(value):
            yield match.start(), "password or key", value


def _is_made_up(value: str) -> bool:
    """`hf_xxxxxxxx…` of a tutorial."""
    body = value[4:]
    return not value.startswith("-----") and (len(set(body)) < 8 or "EXAMPLE" in value)


def _looks_random(value: str) -> bool:
    has = [any(test(sign) for sign in value) for test in (str.isdigit, str.isalpha)]
    return all(has) and not _PLACEHOLDER.search(value) and entropy(value) >= _LEAST_ENTROPY


def entropy(value: str) -> float:
    """Bits a sign, by how often each sign occurs."""
    counts = Counter(value)
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts.values())
