"""The pyramid: smaller, smoother images on which a registration begins."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from pellucid.operations.engines.registration.plans import Stage

_LEAST = 8
"""Voxels that an axis keeps at least, unless it has fewer from the beginning."""


def factors(image: sitk.Image, target: float) -> list[int]:
    """Return by which whole numbers the axes of an image are shrunk to come near to a spacing."""
    found = []
    for size, spacing in zip(image.GetSize(), image.GetSpacing(), strict=True):
        most = max(1, size // _LEAST)
        found.append(int(np.clip(np.floor(target / spacing + 0.5), 1, most)))
    return found


def level_of(image: sitk.Image, target: float, sigma: float) -> sitk.Image:
    """Return an image with voxels of about the target size, smoothed by a Gaussian of sigma; both in its world.

    The mean of the voxels that become one smooths already; the Gaussian adds what is missing.
    """
    shrink = factors(image, target)
    spacing = np.array(image.GetSpacing())
    small = sitk.BinShrink(image, shrink) if max(shrink) > 1 else image
    missing = sigma**2 - (np.array(shrink) ** 2 - 1) / 12 * spacing**2
    widths = np.sqrt(np.maximum(missing, 0))
    widths[widths < 0.2 * np.array(small.GetSpacing())] = 0
    if not widths.any():
        return small
    return sitk.DiscreteGaussian(small, (widths**2).tolist(), 32, 0.01, True)


def stage_levels(stage: Stage) -> list[tuple[int, float]]:
    """Return shrink factor and smoothing of every level; the last width serves for levels that have none."""
    widths = [*stage.smooth, *[stage.smooth[-1]] * len(stage.shrink)]
    return list(zip(stage.shrink, widths, strict=False))
