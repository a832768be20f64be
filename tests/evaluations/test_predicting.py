"""The file of predictions comes from a hostile process: it is read as what it must be, or not at all."""

import io
from pathlib import Path

import numpy as np
import pytest

from evaluations import predicting
from evaluations.measurements import UnusablePredictionsError


def npy(header: str) -> bytes:
    text = header.encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def zipped() -> bytes:
    target = io.BytesIO()
    np.savez(target, a=np.zeros((2, 3), np.float32))
    return target.getvalue()


FILES = {
    "nothing": b"",
    "noise": b"\x00" * 100,
    "an archive": zipped(),
    "a header without an array": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}"),
    "an array that no machine holds": npy(
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776, 1048576)}"
    ),
    "an array beyond all numbers": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (%s,)}" % ("9" * 60)),
    "a negative size": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -3)}"),
    "a pickle": npy("{'descr': '|O', 'fortran_order': False, 'shape': (2, 3)}") + b"cos\nsystem\n(S'true'\ntR.",
    "a header that nests": npy("(" * 5000),
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES.keys())
def test_what_is_no_array_of_the_suites_shape_is_refused(content: bytes, tmp_path: Path):
    place = tmp_path / "predictions.npy"
    place.write_bytes(content)
    with pytest.raises(UnusablePredictionsError):
        predicting._read(place, (2, 3))


@pytest.mark.parametrize("array", [np.zeros((2, 3), np.float64), np.zeros((3, 2), np.float32), np.zeros(6, np.float32)])
def test_another_array_is_refused(array: np.ndarray, tmp_path: Path):
    np.save(tmp_path / "predictions.npy", array)
    with pytest.raises(UnusablePredictionsError):
        predicting._read(tmp_path / "predictions.npy", (2, 3))


def test_the_suites_array_is_read(tmp_path: Path):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.save(tmp_path / "predictions.npy", array)
    assert (predicting._read(tmp_path / "predictions.npy", (2, 3)) == array).all()
