"""What trainings write down, read by the real process, from real commits."""

import math
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from tensorboard.compat.proto import event_pb2, tensor_pb2, types_pb2

from accounts.models import Actor
from models_registry.formats.training_logs import without_earlier_states
from models_registry.models import Quarantine, Repository, TrainingFile, TrainingLog, TrainingScalar
from models_registry.services import quarantine, trees
from models_registry.services.changes import Delete
from models_registry.services.commits import create_commit
from models_registry.services.indexing import index_commit, training
from tests import make
from tests.kept import is_known
from tests.models_registry.training.logs import START, commit, event, record, repository_with, state, written

EVENTS = "runs/first/events.out.tfevents.1.host"


def scalars(repository: Repository) -> dict[str, TrainingScalar]:
    """Of its one log, by tag."""
    (file,) = TrainingFile.objects.filter(repository=repository)
    assert file.log is not None
    return {scalar.tag: scalar for scalar in file.log.scalars.all()}


def problems(repository: Repository) -> list[str]:
    (file,) = TrainingFile.objects.filter(repository=repository)
    return [file.problem] if file.log is None else file.log.problems


def test_what_torch_writes_is_read(tmp_path: Path) -> None:
    content = written(tmp_path, {"train/loss": [(step, 1 / (step + 1)) for step in range(5)], "lr": [(0, 0.5)]})
    found = scalars(repository_with({EVENTS: content}))
    assert found.keys() == {"train/loss", "lr"}
    assert found["train/loss"].points == [
        [step, START + step, pytest.approx(1 / (step + 1), rel=1e-6)] for step in range(5)
    ]
    assert found["train/loss"].count == 5


def test_what_the_stock_clients_writer_writes_is_read_where_it_puts_it(tmp_path: Path) -> None:
    """huggingface_hub's HFSummaryWriter commits what tensorboardX writes, below tensorboard/."""
    from tensorboardX import SummaryWriter

    with SummaryWriter(logdir=str(tmp_path)) as writer:
        writer.add_scalar("loss", 0.5, 7, walltime=START)
    (file,) = tmp_path.iterdir()
    found = scalars(repository_with({f"tensorboard/{tmp_path.name}/{file.name}": file.read_bytes()}))
    assert found["loss"].points == [[7, START, 0.5]]


def test_scalars_that_are_tensors_are_read() -> None:
    made = event_pb2.Event(step=3, wall_time=START)
    value = made.summary.value.add(tag="loss")
    value.metadata.plugin_data.plugin_name = "scalars"
    value.tensor.CopyFrom(tensor_pb2.TensorProto(dtype=types_pb2.DT_DOUBLE, double_val=[0.25]))
    later = event_pb2.Event(step=4, wall_time=START)  # says what it is no more
    later.summary.value.add(tag="loss").tensor.CopyFrom(
        tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, float_val=[0.125])
    )
    found = scalars(repository_with({EVENTS: record(made.SerializeToString()) + record(later.SerializeToString())}))
    assert [value for _step, _time, value in found["loss"].points] == [0.25, 0.125]


def test_a_trainer_state_gives_the_tags_that_transformers_gives() -> None:
    history = [
        {"step": 10, "epoch": 0.5, "loss": 2.0, "learning_rate": 1e-4, "grad_norm": float("nan")},
        {"step": 20, "epoch": 1.0, "eval_loss": 1.5, "eval_runtime": 3},
        {"step": 20, "train_loss": 1.75, "note": "done", "stopped": True},
        {"loss": 1},
        "no entry",
    ]
    repository = repository_with({"trainer_state.json": state(history)})
    found = scalars(repository)
    assert {tag: scalar.points for tag, scalar in found.items() if scalar.points} == {
        "train/loss": [[10, None, 2.0]],
        "train/learning_rate": [[10, None, 1e-4]],
        "eval/loss": [[20, None, 1.5]],
        "eval/runtime": [[20, None, 3.0]],
        "train/train_loss": [[20, None, 1.75]],
    }
    assert (found["train/grad_norm"].not_finite, found["train/grad_norm"].first_not_finite) == (1, 10)
    assert problems(repository) == ["Entries of the history without a step are left out."]


