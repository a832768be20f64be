import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import permutation_test, ttest_rel
from sklearn.metrics import f1_score, mean_absolute_error, mean_squared_error, r2_score
from sklearn.metrics.pairwise import cosine_similarity
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from evaluations import ranks, scoring
from evaluations.measurements import UnusablePredictionsError

METRICS = [
    {"name": "accuracy", "primary": True, "higher_is_better": True, "chance": 0.25, "ci": "wilson"},
    {"name": "f1_macro", "primary": False, "higher_is_better": True, "ci": "bootstrap", "resamples": 200},
]
KNOWN = {"r2": r2_score, "mae": mean_absolute_error, "mse": mean_squared_error}
outcomes = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=80)


def outputs_for(predicted: np.ndarray, classes: int) -> np.ndarray:
    return np.eye(classes, dtype="float32")[predicted]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60))
def test_figures_are_those_of_the_known_libraries(rows: list[tuple[int, int]]):
    labels, predicted = np.array(rows).T
    result = scoring.score("image-classification", METRICS, outputs_for(predicted, 4), labels, seed=1)
    accuracy, f1 = result.measurements
    right = int((labels == predicted).sum())
    low, high = proportion_confint(right, len(rows), method="wilson")
    assert accuracy.value == right / len(rows)
    assert accuracy.low == pytest.approx(low, abs=1e-12)
    assert accuracy.high == pytest.approx(high, abs=1e-12)
    expected = f1_score(labels, predicted, labels=range(4), average="macro", zero_division=0.0)
    assert f1.value == pytest.approx(expected)
    counts = np.bincount(labels * 4 + predicted, minlength=16)
    assert scoring.macro_f1(counts, 4) == pytest.approx(expected)
    assert f1.low <= f1.high
    assert result.correct.tolist() == (labels == predicted).tolist()


def test_the_bootstrap_is_the_same_every_time():
    generator = np.random.default_rng(0)
    labels, predicted = generator.integers(0, 4, 300), generator.integers(0, 4, 300)
    first, second = (
        scoring.score("image-classification", METRICS, outputs_for(predicted, 4), labels, seed=7).measurements
        for _ in range(2)
    )
    assert first == second
    assert first[1].low < first[1].value < first[1].high


@given(
    st.lists(st.tuples(st.floats(-1e3, 1e3, width=32), st.floats(-1e3, 1e3, width=32)), min_size=2, max_size=60),
    st.integers(0, 2**32 - 1),
)
def test_figures_of_numbers_are_those_of_scikit_learn(rows: list[tuple[float, float]], seed: int):
    labels, predicted = np.array(rows).T
    metrics = [
        {"name": name, "primary": name == "r2", "higher_is_better": name == "r2", "ci": "bootstrap", "resamples": 100}
        for name in KNOWN
    ]
    result = scoring.score("tabular-regression", metrics, predicted[:, None], labels, seed)
    for measurement in result.measurements:
        assert measurement.value == pytest.approx(KNOWN[measurement.name](labels, predicted))
        assert measurement.low <= measurement.high
    assert result.losses is not None
    assert result.losses == pytest.approx((labels - predicted) ** 2)


def test_each_resample_of_numbers_is_scored_as_scikit_learn_would():
    generator = np.random.default_rng(0)
    labels, predicted = generator.normal(size=(2, 50, 20))
    labels[0] = 3.0
    for name, of_resamples in {
        "r2": scoring.r_squares, "mae": scoring.mean_absolute_errors, "mse": scoring.mean_squared_errors
    }.items():  # fmt: skip
        expected = [KNOWN[name](*pair) for pair in zip(labels, predicted, strict=True)]
        assert of_resamples(predicted, labels) == pytest.approx(np.array(expected))


@pytest.mark.parametrize("outputs", [np.zeros((3, 4)), np.zeros(4), np.full((4, 4), np.nan), np.full((4, 4), np.inf)])
def test_predictions_of_another_shape_or_without_a_value_are_refused(outputs: np.ndarray):
    with pytest.raises(UnusablePredictionsError):
        scoring.score("image-classification", METRICS, outputs, np.zeros(4, int), seed=0)


@given(outcomes)
def test_the_comparison_of_two_runs_is_the_exact_mcnemar_test(rows: list[tuple[bool, bool]]):
    first, second = (np.array(column) for column in zip(*rows, strict=True))
    table = [
        [int((first & second).sum()), int((first & ~second).sum())],
        [int((~first & second).sum()), int((~first & ~second).sum())],
    ]
    (found,) = ranks.mcnemar_neighbours(np.stack([first, second]))
    assert found == pytest.approx(float(mcnemar(table, exact=True).pvalue))


def test_the_comparison_holds_for_very_many_rows():
    rows = 20_000
    none, every, half = np.zeros(rows, bool), np.ones(rows, bool), np.arange(rows) % 2 == 0
    assert ranks.mcnemar_neighbours(np.stack([none, every, none])).tolist() == [0.0, 0.0]
    assert ranks.mcnemar_neighbours(np.stack([half, ~half])).tolist() == [1.0]


def test_losses_are_compared_as_scipy_would_by_the_same_idea():
    """A permutation test of the signs answers the same question; with many rows both agree."""
    generator = np.random.default_rng(1)
    base = generator.gamma(2.0, size=400)
    for shift in (0.0, 0.02, 0.05, 0.1, 0.5):
        other = base + shift + generator.normal(0, 0.5, 400)
        (found,) = ranks.bootstrap_neighbours(np.stack([base, other]))
        expected = permutation_test(
            (base - other,), np.mean, permutation_type="samples", n_resamples=2000, rng=np.random.default_rng(2)
        ).pvalue
        assert found == pytest.approx(expected, abs=0.05)


