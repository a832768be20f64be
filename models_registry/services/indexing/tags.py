"""The tags of a repository, in the spelling that Hub clients filter by."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from models_registry.formats.card import CardFacts
from models_registry.models import Card, Kind, LineageEdge, Repository
from models_registry.services.indexing.configuration import Configuration
from models_registry.services.trees import TreeEntry

LONGEST_TAG = 200
MOST_PAPERS = 20
# Endings of files that tell how a model can be used.
_FORMATS = {".safetensors": "safetensors", ".onnx": "onnx", ".gguf": "gguf", ".keras": "keras", ".parquet": "parquet"}
_PAPER = re.compile(r"arxiv\.org/(?:abs|pdf)/(\d{4}\.\d{4,5})", re.IGNORECASE)
# What a dataset's files are, and what they hold as a rule: {ending: (format, modality)}.
_DATA = {
    ".arrow": ("arrow", "tabular"),
    ".csv": ("csv", "tabular"),
    ".json": ("json", "text"),
    ".jsonl": ("json", "text"),
    ".parquet": ("parquet", "tabular"),
    ".tar": ("webdataset", ""),
    ".tsv": ("csv", "tabular"),
    ".txt": ("text", "text"),
    ".flac": ("audiofolder", "audio"),
    ".mp3": ("audiofolder", "audio"),
    ".wav": ("audiofolder", "audio"),
    ".jpeg": ("imagefolder", "image"),
    ".jpg": ("imagefolder", "image"),
    ".png": ("imagefolder", "image"),
    ".webp": ("imagefolder", "image"),
    ".mp4": ("videofolder", "video"),
}
_NOT_DATA = {"README.md", "LICENSE.txt", "requirements.txt", "dataset_infos.json", "config.json"}


def tags_of(
    repository: Repository,
    card: Card,
    facts: CardFacts,
    configuration: Configuration,
    files: Sequence[TreeEntry],
    edges: Iterable[LineageEdge],
) -> list[str]:
    """Without twins, the card's own first."""
    formats = {name for ending, name in _FORMATS.items() if any(entry.path.endswith(ending) for entry in files)}
    library = facts.library or configuration.library
    task = facts.task or configuration.task
    tags = [
        *facts.tags,
        *([library] if library else []),
        *([task] if task else []),
        *sorted(formats),
        *(_of_model(configuration, task) if repository.kind == Kind.MODEL else _of_dataset(files)),
        *facts.languages,
        *(f"language:{language}" for language in facts.languages),
        *facts.prefixed_tags,
        *(f"dataset:{dataset}" for dataset in facts.datasets),
        *(tag for edge in edges for tag in lineage_tags(edge)),
        *(f"license:{licence.lower()}" for licence in (*facts.licences, facts.licence) if licence),
        *(f"arxiv:{paper}" for paper in list(dict.fromkeys(_PAPER.findall(card.text)))[:MOST_PAPERS]),
        *(["model-index"] if isinstance(card.front_matter.get("model-index"), list) else []),
    ]
    return list(dict.fromkeys(tag[:LONGEST_TAG] for tag in tags))


def lineage_tags(edge: LineageEdge) -> list[str]:
    """By the name that is written, and by the one the base has now, if everybody may know that."""
    names = [edge.base_name, *([edge.base.full_name] if edge.base and edge.base.is_public else [])]
    return [tag for name in names for tag in (f"base_model:{name}", f"base_model:{edge.relation}:{name}")]


def _of_model(configuration: Configuration, task: str) -> list[str]:
    config = configuration.config
    method = (config.get("quantization_config") or {}).get("quant_method")
    found: list[Any] = [config.get("model_type"), method]
    if config.get("auto_map"):
        found.append("custom_code")
    talks = "chat_template_jinja" in config or "chat_template" in config.get("tokenizer_config", {})
    if talks and task in {"text-generation", "image-text-to-text"}:
        found.append("conversational")
    return [tag for tag in found if isinstance(tag, str) and tag]


def data_files(files: Iterable[TreeEntry]) -> list[TreeEntry]:
    """Those that hold a dataset's rows, not what is said about them."""
    return [entry for entry in files if entry.name not in _NOT_DATA and _ending(entry) in _DATA]


def _ending(entry: TreeEntry) -> str:
    name = entry.name.lower()
    for packing in (".gz", ".zst", ".bz2", ".xz"):
        name = name.removesuffix(packing)
    return f".{name.rpartition('.')[2]}"


def _of_dataset(files: Sequence[TreeEntry]) -> list[str]:
    kinds = {_DATA[_ending(entry)] for entry in data_files(files)}
    formats = sorted({f"format:{form}" for form, _ in kinds})
    modalities = sorted({f"modality:{modality}" for _, modality in kinds if modality})
    return [*formats, *modalities, *(["library:datasets"] if kinds else [])]
