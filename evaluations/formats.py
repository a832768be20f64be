"""Which file of a repository is evaluated, decided from names alone, before any library opens anything.

A model in several safetensors files is evaluated by the index that names them (`model.safetensors.index.json`).

Only safetensors, ONNX and Keras 3 are ever opened. Formats that may hold a program (pickles and what falls back to them) are
refused by name: see REFUSED. A repository that offers several is evaluated by the first of them, in this order.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

SAFETENSORS, ONNX, KERAS = "safetensors", "onnx", "keras"
LOADERS = {SAFETENSORS: "torch", ONNX: "onnx", KERAS: "keras"}
SUFFIXES = {SAFETENSORS: ".safetensors", ONNX: ".onnx", KERAS: ".keras"}
INDEX_SUFFIX = ".safetensors.index.json"
USUAL_NAMES = {
    SAFETENSORS: ("model.safetensors", f"model{INDEX_SUFFIX}"),
    ONNX: ("model.onnx",),
    KERAS: ("model.keras",),
}
SHARD = re.compile(r"-\d{5}-of-\d{5}\.safetensors\Z")
MAX_SHARDS = 500
MAX_INDEX_BYTES = 16 * 1024 * 1024
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
    def is_index(self) -> bool:
        return self.path.endswith(INDEX_SUFFIX)

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path, *self.companions)


def choose(paths: Iterable[str], accepted: Collection[str]) -> Choice:
    """The file that is evaluated. paths: of the whole commit. accepted: formats of the suite.

    `model.safetensors`, its index, `model.onnx` or `model.keras` at the root, else the only file of its format nearest to the
    root. Raises NotEvaluableError. What an index names: `with_shards`.
    """
    known = sorted(paths)
    for format_, suffix in SUFFIXES.items():
        found = [path for path in known if path.endswith(suffix) and not SHARD.search(path)]
        if format_ == SAFETENSORS:
            found += [path for path in known if path.endswith(INDEX_SUFFIX)]
        if not found:
            continue
        if format_ not in accepted:
            raise NotEvaluableError(f"This suite does not take {format_} files; it takes {', '.join(accepted)}.")
        path = _only(found, USUAL_NAMES[format_])
        return Choice(format_, path, LOADERS[format_], _companions(path, known) if format_ == ONNX else ())
    if any(SHARD.search(path) for path in known):
        raise NotEvaluableError(
            f"The weights are in several files; the index that names them, model{INDEX_SUFFIX}, is missing."
        )
    refused = [path for path in known if PurePosixPath(path).suffix.lower() in REFUSED]
    if refused:
        raise NotEvaluableError(
            f"{refused[0]} is in a format that can carry a program, so it is never opened. Add the weights as "
            "safetensors (`safetensors.torch.save_file(model.state_dict(), 'model.safetensors')`) or export to ONNX."
        )
    raise NotEvaluableError("The repository holds no safetensors, ONNX or Keras file.")


def with_shards(choice: Choice, paths: Collection[str], index: bytes) -> Choice:
    """An index with the files that it names, all of them beside it. Raises NotEvaluableError."""
    folder = PurePosixPath(choice.path).parent
    names = set(weight_map(index).values())
    if len(names) > MAX_SHARDS:
        raise NotEvaluableError(f"The index names {len(names)} files; at most {MAX_SHARDS} are run.")
    for name in sorted(names):
        if PurePosixPath(name).name != name or not name.endswith(SUFFIXES[SAFETENSORS]):
            raise NotEvaluableError(f"The index names {name[:200]!r}, which is no safetensors file beside it.")
        if str(folder / name) not in paths:
            raise NotEvaluableError(f"The index names {name[:200]!r}, which is not there.")
    return replace(choice, companions=tuple(str(folder / name) for name in sorted(names)))


def weight_map(index: bytes) -> dict[str, str]:
    """{tensor: file} of an index. Raises NotEvaluableError."""
    try:
        found = json.loads(index)
    except (ValueError, RecursionError) as error:
        raise NotEvaluableError("The index of the weights is not valid JSON.") from error
    weights = found.get("weight_map") if isinstance(found, dict) else None
    if not isinstance(weights, dict) or not weights or not all(isinstance(name, str) for name in weights.values()):
        raise NotEvaluableError("The index of the weights has no weight_map from tensors to files.")
    return weights


def _only(found: list[str], usual_names: Sequence[str]) -> str:
    for usual in usual_names:
        if usual in found:
            return usual
    depth = min(path.count("/") for path in found)
    nearest = [path for path in found if path.count("/") == depth]
    if len(nearest) > 1:
        shown = ", ".join(nearest[:5])
        raise NotEvaluableError(f"Several files could be meant ({shown}); name the one to evaluate {usual_names[0]}.")
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
        return replace(choice, loader="transformers", companions=(*choice.companions, *files)), None, {}
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
