"""Which models nobody betters: none is both cheaper and as good, nor better and as cheap."""

from collections.abc import Sequence


def front(costs: Sequence[float], values: Sequence[float], *, higher_is_better: bool) -> list[int]:
    """Indices of the points on the Pareto front, cheapest first; equals are on it together.

    costs: the less the better. values: as long, the quality.
    """
    gains = list(values) if higher_is_better else [-value for value in values]
    found: list[int] = []
    best: float | None = None  # of all that cost less
    cheapest: float | None = None
    for index in sorted(range(len(costs)), key=lambda index: (costs[index], -gains[index])):
        is_equal = bool(found) and costs[index] == cheapest and gains[index] == best
        if is_equal or best is None or gains[index] > best:
            found.append(index)
            best, cheapest = gains[index], costs[index]
    return found
