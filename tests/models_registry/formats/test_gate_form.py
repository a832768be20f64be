"""What cards ask of who wants in: read with care, answered with care."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_registry.formats import gate_form
from models_registry.formats.gate_form import BadAnswers, FieldType, Question, checked, read

CARD = {
    "extra_gated_heading": "Before you read",
    "extra_gated_description": "We answer within a week.",
    "extra_gated_button_content": "Send",
    "extra_gated_prompt": "Be *kind*.",
    "extra_gated_fields": {
        "Name": "text",
        "Country": "country",
        "Born": "date_picker",
        "Use": {"type": "select", "options": ["Research", {"label": "Teaching", "value": "teach"}]},
        "More": {"type": "textarea", "required": False},
        "I agree": "checkbox",
    },
    "extra_gated_license_file": "LICENSE",
}
GOOD = {"Name": " Ada ", "Country": "de", "Born": "1990-02-28", "Use": "Research", "I agree": "on"}


def test_a_card_of_any_hub_is_read() -> None:
    words = read(CARD)
    assert (words.heading, words.button, words.prompt) == ("Before you read", "Send", "Be *kind*.")
    assert [question.type for question in words.questions] == [
        "text",
        "country",
        "date_picker",
        "select",
        "textarea",
        "checkbox",
    ]
    assert words.questions[3].options == ("Research", "Teaching")
    assert (words.terms_file, words.problems) == ("LICENSE", ())
    assert all(Question.of_json(question.as_json()) == question for question in words.questions)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("heading", ["x"]), ("heading", "x" * 201), ("prompt", {"a": 1}), ("fields", "text"), ("fields", {"a": "colour"}),
        ("fields", {"a": {"type": "select"}}), ("fields", {"x" * 301: "text"}), ("fields", {"": "text"}),
        ("fields", {str(n): "text" for n in range(21)}), ("license_file", "weights.bin"), ("license_file", "../LICENSE"),
        ("license_file", "a/LICENSE"), ("fields", {"a": {"type": "text", "required": "maybe"}}),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_left_out_and_named(name: str, value: Any) -> None:
    words = read({f"extra_gated_{name}": value})
    assert len(words.problems) == 1
    assert (words.heading, words.prompt, words.terms_file) == ("", "", "")
    assert len(words.questions) in {0, gate_form.MOST_FIELDS}


def test_good_answers_are_kept_in_order_and_nothing_else() -> None:
    answers = checked(read(CARD).questions, {**GOOD, "Unasked": "x"})
    assert answers == {"Name": "Ada", "Country": "DE", "Born": "1990-02-28", "Use": "Research", "I agree": True}


@pytest.mark.parametrize(
    ("label", "given"),
    [("Name", ""), ("Name", None), ("Name", 3), ("Name", "x" * 501), ("Country", "Germany"), ("Born", "1990-02-30"),
     ("Born", "x"), ("Use", "War"), ("I agree", ""), ("I agree", False)],
)  # fmt: skip
def test_each_fault_is_named_with_its_question(label: str, given: Any) -> None:
    with pytest.raises(BadAnswers) as refused:
        checked(read(CARD).questions, {**GOOD, label: given})
    assert refused.value.faults.keys() == {label}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*CARD, "extra_gated_license_text"]), JSON))
def test_any_metadata_can_be_read(metadata: dict[str, Any]) -> None:
    words = read(metadata)
    assert all(isinstance(question.type, FieldType) for question in words.questions)
