from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from models_registry.models.fields import HashField
from models_registry.models.repository import Repository


class Card(models.Model):
    """What the README of the default branch says, as it was at `commit`. Rebuilt by a task after each commit."""

    repository = models.OneToOneField(Repository, models.CASCADE, related_name="card")
    commit = HashField(20)
    front_matter: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    text = models.TextField(blank=True, help_text="The Markdown below the front matter.")
    warnings: models.JSONField[Any, list[str]] = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"card of {self.repository}"


class GateForm(models.Model):
    """What a gated repository asks of who wants in, as its card says (formats.gate_form). Rebuilt with the card.

    `fields`: [{"label", "type", "options", "required"}, …]. `terms`: a text to accept, out of a file of the repository or
    the card itself; in `commit` it stands. `problems`: what the card says of its gate and could not be understood.
    """

    repository = models.OneToOneField(Repository, models.CASCADE, related_name="gate_form")
    commit = HashField(20)
    heading = models.CharField(max_length=200, blank=True)
    description = models.CharField(max_length=1000, blank=True)
    button = models.CharField(max_length=100, blank=True)
    prompt = models.TextField(blank=True, help_text="Markdown.")
    fields: models.JSONField[Any, list[dict[str, Any]]] = models.JSONField(default=list)
    terms = models.TextField(blank=True)
    terms_file = models.CharField(max_length=200, blank=True, help_text="The file in which they stand, if it is one.")
    terms_sha256 = models.CharField(max_length=64, blank=True)
    problems: models.JSONField[Any, list[str]] = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"gate of {self.repository}"


class RepositoryTag(models.Model):
    """One tag of a repository, as lists filter by it: free words, and `license:mit`, `language:en`, `base_model:ns/name` …"""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="tags", db_index=False)
    tag = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "tag"], name="tag_once_per_repository")]
        indexes = [models.Index(fields=["tag", "repository"], name="repository_by_tag")]

    def __str__(self) -> str:
        return self.tag


class TensorSummary(models.Model):
    """The tensors of one weight file of the default branch, read from its header alone.

    `parameters`: {dtype: count}. `tensors`: [[name, dtype, shape], …]. `facts`: what else the header says (GGUF, ONNX), for
    clients. `metadata`: [[key, value], …], texts as a page shows them.
    """

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="tensor_summaries")
    path = models.CharField(max_length=1024)
    content = models.CharField(
        max_length=64, help_text="Of which content: an SHA-256, or the git id of a regular file."
    )
    format = models.CharField(max_length=16)
    parameters: models.JSONField[Any, dict[str, int]] = models.JSONField(default=dict)
    tensors: models.JSONField[Any, list[Any]] = models.JSONField(default=list)
    facts: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    metadata: models.JSONField[Any, list[list[str]]] = models.JSONField(default=list)
    is_counted = models.BooleanField(
        default=False, help_text="Whether the repository's parameters are these: not a second copy in another form."
    )
    problem = models.CharField(max_length=500, blank=True, help_text="Why the header could not be read.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "path"], name="tensor_summary_once_per_file")]

    def __str__(self) -> str:
        return f"{self.repository}: {self.path}"


class DatasetTable(models.Model):
    """One split of a dataset, as its files' first megabytes show it (services.indexing.tables); made again after each commit.

    `files`: [[path, content], …] of those that were read. `num_rows`: of all its files, where that is known. `columns`: a
    dict each with name, type, nulls, distinct, and by type min, max, mean, std, histogram, length, top, of the first
    `seen_rows`. `rows`: the first ones, {column: value}; `cut`: [[row, column], …] of values shown in part.
    """

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="tables")
    commit = HashField(20)
    position = models.PositiveSmallIntegerField()
    config = models.CharField(max_length=100)
    split = models.CharField(max_length=100)
    format = models.CharField(max_length=16)
    files: models.JSONField[Any, list[list[str]]] = models.JSONField(default=list)
    file_count = models.PositiveIntegerField()
    size = models.BigIntegerField(help_text="Bytes of all its files.")
    num_rows = models.BigIntegerField(null=True)
    seen_rows = models.PositiveIntegerField(default=0)
    columns: models.JSONField[Any, list[dict[str, Any]]] = models.JSONField(default=list)
    rows: models.JSONField[Any, list[dict[str, Any]]] = models.JSONField(default=list)
    cut: models.JSONField[Any, list[list[Any]]] = models.JSONField(default=list)
    problems: models.JSONField[Any, list[str]] = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "config", "split"], name="table_once_per_split")]

    def __str__(self) -> str:
        return f"{self.repository}: {self.config}/{self.split}"


class RepositoryFacts(models.Model):
    """What files other than the card say of a repository, in the form in which Hub clients read it.

    `config`: the part of config.json and its neighbours that says how to load the model. `transformers`: auto_model,
    pipeline_tag, processor. `safetensors`: {"parameters": {dtype: count}, "total"}. `gguf`: the header of its first GGUF file.
    `main_size`: bytes of a dataset's data files. `problems`: files that could not be understood, in a sentence each.
    `licence_findings`: [[rule, name], …], where its licence contradicted what it is made from when that was last looked at.
    `scan_findings`: [[path, status], …] of the first files that scans say something of, the gravest first; `flagged`: how many.
    """

    repository = models.OneToOneField(Repository, models.CASCADE, related_name="facts")
    config: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    transformers: models.JSONField[Any, dict[str, str]] = models.JSONField(default=dict)
    safetensors: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    gguf: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    main_size = models.BigIntegerField(null=True)
    problems: models.JSONField[Any, list[str]] = models.JSONField(default=list)
    licence_findings: models.JSONField[Any, list[list[str]]] = models.JSONField(default=list)
    scan_findings: models.JSONField[Any, list[list[str]]] = models.JSONField(default=list)
    flagged = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"facts of {self.repository}"


class Relation(models.TextChoices):
    """How a model was made from another one."""

    FINETUNE = "finetune"
    ADAPTER = "adapter"
    QUANTIZED = "quantized"
    MERGE = "merge"


class LineageEdge(models.Model):
    """A model names what it was made from. `base` is that repository, where this hub has it now."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="lineage")
    base_name = models.CharField(max_length=200, help_text="As it is written.")
    base_key = models.CharField(max_length=200, db_index=True)
    base = models.ForeignKey(Repository, models.SET_NULL, null=True, related_name="children")
    relation = models.CharField(max_length=16, choices=Relation.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "base_key"], name="lineage_edge_once_per_base")]

    def __str__(self) -> str:
        return f"{self.repository} is a {self.relation} of {self.base_name}"


class FileScan(models.Model):
    """What reading a content's pickles has shown; once for each content, wherever it occurs.

    `content`: the SHA-256 of a large file, the git id of a regular one. `imports`: [[module, name, safety], …].
    """

    class Status(models.TextChoices):
        SAFE = "safe"
        SUSPICIOUS = "suspicious"
        UNSAFE = "unsafe"
        ERROR = "error"

    content = models.CharField(max_length=64, unique=True)
    status = models.CharField(max_length=16, choices=Status.choices)
    imports: models.JSONField[Any, list[list[str]]] = models.JSONField(default=list)
    problem = models.CharField(max_length=500, blank=True)
    scanner = models.CharField(max_length=40)
    scanned_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.content[:12]} is {self.status}"
