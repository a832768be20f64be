"""Long lists in parts: one statement with too many values is refused by one database, and slow on the other."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """In their order, `size` at a time and the rest at the end. No more than one part is held."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch
