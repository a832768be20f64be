"""Each row's prediction, as Parquet: what a score can be computed from again, and what models are compared by."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def to_parquet(predicted: np.ndarray, correct: np.ndarray) -> bytes:
    """predicted: (rows,) the class chosen. correct: (rows,) bool. Columns: row, predicted, correct; never the label."""
    table = pa.table(
        {
            "row": pa.array(np.arange(len(predicted)), pa.int32()),
            "predicted": pa.array(predicted, pa.int32()),
            "correct": pa.array(correct, pa.bool_()),
        }
    )
    target = io.BytesIO()
    pq.write_table(table, target, compression="zstd")
    return target.getvalue()


def to_bits(correct: np.ndarray) -> bytes:
    """Eight rows a byte, row 0 in the lowest bit of the first."""
    return np.packbits(correct, bitorder="little").tobytes()
