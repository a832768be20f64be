"""How a suite's images, channels first, are laid out for a model that declares the shape of its input."""

from collections.abc import Callable, Sequence

import numpy as np

from evaluations.harness.messages import ModelRefusedError

IMAGE_RANK = 3

Arrange = Callable[[np.ndarray], np.ndarray]


def arrangement(declared: Sequence[int | None], given: Sequence[int]) -> Arrange:
    """How a batch (rows, *given) becomes what a model takes that declares the shape `declared`, where None is any size.

    As it is, if the model declares exactly that; else images (channels, height, width) with channels last, then as they are
    where sizes are left open, then grey ones without their one channel. Raises ModelRefusedError.
    """
    if tuple(declared) == tuple(given):
        return _as_given
    if len(given) == IMAGE_RANK and _fits(declared, (*given[1:], given[0])):
        return _channels_last
    if _fits(declared, given):
        return _as_given
    if len(given) == IMAGE_RANK and given[0] == 1 and _fits(declared, given[1:]):
        return _without_channel
    also = f" or {['N', *given[1:], given[0]]}" if len(given) == IMAGE_RANK else ""
    raise ModelRefusedError(
        "shape_mismatch", f"The model takes {['N', *declared]}; the suite gives {['N', *given]}{also}."
    )


def _fits(declared: Sequence[int | None], sizes: Sequence[int]) -> bool:
    return len(declared) == len(sizes) and all(
        wanted is None or wanted == size for wanted, size in zip(declared, sizes, strict=True)
    )


def _as_given(batch: np.ndarray) -> np.ndarray:
    return batch


def _channels_last(batch: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(batch.transpose(0, 2, 3, 1))


def _without_channel(batch: np.ndarray) -> np.ndarray:
    return batch[:, 0]
