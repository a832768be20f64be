import io
import os
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models_registry.formats import pickles
from models_registry.formats.pickles import DANGEROUS, SAFE, SUSPICIOUS, scan
from tests.kept import is_known

MARK = Path("/tmp/grove-this-was-unpickled")


class Evil:
    def __reduce__(self) -> Any:
        return os.system, (f"touch {MARK}",)


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def object_array() -> bytes:
    made = io.BytesIO()
    np.save(made, np.array([Evil()], dtype=object), allow_pickle=True)
    return made.getvalue()


def numbers() -> bytes:
    made = io.BytesIO()
    np.save(made, np.zeros(3))
    return made.getvalue()


def legacy_checkpoint() -> bytes:
    """As torch.save wrote before it wrote archives: three numbers and facts, then the object, then the weights."""
    head = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
    return head + pickle.dumps(Evil(), 2) + pickle.dumps([], 2) + bytes(1000)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pkl", pickle.dumps(Evil())),
        ("a.pkl", pickle.dumps(Evil(), 0)),
        ("a.anything", pickle.dumps(Evil(), 4)),
        ("pytorch_model.bin", zipped({"archive/data.pkl": pickle.dumps(Evil())})),
        ("pytorch_model.bin", zipped({"archive/innocent": pickle.dumps(Evil())})),
        ("model.pt", legacy_checkpoint()),
        ("a.npy", object_array()),
        ("a.npz", zipped({"a.npy": object_array()})),
        ("a.joblib", pickle.dumps({"weights": [Evil()]}) + bytes(1000)),
        ("a.bin", pickle.dumps(Evil())[:-2]),
    ],
)
def test_what_would_run_a_program_is_dangerous_and_never_runs(name: str, content: bytes) -> None:
    verdict = scan(io.BytesIO(content), name)
    assert verdict.worst == DANGEROUS
    assert any(entry[1:] == ("system", DANGEROUS) for entry in verdict.imports)
    assert not MARK.exists()


@pytest.mark.parametrize(
    ("name", "content", "worst"),
    [
        ("a.pkl", pickle.dumps({"a": [1, 2, "x"]}), SAFE),
        ("a.npy", numbers(), SAFE),
        ("a.pkl", pickle.dumps(Path("x")), SUSPICIOUS),
        ("a.bin", b"\1\2\3\4" * 100, SAFE),
        ("a.zip", zipped({"notes.txt": b"hello"}), SAFE),
        ("empty.bin", b"", SAFE),
    ],
)  # fmt: skip
def test_other_files_are_judged_by_what_they_import(name: str, content: bytes, worst: str) -> None:
    verdict = scan(io.BytesIO(content), name)
    assert (verdict.worst, verdict.problem) == (worst, "")


def huge_value() -> bytes:
    return b"\x80\x04\x8e" + struct.pack("<Q", 2**40) + b"x."


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pkl", huge_value()),
        ("a.bin", zipped({"data.pkl": huge_value()})),
        ("a.bin", zipped({f"{n}.pkl": b"\x80\x04N0" * 1000 for n in range(pickles.MOST_MEMBERS + 1)})),
        ("a.bin", zipped({"data.pkl": pickle.dumps(1)}, zipfile.ZIP_LZMA)),
        ("a.bin", zipped({"data.pkl": pickle.dumps(1)})[:-40]),
        ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(100)),
        ("a.pkl", pickle.dumps(Path("x"), 0)[:-5]),
    ],
)
def test_what_cannot_be_read_to_its_end_says_so(name: str, content: bytes) -> None:
    problem = scan(io.BytesIO(content), name).problem
    assert problem.endswith(".")
    assert is_known(problem)


def test_an_archive_that_unpacks_to_much_is_read_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickles, "MOST_BYTES", 10 * 2**20)
    bomb = b"\x80\x04" + (b"B" + struct.pack("<I", 2**20) + bytes(2**20) + b"0") * 50 + b"N."
    content = zipped({"data.pkl": bomb})
    assert len(content) < 10**6
    problem = scan(io.BytesIO(content), "a.pt").problem
    assert "MiB" in problem
    assert is_known(problem)


def test_a_pickle_of_very_many_values_is_read_to_a_limit() -> None:
    content = pickle.dumps(list(range(pickles.MOST_READS)))
    problem = scan(io.BytesIO(content), "a.pkl").problem
    assert "values" in problem
    assert is_known(problem)


@pytest.mark.parametrize(
    ("name", "may"),
    [("model.safetensors", False), ("README.md", False), ("LICENSE", False), ("model.bin", True), ("weights", True)],
)
def test_only_what_a_reader_would_unpickle_is_scanned(name: str, may: bool) -> None:
    assert pickles.may_hold_pickles(name) is may
