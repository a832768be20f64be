"""Models that mean ill, by the whole way from their files to predictions: each is a fault of its own, and harms nobody else.

Some do it by their graph alone. The others stand for what has broken out of its library: a program in place of the harness,
within the walls and the limits that the harness has set by then.
"""

import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from evaluations import child, sandbox
from evaluations.child import ChildFailedError
from evaluations.measurements import UnusablePredictionsError
from tests.evaluations.running import failure, need_bwrap, predict, scored

LIMITS = {"wall_s": 60, "idle_s": 20, "memory_gb": 4}


def limits(**changes: Any) -> dict[str, Any]:
    return {"limits": LIMITS | changes}


def constant(name: str, value: Any) -> onnx.NodeProto:
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(value)))


def graph(*nodes: onnx.NodeProto) -> dict[str, bytes]:
    """`zeros` is (rows, 10), whatever the images show."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 8, 8])
    kind = TensorProto.STRING if nodes and nodes[-1].op_type == "Cast" else TensorProto.FLOAT
    logits = helper.make_tensor_value_info("logits", kind, None)
    start = [
        helper.make_node("Flatten", ["x"], ["flat"]),
        constant("w", np.zeros((64, 10), "f4")),
        helper.make_node("MatMul", ["flat", "w"], ["zeros"]),
    ]
    made = helper.make_graph([*start, *nodes], "g", [x], [logits])
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return {"model.onnx": model.SerializeToString()}


def endless() -> onnx.NodeProto:
    """A loop of 2⁶² rounds, one after another."""
    values = [
        helper.make_tensor_value_info(name, kind, [])
        for name, kind in (("i", TensorProto.INT64), ("c", TensorProto.BOOL))
    ]
    carried = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("before", "after")]
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["go"]), helper.make_node("Cos", ["before"], ["after"])],
        "body", [*values, carried[0]], [helper.make_tensor_value_info("go", TensorProto.BOOL, []), carried[1]],
    )  # fmt: skip
    return helper.make_node("Loop", ["rounds", "true", "zeros"], ["logits"], body=body)


GRAPHS: dict[str, tuple[list[onnx.NodeProto], dict[str, Any], str, str]] = {
    "NaN": ([helper.make_node("Div", ["zeros", "zeros"], ["logits"])], {}, "not_finite", "gives NaN or infinity"),
    "infinity": (
        [constant("one", np.float32(1)), helper.make_node("Div", ["one", "zeros"], ["logits"])],
        {}, "not_finite", "gives NaN or infinity between rows 0 and 63",
    ),
    "another number of rows": (
        [constant("axes", np.array([0])), helper.make_node("ReduceSum", ["zeros", "axes"], ["logits"])],
        {}, "shape_mismatch", "For 64 rows the model gives [1, 10]; the suite needs [64, 10]",
    ),
    "one class too few": (
        [
            constant("from", np.array([0])), constant("to", np.array([9])), constant("axis", np.array([1])),
            helper.make_node("Slice", ["zeros", "from", "to", "axis"], ["logits"]),
        ],
        {}, "shape_mismatch", "gives [64, 9]; the suite needs [64, 10]",
    ),
    "texts": ([helper.make_node("Cast", ["zeros"], ["logits"], to=TensorProto.STRING)], {}, "shape_mismatch", "needs numbers"),
    "a loop without end": (
        [constant("rounds", np.int64(2**62)), constant("true", np.array(True)), endless()],
        limits(idle_s=3), "idle", "silent for 3 seconds",
    ),
    "four terabytes at once": (
        [
            constant("many", np.array([10**11, 10])), helper.make_node("ConstantOfShape", ["many"], ["huge"]),
            helper.make_node("Add", ["huge", "huge"], ["logits"]),
        ],
        {}, "out_of_memory", "memory",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("nodes", "change", "code", "words"), GRAPHS.values(), ids=GRAPHS.keys())
def test_a_graph_that_gives_what_nobody_can_use_or_never_ends_is_told_why(
    nodes: list[onnx.NodeProto], change: dict[str, Any], code: str, words: str, tmp_path: Path
):
    failed = failure(tmp_path, graph(*nodes), change=change)
    assert (failed.code, words in str(failed)) == (code, True), f"{failed.code}: {failed}"


BROKEN_OUT = """
import os, sys, time
from evaluations.harness import __main__ as harness
from evaluations.harness.job import Job
from pathlib import Path
job = Job.read(Path(sys.argv[1]))
harness._confine(job)
say = lambda text: os.write(int(sys.argv[2]), text)
def fill(path):
    with open(path, "wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 20))
DONE = b'{"type":"done","rows":540,"seconds":{},"memory":{},"model":{}}\\n'
"""


@pytest.fixture
def broken_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Predict by a program that stands where the harness would, within all that surrounds it."""
    need_bwrap()
    real = sandbox.command
    program: list[str] = []

    def command(*arguments: Any, **options: Any) -> list[str]:
        made = real(*arguments, **options)
        at = made.index("-m")
        return [*made[:at], "-c", BROKEN_OUT + program[0], *made[at + 2 :]]

    def run(source: str, **changes: Any) -> np.ndarray:
        program.append(source)
        predictions, _ = predict(tmp_path, graph(), backend=sandbox.Backend.BWRAP, change=limits(**changes))
        return predictions

    monkeypatch.setattr(sandbox, "command", command)
    yield run
    assert not processes_named(str(tmp_path))


def processes_named(text: str) -> list[int]:
    """Those whose command line holds the text, if they are still there after five seconds."""
    deadline = time.monotonic() + 5
    while True:
        found = [int(place.parent.name) for place in Path("/proc").glob("[0-9]*/cmdline") if text in _read(place)]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def _read(place: Path) -> str:
    try:
        return place.read_text(errors="replace")
    except OSError:
        return ""


FAULTS: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "hangs, deaf to every signal": (
        "import signal\nfor n in range(1, 32):\n  if n not in (9, 19): signal.signal(n, signal.SIG_IGN)\ntime.sleep(300)",
        {"idle_s": 1}, "idle", "silent for 1 seconds",
    ),
    "is busy for ever, and says so": (
        "while True: say(b'{\"type\":\"progress\",\"done\":1,\"total\":2}\\n'); time.sleep(0.01)",
        {"wall_s": 1}, "timeout", "not done after 1 seconds",
    ),
    "takes more and more memory": (
        "held = []\nwhile True: held.append(bytearray(b'x' * 20_000_000)); time.sleep(0.02)",
        {"memory_gb": 0.3}, "out_of_memory", "more than the 0.3 GB",
    ),
    "takes memory by many processes": (
        "for _ in range(8):\n  if not os.fork(): held = bytearray(b'x' * 60_000_000); time.sleep(300)\ntime.sleep(300)",
        {"memory_gb": 0.3}, "out_of_memory", "more than the 0.3 GB",
    ),
    "starts processes without end": (
        "for _ in range(300):\n  if not os.fork(): time.sleep(300)\ntime.sleep(300)",
        {"memory_gb": 30}, "processes", "more than 200 processes",
    ),
    "prints gigabytes": ("for _ in range(300): os.write(1, b'spam\\x1b[2J' * 100_000)\nsys.exit(3)", {}, "crashed", "status 3"),
    "writes predictions without end": ("fill(job.predictions)", {}, "crashed", "status 1"),
    "says another's fault is to blame": (
        'say(b\'{"type":"error","kind":"storage","text":"try again"}\\n\')', {}, "protocol", "not the harness's",
    ),
    "gives a reason without end": (
        "say(b'{\"type\":\"error\",\"kind\":\"crashed\",\"text\":\"' + b'x' * 5000 + b'\"}\\n')",
        {}, "protocol", "not the harness's",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("program", "change", "code", "words"), FAULTS.values(), ids=FAULTS.keys())
def test_a_model_that_broke_out_of_its_library_harms_itself_alone(
    program: str, change: dict[str, Any], code: str, words: str, broken_out: Callable[..., Any], tmp_path: Path
):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ChildFailedError) as caught:
        broken_out(program, **change)
    assert (caught.value.code, words in str(caught.value)) == (code, True), f"{caught.value.code}: {caught.value}"
    assert len(caught.value.log) <= child.LOG_TAIL_BYTES
    assert "\x1b" not in caught.value.log
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024
    assert (tmp_path / "workplace" / "predictions.npy").stat().st_size <= 540 * 10 * 4 + 4096


