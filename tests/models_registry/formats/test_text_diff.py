"""The lines between two texts: they lead from one to the other, and are found in bounded time."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_registry.formats import text_diff
from models_registry.formats.text_diff import hunks
from tests import services

texts = st.lists(st.sampled_from(["a", "b", "c", "", "dd"]), max_size=30).flatmap(
    lambda lines: st.sampled_from(["\n".join(lines), "".join(f"{line}\n" for line in lines)])
)

numbers = "".join(f"{number}\n" for number in range(60))


def patch_of(old: str, new: str) -> str:
    body = "".join(
        f"{hunk.header}\n" + "".join(f"{line.sign}{line.text}\n" for line in hunk.lines) for hunk in hunks(old, new)
    )
    return f"--- a/file\n+++ b/file\n{body}"


@given(texts, texts)
def test_every_line_of_both_texts_is_told_once(old: str, new: str) -> None:
    lines = list(text_diff._edits(text_diff.lines_of(old), text_diff.lines_of(new)))
    assert [line.text for line in lines if line.kind != "added"] == text_diff.lines_of(old)
    assert [line.text for line in lines if line.kind != "removed"] == text_diff.lines_of(new)
    assert (hunks(old, new) == []) == (old == new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a\nb\nc\n", "a\nB\nc\n"), ("a\n", "a"), ("a", "a\n"), ("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "0\n1\n2\n3\n4\n5\n6\n7\n8\n"),
        ("\n" * 30, "\n" * 12 + "x\n" + "\n" * 17), (numbers, numbers.replace("20\n", "").replace("40\n", "")),
    ],
)  # fmt: skip
def test_git_applies_it(tmp_path: Path, old: str, new: str) -> None:
    services.require("git")
    (tmp_path / "file").write_text(old)
    subprocess.run(
        ["git", "apply", "--unidiff-zero", "-"], cwd=tmp_path, input=patch_of(old, new), text=True, check=True
    )
    assert (tmp_path / "file").read_text() == new


def test_texts_far_apart_are_one_replaced_by_the_other() -> None:
    old = "".join(f"{number % 101}\n" for number in range(5000))
    new = "".join(f"{number * 7 % 101}\n" for number in range(5000))
    (hunk,) = hunks(old, new)
    assert len(hunk.lines) >= 9000
