"""What authors write of their models' scores: read as the stock client writes it, and without fear of what else is there."""

import json
from typing import Any

import pytest
import yaml
from huggingface_hub import EvalResult, EvalResultEntry, eval_result_entries_to_yaml
from huggingface_hub.repocard_data import eval_results_to_model_index
from hypothesis import given
from hypothesis import strategies as st

from models_registry.formats import eval_results
from models_registry.formats.card import CardError, parse, plain_yaml

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["results", "task", "dataset", "metrics", "type", "name", "value", "source", "url", "id"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def test_what_the_stock_client_writes_into_a_card_is_read() -> None:
    written = EvalResult(
        task_type="image-classification", dataset_type="digits", dataset_name="Digits", dataset_split="test",
        metric_type="accuracy", metric_value=0.987, source_url="https://example.org/log", source_name="a log",
    )  # fmt: skip
    text = yaml.safe_dump({"model-index": eval_results_to_model_index("a-net", [written])})
    (score,) = eval_results.of_card(parse(f"---\n{text}---\n").metadata)
    assert score == eval_results.ReportedScore(
        "image-classification", "digits", "Digits", "test", "accuracy", 0.987, "https://example.org/log"
    )


def test_what_the_stock_client_writes_into_a_file_is_read() -> None:
    entry = EvalResultEntry(dataset_id="cais/hle", task_id="default", value=20.9, source_url="https://example.org/")
    (score,) = eval_results.of_file(plain_yaml(yaml.safe_dump(eval_result_entries_to_yaml([entry]))))
    assert (score.dataset, score.dataset_name, score.value, score.metric) == ("cais/hle", "default", 20.9, "")


@pytest.mark.parametrize("value", [True, "0.9", None, [0.9], float("nan"), float("inf"), 1e300, -(10**40), {"v": 1}])
def test_what_is_no_sensible_number_is_left_out(value: Any) -> None:
    metric = {"type": "accuracy", "value": value}
    index = [{"results": [{"task": {"type": "t"}, "dataset": {"type": "d"}, "metrics": [metric]}]}]
    assert eval_results.of_card({"model-index": index}) == []
    assert eval_results.of_file([{"dataset": {"id": "d", "task_id": "t"}, "value": value}]) == []


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "https://", "http://[::", 5, "x" * 600])
def test_a_source_is_an_address_of_the_web_or_nothing(address: Any) -> None:
    entry = {"dataset": {"id": "d"}, "value": 1, "source": {"url": address}}
    assert [score.source_url for score in eval_results.of_file([entry])] == [""]


def test_no_more_scores_are_read_than_anybody_looks_at() -> None:
    assert len(eval_results.of_file([{"dataset": {"id": "d"}, "value": 1}] * 1000)) == eval_results.MOST_SCORES


@given(ANYTHING)
def test_nothing_that_is_written_stops_it(data: Any) -> None:
    for score in [*eval_results.of_card({"model-index": data}), *eval_results.of_file(data)]:
        json.dumps(score.value, allow_nan=False)


def test_a_file_may_be_a_list_and_no_bomb() -> None:
    assert plain_yaml("- 1\n- no\n") == [1, "no"]
    with pytest.raises(CardError):
        plain_yaml("a: &a [1]\nb: *a\n")
