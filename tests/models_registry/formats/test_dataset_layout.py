from typing import Any

import pytest

from models_registry.formats.dataset_layout import matches, splits_of
from tests.kept import is_known


def shown(paths: list[str], metadata: dict[str, Any] | None = None) -> dict[str, list[str]]:
    return {f"{split.config}/{split.split}": list(split.paths) for split in splits_of(paths, metadata or {})[0]}


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["data.csv", "README.md"], {"default/train": ["data.csv"]}),
        (["test.csv", "train.csv"], {"default/train": ["train.csv"], "default/test": ["test.csv"]}),
        (
            ["data/dev.jsonl.gz", "data/train.jsonl.gz"],
            {"default/train": ["data/train.jsonl.gz"], "default/validation": ["data/dev.jsonl.gz"]},
        ),
        (
            ["train/a.parquet", "train/b.parquet", "evaluation/a.parquet"],
            {"default/train": ["train/a.parquet", "train/b.parquet"], "default/test": ["evaluation/a.parquet"]},
        ),
        (
            [
                "data/train-00000-of-00002.parquet",
                "data/train-00001-of-00002.parquet",
                "data/unseen-00000-of-00001.parquet",
            ],
            {
                "default/train": ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"],
                "default/unseen": ["data/unseen-00000-of-00001.parquet"],
            },
        ),
        (
            ["train/cat/1.png", "train/dog/2.png", "train/notes.txt"],
            {"default/train": ["train/cat/1.png", "train/dog/2.png"]},
        ),
        (["contest.csv", "latest.csv"], {"default/train": ["contest.csv", "latest.csv"]}),
        ([".cache/train.csv", "_private/x.csv", "weights.bin", "config.json"], {}),
    ],
    ids=str,
)
def test_splits_are_told_by_names(paths: list[str], expected: dict[str, list[str]]) -> None:
    assert shown(paths) == expected


PATHS = ["en/train.csv", "en/test.csv", "fr/train.csv", "extra/a/b.csv"]


@pytest.mark.parametrize(
    ("configs", "expected"),
    [
        ([{"config_name": "en", "data_files": "en/*.csv"}], {"en/train": ["en/test.csv", "en/train.csv"]}),
        (
            [
                {
                    "config_name": "en",
                    "data_files": [
                        {"split": "train", "path": "en/train.csv"},
                        {"split": "test", "path": ["en/test.csv"]},
                    ],
                }
            ],
            {"en/train": ["en/train.csv"], "en/test": ["en/test.csv"]},
        ),
        (
            [{"config_name": "fr", "data_dir": "fr"}, {"config_name": "en", "data_dir": "en", "default": True}],
            {"en/train": ["en/train.csv"], "en/test": ["en/test.csv"], "fr/train": ["fr/train.csv"]},
        ),
        ([{"config_name": "x", "data_files": "**/*.csv"}], {"x/train": sorted(PATHS)}),
    ],
    ids=str,
)
def test_the_cards_configs_come_before_names(configs: list[Any], expected: dict[str, list[str]]) -> None:
    assert shown(PATHS, {"configs": configs}) == expected


@pytest.mark.parametrize(
    "configs",
    [
        [{"config_name": "a", "data_files": 7}],
        [{"config_name": "a", "data_files": "missing/*"}],
        ["a"],
        [{"data_files": [{}]}],
    ],
    ids=str,
)
def test_configs_that_cannot_be_followed_are_told(configs: list[Any]) -> None:
    found, problems = splits_of(PATHS, {"configs": configs})
    assert not found
    assert problems
    assert all(map(is_known, problems))


@pytest.mark.parametrize(
    ("path", "pattern", "fits"),
    [
        ("a/b.csv", "a/*.csv", True),
        ("a/b/c.csv", "a/*.csv", False),
        ("a/b/c.csv", "a/**", True),
        ("c.csv", "**/*.csv", True),
        ("a/b/c.csv", "**/c.csv", True),
        ("a/b", "", False),
        ("train-0.csv", "train-?.csv", True),
        ("x", "*", True),
        ("a/x", "*", False),
        ("a" * 5000, "a*" * 140 + "b", False),
    ],
)
def test_patterns_stay_within_a_folder_but_for_two_stars(path: str, pattern: str, fits: bool) -> None:
    assert matches(path, pattern) is fits
