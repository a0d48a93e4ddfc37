"""The upright grid of an image whose axes are not at right angles: a tilted gantry, skewed rows."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk


def upright(image: sitk.Image, *, grow: bool) -> sitk.Image:
    """Return an empty image with axes at right angles, on the planes and rows of another; ``grow``: it holds all of it.

    The first axis stays, the second is turned onto it within the plane, the third stands on both.
    """
    n = image.GetDimension()
    old = np.reshape(image.GetDirection(), (n, n))
    axes, upper = np.linalg.qr(old)  # upper triangular: how far the old axes lean along the new ones
    signs = np.sign(np.diag(upper))
    axes, upper = axes * signs, upper * signs[:, None]
    if np.abs(old.T @ old - np.eye(n)).max() < 1e-9:  # upright already: without the noise of the arithmetic
        axes, upper = old, np.eye(n)
    spacing = np.array(image.GetSpacing()) * np.diag(upper)
    size = np.array(image.GetSize())
    lean = upper * image.GetSpacing() / spacing[:, None]  # old indices in new voxels, from the first voxel on
    ends = np.minimum(lean, 0) @ (size - 1), np.maximum(lean, 0) @ (size - 1)
    if grow:
        first, last = np.floor(ends[0] + 1e-6), np.ceil(ends[1] - 1e-6)
    else:
        first = np.rint((ends[0] + ends[1] - (size - 1)) / 2)
        last = first + size - 1
    made = sitk.Image((last - first + 1).astype(int).tolist(), sitk.sitkUInt8)
    made.SetSpacing(spacing.tolist())
    made.SetDirection(axes.ravel().tolist())
    made.SetOrigin((np.array(image.GetOrigin()) + axes @ (first * spacing)).tolist())
    return made
