from __future__ import annotations

import math
from typing import Any, NamedTuple

WIDE_GAP = 3  # standard errors


class Reached(NamedTuple):
    """A score on a part of the rows, with its 95 % interval."""

    value: float
    low: float
    high: float
    stderr: float

    @classmethod
    def of(cls, value: float | None, low: float | None, high: float | None, stderr: float | None) -> Reached | None:
        if value is None or low is None or high is None or stderr is None:
            return None
        return cls(value, low, high, stderr)


class PublicAndHidden:
    """Of a model with these fields: what was reached on public and on hidden rows; nothing where that is not known yet."""

    public_value: Any
    public_low: Any
    public_high: Any
    public_stderr: Any
    hidden_value: Any
    hidden_low: Any
    hidden_high: Any
    hidden_stderr: Any

    @property
    def public(self) -> Reached | None:
        return Reached.of(self.public_value, self.public_low, self.public_high, self.public_stderr)

    @property
    def hidden(self) -> Reached | None:
        return Reached.of(self.hidden_value, self.hidden_low, self.hidden_high, self.hidden_stderr)

    @property
    def gap(self) -> float | None:
        """Public less hidden."""
        public, hidden = self.public, self.hidden
        return None if public is None or hidden is None else public.value - hidden.value

    @property
    def has_wide_gap(self) -> bool:
        """Whether public and hidden score are further apart than chance explains: over three standard errors."""
        public, hidden = self.public, self.hidden
        if public is None or hidden is None:
            return False
        return abs(public.value - hidden.value) > WIDE_GAP * math.hypot(public.stderr, hidden.stderr)
