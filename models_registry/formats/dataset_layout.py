"""Which files of a dataset belong together: its configs and splits, by its card, else by the names of files and folders.

The rules are those of Hub clients, so that a page shows what `load_dataset` loads. Source: "Data files Configuration" and
"Structure your repository" of the documentation of the Hugging Face Hub and of `datasets`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

MOST_SPLITS = 40
MOST_MATCHES = 500_000  # of a pattern with a path, 10 µs each
MOST_FILES = 10_000  # of a split
LONGEST_NAME = 100
_MOST_PATTERNS = 200
_LONGEST_PATTERN = 300
DEFAULT_CONFIG = "default"
PICTURES = "imagefolder"
_FORMATS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".txt": "text",
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".webp", ".gif"), PICTURES),
}
_ORDER = ("parquet", "csv", "json", PICTURES, "text")
# What is said about a dataset, not part of it.
_NOT_DATA = frozenset(
    {
        "readme.md", "license.txt", "licence.txt", "requirements.txt", "dataset_infos.json", "config.json", "metadata.csv",
        "metadata.jsonl", "package.json",
    }
)  # fmt: skip
_KEYWORDS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_SHARD = re.compile(r"(?:^|/)(?P<split>[\w]+(?:\.[\w]+)*)-\d{5}-of-\d{5}[^/]*$")


@dataclass(frozen=True)
class Split:
    """`paths`: in the order of their rows. `format`: parquet, csv (tsv, too), json (with or without lines), text, imagefolder."""

    config: str
    split: str
    format: str
    paths: tuple[str, ...]


def format_of(path: str) -> str:
    """How a file's rows are written, "" for one that holds none; packed with gzip, it is the same."""
    name = path.rpartition("/")[2].lower()
    if name in _NOT_DATA or any(part.startswith((".", "_")) for part in path.split("/")):
        return ""
    name = name.removesuffix(".gz")
    return _FORMATS.get(f".{name.rpartition('.')[2]}", "") if "." in name else ""


def splits_of(paths: Iterable[str], metadata: Mapping[str, Any]) -> tuple[list[Split], list[str]]:
    """At most 40, the default config first; and what of the card's `configs` could not be followed, in sentences."""
    data = sorted(path for path in paths if format_of(path))
    found: list[Split] = []
    problems: list[str] = []
    configs = metadata.get("configs")
    if isinstance(configs, list) and configs:
        budget = MOST_MATCHES
        for config in _default_first(configs, problems)[:MOST_SPLITS]:
            budget -= _patterns_in(config) * len(data)
            if budget < 0:
                problems.append("The card names more patterns than are tried on so many files.")
                break
            found += _of_card(config, data, problems)
    else:
        found = _by_names(DEFAULT_CONFIG, data)
    if len(found) > MOST_SPLITS:
        problems.append(f"Only the first {MOST_SPLITS} of {len(found)} splits are shown.")
    return found[:MOST_SPLITS], problems


def _patterns_in(config: Mapping[str, Any]) -> int:
    return sum(len(wanted) for _, wanted in _patterns(config.get("data_files")) or [])


def _default_first(configs: Sequence[Any], problems: list[str]) -> list[Mapping[str, Any]]:
    named = [config for config in configs if isinstance(config, Mapping)]
    if len(named) < len(configs):
        problems.append("Each of the card's configs must be a mapping with a config_name.")
    known: dict[str, Mapping[str, Any]] = {}
    for config in named:
        known.setdefault(_config_name(config), config)
    return sorted(
        known.values(), key=lambda config: config.get("default") is not True and _config_name(config) != DEFAULT_CONFIG
    )


def _config_name(config: Mapping[str, Any]) -> str:
    return str(config.get("config_name") or DEFAULT_CONFIG)[:LONGEST_NAME]


