"""Planted programs and lying files, in repositories that a worker is asked to evaluate: nothing planted runs, nothing is scored.

The sandbox is switched off here, as on a hub of one machine without bubblewrap, so that whatever ran would leave its mark on
this disk. (What the walls hold back is tried in test_sandbox.py and test_hostile_models.py.)
"""

import io
import json
import pickle
import resource
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from evaluations import sandbox
from evaluations.models import FailureKind, Result, State, SuiteVersion
from tests.evaluations import building, keras_files
from tests.evaluations.running import reference

pytestmark = pytest.mark.django_db(transaction=True)

Files = dict[str, bytes | str]
GOOD = reference("digits_cnn.safetensors")
MEMORY = 150_000_000  # more than this the worker takes for no refusal


def program(mark: Path) -> bytes:
    """A pickle that makes the folder `mark` when it is loaded."""
    return b"cos\nmkdir\n(V" + str(mark).encode() + b"\ntR."


def torch_archive(mark: Path) -> bytes:
    """As torch.save and torch.export lay theirs out."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("archive/data.pkl", program(mark))
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/models/model.json", "{}")
        archive.writestr("archive/data/weights/model.pt", program(mark))
    return target.getvalue()


def object_array(mark: Path) -> bytes:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|O", "fortran_order": False, "shape": ()})
    return header.getvalue() + program(mark)


@pytest.fixture
def mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a planted program would make, if one ran; nothing stands in its way."""
    monkeypatch.setattr(sandbox, "bwrap_works", lambda: False)
    return tmp_path / "planted"


def test_the_planted_programs_would_leave_their_mark(mark: Path):
    pickle.loads(program(mark))
    assert mark.is_dir()


