"""The time between the frames of an image, for formats that hold one number: where it is even, else a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from pellucid.language import tr
from pellucid.model.timing import number, timing
from pellucid.model.volume import Volume

_UNEVEN = 0.02
"""How far a frame may be from its even place, in steps."""


def time_step(frames: Sequence[Volume]) -> tuple[float | None, str]:
    """Return the seconds between frames where that is known and even, and a sentence where it is uneven."""
    times = timing(frames).times if len(frames) > 1 else None
    if times is None:
        return None, ""
    step = (times[-1] - times[0]) / (len(times) - 1)
    if max(abs(time - n * step) for n, time in enumerate(times)) <= _UNEVEN * step:
        return step, ""
    apart = [b - a for a, b in pairwise(times)]
    return None, tr("The frames are {low} to {high} s apart: a NIfTI file holds one time between frames, so none was "
                    "written.", low=number(min(apart)), high=number(max(apart)))  # fmt: skip