def test_of_several_checkpoints_the_last_speaks() -> None:
    paths = [
        "a/checkpoint-9/trainer_state.json", "a/checkpoint-10/trainer_state.json", "b/checkpoint-5/trainer_state.json",
        "b/trainer_state.json", "runs/x/events.out.tfevents.1", "README.md",
    ]  # fmt: skip
    assert without_earlier_states(paths) == [
        "a/checkpoint-10/trainer_state.json", "b/trainer_state.json", "runs/x/events.out.tfevents.1",
    ]  # fmt: skip


def test_many_points_become_few_that_look_the_same() -> None:
    count = 20_000
    content = b"".join(event(step, loss=-5.0 if step == 7777 else math.sin(step)) for step in range(count))
    scalar = scalars(repository_with({EVENTS: content}))["loss"]
    assert scalar.count == count
    assert 900 < len(scalar.points) <= 1000
    assert min(value for _step, _time, value in scalar.points) == -5.0
    assert [scalar.points[0][0], scalar.points[-1][0]] == [0, count - 1]


def test_numbers_that_are_none_are_told_and_not_kept() -> None:
    content = event(1, loss=math.nan) + event(2, loss=math.inf) + event(3, loss=1.0)
    scalar = scalars(repository_with({EVENTS: content}))["loss"]
    assert [point[0] for point in scalar.points] == [3]
    assert (scalar.count, scalar.not_finite, scalar.first_not_finite) == (1, 2, 1)


def huge_record() -> bytes:
    made = event_pb2.Event(step=1)
    made.summary.value.add(tag="picture").image.encoded_image_string = b"\0" * 2_000_000
    return record(made.SerializeToString())


GOOD = event(1, loss=0.5)
DEEP = '{"log_history": ' + "[" * 100_000


@pytest.mark.parametrize(
    ("path", "content", "kept", "word"),
    [
        (EVENTS, GOOD + GOOD[:-5], 1, "middle of a record"),
        (EVENTS, GOOD + b"\x01", 1, "middle of a record"),
        (EVENTS, GOOD + b"\xff" + GOOD[1:], 1, "damaged"),
        (EVENTS, GOOD + GOOD[:20] + b"\xff" + GOOD[21:] + GOOD, 1, "damaged"),
        (EVENTS, GOOD + record(b"\xff\xff no event"), 1, "no events"),
        (EVENTS, huge_record() + GOOD, 1, "large records"),
        (EVENTS, record(b"")[:8] + b"", 0, "middle of a record"),
        (EVENTS, (2**63).to_bytes(8, "little") * 4, 0, "damaged"),
        (EVENTS, GOOD + event(2**60, loss=1.0), 1, "out of all bounds"),
        (EVENTS, GOOD + event(1, **{"x" * 300: 1.0, "\0": 1.0}), 2, "longer than"),
        (
            EVENTS,
            b"".join(event(1, **{f"tag{n}-{m}": 1.0 for m in range(50)}) for n in range(60)),
            1000,
            "more than 1000",
        ),
        (EVENTS, event(1, time=math.nan, loss=0.5), 1, ""),
        (EVENTS, b"", 0, ""),
        ("trainer_state.json", "{", 0, "valid JSON"),
        ("trainer_state.json", DEEP, 0, "valid JSON"),
        ("trainer_state.json", '{"log_history": 3}', 0, "no log_history"),
        ("trainer_state.json", state([{"step": 10**30, "loss": 1}]), 0, "out of all bounds"),
        ("trainer_state.json", '{"log_history": [{"step": 1, "loss": 1' + "0" * 400 + "}]}", 1, ""),
        ("trainer_state.json", '{"log_history": [{"step": 1, "\\ud800\\u0000": 1}]}', 1, ""),
    ],
    ids=range(19),
)
def test_hostile_logs_are_told_and_harm_nothing(path: str, content: bytes | str, kept: int, word: str) -> None:
    repository = repository_with({path: content})
    assert len(scalars(repository)) == kept
    assert not word or any(word in problem for problem in problems(repository)), problems(repository)
    assert all(map(is_known, problems(repository)))