def test_a_full_scratch_folder_is_the_models_alone(
    broken_out: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sandbox, "SCRATCH_BYTES", 1 << 20)
    filling = """
import errno
for place in ("/tmp/x", "/dev/shm/x"):
    for number in range(100):
        try:
            fill(place + str(number))
        except OSError as error:
            if error.errno == errno.ENOSPC:
                print("full after", number)
                break
sys.exit(7)
"""
    with pytest.raises(ChildFailedError) as caught:
        broken_out(filling)
    assert "status 7" in str(caught.value)
    assert caught.value.log.count("full after") == 2, caught.value.log


@pytest.mark.parametrize(
    "program",
    [
        "say(DONE)",
        "open(job.predictions, 'wb').write(b'x' * 1000); say(DONE)",
        "import numpy; numpy.save(job.predictions, numpy.zeros((540, 9), 'f4')); say(DONE)",
    ],
)
def test_predictions_that_were_promised_and_are_not_there_are_missed(program: str, broken_out: Callable[..., Any]):
    with pytest.raises(UnusablePredictionsError, match=r"is no float32 array of \[540, 10\]"):
        broken_out(program)


def test_predictions_that_are_no_numbers_are_not_scored_whoever_wrote_them(broken_out: Callable[..., Any]):
    outputs = broken_out("import numpy; numpy.save(job.predictions, numpy.full((540, 10), numpy.nan, 'f4')); say(DONE)")
    with pytest.raises(UnusablePredictionsError):
        scored(outputs)
