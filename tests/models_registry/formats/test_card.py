"""Cards come from anyone: what can be read is read, and what is hostile is refused in words."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_registry.formats import card
from models_registry.formats.card import CardError


def with_metadata(yaml: str) -> str:
    return f"---\n{yaml}\n---\n# Title\n"


def test_a_card_is_metadata_and_the_markdown_below_it():
    read = card.parse(with_metadata("license: mit\ntags: [a, b]"))
    assert read.metadata == {"license": "mit", "tags": ["a", "b"]}
    assert read.body == "# Title\n"


@pytest.mark.parametrize("text", ["", "# Title\n", "---\nno end", "text\n---\na: b\n---\n"])
def test_without_front_matter_everything_is_body(text):
    assert card.parse(text) == card.Card({}, text)


@pytest.mark.parametrize(
    "text",
    ["---\r\nlicense: mit\r\n---\r\nbody", "\ufeff---\nlicense: mit\n---\nbody", "\n---\nlicense: mit\n---\nbody"],
)
def test_line_ends_and_byte_order_marks_of_any_editor_are_read(text):
    assert card.parse(text) == card.Card({"license": "mit"}, "body")


def test_words_of_yaml_1_1_stay_words():
    read = card.parse(with_metadata("language: [no, yes, on]\ndate: 2024-01-31\ntime: 12:30:00\nn: 1e-3\nempty:"))
    assert read.metadata == {
        "language": ["no", "yes", "on"],
        "date": "2024-01-31",
        "time": "12:30:00",
        "n": 0.001,
        "empty": None,
    }


@pytest.mark.parametrize(
    ("yaml", "reason"),
    [
        ("a: [", "line"),
        ("- a\n- b", "mapping"),
        ("a: &x [1]\nb: *x", "anchors"),
        ("a: &a [1]\n" + "\n".join(f"b{n}: [*a, *a]" for n in range(9)), "anchors"),
        ("a: " + "[" * 40 + "]" * 40, "nested"),
        ("a: [" + "1," * 20_001 + "]", "values"),
        ("a: " + "x" * (card.LARGEST_FRONT_MATTER + 1), "larger"),
        ("a: !!python/object/apply:os.system [id]", "line"),
        ("a: !!binary aGk=", "JSON"),
        ("a: !!float .inf", "finite"),
        ("? [1, 2]\n: b", "line"),
    ],
)
def test_hostile_metadata_is_refused_with_a_reason(yaml, reason):
    with pytest.raises(CardError, match=reason):
        card.parse(with_metadata(yaml))


@settings(max_examples=200)
@given(st.text(alphabet=st.sampled_from("ab:-[]{}&*!|>'\"#,?% \n\t0.é\x00\ud800"), max_size=120))
def test_any_text_is_read_or_refused_and_what_is_read_is_json(text):
    try:
        read = card.parse(with_metadata(text))
    except CardError:
        return
    json.dumps(read.metadata, allow_nan=False).encode()
    card.facts(read.metadata)


def test_facts_are_taken_and_what_has_the_wrong_form_is_explained():
    found = card.facts(
        {
            "license": "apache-2.0",
            "pipeline_tag": "image-classification",
            "library_name": ["not", "text"],
            "tags": ["vision", "vision", {"not": "a tag"}, 8],
            "language": "en",
            "base_model": ["a/b", "c/d"],
            "task_categories": ["ignored here"],
        }
    )
    assert found.licence == "apache-2.0"
    assert found.task == "image-classification"
    assert found.library == ""
    assert found.tags == ("vision", "8")
    assert found.languages == ("en",)
    assert found.base_models == ("a/b", "c/d")
    assert len(found.warnings) == 2


def test_a_licence_of_ones_own_is_named_by_license_name():
    assert card.facts({"license": "other", "license_name": "my-terms"}).licence == "my-terms"
    assert card.facts({"license": ["mit", "apache-2.0"]}).licence == "mit AND apache-2.0"


def test_validation_warns_of_what_is_missing_and_refuses_what_is_broken():
    assert card.validate(with_metadata("license: mit")) == ([], [])
    assert len(card.validate("# Title")[1]) == 1
    assert "licence" in card.validate(with_metadata("tags: [a]"))[1][0]
    assert "SPDX" in card.validate(with_metadata("license: other\nlicense_name: my-own"))[1][0]
    errors, warnings = card.validate(with_metadata("a: ["))
    assert errors
    assert warnings == []


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ("license: asdf", '"license" must be one of'),
        ("license: [mit, asdf]", '"license" must be one of'),
        ("license: {mit: 1}", '"license" must be one of'),
        ("model-index: foo", '"model-index" must be an array'),
        ("model-index: [foo]", '"model-index" must be an array of objects'),
    ],
)
def test_validation_refuses_what_hub_clients_know_as_invalid(metadata, words):
    errors, _ = card.validate(with_metadata(metadata))
    assert errors[0].startswith(words)


@pytest.mark.parametrize("licence", ["other", "unknown", "null", "llama4", "odbl", "[mit, apache-2.0]", "mit OR isc"])
def test_validation_takes_every_licence_that_cards_of_model_hubs_name(licence):
    assert card.validate(with_metadata(f"license: {licence}"))[0] == []
