"""Which file of a repository is evaluated, decided from names alone, before any library opens anything.

Only safetensors and ONNX are ever opened. Formats that may hold a program (pickles and what falls back to them) are
refused by name: see REFUSED. A repository that offers both is evaluated by its safetensors.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

SAFETENSORS, ONNX = "safetensors", "onnx"
SUFFIXES = {SAFETENSORS: ".safetensors", ONNX: ".onnx"}
USUAL_NAMES = {SAFETENSORS: "model.safetensors", ONNX: "model.onnx"}
# Loading any of these can run a program that the file carries; torch.export's .pt2 falls back to unpickling.
REFUSED = frozenset({".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".joblib", ".pt2", ".npy", ".npz", ".h5"})
MAX_CONFIG_BYTES = 1024 * 1024
# What config.json may say of an architecture of the hub's: see harness/architectures.py. The rest is other programs'.
OPTIONS = frozenset({"activation", "padding", "pool", "readout"})


class NotEvaluableError(Exception):
    """Nothing in the repository can be evaluated; the text tells its author why and what would help."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The file to evaluate, and those beside it that it needs (external data of ONNX)."""

    format: str
    path: str
    companions: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path, *self.companions)


def choose(paths: Iterable[str], accepted: Collection[str]) -> Choice:
    """The file that is evaluated. paths: of the whole commit. accepted: formats of the suite.

    `model.safetensors` or `model.onnx` at the root, else the only file of its format nearest to the root. Raises
    NotEvaluableError.
    """
    known = sorted(paths)
    for format_ in (SAFETENSORS, ONNX):
        found = [path for path in known if path.endswith(SUFFIXES[format_])]
        if not found:
            continue
        if format_ not in accepted:
            raise NotEvaluableError(f"This suite does not take {format_} files; it takes {', '.join(accepted)}.")
        path = _only(found, USUAL_NAMES[format_])
        return Choice(format_, path, _companions(path, known) if format_ == ONNX else ())
    refused = [path for path in known if PurePosixPath(path).suffix.lower() in REFUSED]
    if refused:
        raise NotEvaluableError(
            f"{refused[0]} is in a format that can carry a program, so it is never opened. Add the weights as "
            "safetensors (`safetensors.torch.save_file(model.state_dict(), 'model.safetensors')`) or export to ONNX."
        )
    raise NotEvaluableError("The repository holds no safetensors and no ONNX file.")


def _only(found: list[str], usual: str) -> str:
    if usual in found:
        return usual
    depth = min(path.count("/") for path in found)
    nearest = [path for path in found if path.count("/") == depth]
    if len(nearest) > 1:
        shown = ", ".join(nearest[:5])
        raise NotEvaluableError(f"Several files could be meant ({shown}); name the one to evaluate {usual}.")
    return nearest[0]


def _companions(path: str, known: list[str]) -> tuple[str, ...]:
    """External data by the exporters' habit: `model.onnx.data`, `model.onnx_data`, `model.onnx_data_1`, beside it."""
    return tuple(other for other in known if other != path and other.startswith((f"{path}.", f"{path}_")))


def architecture(card: Mapping[str, Any], config: bytes | None) -> tuple[str | None, dict[str, Any]]:
    """The architecture that a repository names for its safetensors, and its options: see harness/architectures.py.

    card: front matter of README.md. config: config.json, or None. The card's word comes first; None where neither
    names one. Raises NotEvaluableError where what they say cannot be used.
    """
    settings = _settings(config)
    name = card.get("architecture", settings.get("architecture"))
    if name is None and isinstance(settings.get("model_type"), str):
        raise NotEvaluableError(
            f"config.json describes a transformers model of type {settings['model_type'][:60]!r}; this suite runs the "
            "architectures that the hub knows, named by `architecture`."
        )
    if name is not None and not isinstance(name, str):
        raise NotEvaluableError("`architecture` is not a name.")
    options = {key: value for key, value in settings.items() if key in OPTIONS}
    return name, options


def _settings(config: bytes | None) -> dict[str, Any]:
    if config is None:
        return {}
    try:
        settings = json.loads(config)
    except (ValueError, RecursionError) as error:
        raise NotEvaluableError("config.json is not valid JSON.") from error
    if not isinstance(settings, dict):
        raise NotEvaluableError("config.json is not a JSON object.")
    return settings
