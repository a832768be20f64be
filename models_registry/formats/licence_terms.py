"""What licences allow and ask, in facts that can be compared; not legal advice, and every page that shows them says so.

Each fact is an answer on a scale from the freest to the strictest, so that expressions combine without special cases:
`AND` takes the stricter answer of each fact; `OR` keeps both sides, of which the member may choose one. What nobody can
tell counts as stricter than what is allowed on conditions, and as freer than what is forbidden.

The table was read from the texts at each entry's `source`; a licence that is not in it is unknown, never guessed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache

from license_expression import ExpressionError, LicenseWithExceptionSymbol, Licensing

from models_registry.formats.licences import HUB_NAMES, LONGEST, identify

MOST_CHOICES = 16  # alternatives of one expression


class Allowed(IntEnum):
    """May one? From the freest to the strictest."""

    YES = 0
    CONDITIONAL = 1
    UNKNOWN = 2
    NO = 3


class Asked(IntEnum):
    """Must one? From the freest to the strictest."""

    NO = 0
    UNKNOWN = 1
    YES = 2


@dataclass(frozen=True)
class Terms:
    """What one licence, or several at once, allow and ask.

    `ids`: which licences. `conditions`: of commercial use, as keys. `credit`: name the authors or keep their notice.
    `state_changes`: say what was changed. `share_alike`: what is made of it must come under the same terms; `shares_under`:
    those that do, for each licence that asks it (all of these sets must be met). `shares_weakly`: only changed files, or the
    library itself, must stay under it. `derivatives`: may changed versions be shared? `passes_on`: its restrictions of use
    must be written into the terms of what is made of it. `forbidden`: uses, as keys. `naming`: how the name of a model made
    of it must begin. `patents`: whether its authors' patents are licensed, too. `sources`: where that can be read.
    """

    ids: frozenset[str]
    commercial: Allowed = Allowed.YES
    conditions: frozenset[str] = frozenset()
    credit: Asked = Asked.YES
    state_changes: Asked = Asked.NO
    share_alike: Asked = Asked.NO
    shares_under: frozenset[frozenset[str]] = frozenset()
    shares_weakly: bool = False
    derivatives: Allowed = Allowed.YES
    passes_on: Asked = Asked.NO
    forbidden: frozenset[str] = frozenset()
    naming: str = ""
    patents: Allowed = Allowed.UNKNOWN
    sources: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        return self.commercial != Allowed.UNKNOWN

    def __and__(self, other: "Terms") -> "Terms":
        """Both at once: the stricter answer of each."""
        commercial = max(self.commercial, other.commercial)
        return Terms(
            ids=self.ids | other.ids,
            commercial=commercial,
            conditions=self.conditions | other.conditions,
            credit=max(self.credit, other.credit),
            state_changes=max(self.state_changes, other.state_changes),
            share_alike=max(self.share_alike, other.share_alike),
            shares_under=self.shares_under | other.shares_under,
            shares_weakly=_weakly(self, other),
            derivatives=max(self.derivatives, other.derivatives),
            passes_on=max(self.passes_on, other.passes_on),
            forbidden=self.forbidden | other.forbidden,
            naming=max(self.naming, other.naming),
            patents=max(self.patents, other.patents),
            sources=tuple(sorted({*self.sources, *other.sources})),
        )


def _weakly(one: Terms, other: Terms) -> bool:
    """Only if whichever of the two asks to share alike asks it weakly."""
    asking = [terms for terms in (one, other) if terms.share_alike == Asked.YES]
    return bool(asking) and all(terms.shares_weakly for terms in asking)


def unknown(name: str) -> Terms:
    """Of a licence that is not in the table: nothing is allowed for sure, nothing asked for sure."""
    return Terms(
        ids=frozenset({name}),
        commercial=Allowed.UNKNOWN,
        credit=Asked.UNKNOWN,
        state_changes=Asked.UNKNOWN,
        share_alike=Asked.UNKNOWN,
        derivatives=Allowed.UNKNOWN,
        passes_on=Asked.UNKNOWN,
        patents=Allowed.UNKNOWN,
    )


# --- The table -------------------------------------------------------------------------------------------------------

TABLE: dict[str, Terms] = {}

# Uses that model licences forbid. `web.licence_words` says them in words.
_UNLAWFUL = frozenset({"unlawful"})
_RAIL = frozenset(
    {
        "unlawful", "minors", "disinformation", "personal-data", "harassment", "automated-decisions", "discrimination",
        "exploits-vulnerable", "medical-advice", "law-enforcement",
    }
)  # fmt: skip
_BLOOM = _RAIL | {"undisclosed-machine-text", "impersonation", "social-scoring"}
_BIGCODE = frozenset(
    {"unlawful", "minors", "disinformation", "personal-data", "harassment", "automated-decisions", "malware",
     "undisclosed-machine-text"}
)  # fmt: skip
_META = frozenset(
    {"unlawful", "minors", "violence", "harassment", "discrimination", "unlicensed-advice", "personal-data", "malware",
     "military", "weapons", "critical-infrastructure", "self-harm", "disinformation", "impersonation",
     "undisclosed-machine-text"}
)  # fmt: skip
_GOOGLE = frozenset(
    {"unlawful", "minors", "violence", "harassment", "personal-data", "malware", "self-harm", "disinformation",
     "impersonation", "unlicensed-advice", "automated-decisions", "sexual-content", "undisclosed-machine-text"}
)  # fmt: skip


def _spdx(name: str) -> str:
    return f"https://spdx.org/licenses/{name}.html"


def _add(name: str, source: str = "", **facts: object) -> None:
    TABLE[name] = replace(Terms(ids=frozenset({name}), sources=(source or _spdx(name),)), **facts)  # type: ignore[arg-type]


for _name in (
    "MIT", "BSD-2-Clause", "BSD-3-Clause", "BSD-4-Clause", "ISC", "Zlib", "X11", "BSL-1.0", "NCSA", "PostgreSQL", "HPND",
    "Python-2.0", "PSF-2.0", "Libpng", "CC-PDDC",
):  # fmt: skip
    _add(_name)
_add("BSD-3-Clause-Clear", patents=Allowed.NO)
for _name in ("Apache-2.0", "AFL-3.0", "ECL-2.0"):
    _add(_name, state_changes=Asked.YES, patents=Allowed.YES)
for _name in ("MulanPSL-2.0", "UPL-1.0", "BlueOak-1.0.0"):
    _add(_name, patents=Allowed.YES)
_add("Artistic-2.0", state_changes=Asked.YES, patents=Allowed.YES)
_add("MS-PL", patents=Allowed.YES)
_add("LPPL-1.3c", state_changes=Asked.YES)
for _name in ("Unlicense", "0BSD", "MIT-0", "WTFPL"):
    _add(_name, credit=Asked.NO)
_add("CC0-1.0", credit=Asked.NO, patents=Allowed.NO)

# Licences under which a changed version may be shared, of those that ask for the same terms.
_GPL3 = ("GPL-3.0-only", "GPL-3.0-or-later", "AGPL-3.0-only", "AGPL-3.0-or-later")
_GPL2 = ("GPL-2.0-only", "GPL-2.0-or-later")
_LGPL21 = ("LGPL-2.1-only", "LGPL-2.1-or-later")
_LGPL3 = ("LGPL-3.0-only", "LGPL-3.0-or-later")
_COPYLEFT: dict[str, tuple[str, ...]] = {
    "GPL-2.0-only": ("GPL-2.0-only",),
    "GPL-2.0-or-later": (*_GPL2, *_GPL3),
    "GPL-3.0-only": ("GPL-3.0-only", "AGPL-3.0-only"),
    "GPL-3.0-or-later": _GPL3,
    "AGPL-3.0-only": ("AGPL-3.0-only",),
    "AGPL-3.0-or-later": ("AGPL-3.0-only", "AGPL-3.0-or-later"),
    "EUPL-1.1": ("EUPL-1.1", "EUPL-1.2", "GPL-2.0-only", "OSL-3.0", "EPL-1.0", "CECILL-2.1"),
    "EUPL-1.2": (
        "EUPL-1.2", "GPL-2.0-only", "GPL-3.0-only", "AGPL-3.0-only", "OSL-3.0", "EPL-1.0", "CECILL-2.1", "MPL-2.0",
        "LGPL-2.1-only", "LGPL-3.0-only", "CC-BY-SA-3.0",
    ),
    "OSL-3.0": ("OSL-3.0",),
    "CECILL-2.1": ("CECILL-2.1", "GPL-2.0-only", "GPL-3.0-only", "AGPL-3.0-only", "EUPL-1.1", "EUPL-1.2"),
    "GFDL-1.3-only": ("GFDL-1.3-only",),
    "GFDL-1.3-or-later": ("GFDL-1.3-only", "GFDL-1.3-or-later", "CC-BY-SA-3.0"),
}  # fmt: skip
_WEAK_COPYLEFT: dict[str, tuple[str, ...]] = {
    "LGPL-2.1-only": ("LGPL-2.1-only", *_GPL2, *_GPL3),
    "LGPL-2.1-or-later": (*_LGPL21, *_LGPL3, *_GPL2, *_GPL3),
    "LGPL-3.0-only": ("LGPL-3.0-only", *_GPL3),
    "LGPL-3.0-or-later": (*_LGPL3, *_GPL3),
    "MPL-2.0": ("MPL-2.0", *_GPL2, *_GPL3, *_LGPL21, *_LGPL3),
    "EPL-1.0": ("EPL-1.0", "EPL-2.0"),
    "EPL-2.0": ("EPL-2.0", "GPL-2.0-or-later"),
    "CDDL-1.0": ("CDDL-1.0",),
}
_PATENTS = ("GPL-3", "LGPL-3", "AGPL", "EUPL", "OSL", "CECILL", "MPL", "EPL", "CDDL")
for _weakly_shared, _rules in ((False, _COPYLEFT), (True, _WEAK_COPYLEFT)):
    for _name, _under in _rules.items():
        _add(
            _name,
            state_changes=Asked.YES,
            share_alike=Asked.YES,
            shares_under=frozenset({frozenset(_under)}),
            shares_weakly=_weakly_shared,
            patents=Allowed.YES if _name.startswith(_PATENTS) else Allowed.UNKNOWN,
        )
_add("OFL-1.1", share_alike=Asked.YES, shares_under=frozenset({frozenset({"OFL-1.1"})}))
_add(
    "lgpl-lr",
    "https://spdx.org/licenses/LGPLLR.html",
    state_changes=Asked.YES,
    share_alike=Asked.YES,
    shares_under=frozenset({frozenset({"lgpl-lr", "LGPLLR"})}),
    shares_weakly=True,
)

_CC_VERSIONS = ("1.0", "2.0", "2.5", "3.0", "4.0")
for _parts in ("BY", "BY-SA", "BY-NC", "BY-ND", "BY-NC-SA", "BY-NC-ND"):
    for _index, _version in enumerate(_CC_VERSIONS):
        _name = f"CC-{_parts}-{_version}"
        _order = "ND-NC" if _parts == "BY-NC-ND" and _version == "1.0" else ""
        # From 2.0 on, what is made of it may come under a later version; BY-SA 4.0 also goes over to GPL 3.
        _later = _CC_VERSIONS[_index:] if _version != "1.0" else ("1.0",)
        _under = tuple(f"CC-{_parts}-{later}" for later in _later)
        _under += ("GPL-3.0-only", "GPL-3.0-or-later") if _name == "CC-BY-SA-4.0" else ()
        _shares = _parts.endswith("SA")
        _add(
            _name,
            f"https://creativecommons.org/licenses/{_order.lower() or _parts.lower()}/{_version}/",
            commercial=Allowed.NO if "NC" in _parts else Allowed.YES,
            state_changes=Asked.YES,
            share_alike=Asked.YES if _shares else Asked.NO,
            shares_under=frozenset({frozenset(_under)}) if _shares else frozenset(),
            derivatives=Allowed.NO if _parts.endswith("ND") else Allowed.YES,
            patents=Allowed.NO if _version == "4.0" else Allowed.UNKNOWN,
        )

for _name in (
    "ODC-By-1.0",
    "CDLA-Permissive-1.0",
    "CDLA-Permissive-2.0",
    "etalab-2.0",
    "OGL-UK-3.0",
    "DL-DE-BY-2.0",
    "NLOD-2.0",
):
    _add(_name)
_add("PDDL-1.0", credit=Asked.NO)
_add("ODbL-1.0", share_alike=Asked.YES, shares_under=frozenset({frozenset({"ODbL-1.0"})}))
_add("CDLA-Sharing-1.0", share_alike=Asked.YES, shares_under=frozenset({frozenset({"CDLA-Sharing-1.0"})}))
_add("O-UDA-1.0")
_add("C-UDA-1.0", forbidden=frozenset({"other-than-computation"}), passes_on=Asked.YES)
_add("c-uda", _spdx("C-UDA-1.0"), forbidden=frozenset({"other-than-computation"}), passes_on=Asked.YES)

# Licences made for models.
for _name, _source, _facts in (
    ("llama2", "https://ai.meta.com/llama/license/", {"forbidden": _META | {"improve-other-models"}}),
    ("llama3", "https://www.llama.com/llama3/license/", {"forbidden": _META | {"improve-other-models"}, "naming": "Llama 3"}),
    ("llama3.1", "https://www.llama.com/llama3_1/license/", {"forbidden": _META, "naming": "Llama"}),
    ("llama3.2", "https://www.llama.com/llama3_2/license/", {"forbidden": _META | {"in-the-eu"}, "naming": "Llama"}),
    ("llama3.3", "https://www.llama.com/llama3_3/license/", {"forbidden": _META, "naming": "Llama"}),
    ("llama4", "https://www.llama.com/llama4/license/", {"forbidden": _META | {"in-the-eu"}, "naming": "Llama"}),
):  # fmt: skip
    _add(
        _name, _source, commercial=Allowed.CONDITIONAL, conditions=frozenset({"users-700m"}), passes_on=Asked.YES, **_facts
    )  # fmt: skip
_add("gemma", "https://ai.google.dev/gemma/terms", forbidden=_GOOGLE, passes_on=Asked.YES, state_changes=Asked.YES)
for _name, _source, _uses in (
    ("openrail", "https://www.licenses.ai/ai-licenses", _RAIL),
    ("openrail++", "https://www.licenses.ai/ai-licenses", _RAIL),
    ("creativeml-openrail-m", "https://www.licenses.ai/ai-licenses", _RAIL),
    ("bigscience-openrail-m", "https://www.licenses.ai/blog/2022/8/26/bigscience-open-rail-m-license", _BLOOM),
    ("bigscience-bloom-rail-1.0", "https://huggingface.co/spaces/bigscience/license", _BLOOM),
    ("bigcode-openrail-m", "https://www.bigcode-project.org/docs/pages/bigcode-openrail/", _BIGCODE),
    ("deepseek", "https://github.com/deepseek-ai/DeepSeek-LLM/blob/main/LICENSE-MODEL", _RAIL | {"military"}),
):
    _add(_name, _source, state_changes=Asked.YES, passes_on=Asked.YES, forbidden=_uses, patents=Allowed.YES)
_NOT_COMMERCIAL = {
    "deepfloyd-if-license": "https://github.com/deep-floyd/IF/blob/develop/LICENSE-MODEL",
    "apple-amlr": "https://github.com/apple/ml-fastvlm/blob/main/LICENSE_MODEL",
    "fair-noncommercial-research-license": "https://huggingface.co/facebook/fair-noncommercial-research-license",
    "h-research": "https://www.hcompany.ai/",
    "intel-research": "https://huggingface.co/Intel/ldm3d/blob/main/LICENSE",
    "mrl": "https://mistral.ai/static/licenses/MRL-0.1.md",
    "mnpl": "https://mistral.ai/static/licenses/MNPL-0.1.md",
    "qwen-research": "https://huggingface.co/Qwen/Qwen2.5-3B/blob/main/LICENSE",
    "tongyi-qianwen-research": "https://huggingface.co/Qwen/Qwen-1_8B/blob/main/LICENSE",
    "stabilityai-nc-research-community": "https://stability.ai/license",
    "flux-1-dev-non-commercial-license": "https://github.com/black-forest-labs/flux/blob/main/model_licenses/LICENSE-FLUX1-dev",
    "exaone": "https://huggingface.co/LGAI-EXAONE/EXAONE-3.5-7.8B-Instruct/blob/main/LICENSE",
}
for _name, _source in _NOT_COMMERCIAL.items():
    _add(_name, _source, commercial=Allowed.NO, passes_on=Asked.YES, forbidden=_UNLAWFUL)
for _name, _source, _facts in (
    ("grok2-community", "https://huggingface.co/xai-org/grok-2/blob/main/LICENSE",
     {"conditions": frozenset({"revenue-1m"}), "forbidden": _UNLAWFUL | {"train-other-models"}}),
    ("stabilityai-ai-community", "https://stability.ai/license",
     {"conditions": frozenset({"revenue-1m"}), "forbidden": _UNLAWFUL | {"train-other-models"}}),
    ("tongyi-qianwen", "https://github.com/QwenLM/Qwen/blob/main/Tongyi%20Qianwen%20LICENSE%20AGREEMENT",
     {"conditions": frozenset({"users-100m"}), "forbidden": _UNLAWFUL | {"improve-other-models"}}),
    ("qwen", "https://huggingface.co/Qwen/Qwen2.5-72B-Instruct/blob/main/LICENSE",
     {"conditions": frozenset({"users-100m"}), "forbidden": _UNLAWFUL}),
    ("tencent-hunyuan-community", "https://github.com/Tencent/Tencent-Hunyuan-Large/blob/main/License.docx",
     {"conditions": frozenset({"users-100m"}), "forbidden": _UNLAWFUL | {"in-the-eu", "improve-other-models", "military"}}),
    ("falcon-180b-license", "https://falconllm.tii.ae/falcon-terms-and-conditions.html",
     {"conditions": frozenset({"no-hosting"}), "forbidden": _UNLAWFUL | {"minors", "disinformation", "harassment"}}),
    ("databricks-open-model-license", "https://www.databricks.com/legal/open-model-license",
     {"conditions": frozenset({"users-700m"}), "forbidden": _UNLAWFUL | {"improve-other-models", "minors", "malware"}}),
    ("jamba-open-model-license", "https://www.ai21.com/jamba-open-model-license/",
     {"conditions": frozenset({"revenue-50m"}), "forbidden": _UNLAWFUL}),
):  # fmt: skip
    _add(_name, _source, commercial=Allowed.CONDITIONAL, passes_on=Asked.YES, **_facts)
_add(
    "falcon-llm-license", "https://falconllm.tii.ae/falcon-terms-and-conditions.html", passes_on=Asked.YES,
    forbidden=_UNLAWFUL | {"minors", "disinformation", "harassment"}, state_changes=Asked.YES, patents=Allowed.YES,
)  # fmt: skip
_add(
    "nvidia-open-model-license",
    "https://www.nvidia.com/en-us/agreements/enterprise-software/nvidia-open-model-license/",
    forbidden=frozenset({"bypass-safeguards"}),
    passes_on=Asked.YES,
)
_add("apple-ascl", "https://developer.apple.com/support/downloads/terms/apple-sample-code/", patents=Allowed.NO)
_add("openmdw-1.0", "https://openmdw.ai/license/1-0/", patents=Allowed.YES)

# Exceptions after WITH that let other works link to it under terms of their own.
_LINKING = re.compile(r"classpath|gcc-exception|llvm|linking|openjdk|qt-|font|autoconf|bison|u-boot", re.IGNORECASE)


# --- Expressions -----------------------------------------------------------------------------------------------------


@cache
def _parser() -> Licensing:
    return Licensing()  # of any names: which of them are known is `identify`'s to say


def choices(written: str) -> tuple[Terms, ...]:
    """The terms of an expression such as "MIT OR (Apache-2.0 AND llama3)": one of these, as the member chooses.

    The freest first. Never empty: what cannot be read is unknown.
    """
    written = written.strip()[:LONGEST]
    if written.lower() in HUB_NAMES:
        return (_of_name(written),)
    try:
        parsed = _parser().parse(written)
    except (ExpressionError, ValueError, TypeError):
        return (unknown(written),)
    return _simplified(_alternatives(parsed)) if parsed is not None else (unknown(""),)


def _alternatives(node: object) -> list[Terms]:
    operator = getattr(node, "operator", "").strip().upper()
    parts = [_alternatives(part) for part in getattr(node, "args", ())]
    if operator == "OR":
        return list(_simplified(terms for part in parts for terms in part))
    if operator == "AND":
        combined = parts[0]
        for part in parts[1:]:
            combined = list(_simplified(one & other for one in combined for other in part))
        return combined
    if isinstance(node, LicenseWithExceptionSymbol):
        terms = _of_name(str(node.license_symbol))
        weak = terms.share_alike == Asked.YES and bool(_LINKING.search(str(node.exception_symbol)))
        return [replace(terms, ids=frozenset({str(node)}), shares_weakly=weak or terms.shares_weakly)]
    return [_of_name(str(node))]


def _of_name(name: str) -> Terms:
    key = name.strip().lower()
    found = TABLE.get(key) if key in HUB_NAMES else TABLE.get(identify(name).spdx)
    return found or unknown(name)


def _simplified(found: Iterable[Terms]) -> tuple[Terms, ...]:
    """Without those than which another is freer in everything: nobody would choose them."""
    unique = list(dict.fromkeys(found))
    kept = [one for one in unique if not any(_is_freer(other, one) for other in unique)]
    return tuple(sorted(kept, key=_rank)[:MOST_CHOICES])


def _is_freer(one: Terms, other: Terms) -> bool:
    """`one` asks nothing that `other` does not ask, and is another: (A OR (A AND B)) is A."""
    return one != other and one & other == other


def _rank(terms: Terms) -> tuple[int, ...]:
    strictness = (terms.commercial, terms.derivatives, terms.share_alike, terms.passes_on, len(terms.forbidden))
    return (*map(int, strictness), terms.credit, terms.state_changes, *map(ord, "".join(sorted(terms.ids))[:40]))


def commercial_use(written: str) -> str:
    """ "yes", "conditional" or "no"; "" where that cannot be told: of the choice that allows most."""
    if not written.strip():
        return ""
    best = min(terms.commercial for terms in choices(written))
    return {Allowed.YES: "yes", Allowed.CONDITIONAL: "conditional", Allowed.NO: "no"}.get(best, "")


def known_names() -> Mapping[str, str]:
    """Every licence of the table: {name as a card writes it: name in full}."""
    return {name if name in HUB_NAMES else name.lower(): HUB_NAMES.get(name, name) for name in TABLE}
