"""The tensors of a commit's weight files, read by ranges: the headers alone, never the weights.

A repository often holds its weights more than once: as shards and whole, in half precision too, as safetensors and as
ONNX. Its parameters are counted once, in the first form there is of safetensors, GGUF, ONNX:

- safetensors: the root's files, else those of a pipeline's folders (model_index.json), else of the largest folder. In a
  folder the shards that its index names, else model.safetensors, else all but the variants (x.fp16.safetensors).
- GGUF: the largest of its models, whose parts (-00001-of-00003) belong together. ONNX: the largest file.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_noop

from hub.kept_sentences import sentence
from models_registry.errors import ContentQuarantined
from models_registry.formats import gguf_header, onnx_header
from models_registry.formats.header_bytes import HeaderError
from models_registry.formats.model_config import ConfigError, json_object
from models_registry.formats.safetensors_header import PREFIX_BYTES, InvalidHeaderError, header_end, parse_header
from models_registry.formats.tables.columns import clean
from models_registry.models import Repository, TensorSummary
from models_registry.services.random_access import ReadRange, content_id, reader_of
from models_registry.services.trees import TreeEntry
from models_registry.storage import ObjectMissing

MOST_WEIGHT_FILES = 500
LARGEST_INDEX = 16 * 1024 * 1024
_TOO_MANY = 2**63
_LONGEST_PATH = 1024
LONGEST_KEY = 200
LONGEST_VALUE = 2_000  # characters; chat templates are longer
MOST_PAIRS = 300
_READ_FOR_A_PAGE = 24 * 1024 * 1024
_READS_FOR_A_PAGE = 300
_IS_LONG = sentence(gettext_noop("The header is read in the background, and only on the default branch: it is long."))
_MISSING = sentence(gettext_noop("The file's content is missing in the storage."))
_NO_SHARDS = sentence(gettext_noop("It names no shards (“weight_map”)."))
_INDEX = ".safetensors.index.json"
_PREFERRED_INDEXES = ("model" + _INDEX, "diffusion_pytorch_model" + _INDEX)
_SHARD = re.compile(r"-\d{5}-of-\d{5}(?=\.[a-z]+\Z)")


def _safetensors(read: ReadRange, size: int, summary: TensorSummary) -> None:
    end = header_end(read(0, min(PREFIX_BYTES, size)), size)
    header = parse_header(read(0, end), size)
    summary.parameters = header.parameters_by_dtype
    summary.tensors = [[tensor.name, tensor.dtype, list(tensor.shape)] for tensor in header.tensors]
    summary.metadata = _pairs(header.metadata)


def _gguf(read: ReadRange, size: int, summary: TensorSummary) -> None:
    header = gguf_header.read_header(read, size)
    summary.parameters = header.parameters_by_type
    summary.tensors = [[name, kind, list(shape)] for name, kind, shape in header.tensors]
    summary.facts = header.facts
    summary.metadata = _pairs(header.metadata)
    if header.vocabulary:
        summary.metadata.append(["tokenizer.ggml.tokens", f"array of {len(header.vocabulary)}"])


def _onnx(read: ReadRange, size: int, summary: TensorSummary) -> None:
    header = onnx_header.read_header(read, size)
    summary.parameters = header.parameters_by_type
    summary.tensors = [[name, kind, list(shape)] for name, kind, shape in header.tensors]
    summary.facts = {"opsets": header.opsets, "producer": header.producer}
    opsets = {f"opset {domain}".strip(): version for domain, version in header.opsets.items()}
    summary.metadata = _pairs({"IR version": header.ir_version, "producer": header.producer, **opsets})
    for title, values in (("input", header.inputs), ("output", header.outputs)):
        summary.metadata += [
            [clean(f"{title} {name}"[:LONGEST_KEY]), clean(f"{kind} {' × '.join(map(str, shape))}".strip())]
            for name, kind, shape in values
        ]


def _pairs(said: Mapping[str, Any]) -> list[list[str]]:
    """What a header says besides its tensors, as a page shows it."""
    return [
        [clean(key[:LONGEST_KEY]), clean(text[:LONGEST_VALUE]) + ("…" if len(text) > LONGEST_VALUE else "")]
        for key, text in ((key, str(value)) for key, value in list(said.items())[:MOST_PAIRS])
        if text
    ]


_READERS: dict[str, Callable[[ReadRange, int, TensorSummary], None]] = {
    "safetensors": _safetensors,
    "gguf": _gguf,
    "onnx": _onnx,
}


def _format_of(path: str) -> str:
    ending = path.rpartition(".")[2].lower()
    return ending if ending in _READERS else ""


def weight_files(files: Iterable[TreeEntry]) -> list[TreeEntry]:
    """Those with a header that the hub reads, the most telling first."""
    order = list(_READERS)
    found = [entry for entry in files if _format_of(entry.path) and len(entry.path) <= _LONGEST_PATH]
    return sorted(found, key=lambda entry: (order.index(_format_of(entry.path)), entry.path.count("/"), entry.path))


def summaries(
    repository: Repository, files: Iterable[TreeEntry], known: Mapping[tuple[str, str], TensorSummary]
) -> list[TensorSummary]:
    """One for each weight file, at most 500. known: by path and content, what was read before. Raises StorageUnavailable."""
    return [
        known.get((entry.path, content_id(entry))) or _summary(repository, entry)
        for entry in weight_files(files)[:MOST_WEIGHT_FILES]
    ]


def of_file(repository: Repository, entry: TreeEntry) -> TensorSummary | None:
    """What the header of a file says, at any revision; None where it is no weight file.

    As it was read after a commit; a file that no default branch had is read now, where that is little work.
    Raises StorageUnavailable.
    """
    if not weight_files([entry]):
        return None
    known = TensorSummary.objects.filter(
        repository=repository, content=content_id(entry), format=_format_of(entry.path)
    )
    return known.order_by("pk").first() or _summary(repository, entry, sparingly=True)


def _sparing(read: ReadRange) -> ReadRange:
    """A reader that refuses what would take a page too long."""
    spent = [0, 0]

    def spare(start: int, end: int) -> bytes:
        spent[0] += end - start
        spent[1] += 1
        if spent[0] > _READ_FOR_A_PAGE or spent[1] > _READS_FOR_A_PAGE:
            raise HeaderError(_IS_LONG)
        return read(start, end)

    return spare


def _summary(repository: Repository, entry: TreeEntry, *, sparingly: bool = False) -> TensorSummary:
    summary = TensorSummary(
        repository=repository, path=entry.path, content=content_id(entry), format=_format_of(entry.path)
    )
    try:
        read = reader_of(repository, entry)
        _READERS[summary.format](_sparing(read) if sparingly else read, entry.size, summary)
    except (InvalidHeaderError, HeaderError) as error:
        summary.problem = str(error)[:500]
    except ContentQuarantined as error:
        summary.problem = str(error)[:500]
    except ObjectMissing:
        summary.problem = _MISSING
    return summary


def mark_counted(repository: Repository, files: list[TreeEntry], read: list[TensorSummary]) -> list[str]:
    """Set `is_counted` on the files that make up the model. Returns what could not be understood, in sentences."""
    problems: list[str] = []
    usable = {summary.path: summary for summary in read if not summary.problem}
    by_format = {name: {path for path in usable if usable[path].format == name} for name in _READERS}
    chosen: set[str] = set()
    if by_format["safetensors"]:
        chosen = _chosen_safetensors(repository, files, by_format["safetensors"], usable, problems)
    elif by_format["gguf"]:
        chosen = gguf_parts(usable[path] for path in by_format["gguf"])
    elif by_format["onnx"]:
        chosen = {max(sorted(by_format["onnx"]), key=lambda path: total(usable[path]))}
    for summary in read:
        summary.is_counted = summary.path in chosen
    return problems


def total(summary: TensorSummary) -> int:
    return sum(summary.parameters.values())


def gguf_parts(read: Iterable[TensorSummary]) -> set[str]:
    """The paths of the largest model among GGUF files; what sees or hears for a model (mmproj) is none of its own."""
    models: dict[str, dict[str, int]] = defaultdict(dict)
    for summary in sorted(read, key=lambda summary: summary.path):
        if summary.format == "gguf" and not summary.problem and "mmproj" not in summary.path.rpartition("/")[2]:
            models[_SHARD.sub("", summary.path)][summary.path] = total(summary)
    largest: dict[str, int] = max(models.values(), key=lambda parts: sum(parts.values()), default={})
    return set(largest)


def _chosen_safetensors(
    repository: Repository,
    files: list[TreeEntry],
    paths: set[str],
    usable: Mapping[str, TensorSummary],
    problems: list[str],
) -> set[str]:
    folders: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        folders[path.rpartition("/")[0]].add(path)
    indexes: dict[str, list[TreeEntry]] = defaultdict(list)
    for entry in files:
        if entry.path.endswith(_INDEX):
            indexes[entry.path.rpartition("/")[0]].append(entry)

    def chosen_in(folder: str) -> set[str]:
        return _chosen_in_folder(repository, folders[folder], indexes[folder], problems)

    if "" in folders:
        return chosen_in("")
    chosen = {folder: chosen_in(folder) for folder in sorted(folders)}
    if any(entry.path == "model_index.json" for entry in files):
        return set().union(*chosen.values())
    return max(chosen.values(), key=lambda parts: sum(total(usable[path]) for path in parts))


def _chosen_in_folder(
    repository: Repository, paths: set[str], indexes: list[TreeEntry], problems: list[str]
) -> set[str]:
    by_name = {path.rpartition("/")[2]: path for path in paths}
    preferred = sorted(
        (entry for entry in indexes if entry.size <= LARGEST_INDEX),
        key=lambda entry: (entry.name not in _PREFERRED_INDEXES, entry.name.count("."), entry.name),
    )
    for entry in preferred[:1]:
        shards = _shards(repository, entry, problems)
        if found := {by_name[name] for name in shards if name in by_name}:
            return found
    if "model.safetensors" in by_name:
        return {by_name["model.safetensors"]}
    return {path for name, path in by_name.items() if not _is_variant(name, by_name)}


def _shards(repository: Repository, entry: TreeEntry, problems: list[str]) -> set[str]:
    try:
        index: dict[str, Any] = json_object(reader_of(repository, entry)(0, entry.size))
    except ConfigError as error:
        problems.append(f"{entry.path}: {error}")
        return set()
    shards = index.get("weight_map")
    if not isinstance(shards, dict):
        problems.append(f"{entry.path}: {_NO_SHARDS}")
        return set()
    return {name for name in shards.values() if isinstance(name, str)}


def _is_variant(name: str, names: Mapping[str, str]) -> bool:
    """Whether x.fp16.safetensors stands beside x.safetensors, or beside its shards."""
    stem, _, variant = _SHARD.sub("", name).removesuffix(".safetensors").rpartition(".")
    return bool(variant and stem) and any(
        _SHARD.sub("", other) == f"{stem}.safetensors" for other in names if other != name
    )


def count(read: Iterable[TensorSummary]) -> int | None:
    """The parameters of the counted files; None where there are none, or more than any column holds."""
    counted = [total(summary) for summary in read if summary.is_counted]
    return sum(counted) if counted and sum(counted) < _TOO_MANY else None
