"""What a commit says about its repository: the card's facts, how its model is loaded, its tensors, its tags, its lineage.

All of it can be made again from the repository at any time; it is what pages and lists read. Nothing a file says can
stop it: what cannot be understood is noted as a problem, and left out.
"""

import logging

from django.db import transaction
from django.utils.translation import gettext_noop

from hub.jobs.models import Job
from hub.kept_sentences import sentence
from models_registry.events import commit_indexed
from models_registry.formats.card import CardFacts
from models_registry.formats.licence_terms import commercial_use
from models_registry.formats.pickles import is_named_as_pickle
from models_registry.models import (
    Card,
    Commit,
    GateForm,
    Kind,
    LineageEdge,
    Reference,
    Repository,
    RepositoryFacts,
    TensorSummary,
)
from models_registry.services import licences, lineage, scanning, tagging, trees
from models_registry.services.indexing import tables, tensors, training
from models_registry.services.indexing.card import read_card, summary_of
from models_registry.services.indexing.configuration import Configuration, read_configuration
from models_registry.services.indexing.gate import read_gate
from models_registry.services.indexing.heads import is_head, is_head_locked
from models_registry.services.indexing.tags import data_files, tags_of
from models_registry.services.trees import TreeEntry

logger = logging.getLogger(__name__)

__all__ = ["index_commit", "reindex", "summary_of"]

_ONLY_THE_FIRST = sentence(gettext_noop("Only the first %(count)s of %(total)s weight files are read."))


def index_commit(repository_id: int, oid: str, *, afresh: bool = False, by: int | None = None) -> None:
    """Read the commit's facts and write them, if it still is the head of the default branch.

    afresh: also read again the headers of weight files that have not changed. by: the user who put it there, for the record.
    Raises StorageUnavailable.
    """
    repository = Repository.objects.select_related("namespace").filter(pk=repository_id).first()
    commit = Commit.objects.filter(repository=repository_id, oid=oid).first()
    if repository is None or commit is None or not is_head(repository, oid):
        return  # deleted, or a later commit has a job of its own
    files = trees.files(repository, commit)
    card, facts = read_card(repository, commit, files)
    gate = read_gate(repository, card, commit, files)
    configuration = Configuration()
    summaries: list[TensorSummary] = []
    if repository.kind == Kind.MODEL:
        configuration = read_configuration(repository, files)
        known = {} if afresh else _known(repository)
        summaries = tensors.summaries(repository, files, known)
        configuration.problems += tensors.mark_counted(repository, files, summaries)
        weights = len(tensors.weight_files(files))
        if weights > len(summaries):
            configuration.problems.append(_ONLY_THE_FIRST % {"count": len(summaries), "total": weights})
    else:
        configuration.problems += tables.problems_of(files, card.front_matter)
    with transaction.atomic():
        if not is_head_locked(repository, oid):
            return
        _write(repository, card, facts, configuration, files, summaries)
        _write_gate(repository, gate)
        _write_licence(repository, facts.licence, commit, by)
        commit_indexed.send(sender=Commit, repository=repository, commit=commit, card=card, files=files)
        tables.request(repository, commit)
        training.request(repository, commit, files)
    scanning.request(repository, files)
    Job.objects.add(scanning.SUM_UP, str(repository.pk))
    logger.info("commit %s indexed", oid)


def reindex(repository: Repository) -> None:
    """Make everything again that is taken from the default branch. Raises StorageUnavailable."""
    head = Reference.objects.filter(repository=repository, name=f"refs/heads/{repository.default_branch}").first()
    if head is not None:
        index_commit(repository.pk, head.target, afresh=True)
    lineage.link(repository)


def _known(repository: Repository) -> dict[tuple[str, str], TensorSummary]:
    """Without the lists of tensors, which are long and stay as they are."""
    rows = TensorSummary.objects.filter(repository=repository).defer("tensors")
    return {(row.path, row.content): row for row in rows}


