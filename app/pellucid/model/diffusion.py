"""The diffusion weighting of a frame: how strong, and along which gradient in the axes of the patient (LPS).

It is kept among the facts of an acquisition, as text, so that every frame carries its own through works and layers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_B, _ALONG = "diffusion_b", "diffusion_along"


@dataclass(frozen=True)
class Weighting:
    """A b-value in s/mm², and a direction of length 1; none where it is not stated or nothing is weighted."""

    b: float
    along: tuple[float, float, float] | None = None


def weighting_words(b: float, along: Sequence[float] = ()) -> dict[str, str]:
    """Return a weighting as facts of an acquisition."""
    return {_B: repr(b)} | ({_ALONG: " ".join(map(repr, map(float, along)))} if along else {})


def weighting_of(facts: Mapping[str, str]) -> Weighting | None:
    """Return the weighting that facts of an acquisition state, None where they state none that can be read."""
    try:
        b, *along = (float(word) for word in (facts[_B], *facts.get(_ALONG, "").split()))
    except (KeyError, ValueError):
        return None
    if not math.isfinite(b) or b < 0 or len(along) not in (0, 3) or not all(map(math.isfinite, along)):
        return None
    return Weighting(b, (along[0], along[1], along[2]) if along else None)
