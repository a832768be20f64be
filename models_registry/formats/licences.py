"""What a card says of its licence, held against the SPDX list. Unknown names are kept as written, and marked."""

import re
from dataclasses import dataclass
from functools import cache

from license_expression import ExpressionError, ExpressionParseError, Licensing, get_spdx_licensing

LONGEST = 200

# Names that cards of model hubs use and SPDX does not know, with what they are called in full.
HUB_NAMES = {
    "apple-amlr": "Apple Machine Learning Research Model licence",
    "apple-ascl": "Apple Sample Code licence",
    "bigcode-openrail-m": "BigCode OpenRAIL-M",
    "bigscience-bloom-rail-1.0": "BigScience BLOOM RAIL 1.0",
    "bigscience-openrail-m": "BigScience OpenRAIL-M",
    "c-uda": "Computational Use of Data Agreement",
    "cc": "Creative Commons, version unstated",
    "creativeml-openrail-m": "CreativeML OpenRAIL-M",
    "deepfloyd-if-license": "DeepFloyd IF licence",
    "fair-noncommercial-research-license": "FAIR noncommercial research licence",
    "gemma": "Gemma terms of use",
    "grok2-community": "Grok 2 community licence",
    "h-research": "H Research licence",
    "intel-research": "Intel research use licence",
    "lgpl-lr": "Lesser General Public License for Linguistic Resources",
    "llama2": "Llama 2 community licence",
    "llama3": "Llama 3 community licence",
    "llama3.1": "Llama 3.1 community licence",
    "llama3.2": "Llama 3.2 community licence",
    "llama3.3": "Llama 3.3 community licence",
    "llama4": "Llama 4 community licence",
    "openmdw-1.0": "OpenMDW 1.0",
    "openrail": "OpenRAIL",
    "openrail++": "OpenRAIL++",
}
# Written in cards for what SPDX spells otherwise.
SPELLINGS = {
    "afl-3.0": "AFL-3.0",
    "bsd": "BSD-3-Clause",
    "gfdl": "GFDL-1.3-or-later",
    "gpl": "GPL-3.0-or-later",
    "lgpl": "LGPL-3.0-or-later",
    "odbl": "ODbL-1.0",
    "odc-by": "ODC-By-1.0",
    "pddl": "PDDL-1.0",
}
UNSTATED = {"other", "unknown"}  # what a card may say instead of a name


@dataclass(frozen=True)
class Licence:
    """`name` is what to show; `spdx` the SPDX expression, "" where there is none; `known` if we know what it means."""

    name: str
    spdx: str
    known: bool


@cache
def _spdx() -> Licensing:
    return get_spdx_licensing()


def identify(written: str) -> Licence:
    """The licence that a card names: "apache-2.0" is Apache-2.0, "my-terms" is kept and marked as unknown."""
    written = written.strip()[:LONGEST]
    if not written or written.lower() in {"unknown", "none"}:
        return Licence("", "", known=False)
    key = written.lower()
    if key in HUB_NAMES:
        return Licence(HUB_NAMES[key], "", known=True)
    if key == "other":
        return Licence("other", "", known=False)
    if not re.fullmatch(r"[A-Za-z0-9.+\-() ]+", written):
        return Licence(written, "", known=False)
    try:
        expression = _spdx().parse(SPELLINGS.get(key, written))
    except (ExpressionError, ExpressionParseError):
        return Licence(written, "", known=False)
    if expression is None or _spdx().unknown_license_keys(expression):
        return Licence(written, "", known=False)
    spdx = str(expression)
    # The library also knows names from outside SPDX; those are references, not SPDX ids.
    return Licence(spdx, "" if "LicenseRef-" in spdx else spdx, known=True)


_WORDS = [
    (
        {"MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib"},
        "Use, change and share it, also commercially; keep the notice.",
    ),
    ({"Apache-2.0"}, "Use, change and share it, also commercially; keep the notices and say what you changed."),
    ({"CC0-1.0", "Unlicense", "0BSD"}, "Do as you like: its authors keep no rights."),
    ({"CC-BY-4.0", "CC-BY-3.0"}, "Use, change and share it, also commercially; name the authors."),
    ({"CC-BY-SA-4.0", "CC-BY-SA-3.0"}, "Name the authors, and share what you make of it under the same licence."),
    ({"CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-ND-4.0"}, "Not for commercial use; name the authors."),
    (
        {"GPL-3.0-only", "GPL-3.0-or-later", "GPL-2.0-only", "GPL-2.0-or-later", "AGPL-3.0-only", "AGPL-3.0-or-later"},
        "Share what you build on it under the same licence, with its source.",
    ),
]


def plain_words(licence: Licence) -> str:
    """One sentence on what it allows, "" where we would have to guess. Not legal advice, and the page says so."""
    return next((sentence for ids, sentence in _WORDS if licence.spdx in ids), "")
