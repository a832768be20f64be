"""How fast a model is: measured by the child, judged by the supervisor, shown where it is fit to be."""

import csv
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from evaluations import performance
from evaluations.harness import energy
from evaluations.harness import performance as measuring
from evaluations.harness.messages import ModelRefusedError
from evaluations.measurements import UnusablePredictionsError
from evaluations.models import Performance, Result, State, SuiteVersion
from evaluations.services import executing
from evaluations.web import speeds
from tests.evaluations import building
from tests.evaluations.running import predict, reference

QUICK = {"scenarios": ["single", "offline"], "batch_sizes": [1, 64, 1024], "warmup_s": 0, "min_s": 0.02, "max_s": 20}
WRITING = {
    "scenarios": ["generation", "offline"],
    "generation": {"prompt_tokens": 8, "new_tokens": 5},
    "batch_sizes": [1, 4],
    "warmup_s": 0,
    "min_s": 0.005,
    "max_s": 20,
}
ROWS = np.zeros((10, 3), np.float32)
ONE = {"queries": 100, "p50": 0.001, "p90": 0.002, "p99": 0.003}
RATE = {"batch_size": 64, "items": 640, "seconds": 2.0}
FOUND = {
    "single": [ONE, ONE | {"p50": 0.00105}, ONE],
    "sweep": [{"batch_size": 1, "items": 10, "seconds": 1.0}, RATE],
    "offline": [RATE, RATE | {"items": 600}, RATE | {"items": 700}],
    "generation": [],
    "energy": [],
    "stopped": "gain",
    "gpu_shared": False,
}


def measure(plan: dict[str, Any], predict: Any, memory_limit: int = 10**12) -> dict[str, Any]:
    return measuring.measure(plan, predict, ROWS, memory_limit=memory_limit, alive=lambda: None)


class Clock:
    """Seconds as the models below take them; a look at it takes a little, too."""

    now = 0.0

    @classmethod
    def perf_counter(cls) -> float:
        cls.now += 1e-5
        return cls.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "time", Clock)


class Slow:
    """A model that takes so many seconds for a query, and so many for each row."""

    def __init__(self, query: float, row: float = 0.0) -> None:
        self.query, self.row = query, row
        self.sizes: list[int] = []

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        self.sizes.append(len(batch))
        Clock.now += self.query + self.row * len(batch)
        return batch


class Writer(Slow):
    def prompt(self, rows: int, tokens: int, new: int) -> int:
        if tokens + new > 20:
            raise ModelRefusedError("unsupported", "too long")
        return rows

    def prefill(self, prompt: int) -> int:
        self(ROWS[:prompt])
        return prompt

    def decode(self, state: int, tokens: int) -> None:
        Clock.now += self.query * tokens


@pytest.mark.usefixtures("clock")
def test_latency_is_that_of_one_row_at_a_time():
    model = Slow(0.002)
    found = measure(QUICK | {"scenarios": ["single"]}, model)
    assert set(model.sizes) == {1}
    assert len(found["single"]) == 3
    assert all(0.002 <= repeat["p50"] <= repeat["p90"] <= repeat["p99"] for repeat in found["single"])


@pytest.mark.usefixtures("clock")
def test_the_sweep_ends_where_larger_batches_gain_little_and_the_best_is_measured_three_times():
    model = Slow(0.001, row=0.0003)
    plan = QUICK | {"scenarios": ["offline"], "batch_sizes": [1, 40, 41, 500]}
    found = measure(plan, model)
    assert [part["batch_size"] for part in found["sweep"]] == [1, 40, 41]
    assert found["stopped"] == "gain"
    assert len(found["offline"]) == 3
    assert {part["batch_size"] for part in found["offline"]} == {41}
    assert 500 not in model.sizes


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        ModelRefusedError("crashed", "Failed to allocate"),
    ],
)
@pytest.mark.usefixtures("clock")
def test_a_batch_that_memory_does_not_hold_ends_the_sweep_and_nothing_else(error: Exception):
    def model(batch: np.ndarray) -> np.ndarray:
        if len(batch) > 64:
            raise error
        return batch

    found = measure(QUICK | {"scenarios": ["offline"]}, model)
    assert (found["stopped"], [part["batch_size"] for part in found["sweep"]]) == ("memory", [1, 64])
    assert len(found["offline"]) == 3


