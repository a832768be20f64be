"""What a dataset's files show, read by the real process, from real commits."""

import gzip
import io
import json
import math
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models_registry.models import DatasetTable, Quarantine, Repository
from models_registry.services import quarantine, trees
from models_registry.services.indexing import index_commit, table_process, tables
from tests import make
from tests.kept import is_known


def parquet(columns: dict[str, list[Any]], **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, **options)
    return file.getvalue()


def dataset(files: dict[str, bytes | str], **fields: Any) -> Repository:
    repository = make.repository(kind="dataset", **fields)
    describe(repository, files)
    return repository


def describe(repository: Repository, files: dict[str, bytes | str]) -> None:
    commit = make.commit(repository, files)
    index_commit(repository.pk, commit.oid)
    tables.describe(f"{repository.pk}:{commit.oid}")


def only(files: dict[str, bytes | str]) -> DatasetTable:
    return DatasetTable.objects.get(repository=dataset(files))


def columns(table: DatasetTable) -> dict[str, dict[str, Any]]:
    return {column["name"]: column for column in table.columns}


PEOPLE = "name,age,height\nAnn,31,1.5\nBo,,1.75\n=cmd|' /C calc'!A0,40,2\n"
LINES = '{"name": "Ann", "age": 31}\n{"name": "Bo", "age": null}\n{"name": "Cy", "age": 40}\n'


@pytest.mark.parametrize(
    "files",
    [
        {"data.csv": PEOPLE},
        {"data.tsv": PEOPLE.replace(",", "\t")},
        {"data.csv.gz": gzip.compress(PEOPLE.replace(",", ";").encode())},
        {"data.jsonl": LINES},
        {"data.jsonl.gz": gzip.compress(LINES.encode())},
        {"data.json": json.dumps([json.loads(line) for line in LINES.splitlines()])},
        {"data.json": json.dumps({"name": ["Ann", "Bo", "Cy"], "age": [31, None, 40]})},
        {"data.json": json.dumps({"version": "1", "data": [json.loads(line) for line in LINES.splitlines()]})},
        {"data.parquet": parquet({"name": ["Ann", "Bo", "Cy"], "age": [31, None, 40]})},
    ],
    ids=lambda files: next(iter(files)),
)
def test_each_format_gives_rows_and_statistics(files: dict[str, bytes | str]) -> None:
    table = only(files)
    assert (table.num_rows, table.seen_rows, table.problems) == (3, 3, [])
    age = columns(table)["age"]
    assert (age["nulls"], age["min"], age["max"], age["mean"], age["distinct"]) == (1, 31, 40, 35.5, 2)
    assert [row["age"] for row in table.rows] == [31, None, 40]
    assert columns(table)["name"]["length"]["max"] >= 3


def test_splits_add_up_their_files() -> None:
    repository = dataset(
        {
            "data/train-00000-of-00002.parquet": parquet({"x": list(range(1000))}),
            "data/train-00001-of-00002.parquet": parquet({"x": list(range(500))}),
            "data/test-00000-of-00001.parquet": parquet({"x": [1.5, math.nan, math.inf]}),
        }
    )
    train, test = DatasetTable.objects.filter(repository=repository).order_by("position")
    assert (train.split, train.num_rows, len(train.rows), train.file_count) == ("train", 1500, 100, 2)
    assert sum(columns(train)["x"]["histogram"]["counts"]) == train.seen_rows == 1500
    assert (test.split, test.num_rows) == ("test", 3)
    assert columns(test)["x"]["nulls"] == 1
    assert test.rows[2]["x"] == "inf"