def _of_card(config: Mapping[str, Any], data: Sequence[str], problems: list[str]) -> list[Split]:
    name = _config_name(config)
    folder = config.get("data_dir")
    prefix = f"{folder.strip('/')}/" if isinstance(folder, str) and folder.strip("/.") else ""
    inside = [path for path in data if path.startswith(prefix)]
    files = config.get("data_files")
    if files is None:
        return _by_names(name, inside)
    patterns = _patterns(files)
    if patterns is None:
        problems.append(f"The data_files of the config {name!r} are neither patterns nor a list of split and path.")
        return []
    found: list[Split] = []
    for split, wanted in patterns:
        matching = [path for path in inside if any(matches(path.removeprefix(prefix), pattern) for pattern in wanted)]
        if not matching:
            problems.append(f"No data file matches what the card names for {name}/{split}.")
        elif split in {known.split for known in found}:
            problems.append(f"The card names {name}/{split} twice.")
        else:
            found.append(_one_format(Split(name, split, "", tuple(matching))))
    return found


def _patterns(files: Any) -> list[tuple[str, list[str]]] | None:
    """[(split, patterns)] of the forms that `data_files` may have; None for anything else."""
    if isinstance(files, str):
        return [("train", [files[:_LONGEST_PATTERN]])]
    if not isinstance(files, list) or not files or len(files) > _MOST_PATTERNS:
        return None
    if all(isinstance(one, str) for one in files):
        return [("train", [one[:_LONGEST_PATTERN] for one in files])]
    found = []
    for one in files:
        if not isinstance(one, Mapping):
            return None
        paths = one.get("path")
        wanted = [paths] if isinstance(paths, str) else paths
        if not isinstance(wanted, list) or not all(isinstance(pattern, str) for pattern in wanted):
            return None
        patterns = [pattern[:_LONGEST_PATTERN] for pattern in wanted[:_MOST_PATTERNS]]
        found.append((str(one.get("split") or "train")[:LONGEST_NAME], patterns))
    return found


def _by_names(config: str, data: Sequence[str]) -> list[Split]:
    by_split: dict[str, list[str]] = {}
    for path in data:
        by_split.setdefault(_split_named(path), []).append(path)
    named = {split: paths for split, paths in by_split.items() if split}
    if not named:
        named = {"train": by_split.get("", [])}
    order = ["train", "validation", "test"]
    ordered = sorted(
        named.items(), key=lambda item: (order.index(item[0]) if item[0] in order else len(order), item[0])
    )
    return [_one_format(Split(config, split[:LONGEST_NAME], "", tuple(paths))) for split, paths in ordered if paths]


def _split_named(path: str) -> str:
    """The split that a file's name, else the nearest folder that says one, names; "" for none."""
    if shard := _SHARD.search(path):
        return _keyword(shard["split"]) or shard["split"]
    for part in reversed(path.split("/")):
        if found := _keyword(part):
            return found
    return ""


def _keyword(name: str) -> str:
    words = {word.rstrip("0123456789") for word in re.split(r"[^a-z0-9]+|_", name.lower())}
    return next((split for split, keywords in _KEYWORDS.items() if words.intersection(keywords)), "")


def _one_format(split: Split) -> Split:
    """Only the files of the format that most have: others beside them are something else."""
    counted = Counter(format_of(path) for path in split.paths)
    form = max(counted, key=lambda one: (counted[one], -_ORDER.index(one)))
    paths = tuple(path for path in split.paths if format_of(path) == form)
    return replace(split, format=form, paths=paths[:MOST_FILES])


def matches(path: str, pattern: str) -> bool:
    """Whether a path fits a pattern of `*` and `?` (within one name) and `**` (any folders). Costs at most their product."""
    names, wanted = path.split("/"), [part for part in pattern.removeprefix("./").split("/") if part]
    reachable = {0}
    for part in wanted:
        if part == "**":
            reachable = set(range(min(reachable, default=len(names) + 1), len(names) + 1))
        else:
            reachable = {place + 1 for place in reachable if place < len(names) and _fits(names[place], part)}
    return bool(wanted) and len(names) in reachable


def _fits(name: str, pattern: str) -> bool:
    """The usual greedy match: it steps back to the last `*` alone, so it cannot explode."""
    place = at = 0
    star, resumed = -1, 0
    while place < len(name):
        if at < len(pattern) and (pattern[at] == "?" or (pattern[at] == name[place] and pattern[at] != "*")):
            place, at = place + 1, at + 1
        elif at < len(pattern) and pattern[at] == "*":
            star, resumed, at = at, place, at + 1
        elif star >= 0:
            resumed += 1
            place, at = resumed, star + 1
        else:
            return False
    return not pattern[at:].strip("*")
