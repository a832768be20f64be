"""What a commit says about its repository: the card's facts, the tags lists filter by, the tensors of its weights.

All of it can be made again from the repository at any time; it is what pages and lists read.
"""

import logging
import re

from django.db import transaction

from models_registry.formats import card as cards
from models_registry.formats.card import CardError, CardFacts
from models_registry.formats.safetensors_header import (
    PREFIX_BYTES,
    Header,
    InvalidHeaderError,
    header_end,
    parse_header,
)
from models_registry.models import (
    Card,
    Commit,
    GitObject,
    LfsObject,
    Reference,
    Repository,
    RepositoryTag,
    TensorSummary,
)
from models_registry.services import reading, trees
from models_registry.services.trees import TreeEntry

logger = logging.getLogger(__name__)

MOST_WEIGHT_FILES = 200
_LONGEST_CARD = 512 * 1024
_LONGEST_SUMMARY = 300
# Endings of files that tell how a model can be used.
_FORMATS = {".safetensors": "safetensors", ".onnx": "onnx", ".gguf": "gguf", ".keras": "keras", ".parquet": "parquet"}
_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*_`~]|<[^>]*>")


def index_commit(repository_id: int, oid: str) -> None:
    """Read the commit's facts and write them, if it still is the head of the default branch. Raises StorageUnavailable."""
    repository = Repository.objects.filter(pk=repository_id).first()
    commit = Commit.objects.filter(repository=repository_id, oid=oid).first()
    if repository is None or commit is None or not _is_head(repository, oid):
        return  # deleted, or a later commit has a job of its own
    files = trees.files(repository, commit)
    card, facts = _read_card(repository, commit, files)
    summaries = [_tensors(repository, entry) for entry in _weights(files)]
    with transaction.atomic():
        Repository.objects.select_for_update().get(pk=repository.pk)
        if _is_head(repository, oid):
            _write(repository, card, facts, files, summaries)
    logger.info("commit %s indexed", oid)


def _is_head(repository: Repository, oid: str) -> bool:
    name = f"refs/heads/{repository.default_branch}"
    return Reference.objects.filter(repository=repository, name=name, target=oid).exists()


def _read_card(repository: Repository, commit: Commit, files: list[TreeEntry]) -> tuple[Card, CardFacts]:
    readme = next((entry for entry in files if entry.path == "README.md" and entry.lfs is None), None)
    card = Card(repository=repository, commit=commit.oid)
    if readme is None:
        return card, CardFacts()
    raw = reading.read_range(trees.content_of(repository, readme), 0, _LONGEST_CARD)
    text = raw.decode("utf-8", "replace").replace("\0", "")
    try:
        parsed = cards.parse(text)
    except CardError as error:
        card.text, card.warnings = cards.split(text)[1], [str(error)]
        return card, CardFacts()
    facts = cards.facts(parsed.metadata)
    card.text, card.front_matter, card.warnings = parsed.body, parsed.metadata, list(facts.warnings)
    return card, facts


def _weights(files: list[TreeEntry]) -> list[TreeEntry]:
    return [entry for entry in files if entry.path.endswith(".safetensors")][:MOST_WEIGHT_FILES]


def _tensors(repository: Repository, entry: TreeEntry) -> TensorSummary:
    """Read by ranges: the header alone, never the weights."""
    summary = TensorSummary(repository=repository, path=entry.path, format="safetensors")
    try:
        header = _header(repository, entry)
    except InvalidHeaderError as error:
        summary.problem = str(error)[:500]
        return summary
    summary.parameters = header.parameters_by_dtype
    summary.tensors = [[tensor.name, tensor.dtype, list(tensor.shape)] for tensor in header.tensors]
    return summary


def _header(repository: Repository, entry: TreeEntry) -> Header:
    stored: LfsObject | GitObject
    if entry.lfs:
        stored = LfsObject.objects.get(sha256=entry.lfs.sha256, possessions__repository=repository)
    else:
        stored = trees.content_of(repository, entry)
    end = header_end(reading.read_range(stored, 0, PREFIX_BYTES), entry.size)
    return parse_header(reading.read_range(stored, 0, end), entry.size)


def _write(
    repository: Repository, card: Card, facts: CardFacts, files: list[TreeEntry], summaries: list[TensorSummary]
) -> None:
    Card.objects.update_or_create(
        repository=repository,
        defaults={
            "commit": card.commit,
            "front_matter": card.front_matter,
            "text": card.text,
            "warnings": card.warnings,
        },
    )
    counted = [sum(summary.parameters.values()) for summary in summaries if not summary.problem]
    Repository.objects.filter(pk=repository.pk).update(
        summary=summary_of(card.text),
        task=facts.task[:64],
        library=facts.library[:64],
        licence=facts.licence[:64],
        parameter_count=sum(counted) if counted else None,
    )
    RepositoryTag.objects.filter(repository=repository).delete()
    RepositoryTag.objects.bulk_create(RepositoryTag(repository=repository, tag=tag) for tag in _tags(facts, files))
    TensorSummary.objects.filter(repository=repository).delete()
    TensorSummary.objects.bulk_create(summaries)


def _tags(facts: CardFacts, files: list[TreeEntry]) -> list[str]:
    """In the spelling that Hub clients filter by."""
    formats = {name for ending, name in _FORMATS.items() if any(entry.path.endswith(ending) for entry in files)}
    tags = [
        *facts.tags,
        *([facts.library] if facts.library else []),
        *([facts.task] if facts.task else []),
        *sorted(formats),
        *facts.languages,
        *(f"language:{language}" for language in facts.languages),
        *(f"dataset:{dataset}" for dataset in facts.datasets),
        *(f"base_model:{model}" for model in facts.base_models),
        *([f"license:{facts.licence.lower()}"] if facts.licence else []),
    ]
    return list(dict.fromkeys(tag[:200] for tag in tags))


def summary_of(text: str) -> str:
    """The card's first sentence or so: its first paragraph that is neither a heading nor code nor HTML, without markup."""
    in_code = False
    paragraph: list[str] = []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith(("```", "~~~")):
            in_code = not in_code
            continue
        if in_code or stripped.startswith(("#", "|", "<", "---", "===", "![", "[![", ">")):
            continue
        if stripped:
            paragraph.append(stripped)
        elif paragraph:
            break
    plain = " ".join(_MARKUP.sub(r"\1", " ".join(paragraph)).split())
    return plain if len(plain) <= _LONGEST_SUMMARY else plain[: _LONGEST_SUMMARY - 1].rstrip() + "…"
