"""Alpha is coverage, not light: operations that keep the grid compute on red, green and blue and leave it alone."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from pellucid.operations.pixels import allocate, view


def has_alpha(image: sitk.Image) -> bool:
    """Return whether an image is RGBA."""
    return bool(image.GetNumberOfComponentsPerPixel() == 4)


def without_alpha(image: sitk.Image) -> sitk.Image:
    """Return red, green and blue of an RGBA image on the same grid; any other image as it is."""
    if not has_alpha(image):
        return image
    array = view(image)
    result, out = allocate(image.GetSize(), array.dtype, 3)
    result.CopyInformation(image)
    np.copyto(out, array[..., :3])
    return result


def with_alpha_of(result: sitk.Image, original: sitk.Image) -> sitk.Image:
    """Return an RGB result with the alpha of the RGBA image it was made from.

    The type is that of the result; where whole numbers became floats, full coverage is 1.
    """
    made, alpha = view(result), view(original)[..., 3]
    joined, out = allocate(result.GetSize(), made.dtype, 4)
    joined.CopyInformation(result)
    np.copyto(out[..., :3], made)
    scale = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "iu" and made.dtype.kind == "f" else 1
    np.copyto(out[..., 3], alpha / scale if scale > 1 else alpha, casting="unsafe")
    return joined
