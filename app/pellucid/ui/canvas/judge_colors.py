"""The colours of what is drawn over the images of a registration: a bent grid, arrows, stretch and folds."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pellucid.model import colormaps

GRID, EDGE = "#5fd7ff", "#000000"
FOLDED = "#ff2bd6"
"""No colour map of stretch has it."""
STEPS = 12
"""Of how many lengths arrows are told apart by colour."""
_LEAST_SPAN = float(np.log(1.1))
_SPANS = (1.1, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0)
_OPAQUE = 0.75


def stretch_span(percentiles: tuple[float, ...]) -> float:
    """Return how many times larger or smaller than 1 gets the full colour: a round number that most places keep to."""
    logs = [abs(np.log(share)) for share in (percentiles[0], percentiles[-1]) if share > 0]
    widest = float(np.exp(max([_LEAST_SPAN, *logs])))
    return next((span for span in _SPANS if span >= widest * 0.98), _SPANS[-1])


def stretch_colors(values: NDArray[np.float32], span: float) -> NDArray[np.uint32]:
    """Return premultiplied 0xAARRGGBB of Jacobian determinants: blue below 1, red above, on a logarithmic scale.

    Around 1 there is no colour, so that the image is seen; folded voxels (0 or less) have one of their own.
    """
    known = values > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.log(np.where(known, values, 1.0)) / np.log(span)
    place = np.rint(np.clip(share, -1, 1) * 127.5 + 127.5).astype(np.uint8)
    colors = _table()[place]
    folded = np.isfinite(values) & ~known
    colors[folded] = 0xFF000000 | int(FOLDED[1:], 16)
    colors[np.isnan(values)] = 0
    return np.asarray(colors)


@lru_cache(maxsize=1)
def _table() -> NDArray[np.uint32]:
    rgb = colormaps.table("blue-red").astype(np.float64)
    alpha = _OPAQUE * np.abs(np.linspace(-1, 1, 256)) ** 0.7
    packed = np.rint(255 * alpha).astype(np.uint32) << np.uint32(24)
    for channel, shift in enumerate((16, 8, 0)):
        packed |= np.rint(rgb[:, channel] * alpha).astype(np.uint32) << np.uint32(shift)
    return packed


@lru_cache(maxsize=1)
def arrow_colors() -> tuple[str, ...]:
    """Return the colours of arrows from short to long: bright on dark images, edged on bright ones."""
    rgb = colormaps.table("turbo")[np.linspace(30, 250, STEPS).astype(int)]
    return tuple(f"#{r:02x}{g:02x}{b:02x}" for r, g, b in rgb.tolist())
