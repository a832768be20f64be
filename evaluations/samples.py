"""Each row's prediction, as Parquet: what a score can be computed from again, and what models are compared by."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from evaluations.measurements import Scored

ROWS_TOGETHER = 4096  # in a group: what is read at least to show one row


def to_parquet(scored: Scored) -> bytes:
    """Columns: row, predicted, and correct or loss; never the label."""
    columns = {
        "row": pa.array(np.arange(len(scored.predicted)), pa.int32()),
        "predicted": pa.array(scored.predicted, pa.int32() if scored.correct is not None else pa.float32()),
    }
    if scored.correct is not None:
        columns["correct"] = pa.array(scored.correct, pa.bool_())
    if scored.losses is not None:
        columns["loss"] = pa.array(scored.losses, pa.float32())
    target = io.BytesIO()
    pq.write_table(pa.table(columns), target, compression="zstd", row_group_size=ROWS_TOGETHER)
    return target.getvalue()
