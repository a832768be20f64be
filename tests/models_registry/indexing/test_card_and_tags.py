import pytest

from accounts.models import Actor
from hub.jobs.models import Job
from models_registry.models import Repository, RepositoryTag
from models_registry.services.indexing import index_commit, summary_of
from models_registry.services.references import create_branch
from tests import make
from tests.kept import is_known
from tests.models_registry.indexing.weights import indexed, safetensors

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


def test_a_commit_asks_for_its_indexing_in_its_own_transaction() -> None:
    repository = make.repository()
    commit = make.commit(repository)
    assert Job.objects.filter(kind="index_commit", key__startswith=f"{repository.pk}:{commit.oid}").exists()


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


def tags_of(repository: Repository) -> set[str]:
    return set(repository.tags.values_list("tag", flat=True))


def test_a_models_tags_are_those_that_hub_clients_filter_by() -> None:
    repository = indexed(
        {
            "README.md": "---\nlicense: other\nlicense_name: my-terms\nlanguage: [en, de]\n---\nSee https://arxiv.org/abs/1810.04805.",
            "config.json": '{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "auto_map": {"AutoConfig": "a.B"},'
            ' "quantization_config": {"quant_method": "awq"}}',
            "tokenizer_config.json": '{"chat_template": "{{ x }}"}',
        }
    )
    expected = {"transformers", "llama", "text-generation", "awq", "custom_code", "conversational", "arxiv:1810.04805"}
    assert expected | {"license:other", "license:my-terms", "en", "language:de"} <= tags_of(repository)
    assert (repository.library, repository.task) == ("transformers", "text-generation")


def test_a_datasets_tags_tell_its_tasks_size_formats_and_modalities() -> None:
    repository = indexed(
        {
            "README.md": "---\ntask_categories: [text-classification]\nsize_categories: [1K<n<10K]\n---\n",
            "data/train.csv": "a,b\n1,2\n",
            "data/test.jsonl.gz": "{}",
            "pictures/1.png": b"x" * 7,
        },
        kind="dataset",
    )
    assert {
        "task_categories:text-classification", "size_categories:1K<n<10K", "format:csv", "format:json",
        "format:imagefolder", "modality:tabular", "modality:image", "library:datasets",
    } <= tags_of(repository)  # fmt: skip
    assert repository.facts.main_size == 8 + 2 + 7
    assert repository.facts.config == {}


def test_the_card_goes_before_what_the_files_imply() -> None:
    repository = indexed(
        {
            "README.md": "---\nlibrary_name: mine\npipeline_tag: other-task\n---\n",
            "config.json": '{"architectures": ["BertForMaskedLM"]}',
        }
    )
    assert (repository.library, repository.task) == ("mine", "other-task")
    assert repository.facts.transformers["pipeline_tag"] == "fill-mask"


@pytest.mark.parametrize(
    ("files", "library", "task"),
    [
        ({"config.json": '{"model_type": "bert"}'}, "transformers", ""),
        ({"model_index.json": '{"_class_name": "FluxPipeline"}'}, "diffusers", "text-to-image"),
        ({"adapter_config.json": '{"task_type": "CAUSAL_LM"}'}, "peft", "text-generation"),
        ({"modules.json": "[]", "config.json": "{}"}, "sentence-transformers", "sentence-similarity"),
        ({"config.json": '{"anything": 1}'}, "", ""),
        ({"deep/config.json": '{"model_type": "bert"}'}, "", ""),
    ],
)  # fmt: skip
def test_the_library_is_told_by_the_files(files: dict[str, bytes | str], library: str, task: str) -> None:
    repository = indexed(files)
    assert (repository.library, repository.task) == (library, task)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", "[1, 2]"),
        ("config.json", "{" * 1000),
        ("config.json", '{"a": "' + "x" * 5_000_000 + '"}'),
        ("tokenizer_config.json", b"\xff\xfe\0"),
        ("adapter_config.json", "null"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_a_problem_not_a_failure(name: str, content: bytes | str) -> None:
    repository = indexed({name: content, "README.md": "---\nlicense: mit\n---\n"})
    assert repository.licence == "mit"
    assert repository.facts.problems[0].startswith(f"{name}: It ")
    assert is_known(repository.facts.problems[0])


def test_a_huge_vocabulary_leaves_only_what_is_needed() -> None:
    words = ", ".join(f'"{n}": {{"content": "w{n}"}}' for n in range(20_000))
    repository = indexed(
        {"tokenizer_config.json": f'{{"eos_token": "</s>", "added_tokens_decoder": {{{words}}}}}', "config.json": "{}"}
    )
    assert repository.facts.config == {"tokenizer_config": {"eos_token": "</s>"}}


def test_text_that_no_database_holds_is_replaced() -> None:
    repository = indexed({"config.json": r'{"model_type": "a\u0000b\ud800", "architectures": ["x\u0000"]}'})
    assert repository.facts.config["model_type"] == "a\ufffdb?"


def test_a_commit_on_another_branch_is_not_shown_but_scanned() -> None:
    repository = make.repository()
    create_branch(actor=Actor(user=repository.creator), repository=repository, name="other", start=None)
    commit = make.commit(repository, {"README.md": "---\nlicense: mit\n---\n"}, branch="other")
    index_commit(repository.pk, commit.oid)
    repository.refresh_from_db()
    assert repository.licence == ""
    key = f"{repository.pk}:{commit.oid}"
    assert list(Job.objects.filter(key=key).values_list("kind", flat=True)) == ["scan_commit"]
