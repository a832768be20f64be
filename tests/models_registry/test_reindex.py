from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from hub.jobs.models import Job
from models_registry.errors import StorageUnavailable
from models_registry.management.commands import reindex
from models_registry.models import Card, RepositoryFacts, RepositoryTag, TensorSummary
from tests import make
from tests.models_registry.indexing.weights import indexed, safetensors

FILES: dict[str, bytes | str] = {
    "README.md": "---\nlicense: mit\nbase_model: ada/base\n---\nHello.\n",
    "config.json": '{"architectures": ["BertModel"], "model_type": "bert"}',
    "model.safetensors": safetensors(a=[3]),
}


def run(*arguments: str) -> str:
    said = StringIO()
    call_command("reindex", *arguments, stdout=said, stderr=said)
    return said.getvalue()


def _known() -> list[Any]:
    leave_out = {"id", "repository_id"}
    rows = [Card, RepositoryFacts, RepositoryTag, TensorSummary]
    return [[{k: v for k, v in row.items() if k not in leave_out} for row in model.objects.values()] for model in rows]


def test_everything_can_be_made_again_from_the_repository() -> None:
    repository = indexed(FILES)
    before = _known()
    for model in (Card, RepositoryFacts, RepositoryTag, TensorSummary):
        model.objects.all().delete()
    repository.lineage.all().delete()
    run("--repository", repository.full_name)
    assert _known() == before
    assert repository.lineage.get().base_name == "ada/base"
    repository.refresh_from_db()
    assert repository.storage_logical > 0


def test_all_are_gone_through_and_an_interrupted_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindex, "_CHUNK", 2)
    made = [make.repository() for _ in range(5)]
    assert "5 repositories indexed" in run("--all")
    said = run("--all", "--after", str(made[2].pk))
    assert f"go on with --after {made[4].pk}" in said
    assert "2 repositories indexed" in said


def test_workers_can_be_left_the_work() -> None:
    repository = indexed(FILES)
    Job.objects.all().delete()
    run("--all", "--queue")
    assert set(Job.objects.values_list("kind", flat=True)) == {"index_commit", "measure_storage"}
    assert Job.objects.get(kind="measure_storage").key == str(repository.pk)


def test_a_dataset_is_named_as_in_its_address() -> None:
    repository = make.repository(kind="dataset")
    assert "1 repositories indexed" in run("--repository", f"datasets/{repository.full_name}")
    with pytest.raises(CommandError, match="no model"):
        run("--repository", repository.full_name)


def test_one_that_cannot_be_read_is_named_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    first, _second = make.repository(), make.repository()
    works = reindex.indexing.reindex

    def stumble(repository: Any) -> None:
        if repository == first:
            raise StorageUnavailable("down")
        works(repository)

    monkeypatch.setattr(reindex.indexing, "reindex", stumble)
    with pytest.raises(CommandError, match="1 of 2"):
        run("--all")


@pytest.mark.parametrize("command", ["collect_garbage", "fsck", "reindex"])
@pytest.mark.parametrize("name", ["net", "ada/nowhere", "datasets/ada/nowhere", "spaces/ada/nowhere"])
def test_commands_refuse_what_names_no_repository(command: str, name: str) -> None:
    with pytest.raises(CommandError, match="There is no"):
        call_command(command, "--repository", name)
