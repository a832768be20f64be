"""Fewer points of a curve, such that it looks the same: of each stretch, the lowest and the highest, and both ends."""

from collections.abc import Sequence


def thinned(values: Sequence[float], most: int) -> list[int]:
    """Which of these values to keep, in their order: `most` at most, at least 4; the first and the last always."""
    count = len(values)
    if count <= most:
        return list(range(count))
    stretches = (most - 2) // 2
    kept = {0, count - 1}
    for number in range(stretches):
        start, end = 1 + number * (count - 2) // stretches, 1 + (number + 1) * (count - 2) // stretches
        stretch = range(start, end)
        kept |= {min(stretch, key=values.__getitem__), max(stretch, key=values.__getitem__)}
    return sorted(kept)
