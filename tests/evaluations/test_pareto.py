"""The Pareto front, against its definition."""

from hypothesis import given
from hypothesis import strategies as st

from evaluations import pareto

NUMBERS = st.integers(-5, 5).map(float) | st.floats(allow_nan=False, allow_infinity=False)
POINTS = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=30)


@given(POINTS, st.booleans())
def test_on_the_front_is_whom_nobody_betters(points: list[tuple[float, float]], higher_is_better: bool) -> None:
    gains = [(cost, value if higher_is_better else -value) for cost, value in points]

    def betters(one: tuple[float, float], other: tuple[float, float]) -> bool:
        return one != other and one[0] <= other[0] and one[1] >= other[1]

    expected = {index for index, point in enumerate(gains) if not any(betters(other, point) for other in gains)}
    front = pareto.front(*(zip(*points, strict=True) if points else ((), ())), higher_is_better=higher_is_better)
    assert set(front) == expected
    assert len(front) == len(expected)
    assert [points[index][0] for index in front] == sorted(points[index][0] for index in front)
    assert [gains[index][1] for index in front] == sorted(gains[index][1] for index in front)