def refused(files: Files, suite: SuiteVersion, mark: Path, code: str, words: str) -> None:
    """The worker fails such a model as the model's own fault, in words, having run and scored nothing."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run = building.execute(building.request(building.model(files=files), suite))
    assert not mark.exists()
    assert (run.state, run.failure_kind, run.attempt) == (State.FAILED, FailureKind.MODEL, 1)
    assert (run.failure_code, words in run.failure_reason) == (code, True), run.failure_reason
    assert run.failure_reason.isprintable()
    assert not Result.objects.filter(run=run).exists()
    assert 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) < MEMORY


PICKLED = {
    "pytorch_model.bin": program, "model.pt": torch_archive, "model.pth": torch_archive, "last.ckpt": torch_archive,
    "exported.pt2": torch_archive, "model.pkl": program, "model.pickle": program, "model.joblib": program,
    "weights.npy": object_array, "script.pt": torch_archive,
}  # fmt: skip
OUT_OF_SIGHT = "can carry a program, so it is never opened"


def test_a_pickle_is_refused_by_its_name_and_never_opened(digits: SuiteVersion, mark: Path, subtests: pytest.Subtests):
    for name, made in PICKLED.items():
        with subtests.test(name):
            refused({name: made(mark), "config.json": "{}"}, digits, mark, "unsupported", OUT_OF_SIGHT)


def test_a_pickle_under_an_honest_name_is_damage(digits: SuiteVersion, mark: Path, subtests: pytest.Subtests):
    for name, words in (
        ("model.safetensors", "The safetensors file is damaged"),
        ("model.onnx", "no ONNX file that can be read"),
        ("model.keras", "does not end as a zip archive"),
    ):
        with subtests.test(name):
            refused({name: program(mark)}, digits, mark, "corrupt", words)


def test_pickles_beside_good_weights_are_passed_by(digits: SuiteVersion, mark: Path):
    planted: Files = {name: made(mark) for name, made in PICKLED.items()}
    python = f"import os\nos.mkdir({str(mark)!r})\n"
    planted |= {"modeling.py": python, "sitecustomize.py": python, "torch.py": python, "conftest.py": python}
    run = building.execute(building.request(building.model(files=planted | {"model.safetensors": GOOD}), digits))
    assert (run.state, run.failure_reason) == (State.SCORED, "")
    assert run.scores.get(name="accuracy").value == 533 / 540
    assert not mark.exists()


def header(entries: dict[str, Any] | bytes, data: bytes = b"", length: int | None = None) -> bytes:
    text = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def tensor(begin: int, end: int, *, shape: list[int] | None = None, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": [(end - begin) // 4] if shape is None else shape, "data_offsets": [begin, end]}


HEADERS: dict[str, tuple[Callable[[], bytes], str]] = {
    "a header of 80 MB": (lambda: header(b"{", length=80_000_000), "at most 16777216 are read"),
    "a header longer than its file": (lambda: header(b"{}", length=1000), "the file ends after 10"),
    "a header beyond all numbers": (lambda: header(b"{}", length=2**64 - 1), "at most 16777216 are read"),
    "60,000 tensors of nothing": (
        lambda: header({str(n): tensor(0, 0) for n in range(60_000)}), "names 60000 tensors; at most 50000",
    ),
    "tensors over one another": (lambda: header({"a": tensor(0, 8), "b": tensor(4, 12)}, bytes(12)), "overlaps"),
    "a hole between tensors": (lambda: header({"a": tensor(0, 4), "b": tensor(8, 12)}, bytes(12)), "leaves a gap"),
    "bytes that nobody owns": (lambda: header({"a": tensor(0, 4)}, bytes(12)), "but the file has"),
    "bytes that are not there": (lambda: header({"a": tensor(0, 4_000_000)}, bytes(12)), "but the file has"),
    "offsets backwards": (lambda: header({"a": tensor(8, 4, shape=[1])}, bytes(8)), "data_offsets"),
    "a dtype that nobody knows": (lambda: header({"a": tensor(0, 4, dtype="OBJECT")}, bytes(4)), "unknown dtype"),
    "a negative size": (lambda: header({"a": tensor(0, 4, shape=[-1, -1])}, bytes(4)), "not a list of at most"),
    "negative offsets": (lambda: header({"a": tensor(-4, 0)}, bytes(4)), "not [begin, end]"),
    "a size that overflows": (lambda: header({"a": tensor(0, 4, shape=[2**32, 2**32])}, bytes(4)), "claims 4 bytes"),
}  # fmt: skip


def test_a_header_that_lies_is_found_out_before_any_library_reads_it(
    digits: SuiteVersion, mark: Path, subtests: pytest.Subtests
):
    for name, (made, words) in HEADERS.items():
        with subtests.test(name):
            refused({"model.safetensors": made()}, digits, mark, "corrupt", words)


def with_data_from(location: str) -> bytes:
    bias = TensorProto(name="b", data_type=TensorProto.FLOAT, dims=[10], data_location=TensorProto.EXTERNAL)
    bias.external_data.add(key="location", value=location)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 8, 8])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)
    graph = helper.make_graph([helper.make_node("Flatten", ["x"], ["logits"])], "g", [x], [logits], [bias])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def of_a_library(mark: Path) -> bytes:
    model = onnx.load_from_string(reference("digits_cnn.onnx"))
    model.graph.node[0].domain = "planted.library"
    model.opset_import.append(helper.make_opsetid(str(mark), 1))
    return model.SerializeToString()


def test_an_onnx_file_brings_no_library_and_no_data_of_elsewhere(
    digits: SuiteVersion, mark: Path, subtests: pytest.Subtests, tmp_path: Path
):
    (tmp_path / "secret").write_bytes(bytes(40))
    cases = {
        "an operator of its own": (of_a_library(mark), "only ai.onnx, ai.onnx.ml and com.microsoft are run"),
        "data above the repository": (with_data_from("../secret"), "no file beside the model"),
        "data by its whole path": (with_data_from(str(tmp_path / "secret")), "no file beside the model"),
    }
    for name, (content, words) in cases.items():
        with subtests.test(name):
            refused({"model.onnx": content}, digits, mark, "unsupported", words)


def external(file: h5py.File) -> None:
    file["layers/dense/vars/2"] = h5py.ExternalLink("/etc/passwd", "/")


def swapped(member: str, content: bytes) -> bytes:
    return keras_files.zipped(keras_files.members() | {member: content})


def test_a_keras_file_is_refused_before_keras_is_imported(digits: SuiteVersion, mark: Path, subtests: pytest.Subtests):
    code = {"class_name": "__lambda__", "config": {"value": program(mark).decode()}}
    layer = keras_files.layer
    cases = {
        "a Lambda layer": (
            keras_files.with_config(lambda c: layer(c, "f1").update(class_name="Lambda", config={"function": code})),
            "keras.layers.Lambda, which is not among",
        ),
        "a builtin under a registered name": (
            keras_files.with_config(lambda c: layer(c, "f1").update(registered_name="builtins>exec")),
            "registered classes of one's own",
        ),
        "a module that is no part of Keras": (
            keras_files.with_config(lambda c: layer(c, "f1").update(module="os", class_name="mkdir", config=str(mark))),
            "os.mkdir",
        ),
        "a layer that unpickles": (
            keras_files.with_config(lambda c: layer(c, "f1").update(class_name="TorchModuleWrapper")),
            "TorchModuleWrapper",
        ),
        "a path out of the archive": (swapped(f"../../{mark.name}", b"x"), "of a .keras file only"),
        "pickled weights": (swapped("model.weights.npz", program(mark)), "of a .keras file only"),
        "weights of another file": (keras_files.with_weights(external), "link to somewhere else"),
        "weights that swell": (
            keras_files.zipped(keras_files.members() | {"model.weights.h5": bytes(50_000_000)}, zipfile.ZIP_DEFLATED),
            "is compressed",
        ),
    }
    for name, (content, words) in cases.items():
        with subtests.test(name):
            refused({"model.keras": content}, digits, mark, "unsupported", words)
