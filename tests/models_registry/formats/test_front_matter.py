"""One key of a card is changed, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_registry.formats.card import CardError, parse, split
from models_registry.formats.front_matter import joined, with_values


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "---\nlicense: mit\n---\n\n"),
        ("# Net\n", "---\nlicense: mit\n---\n\n# Net\n"),
        ("---\na: 1\n---\n# Net\r\n", "---\na: 1\nlicense: mit\n---\n# Net\r\n"),
        ("---\nlicense: x\n---\n# Net\n", "---\nlicense: mit\n---\n# Net\n"),
        ("---\n---\n# Net\n", "---\nlicense: mit\n---\n# Net\n"),
        ("---\n# why\ntags:   [a,b] # both\n---\n", "---\n# why\ntags:   [a,b] # both\nlicense: mit\n---\n"),
        ("---\r\nlicense:\r\n- x\r\n- y\r\ntags: [a]\r\n---\r\nB", "---\r\nlicense: mit\r\ntags: [a]\r\n---\r\nB"),
        ("---\nlicense:\n  - x\n\n# end\n---\n", "---\nlicense: mit\n\n# end\n---\n"),
        ('---\n"license": x\nb: |\n  license: y\n---\n', "---\nlicense: mit\nb: |\n  license: y\n---\n"),
        ("---\na: 'it: x'\nlicense_name: z\n---", "---\na: 'it: x'\nlicense_name: z\nlicense: mit\n---"),
    ],
)
def test_the_licence_is_set_and_the_rest_stays(before: str, after: str) -> None:
    assert with_values(before, {"license": "mit"}) == after


def test_a_key_is_taken_out() -> None:
    text = "---\nlicense: other\nlicense_name: my-terms\ntags:\n- a\n---\n"
    assert with_values(text, {"license": "mit", "license_name": None}) == "---\nlicense: mit\ntags:\n- a\n---\n"


def test_what_is_nested_is_written_in_lines_of_its_own() -> None:
    fields = {"Your name": "text", "Use": {"type": "select", "options": ["研究", "other: see below"]}}
    edited = with_values("---\na: 1\n---\nB\n", {"extra_gated_fields": fields})
    assert parse(edited).metadata == {"a": 1, "extra_gated_fields": fields}
    assert edited.endswith("---\nB\n")
    assert edited.startswith("---\na: 1\n")


@pytest.mark.parametrize("text", ["---\n{license: mit}\n---\n", "---\na: [\n---\n", "---\n? license\n: mit\n---\n"])
def test_what_cannot_be_edited_by_the_line_is_refused(text: str) -> None:
    with pytest.raises(CardError):
        with_values(text, {"license": "apache-2.0"})


KEYS = st.sampled_from(["license", "tags", "a b", "x", "license_name"])
VALUES = st.one_of(st.text(max_size=20), st.integers(-9, 9), st.lists(st.text(max_size=5), max_size=3), st.none())


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.dictionaries(KEYS, VALUES, max_size=2), st.text(max_size=20))
def test_any_change_changes_that_alone(matter: dict[str, object], changes: dict[str, object], body: str) -> None:
    try:
        text = with_values(body, matter)
        read = parse(text)
    except CardError:
        return  # a body that itself begins with something like metadata, or text that YAML cannot hold
    try:
        edited = parse(with_values(text, changes))
    except CardError:
        return
    expected = {**read.metadata, **changes}
    assert {key: value for key, value in edited.metadata.items() if value is not None} == {
        key: value for key, value in expected.items() if value is not None
    }
    assert edited.body == read.body or not read.metadata


MATTERS = st.sampled_from(
    ["", "a: 1", "a: 1  # why", "# only a comment", "tags:\n- x\n\n# end", 'b: "---"', "\nspaced: [1,\n  2]\n"]
)
FENCES = st.sampled_from(
    [("---\n", "\n---\n"), ("---  \n", "\n--- \n"), ("\ufeff---\n", "\n---\n"), ("---\n", "\n---")]
)
BODIES = st.text("#ab \n-é研", max_size=30)


@given(MATTERS, FENCES, BODIES)
def test_a_card_taken_apart_and_put_together_is_the_same(matter: str, fences: tuple[str, str], body: str) -> None:
    text = f"{fences[0]}{matter}{fences[1]}{body if fences[1].endswith(chr(10)) else ''}"
    found, rest = split(text)
    assert joined(text, found or "", rest) == text


@given(MATTERS, FENCES, BODIES, st.dictionaries(st.sampled_from(["license", "tags"]), VALUES, min_size=1))
def test_what_is_set_leaves_every_unknown_line_as_it_was(
    matter: str, fences: tuple[str, str], body: str, changes: dict[str, object]
) -> None:
    text = f"{fences[0]}{matter}{fences[1]}"
    text += body if text.endswith("\n") else ""
    try:
        edited = with_values(text, changes)
    except CardError:
        return
    put = joined(text, split(edited)[0] or "", split(edited)[1])
    assert parse(put) == parse(edited)
    kept = [line for line in matter.splitlines() if line.strip() and not line.startswith(("tags", "- x"))]
    position = 0
    for line in kept:
        position = put.index(line, position) + len(line)