@pytest.mark.usefixtures("clock")
def test_a_batch_that_would_pass_what_the_suite_allows_is_not_tried():
    model = Slow(0.001)
    assert measure(QUICK | {"scenarios": ["offline"]}, model, memory_limit=1)["stopped"] == "memory"
    assert set(model.sizes) == {1}


@pytest.mark.usefixtures("clock")
def test_a_model_too_slow_for_the_time_there_is_has_no_speed():
    plan = QUICK | {"max_s": 0.03}
    found = measure(plan, Slow(0.02))
    assert found["stopped"] == "time"
    withheld = [speed.withheld for speed in performance.speeds(plan, found)]
    assert withheld == ["It could not be measured 3 times within 0.03 seconds."] * 2


@pytest.mark.usefixtures("clock")
def test_a_language_model_is_measured_by_what_it_writes():
    found = measure(WRITING, Writer(0.001))
    written, offline = performance.speeds(WRITING, found)
    assert written.values["first_token_ms"] >= 1
    assert written.values["prefill_tokens_per_second"] == pytest.approx(8000 / written.values["first_token_ms"])
    assert 0 < written.values["decode_tokens_per_second"] < 1000
    assert offline.values["tokens_per_second"] > 0
    assert {part["items"] % 5 for part in found["offline"]} == {0}


@pytest.mark.parametrize(
    ("model", "plan"),
    [(Slow(0), WRITING), (Writer(0), WRITING | {"generation": {"prompt_tokens": 64, "new_tokens": 8}})],
)
def test_what_cannot_write_so_much_is_not_measured_by_it(model: Slow, plan: dict[str, Any]):
    with pytest.raises(ModelRefusedError):
        measure(plan, model)


def test_the_median_of_three_repeats_is_shown_with_their_spread():
    single, offline = performance.speeds(QUICK, FOUND)
    assert single.values == {"latency_p50_ms": 1.0, "latency_p90_ms": 2.0, "latency_p99_ms": 3.0, "queries": 100}
    assert (single.spread, single.withheld) == (pytest.approx(0.05), "")
    assert offline.values == {"samples_per_second": 320}
    assert (offline.batch_size, offline.spread, offline.stopped) == (64, pytest.approx(100 / 640), "gain")
    assert offline.withheld == "Its 3 repeats differ by 16%; over 10% no speed is shown."
    assert offline.sweep == [(1, 10), (64, 320)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gpu_shared": True}, "Somebody else used the GPU"),
        ({"single": [ONE, ONE]}, "could not be measured 3 times"),
        ({"single": [ONE, ONE, ONE | {"p50": 0.0012}]}, "differ by 20%"),
    ],
)
def test_a_speed_is_withheld_with_its_reason(change: dict[str, Any], words: str):
    single, _ = performance.speeds(QUICK, FOUND | change)
    assert words in single.withheld
    assert performance.as_documented([single])[0]["published"] is False


@pytest.mark.parametrize(
    "change",
    [
        {"single": [ONE | {"p50": 0.5}] * 3},
        {"offline": [RATE | {"batch_size": 7}] * 3},
        {"sweep": [RATE | {"batch_size": 4096}]},
    ],
)
def test_a_report_that_no_measurement_makes_is_refused(change: dict[str, Any]):
    with pytest.raises(UnusablePredictionsError):
        performance.speeds(QUICK, FOUND | change)


@pytest.mark.parametrize(
    ("name", "path"), [("digits_cnn.safetensors", "model.safetensors"), ("digits_cnn.onnx", "model.onnx")]
)
def test_the_child_measures_after_it_has_predicted(name: str, path: str, tmp_path: Path):
    outputs, report = predict(tmp_path, {path: reference(name)}, change={"perf": QUICK}, measure=True)
    assert outputs.shape == (540, 10)
    assert report.warnings == []
    single, offline = performance.speeds(QUICK, report.perf or {})
    assert 0 < single.values["latency_p50_ms"] <= single.values["latency_p99_ms"]
    assert offline.values["samples_per_second"] > 100
    assert {"load", "deserialise", "first_inference", "perf"} <= report.seconds.keys()
    assert report.bytes_of("process_peak") or 0 > 10**7