def _write(
    repository: Repository,
    card: Card,
    facts: CardFacts,
    configuration: Configuration,
    files: list[TreeEntry],
    summaries: list[TensorSummary],
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
    Repository.objects.filter(pk=repository.pk).update(
        summary=summary_of(card.text),
        task=(facts.task or configuration.task)[:64],
        library=(facts.library or configuration.library)[:64],
        parameter_count=tensors.count(summaries),
        holds_pickles=any(is_named_as_pickle(entry.name) for entry in files),
    )
    edges = _edges(repository, facts, configuration, summaries)
    LineageEdge.objects.filter(repository=repository).delete()
    LineageEdge.objects.bulk_create(edges)
    tags = tags_of(repository, card, facts, configuration, files, edges)
    tagging.write(repository, tags)
    _write_summaries(repository, summaries)
    _write_facts(repository, configuration, files, summaries)


def _write_gate(repository: Repository, gate: GateForm | None) -> None:
    GateForm.objects.filter(repository=repository).delete()
    if gate is not None:
        gate.save(force_insert=True)


def _write_licence(repository: Repository, licence: str, commit: Commit, by: int | None) -> None:
    new = licence[:64]
    old = Repository.objects.values_list("licence", flat=True).get(pk=repository.pk)
    Repository.objects.filter(pk=repository.pk).update(licence=new, commercial_use=commercial_use(licence))
    if old != new:
        licences.note_change(repository, old=old, new=new, commit=commit, by=by)
    Job.objects.add(licences.CHECK, str(repository.pk))


def _edges(
    repository: Repository, facts: CardFacts, configuration: Configuration, summaries: list[TensorSummary]
) -> list[LineageEdge]:
    if repository.kind != Kind.MODEL:
        return []
    bases = facts.base_models or ((configuration.adapts,) if configuration.adapts else ())
    formats = {summary.format for summary in summaries}
    relation = lineage.relation_of(
        written=facts.base_model_relation,
        bases=bases,
        name=repository.name,
        is_adapter=configuration.is_adapter,
        is_quantized=configuration.is_quantized or ("gguf" in formats and "safetensors" not in formats),
    )
    return lineage.edges_for(repository, bases, relation)


def _write_summaries(repository: Repository, summaries: list[TensorSummary]) -> None:
    kept = [summary.pk for summary in summaries if summary.pk]
    rows = TensorSummary.objects.filter(repository=repository)
    rows.exclude(pk__in=kept).delete()
    TensorSummary.objects.bulk_create((summary for summary in summaries if not summary.pk), batch_size=20)
    counted = [summary.path for summary in summaries if summary.is_counted]
    rows.filter(path__in=counted).update(is_counted=True)
    rows.exclude(path__in=counted).update(is_counted=False)


def _write_facts(
    repository: Repository, configuration: Configuration, files: list[TreeEntry], summaries: list[TensorSummary]
) -> None:
    data = data_files(files) if repository.kind == Kind.DATASET else []
    RepositoryFacts.objects.update_or_create(
        repository=repository,
        defaults={
            "config": configuration.config,
            "transformers": configuration.transformers,
            "safetensors": _safetensors(summaries),
            "gguf": _gguf(files, summaries),
            "main_size": sum(entry.size for entry in data) if data else None,
            "problems": configuration.problems,
        },
    )


def _safetensors(summaries: list[TensorSummary]) -> dict[str, object]:
    parameters: dict[str, int] = {}
    for summary in summaries:
        if summary.format == "safetensors" and summary.is_counted:
            for dtype, count in summary.parameters.items():
                parameters[dtype] = parameters.get(dtype, 0) + count
    return {"parameters": parameters, "total": sum(parameters.values())} if parameters else {}


def _gguf(files: list[TreeEntry], summaries: list[TensorSummary]) -> dict[str, object]:
    parts = tensors.gguf_parts(summaries)
    if not parts:
        return {}
    first = min((summary for summary in summaries if summary.path in parts), key=lambda summary: summary.path)
    total = sum(tensors.total(summary) for summary in summaries if summary.path in parts)
    sizes = sum(entry.size for entry in files if entry.path in parts)
    return {"total": total, "totalFileSize": sizes, **first.facts}
