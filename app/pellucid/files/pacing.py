"""When the pictures of a film change, in the steps a format can hold: rounding never adds up over a film."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate


def paced(durations: Sequence[float], step: float, least: int) -> tuple[tuple[int, int], ...]:
    """Return (number of the picture, steps it lasts) for durations in ms.

    Every change is put on the nearest whole step of the true time. A picture that would last less than ``least``
    steps is left out, so that the film is not slowed down; the first one never is.
    """
    found: list[tuple[int, int]] = []
    shown = begun = end = 0
    for n, true in enumerate(accumulate(durations)):
        end = round(true / step)
        if end - begun >= least:
            found.append((shown, end - begun))
            shown, begun = n + 1, end
    if not found:
        return ((0, max(end, least)),)
    last, steps = found[-1]
    return (*found[:-1], (last, steps + end - begun))