def test_what_stays_the_same_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    repository = dataset({"train.csv": PEOPLE, "test.csv": PEOPLE})
    read: list[str] = []
    real = table_process.TableProcess.read

    def noted(self: Any, form: str, files: Any) -> Any:
        read.extend(file.path for file in files)
        return real(self, form, files)

    monkeypatch.setattr(table_process.TableProcess, "read", noted)
    describe(repository, {"test.csv": PEOPLE + "Di,50,1\n"})
    assert read == ["test.csv"]
    assert set(DatasetTable.objects.filter(repository=repository).values_list("split", "num_rows")) == {
        ("train", 3),
        ("test", 4),
    }


def test_pictures_are_rows_with_their_folder_as_label() -> None:
    table = only({"train/cat/1.png": b"a", "train/cat/2.png": b"b", "train/dog/3.jpg": b"c"})
    assert (table.format, table.num_rows) == ("imagefolder", 3)
    assert table.rows[0] == {"image": {"path": "train/cat/1.png", "size": 1}, "label": "cat"}
    assert columns(table)["label"]["top"] == [["cat", 2], ["dog", 1]]


def bomb() -> bytes:
    """2 GB of zeros in some kilobytes: a million equal strings of 2 KB, as dictionary and runs."""
    values = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int32()), pa.array(["0" * 2000]))
    return parquet({"x": values}, compression="zstd")


@pytest.mark.parametrize(
    ("files", "rows"),
    [
        ({"data.jsonl": "[" * 100_000 + "\n"}, 0),
        ({"data.jsonl": '{"a": ' * 50_000 + "\n"}, 0),
        ({"data.json": "{" * 1000}, 0),
        ({"data.csv": b"\xfd\x00\x81,b\n\xff,2\n"}, 1),
        ({"data.csv": '"' + "x" * 2_000_000}, 0),
        ({"data.csv.gz": b"no gzip at all"}, 0),
        ({"data.csv.gz": gzip.compress(b"a,b\n" + b"0," * 50_000_000)}, 0),
        ({"data.parquet": b"PAR1 and nothing else PAR1"}, 0),
        ({"data.parquet": b"x"}, 0),
        ({"data.parquet": parquet({"x": [1]})[:-30] + b"\xff" * 22 + parquet({"x": [1]})[-8:]}, 0),
        ({"data.jsonl": '{"a": 1' + "0" * 5000 + "}\n" + '{"a": "\\ud800\\u0000"}\n'}, 1),
        ({"empty.csv": ""}, 0),
    ],
    ids=range(12),
)  # fmt: skip
def test_hostile_files_are_told_and_harm_nothing(files: dict[str, bytes | str], rows: int) -> None:
    table = only(files)
    assert table.seen_rows == rows
    assert table.problems or rows or "empty.csv" in files
    assert all(map(is_known, table.problems))
    table.refresh_from_db()  # the database took it


def test_a_bomb_shows_its_first_rows_and_no_more() -> None:
    table = only({"data.parquet": bomb()})
    assert table.num_rows == 1_000_000
    assert all(len(row["x"]) <= 501 for row in table.rows)
    assert table.cut


def test_a_process_that_dies_is_told_and_the_next_split_is_read() -> None:
    process = table_process.TableProcess(seconds=0.0)
    with process:
        dead = process.read("csv", [table_process.File("a.csv", 3, lambda start, end: b"a\n1"[start:end])])
        assert all(map(is_known, dead["problems"]))
        process.seconds = table_process.SECONDS
        alive = process.read("csv", [table_process.File("a.csv", 3, lambda start, end: b"a\n1"[start:end])])
    assert alive["num_rows"] == 1


def test_a_file_in_quarantine_is_not_read() -> None:
    repository = make.repository(kind="dataset")
    commit = make.commit(repository, {"data.csv": PEOPLE})
    (entry,) = (entry for entry in trees.files(repository, commit) if entry.path == "data.csv")
    Quarantine.objects.create(content=entry.oid, reason="a test")
    quarantine.forget()
    quarantine.holds("")
    tables.describe(f"{repository.pk}:{commit.oid}")
    table = DatasetTable.objects.get(repository=repository)
    assert table.rows == []
    assert is_known(table.problems[0])