def test_a_shape_that_claims_any_size_allocates_nothing() -> None:
    made = event_pb2.Event(step=1)
    value = made.summary.value.add(tag="bomb")
    value.metadata.plugin_data.plugin_name = "scalars"
    value.tensor.CopyFrom(tensor_pb2.TensorProto(dtype=types_pb2.DT_DOUBLE, double_val=[1.0]))
    value.tensor.tensor_shape.dim.add(size=2**40)
    assert scalars(repository_with({EVENTS: record(made.SerializeToString()) + GOOD})).keys() == {"loss"}


def test_a_process_that_dies_is_told_and_the_next_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    real = training._LogProcess.ask
    seconds = iter([0.0])

    def hurried(self: Any, *arguments: Any, **named: Any) -> Any:
        return real(self, *arguments, **(named | {"seconds": next(seconds, 60.0)}))

    monkeypatch.setattr(training._LogProcess, "ask", hurried)
    repository = repository_with({"a/x.tfevents": GOOD + GOOD, "b/x.tfevents": GOOD})
    dead, alive = TrainingFile.objects.filter(repository=repository).order_by("path")
    assert "more memory or time" in dead.log.problems[0]
    assert is_known(dead.log.problems[0])
    assert alive.log.scalars.count() == 1


def test_what_stays_the_same_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    repository = repository_with({"a/x.tfevents": GOOD, "b/x.tfevents": event(2, loss=1.0)})
    read: list[str] = []
    real = training._LogProcess.read

    def noted(self: Any, form: Any, file: Any) -> Any:
        read.append(file.path)
        return real(self, form, file)

    monkeypatch.setattr(training._LogProcess, "read", noted)
    commit(repository, {"b/x.tfevents": event(3, loss=1.0)})
    commit(make.repository(), {"c/x.tfevents": GOOD})  # another's, of the same content
    assert read == ["b/x.tfevents"]
    assert TrainingFile.objects.filter(repository=repository).count() == 2


def test_a_log_that_was_deleted_shows_no_more_and_is_forgotten_later() -> None:
    repository = repository_with({EVENTS: GOOD})
    made = create_commit(
        actor=Actor(user=repository.creator), repository=repository, branch="main", parent=None,
        changes=[Delete(EVENTS)], title="without logs",
    )  # fmt: skip
    index_commit(repository.pk, made.oid)
    training.read(f"{repository.pk}:{made.oid}")
    assert not TrainingFile.objects.filter(repository=repository).exists()
    assert training.forget_unused() == 0  # it may come back
    TrainingLog.objects.update(read_at=timezone.now() - timedelta(days=2))
    assert training.forget_unused() == 1
    assert not TrainingScalar.objects.exists()


def test_a_file_in_quarantine_is_not_read() -> None:
    repository = make.repository()
    made = make.commit(repository, {EVENTS: GOOD})
    (entry,) = (entry for entry in trees.files(repository, made) if entry.path == EVENTS)
    Quarantine.objects.create(content=entry.oid, reason="a test")
    quarantine.forget()
    quarantine.holds("")
    training.read(f"{repository.pk}:{made.oid}")
    (file,) = TrainingFile.objects.filter(repository=repository)
    assert file.log is None
    assert is_known(file.problem)


def test_more_logs_than_are_read_at_once_are_told_by_one_row_copies_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "MOST_FILES", 2)
    repository = repository_with({f"{number}/x.tfevents": GOOD for number in range(9)})
    rows = TrainingFile.objects.filter(repository=repository).order_by("path")
    assert [bool(row.problem) for row in rows] == [False, False, True]