def test_a_difference_that_no_resample_reaches_is_measured_by_the_paired_t_test():
    """Else Holm would tie every board of more than fifty models."""
    generator = np.random.default_rng(1)
    base = generator.normal(0, 1, 200)
    other = base + 0.5 + generator.normal(0, 0.5, 200)
    (found,) = ranks.bootstrap_neighbours(np.stack([base, other]))
    assert found == pytest.approx(ttest_rel(base, other).pvalue)
    assert found < 1e-9


def test_several_suites_are_resampled_each_for_itself_and_weighted():
    generator = np.random.default_rng(2)
    small, large = generator.random((3, 40)) < 0.6, generator.random((3, 400)) < 0.8
    large[2] = large[1]
    found = ranks.bootstrap_neighbours_over([small, large], [1.0, 0.0])
    assert found == pytest.approx(ranks.bootstrap_neighbours(small))
    alone = ranks.bootstrap_neighbours_over([small[1:], large[1:]], [0.0, 1.0])
    assert alone.tolist() == [1.0]


def test_the_same_losses_are_no_difference_and_a_constant_one_is():
    losses = np.linspace(0, 5, 200).astype(np.float32)
    same, apart = ranks.bootstrap_neighbours(np.stack([losses, losses, losses + 1]))
    assert (same, apart) == (1.0, 0.0)
    assert ranks.bootstrap_neighbours(losses[None]).tolist() == []


@settings(max_examples=20)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_adjusts_as_statsmodels_does(p_values: list[float]):
    assert ranks.holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1].tolist())


def test_runs_that_the_data_cannot_separate_share_an_interval():
    assert ranks.intervals([0.5, 0.001]) == [(1, 2), (1, 2), (3, 3)]
    assert ranks.intervals([0.03, 0.04]) == [(1, 3)] * 3  # one of two looks finds as much by luck
    assert ranks.intervals([0.0, 0.0]) == [(1, 1), (2, 2), (3, 3)]
    assert ranks.intervals([]) == [(1, 1)]


@given(st.lists(st.floats(0, 1), max_size=12))
def test_every_rank_lies_within_its_interval(p_values: list[float]):
    found = ranks.intervals(p_values)
    assert len(found) == len(p_values) + 1
    assert all(low <= place <= high for place, (low, high) in enumerate(found, 1))


def test_top_5_counts_what_is_among_the_five_highest():
    generator = np.random.default_rng(0)
    outputs, labels = generator.normal(size=(60, 12)).astype("float32"), generator.integers(0, 12, 60)
    metrics = [METRICS[0], METRICS[0] | {"name": "top_5_accuracy", "primary": False}]
    first, fifth = scoring.score("fill-mask", metrics, outputs, labels, seed=0).measurements
    among = [label in np.argsort(row)[-5:] for row, label in zip(outputs, labels, strict=True)]
    assert (first.value, fifth.value) == (np.mean(outputs.argmax(axis=1) == labels), np.mean(among))
    assert (fifth.low, fifth.high) == pytest.approx(proportion_confint(sum(among), 60, method="wilson"))


RETRIEVAL = [
    {"name": "recall_at_1", "primary": True, "ci": "wilson"},
    {"name": "recall_at_10", "primary": False, "ci": "wilson"},
    {"name": "mrr_at_10", "primary": False, "ci": "bootstrap", "resamples": 200},
]


def test_each_query_finds_its_passage_by_its_cosine():
    generator = np.random.default_rng(0)
    queries, labels = generator.normal(size=(40, 6)), generator.permutation(40)
    passages = np.empty_like(queries)
    passages[labels] = (queries + 0.9 * generator.normal(size=(40, 6))) * generator.uniform(0.1, 9, size=(40, 1))
    outputs = np.pad(np.stack([queries, passages], axis=1), ((0, 0), (0, 0), (0, 5)))  # wider, and the same cosines
    cosines = cosine_similarity(queries, passages)
    places = [int((row > row[label]).sum()) + 1 for row, label in zip(cosines, labels, strict=True)]
    found = scoring.score("sentence-similarity", RETRIEVAL, outputs, labels, seed=0)
    at_1, at_10, mrr = found.measurements
    assert at_1.value == np.mean([place == 1 for place in places])
    assert at_10.value == np.mean([place <= 10 for place in places])
    assert mrr.value == pytest.approx(np.mean([1 / place if place <= 10 else 0 for place in places]))
    assert 0 < at_1.value < mrr.value < at_10.value < 1
    assert mrr.low < mrr.value < mrr.high
    assert found.predicted.tolist() == cosines.argmax(axis=1).tolist()
    assert found.correct is not None
    assert found.correct.tolist() == [place == 1 for place in places]


def test_embeddings_that_are_all_alike_find_nothing():
    for outputs in (np.ones((20, 2, 3)), np.zeros((20, 2, 3))):
        found = scoring.score("sentence-similarity", RETRIEVAL, outputs, np.arange(20), seed=0)
        assert [one.value for one in found.measurements] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("outputs", [np.zeros((4, 3)), np.zeros((3, 2, 3)), np.full((4, 2, 3), np.nan)])
def test_embeddings_of_another_shape_or_without_a_value_are_refused(outputs: np.ndarray):
    with pytest.raises(UnusablePredictionsError):
        scoring.score("sentence-similarity", RETRIEVAL, outputs, np.arange(4), seed=0)
