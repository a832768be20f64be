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
    "databricks-open-model-license": "Databricks open model licence",
    "deepfloyd-if-license": "DeepFloyd IF licence",
    "deepseek": "DeepSeek model licence",
    "exaone": "EXAONE AI model licence",
    "fair-noncommercial-research-license": "FAIR noncommercial research licence",
    "falcon-180b-license": "Falcon 180B TII licence",
    "falcon-llm-license": "TII Falcon LLM licence",
    "flux-1-dev-non-commercial-license": "FLUX.1 [dev] non-commercial licence",
    "gemma": "Gemma terms of use",
    "grok2-community": "Grok 2 community licence",
    "h-research": "H Research licence",
    "intel-research": "Intel research use licence",
    "jamba-open-model-license": "Jamba open model licence",
    "lgpl-lr": "Lesser General Public License for Linguistic Resources",
    "llama2": "Llama 2 community licence",
    "llama3": "Llama 3 community licence",
    "llama3.1": "Llama 3.1 community licence",
    "llama3.2": "Llama 3.2 community licence",
    "llama3.3": "Llama 3.3 community licence",
    "llama4": "Llama 4 community licence",
    "mnpl": "Mistral AI non-production licence",
    "mrl": "Mistral AI research licence",
    "nvidia-open-model-license": "NVIDIA open model licence",
    "openmdw-1.0": "OpenMDW 1.0",
    "openrail": "OpenRAIL",
    "openrail++": "OpenRAIL++",
    "qwen": "Qwen licence agreement",
    "qwen-research": "Qwen research licence",
    "stabilityai-ai-community": "Stability AI community licence",
    "stabilityai-nc-research-community": "Stability AI non-commercial research licence",
    "tencent-hunyuan-community": "Tencent Hunyuan community licence",
    "tongyi-qianwen": "Tongyi Qianwen licence agreement",
    "tongyi-qianwen-research": "Tongyi Qianwen research licence",
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
