"""Which file of a repository is evaluated, decided from names alone, before any library opens anything.

Only safetensors and ONNX are ever opened. Formats that may hold a program (pickles and what falls back to them) are
refused by name: see REFUSED. A repository that offers both is evaluated by its safetensors.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

SAFETENSORS, ONNX = "safetensors", "onnx"
LOADERS = {SAFETENSORS: "torch", ONNX: "onnx"}
SUFFIXES = {SAFETENSORS: ".safetensors", ONNX: ".onnx"}
USUAL_NAMES = {SAFETENSORS: "model.safetensors", ONNX: "model.onnx"}
# Loading any of these can run a program that the file carries; torch.export's .pt2 falls back to unpickling.
REFUSED = frozenset({".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle", ".joblib", ".pt2", ".npy", ".npz", ".h5"})
MAX_CONFIG_BYTES = 1024 * 1024
# What config.json may say of an architecture of the hub's: see harness/architectures.py. The rest is other programs'.
TRANSFORMERS_FILES = ("config.json", "tokenizer.json")
# How sentence-transformers makes one vector of a text: see harness/embeddings.py.
SENTENCE_FILES = ("modules.json", "1_Pooling/config.json", "sentence_bert_config.json")
OPTIONS = frozenset({"activation", "padding", "pool", "readout"})


class NotEvaluableError(Exception):
    """Nothing in the repository can be evaluated; the text tells its author why and what would help."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The file to evaluate, those beside it that it needs, and the part of the harness that opens it."""

    format: str
    path: str
    loader: str
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
        return Choice(format_, path, LOADERS[format_], _companions(path, known) if format_ == ONNX else ())
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


def understood(
    choice: Choice, paths: Collection[str], card: Mapping[str, Any], config: bytes | None
) -> tuple[Choice, str | None, dict[str, Any]]:
    """A choice of safetensors with what its repository says of it: the architecture and its options.

    Those of the hub's own registry (harness/architectures.py) are named by `architecture`, in the card's front matter or in
    config.json; the card's word comes first. Where neither names one, a config.json with a `model_type` makes it a model of
    transformers, with the files that describe it; else None, to be recognised by its tensors. Raises NotEvaluableError.
    """
    settings = _settings(config)
    name = card.get("architecture", settings.get("architecture"))
    if name is not None and not isinstance(name, str):
        raise NotEvaluableError("`architecture` is not a name.")
    if name is None and isinstance(settings.get("model_type"), str):
        folder = PurePosixPath(choice.path).parent
        beside = (str(folder / file) for file in (*TRANSFORMERS_FILES, *SENTENCE_FILES))
        files = tuple(path for path in beside if path in paths)
        return replace(choice, loader="transformers", companions=files), None, {}
    return choice, name, {key: value for key, value in settings.items() if key in OPTIONS}


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
