import time

import pytest

from models_registry.formats.gitattributes import DEFAULT, IgnoreRules, LfsRules


@pytest.mark.parametrize(
    ("pattern", "path", "takes"),
    [
        ("*.bin", "a.bin", True),
        ("*.bin", "deep/er/a.bin", True),
        ("*.bin", "a.bin.txt", False),
        ("/a.bin", "a.bin", True),
        ("/a.bin", "deep/a.bin", False),
        ("deep/*.bin", "deep/a.bin", True),
        ("deep/*.bin", "deep/er/a.bin", False),
        ("deep/**", "deep/er/a.bin", True),
        ("deep/**", "deep", False),
        ("**/er/a.*", "deep/er/a.bin", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "a/x/y/bc", False),
        ("[ab].b?n", "deep/b.bin", True),
        ("[!ab].bin", "a.bin", False),
        ("\\*.bin", "a.bin", False),
        ("\\*.bin", "*.bin", True),
        ("deep/", "deep", False),
    ],
)
def test_patterns_mean_what_they_mean_to_git(pattern: str, path: str, takes: bool) -> None:
    assert LfsRules(f"{pattern} filter=lfs\n".encode()).takes(path) is takes


def test_the_last_line_that_matches_wins() -> None:
    rules = LfsRules(f"{DEFAULT}small/*.bin -filter\n".encode())
    assert rules.takes("model.bin")
    assert not rules.takes("small/model.bin")


@pytest.mark.parametrize(
    ("text", "path", "ignored"),
    [
        ("*.log", "a/b.log", True),
        ("build/", "build/x/y", True),
        ("build/", "build", False),
        ("*.log\n!keep.log", "keep.log", False),
        ("logs/\n!logs/keep.log", "logs/keep.log", True),
        ("/a", "b/a", False),
        ("# a\n\n\\#a", "#a", True),
        ("/", "a", False),
    ],
)
def test_a_gitignore_is_read_as_git_reads_it(text: str, path: str, ignored: bool) -> None:
    assert IgnoreRules(text.encode()).ignores(path) is ignored


def test_many_wildcards_cost_little() -> None:
    began = time.monotonic()
    pattern, path = b"*a" * 100 + b"*b", "a" * 250
    assert not LfsRules(pattern + b" filter=lfs\n").takes(path)
    assert not IgnoreRules(pattern + b"\n" + b"**/a*/" * 100 + b"b\n").ignores("/".join([path] * 4))
    assert time.monotonic() - began < 1