def test_a_speed_that_cannot_be_measured_costs_no_score(tmp_path: Path):
    outputs, report = predict(
        tmp_path, {"model.onnx": reference("digits_cnn.onnx")}, change={"perf": WRITING}, measure=True
    )
    assert outputs.shape == (540, 10)
    assert report.perf is None
    assert report.warnings[0].startswith("Its speed could not be measured: ModelRefusedError: Only language models")


@pytest.mark.django_db(transaction=True)
def test_a_run_keeps_its_speed_its_memory_and_its_time(
    digits: SuiteVersion, settings: Any, client: Any, monkeypatch: pytest.MonkeyPatch
):
    settings.MEASURE_SPEED = True
    monkeypatch.setattr(performance, "MOST_SPREAD", 100.0)
    digits.definition |= {"perf": QUICK}
    digits.save()
    run = building.execute(building.request(building.model(files={"model.onnx": reference("digits_cnn.onnx")}), digits))
    assert (run.state, run.failure_reason) == (State.SCORED, "")
    document = json.loads(Result.objects.get(run=run).document)
    single, offline = document["perf"]
    assert (single["scenario"], single["published"], len(single["repeats"])) == ("single", True, 3)
    assert offline["sweep"][0]["batch_size"] == 1
    assert document["memory"]["process_peak"] > 10**7
    assert document["energy"]["joules"] is None
    assert document["sandbox"]["limits"]["memory"] in {"cgroup", "watched"}
    assert "Energy of one row" not in client.get(run.get_absolute_url()).content.decode()
    assert {"fetch", "verify", "load", "deserialise", "first_inference", "quality", "perf"} <= document["timing"].keys()
    row = run.performance
    assert row.latency_p50_ms == pytest.approx(single["values"]["latency_p50_ms"], rel=1e-4)
    assert row.samples_per_second == pytest.approx(offline["values"]["samples_per_second"], rel=1e-4)
    assert row.memory == document["memory"]["process_peak"]
    assert 0 < row.load_seconds < document["timing"]["wall"]
    page = client.get(run.get_absolute_url()).content.decode()
    assert "Samples per second" in page
    assert "Deserialise" in page


@pytest.mark.django_db(transaction=True)
def test_no_speed_is_measured_where_the_operator_says_so(digits: SuiteVersion):
    assert "perf" in digits.definition
    run = building.execute(building.request(building.model(files={"model.onnx": reference("digits_cnn.onnx")}), digits))
    assert json.loads(Result.objects.get(run=run).document)["perf"] == []
    assert (run.performance.latency_p50_ms, run.performance.samples_per_second) == (None, None)
    assert run.performance.memory


@pytest.mark.django_db(transaction=True)
def test_a_child_that_lies_about_its_speed_has_no_score(
    digits: SuiteVersion, settings: Any, monkeypatch: pytest.MonkeyPatch
):
    settings.MEASURE_SPEED = True
    real = executing.predicting.predict

    def lying(*arguments: Any, **options: Any) -> Any:
        outputs, report = real(*arguments, **options)
        report.perf = FOUND | {"single": [ONE | {"p50": 0.5}] * 3}
        return outputs, report

    monkeypatch.setattr(executing.predicting, "predict", lying)
    digits.definition |= {"perf": QUICK}
    digits.save()
    run = building.execute(building.request(building.model(files={"model.onnx": reference("digits_cnn.onnx")}), digits))
    assert (run.state, run.failure_code) == (State.FAILED, "protocol")


def measured(digits: SuiteVersion, machine: str, **found: float) -> str:
    run = building.scored(building.model(files={"model.onnx": b"x"}), digits, building.right(500), machine=machine)
    Performance.objects.create(run=run, **found)
    return run.repository.full_name


