"""Stains of histology: their colours as optical densities, how much of each there is, and how one looks alone.

SimpleITK and NumPy only, nothing else of Pellucid, so that scripts can carry the functions along. The colour of a
stain is a vector of the optical densities it adds in red, green and blue; a matrix has one stain per row.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.operations.engines.colour_spaces import channels_of, from_share, share_of_white

_DARKEST = 1e-6
"""The least share of white that counts: black has an optical density of 6, as in scikit-image."""
_FAINT, _ROBUST = 0.15, 1.0
"""Macenko: densities below this are background; the percentile of angles that counts as an extreme."""
_APART = 0.05  # sine of the least angle between two stains
_SAMPLES = 250_000


def stain_matrix(rows: Any) -> Any:
    """Return three stains of unit length; of two, the third is the residual at right angles to both."""
    stains = np.asarray(rows, np.float64)
    if len(stains) == 2:
        stains = np.vstack([stains, np.cross(stains[0], stains[1])])
    return stains / np.linalg.norm(stains, axis=1, keepdims=True)


def optical_densities(array: Any) -> list[Any]:
    """Return the optical densities of red, green and blue: 0 for white, 1 for a tenth of white."""
    return [-np.log10(np.maximum(one, np.float32(_DARKEST))) for one in channels_of(share_of_white(array))]


def stain_amounts(array: Any, stains: Any, wanted: Any = (0, 1, 2)) -> list[Any]:
    """Return how much of the wanted stains colours hold, as the optical density along the stain; never below 0."""
    densities, unmixing = optical_densities(array), np.linalg.inv(stains)
    return [np.maximum(sum(float(unmixing[c, k]) * densities[c] for c in range(3)), 0) for k in wanted]


def stain_picture(amounts: Any, stains: Any, dtype: Any) -> Any:
    """Return the colours that amounts of stains have on a white ground, one stain per row."""
    shares = [10 ** -sum(amount * float(row[c]) for amount, row in zip(amounts, stains, strict=True)) for c in range(3)]
    return from_share(np.stack(shares, axis=-1), dtype)


def macenko_stains(array: Any) -> Any:
    """Return the matrix of the two stains of a picture after Macenko 2009, the redder-absorbing one first.

    At most 250,000 evenly spaced voxels are looked at. Raises ValueError where hardly anything is stained, or in one
    colour only.
    """
    colours = array.reshape(-1, array.shape[-1])
    sample = np.ascontiguousarray(colours[:: -(-len(colours) // _SAMPLES), :3])
    densities = np.stack(optical_densities(sample), axis=-1).astype(np.float64)
    stained = densities[(densities >= _FAINT).all(axis=1)]
    if len(stained) < 100:
        raise ValueError("hardly anything is stained")
    plane = np.linalg.eigh(np.cov(stained.T))[1][:, [2, 1]]  # the two directions of the greatest variance
    plane = plane * np.where(plane[0] < 0, -1, 1)
    angles = np.arctan2(stained @ plane[:, 1], stained @ plane[:, 0])
    extremes = [plane @ [np.cos(angle), np.sin(angle)] for angle in np.percentile(angles, [_ROBUST, 100 - _ROBUST])]
    stains = np.maximum(sorted(extremes, key=lambda stain: -stain[0]), 0)
    if np.linalg.norm(np.cross(*stains)) < _APART:
        raise ValueError("everything is stained in one colour")
    return stain_matrix(stains)
