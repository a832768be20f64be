"""Two texts as the lines between them, with bounded work however they differ.

Source: Myers, 1986, "An O(ND) Difference Algorithm and Its Variations". Python's difflib takes cubic time on hostile texts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal, NamedTuple

CONTEXT = 3
MOST_EDITS = 500  # lines added and removed; texts further apart are shown as one replaced by the other
_NO_NEWLINE = "\\ No newline at end of file"

Edit = Literal["same", "removed", "added"]


class Line(NamedTuple):
    """`old`, `new`: its number on each side, from 1; None where it is not."""

    kind: Edit
    old: int | None
    new: int | None
    text: str

    @property
    def sign(self) -> str:
        return {"same": " ", "removed": "-", "added": "+"}[self.kind]

    @property
    def is_ended(self) -> bool:
        """Whether a line end follows: only the last line of a text may lack one."""
        return not self.text.endswith(f"\n{_NO_NEWLINE}")

    @property
    def shown(self) -> str:
        """The line itself, without git's mark for a missing end."""
        return self.text.removesuffix(f"\n{_NO_NEWLINE}")


@dataclass(frozen=True)
class Hunk:
    """Changed lines with those around them."""

    lines: list[Line]

    @property
    def pairs(self) -> list[tuple[Line | None, Line | None]]:
        """Both sides beside each other: what was removed stands beside what was added in its place."""
        found: list[tuple[Line | None, Line | None]] = []
        gone: list[Line] = []
        come: list[Line] = []
        for line in self.lines:
            if line.kind == "same":
                found += [*zip_longest(gone, come), (line, line)]
                gone, come = [], []
            else:
                (gone if line.kind == "removed" else come).append(line)
        return [*found, *zip_longest(gone, come)]

    @property
    def header(self) -> str:
        return f"@@ -{self._span('old')} +{self._span('new')} @@"

    def _span(self, side: Literal["old", "new"]) -> str:
        numbers = [number for line in self.lines if (number := getattr(line, side)) is not None]
        if numbers:
            return f"{numbers[0]},{len(numbers)}"
        # Nothing on this side: the line after which the other side's lines stand. A hunk without context is at the start.
        return "0,0"


def lines_of(text: str) -> list[str]:
    """As git counts them: the last one keeps a mark if nothing ends it."""
    lines = text.split("\n")
    if lines[-1] == "":
        return lines[:-1]
    return [*lines[:-1], f"{lines[-1]}\n{_NO_NEWLINE}"]


def hunks(old: str, new: str, *, whole: bool = False) -> list[Hunk]:
    """What turns one text into the other; empty if they are the same. whole: one hunk of all lines."""
    before, after = lines_of(old), lines_of(new)
    edited = list(_edits(before, after))
    if whole:
        return [Hunk(edited)] if before != after else []
    found: list[Hunk] = []
    changed = [index for index, line in enumerate(edited) if line.kind != "same"]
    start = 0
    while start < len(changed):
        end = start
        while end + 1 < len(changed) and changed[end + 1] - changed[end] <= 2 * CONTEXT + 1:
            end += 1
        found.append(Hunk(edited[max(changed[start] - CONTEXT, 0) : changed[end] + CONTEXT + 1]))
        start = end + 1
    return found


def _edits(before: Sequence[str], after: Sequence[str]) -> Iterator[Line]:
    """Every line of both texts, in order."""
    shortest = min(len(before), len(after))
    head = next((index for index in range(shortest) if before[index] != after[index]), shortest)
    tail = 0
    while tail < shortest - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    for index in range(head):
        yield Line("same", index + 1, index + 1, before[index])
    old, new = head, head
    for kind in _script(before[head : len(before) - tail], after[head : len(after) - tail]):
        text = after[new] if kind == "added" else before[old]
        yield Line(kind, None if kind == "added" else old + 1, None if kind == "removed" else new + 1, text)
        old += kind != "added"
        new += kind != "removed"
    for index in range(tail):
        yield Line("same", old + index + 1, new + index + 1, before[old + index])


def _script(before: Sequence[str], after: Sequence[str]) -> list[Edit]:
    """The shortest way from one to the other, or the plain one if that is longer than MOST_EDITS."""
    rounds = _rounds(before, after)
    if rounds is None:
        gone: list[Edit] = ["removed"] * len(before)
        come: list[Edit] = ["added"] * len(after)
        return gone + come
    x, y = len(before), len(after)
    script: list[Edit] = []
    for distance in range(len(rounds), 0, -1):
        reached = rounds[distance - 1]
        diagonal = x - y
        comes_down = diagonal == -distance or (
            diagonal != distance and reached.get(diagonal - 1, -1) < reached.get(diagonal + 1, -1)
        )
        start_diagonal = diagonal + 1 if comes_down else diagonal - 1
        start_x = reached[start_diagonal]
        start_y = start_x - start_diagonal
        while x > start_x and y > start_y:
            script.append("same")
            x, y = x - 1, y - 1
        script.append("added" if comes_down else "removed")
        x, y = start_x, start_y
    script += ["same"] * x
    return script[::-1]


def _rounds(before: Sequence[str], after: Sequence[str]) -> list[dict[int, int]] | None:
    """For each number of edits less than needed: how far into `before` each diagonal is reached. None: too many."""
    rounds: list[dict[int, int]] = []
    furthest = {1: 0}
    for distance in range(MOST_EDITS + 1):
        here: dict[int, int] = {}
        for diagonal in range(-distance, distance + 1, 2):
            if diagonal == -distance or (
                diagonal != distance and furthest.get(diagonal - 1, -1) < furthest.get(diagonal + 1, -1)
            ):
                x = furthest[diagonal + 1]
            else:
                x = furthest[diagonal - 1] + 1
            y = x - diagonal
            while x < len(before) and y < len(after) and before[x] == after[y]:
                x, y = x + 1, y + 1
            here[diagonal] = x
            if x >= len(before) and y >= len(after):
                return rounds
        rounds.append(here)
        furthest = here
    return None