@pytest.mark.django_db
def test_a_board_is_sorted_by_speed_on_each_machine_and_by_memory_on_all(digits: SuiteVersion, client: Any):
    slow = measured(digits, "cpu-a", latency_p50_ms=2.0, samples_per_second=10.0, memory=10)
    quick = measured(digits, "cpu-a", latency_p50_ms=1.0, samples_per_second=20.0, memory=30)
    other = measured(digits, "cpu-b", latency_p50_ms=0.01, samples_per_second=90.0, memory=20)
    unknown = building.scored(building.model(files={"model.onnx": b"x"}), digits, building.right(501), machine="cpu-a")
    for sort, order in {
        "latency_p50_ms": [quick, slow, other, unknown.repository.full_name],
        "samples_per_second": [quick, slow, other, unknown.repository.full_name],
        "memory": [slow, other, quick, unknown.repository.full_name],
    }.items():
        rows = client.get(f"/api/leaderboards/{digits.suite.name}?sort={sort}").json()["rows"]
        assert [row["repository"] for row in rows] == order, sort
    assert [row["performance"] and row["performance"]["machine"] for row in rows] == ["cpu-a", "cpu-b", "cpu-a", None]
    page = client.get(f"{digits.suite.get_absolute_url()}?sort=latency_p50_ms").content.decode()
    assert "cpu-b" in page  # a speed says nothing without its machine
    assert "0.0100\u00a0ms" in page
    table = b"".join(client.get(f"/api/leaderboards/{digits.suite.name}.csv?sort=memory").streaming_content).decode()
    heads, first, *_ = csv.reader(table.splitlines())
    assert dict(zip(heads, first, strict=True))["latency_p50_ms"] == "2.0"
    refused = client.get(f"/api/leaderboards/{digits.suite.name}?sort=first_token_ms")
    assert (refused.status_code, "latency_p50_ms" in refused.json()["error"]) == (400, True)


@pytest.mark.django_db
def test_speeds_cost_a_board_no_queries(digits: SuiteVersion, client: Any, django_assert_max_num_queries: Any):
    measured(digits, "cpu-a", latency_p50_ms=2.0)
    address = f"{digits.suite.get_absolute_url()}?columns=latency_p50_ms&columns=memory"
    client.get(address)
    with django_assert_max_num_queries(30) as few:
        client.get(address)
    for _ in range(3):
        measured(digits, "cpu-b", latency_p50_ms=1.0)
    with django_assert_max_num_queries(len(few)):
        client.get(address)


class Nvml:
    """Stands in for NVIDIA's library, which says something on a machine with a GPU alone: 50 mJ more at each look."""

    class NVMLError(Exception):
        pass

    millijoules = 10**9

    @staticmethod
    def nvmlInit() -> None:  # noqa: N802 - its name there
        pass

    @classmethod
    def nvmlDeviceGetHandleByUUID(cls, uuid: str) -> str:  # noqa: N802 - its name there
        if uuid != "GPU-12ab":
            raise cls.NVMLError("Not Found")
        return uuid

    @classmethod
    def nvmlDeviceGetTotalEnergyConsumption(cls, handle: str) -> int:  # noqa: N802 - its name there
        cls.millijoules += 50
        return cls.millijoules


def torch_on(uuid: str, *, used: bool = True) -> SimpleNamespace:
    """torch with one GPU, as far as counting asks it."""
    cuda = SimpleNamespace(
        device_count=lambda: 1,
        memory_reserved=lambda _: int(used),
        get_device_properties=lambda _: SimpleNamespace(uuid=uuid),
    )
    return SimpleNamespace(cuda=cuda)


def test_energy_is_that_of_the_repeats_where_a_gpu_counts_it(clock: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pynvml", Nvml)
    count = energy.counter(torch_on("12ab"))
    assert count is not None
    monkeypatch.setattr(energy, "counter", lambda _: count)
    found = measure(QUICK, lambda batch: batch)
    assert [(one["scenario"], round(one["joules"], 6)) for one in found["energy"]] == [
        ("single", 0.05),
        ("offline", 0.05),
    ]
    assert found["energy"][1]["items"] == sum(repeat["items"] for repeat in found["offline"])
    said = performance.energy_as_documented({**found, "gpu_shared": False})
    assert (said["joules"], said["counter"]) == (0.1, "NVML")
    first = said["scenarios"][0]
    assert first["joules_per_item"] == pytest.approx(0.05 / first["items"], rel=1e-4)
    titles = [title for title, _ in speeds.energy({"energy": said})]
    assert titles == ["Energy of one row", "Energy of one item, in batches"]
    assert performance.energy_as_documented({**found, "gpu_shared": True}) == performance.NO_ENERGY
    assert speeds.energy({"energy": performance.NO_ENERGY}) == speeds.energy({}) == []


@pytest.mark.parametrize("torch", [None, torch_on("12ab", used=False), torch_on("another")])
def test_no_energy_is_told_where_nothing_counts_it(torch: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pynvml", Nvml)
    assert energy.counter(torch) is None
