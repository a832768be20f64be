"""load_dataset.py REPOSITORY: push a table as `datasets` does, load it whole, at a revision and as a stream; print what came."""

import json
import sys

from datasets import Dataset, load_dataset

ROWS = [{"text": f"row {number}", "label": number % 3} for number in range(500)]


def main(repository: str) -> None:
    table = Dataset.from_list(ROWS)
    first = table.select(range(400)).push_to_hub(repository, private=True)
    table.push_to_hub(repository, "other", split="test")
    table.push_to_hub(repository)
    loaded = load_dataset(repository)
    streamed = load_dataset(repository, split="train", streaming=True)
    answer = {
        "rows": {split: rows.num_rows for split, rows in loaded.items()},
        "last": loaded["train"][-1],
        "features": sorted(loaded["train"].features),
        "before": load_dataset(repository, split="train", revision=first.oid).num_rows,
        "other": load_dataset(repository, "other", split="test").num_rows,
        "streamed": [row["text"] for row in streamed.skip(498)],
        "file": load_dataset(
            "parquet", data_files=f"hf://datasets/{repository}/data/*.parquet", split="train"
        ).num_rows,
    }
    sys.stdout.write("\n" + json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
