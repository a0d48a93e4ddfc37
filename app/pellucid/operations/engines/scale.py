"""Gaussians whose width is given in millimetres: kernels and reach on the grid of an image."""

from __future__ import annotations

from typing import Any

from pellucid.language import tr
from pellucid.operations.context import Refused
from pellucid.operations.engines.separable import Kernels, gaussian_kernel, gaussian_reach
from pellucid.operations.pixels import axis_lengths

_WIDEST = 1000.0  # voxels


def sigma_voxels(title: str, sigma: float, image: Any) -> tuple[float, float, float]:
    """Return a width in mm as voxels along x, y, z; raise Refused when it is absurdly wide for the grid."""
    x, y, z = (sigma / length for length in axis_lengths(image))
    if max(x, y, z) > _WIDEST:
        raise Refused(
            tr(
                "A sigma of {sigma:g} mm is {voxels:.0f} voxels here; {title} works up to {limit:.0f}.",
                sigma=sigma,
                voxels=max(x, y, z),
                title=title,
                limit=_WIDEST,
            )
        )
    return x, y, z


def sigma_kernels(title: str, sigma: float, image: Any) -> Kernels:
    """Return the smoothing kernels along z, y, x."""
    x, y, z = sigma_voxels(title, sigma, image)
    return gaussian_kernel(z), gaussian_kernel(y), gaussian_kernel(x)


def sigma_reach(sigma: float, spacing: tuple[float, float, float]) -> tuple[int, int, int]:
    """Return how many voxels along x, y, z the kernels reach."""
    x, y, z = (gaussian_reach(sigma / length) for length in spacing)
    return x, y, z
