import json
import struct

import pytest

from hub.jobs.models import Job
from models_registry.models import RepositoryTag
from models_registry.services.indexing import index_commit, summary_of
from tests import make

CARD = """---
license: apache-2.0
pipeline_tag: image-classification
library_name: pytorch
tags: [digits, small]
language: en
base_model: ada/base
---
# Digits

![picture](x.png)

A *small* [network](https://example.org)
for digits.

More.
"""


def safetensors(**tensors: list[int]) -> bytes:
    header, offset = {}, 0
    for name, shape in tensors.items():
        size = 4
        for length in shape:
            size *= length
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(offset)


def test_a_commit_asks_for_its_indexing_in_its_own_transaction() -> None:
    repository = make.repository()
    commit = make.commit(repository)
    assert Job.objects.filter(kind="index_commit", key=f"{repository.pk}:{commit.oid}").exists()


def test_the_cards_facts_and_the_tensors_are_indexed() -> None:
    repository = make.repository()
    commit = make.commit(
        repository, {"README.md": CARD, "m.safetensors": safetensors(a=[2, 3], b=[4]), "bad.safetensors": b"x" * 20}
    )
    index_commit(repository.pk, commit.oid)
    repository.refresh_from_db()
    assert repository.licence == "apache-2.0"
    assert (repository.task, repository.library, repository.parameter_count) == ("image-classification", "pytorch", 10)
    assert repository.summary == "A small network for digits."
    tags = set(RepositoryTag.objects.filter(repository=repository).values_list("tag", flat=True))
    assert {"digits", "small", "license:apache-2.0", "base_model:ada/base", "safetensors", "en"} <= tags
    assert repository.tensor_summaries.get(path="m.safetensors").parameters == {"F32": 10}
    assert "header" in repository.tensor_summaries.get(path="bad.safetensors").problem.lower()
    index_commit(repository.pk, commit.oid)  # twice changes nothing
    assert RepositoryTag.objects.filter(repository=repository).count() == len(tags)


def test_an_older_commit_changes_nothing() -> None:
    repository = make.repository()
    old = make.commit(repository, {"README.md": "---\nlicense: mit\n---\n"})
    make.commit(repository, {"README.md": "---\nlicense: gpl-3.0\n---\n"})
    index_commit(repository.pk, old.oid)
    repository.refresh_from_db()
    assert repository.licence == ""


def test_a_broken_card_is_kept_as_text_with_its_fault() -> None:
    repository = make.repository()
    commit = make.commit(repository, {"README.md": "---\na: [\n---\nHello.\n"})
    index_commit(repository.pk, commit.oid)
    repository.refresh_from_db()
    assert repository.card.warnings
    assert repository.summary == "Hello."


@pytest.mark.parametrize(
    ("text", "summary"), [("", ""), ("```\ncode\n```\n\nHi `x`.", "Hi x."), ("word " * 200, "word " * 59 + "word…")]
)
def test_a_summary_is_the_first_paragraph_in_plain_words(text: str, summary: str) -> None:
    assert summary_of(text) == summary
