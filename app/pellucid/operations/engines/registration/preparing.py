"""Bring two images into the form they are registered in: grey, finite, upright, in a world of their own measure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.registration.frames import affine_of, axes, homogeneous, matrix_of, moved
from pellucid.operations.pixels import Array, as_mask, view

_LUMINANCE = (0.299, 0.587, 0.114)
_PARALLEL = 0.99
_KEPT = (0.1, 99.9)


@dataclass(frozen=True, eq=False)
class Pair:
    """Two grey images in a world around the fixed one, and the matrices that lead from there to the patient.

    The images are of two dimensions where one slice is registered; the matrices then still have four rows.
    """

    fixed: sitk.Image
    moving: sitk.Image
    fixed_mask: sitk.Image | None
    moving_mask: sitk.Image | None
    fixed_frame: Array
    moving_frame: Array

    @property
    def dimensions(self) -> int:
        """Return the dimensions of the images."""
        return int(self.fixed.GetDimension())

    @property
    def unit(self) -> float:
        """Return the length in mm of the unit in which the images lie."""
        return float(np.linalg.norm(self.fixed_frame[:, 0]))

    @property
    def lifted(self) -> bool:
        """Return whether slices of a volume are registered in their plane."""
        return len(self.fixed_frame) - 1 > self.dimensions


def prepare(
    fixed: sitk.Image, moving: sitk.Image, fixed_mask: sitk.Image | None, moving_mask: sitk.Image | None,
    context: Context,
) -> Pair:  # fmt: skip
    """Return the images as they are registered."""
    fixed_mask = _checked_mask(tr("the fixed image"), fixed_mask)
    moving_mask = _checked_mask(tr("the moving image"), moving_mask)
    images = [fixed, moving]
    if fixed.GetDimension() != moving.GetDimension():
        images = [image if image.GetDimension() == 3 else sitk.JoinSeries(image) for image in images]
        fixed_mask, moving_mask = (
            mask if mask is None or mask.GetDimension() == 3 else sitk.JoinSeries(mask)
            for mask in (fixed_mask, moving_mask)
        )
    greys = [_grey(image) for image in images]
    context.check()
    frames = [np.eye(greys[0].GetDimension() + 1)] * 2
    if greys[0].GetDimension() == 3:
        flat = [grey.GetSize()[2] == 1 for grey in greys]
        if all(flat):
            greys, masks, frames = _in_plane(greys, [fixed_mask, moving_mask])
            fixed_mask, moving_mask = masks
        elif any(flat):
            raise Refused(tr("A single slice cannot be registered with a volume. Take one slice of the volume, "
                             "or a volume of more slices."))  # fmt: skip
    upright = [_upright(grey) for grey in greys]
    return _measured(upright[0], upright[1], fixed_mask, moving_mask, frames)


def _checked_mask(title: str, mask: sitk.Image | None) -> sitk.Image | None:
    if mask is None:
        return None
    mask = as_mask(mask)
    if not view(mask).any():
        raise Refused(tr("The mask of {image} is empty. Take another mask, or none.", image=title))
    return mask


def _grey(image: sitk.Image) -> sitk.Image:
    """Return an image as float32: the luminance of a colour, clipped to the values that nearly all voxels have."""
    values = view(image)
    if image.GetNumberOfComponentsPerPixel() >= 3:
        values = values[..., :3] @ np.array(_LUMINANCE, dtype=np.float32)
    elif image.GetNumberOfComponentsPerPixel() > 1:
        values = values[..., 0]
    values = values.astype(np.float32)
    low, high = _range(values)
    np.clip(values, low, high, out=values)
    np.nan_to_num(values, copy=False, nan=low)
    grey = sitk.GetImageFromArray(values.reshape(image.GetSize()[::-1]))
    grey.CopyInformation(image)
    return grey


def _range(values: Array) -> tuple[float, float]:
    """Return between which values nearly all voxels lie; a padding far below everything else does not count."""
    sample = values.ravel()[:: max(1, values.size // 500_000)]
    sample = sample[np.isfinite(sample)]
    if not sample.size or sample.min() == sample.max():
        raise Refused(tr("An image that is registered must have different values: one of the two is uniform."))
    low, high = (float(n) for n in np.percentile(sample, _KEPT))
    above = sample[sample > low]
    if above.size and (sample <= low).mean() > 0.01:
        following = float(np.percentile(above, 0.1))
        if following - low > 0.2 * (high - low):
            low = following
    return (low, high) if low < high else (float(sample.min()), float(sample.max()))


def _in_plane(
    images: list[sitk.Image], masks: list[sitk.Image | None]
) -> tuple[list[sitk.Image], list[sitk.Image | None], list[Array]]:
    """Return slices as pictures in the plane of the fixed one, and the matrices from there to the world."""
    fixed, moving = images
    own = axes(fixed)
    here = homogeneous(_plane(own[:, 0], own[:, 1]), np.array(fixed.GetOrigin()))
    other = axes(moving)
    turn, place = np.eye(2), np.zeros(2)
    if abs(np.cross(own[:, 0], own[:, 1]) @ np.cross(other[:, 0], other[:, 1])) > _PARALLEL:
        turn = here[:3, :2].T @ other[:, :2]
        place = here[:3, :2].T @ (np.array(moving.GetOrigin()) - here[:3, 3])
    spread = other[:, :2] @ np.linalg.inv(turn)
    there = homogeneous(_plane(spread[:, 0], spread[:, 1]), np.array(moving.GetOrigin()) - spread @ place)
    grids = [(np.zeros(2), np.linalg.inv(here[:3, :3])[:2] @ own[:, :2]), (place, turn)]
    flat = [_flat(image, *grid) for image, grid in zip(images, grids, strict=True)]
    masked = [
        mask and _flat(_on(mask, image), *grid) for mask, image, grid in zip(masks, images, grids, strict=True)
    ]
    return flat, masked, [here, there]


def _plane(first: Array, second: Array) -> Array:
    normal = np.cross(first, second)
    return np.stack([first, second, normal / np.linalg.norm(normal)], axis=1)


def _on(mask: sitk.Image, image: sitk.Image) -> sitk.Image:
    return sitk.Resample(mask, image, sitk.Transform(), sitk.sitkNearestNeighbor, 0)


def _flat(image: sitk.Image, origin: Array, directions: Array) -> sitk.Image:
    flat = image[:, :, 0]
    flat.SetOrigin(origin.tolist())
    flat.SetDirection(np.ascontiguousarray(directions).ravel().tolist())
    return flat


def _upright(image: sitk.Image) -> sitk.Image:
    """Return an image with axes at right angles, sampled anew where they are not: gradients need it."""
    own = axes(image)
    if np.allclose(own.T @ own, np.eye(len(own)), atol=1e-4):
        return image
    n = len(own)
    straight, _ = np.linalg.qr(own)
    straight = straight * np.sign(np.diag(straight.T @ own))
    corners = np.stack(np.meshgrid(*[(0, size - 1) for size in image.GetSize()], indexing="ij"), -1).reshape(-1, n)
    places = (corners * np.array(image.GetSpacing())) @ own.T @ straight
    spacing = np.array(image.GetSpacing())
    size = np.ceil(np.ptp(places, axis=0) / spacing - 1e-6).astype(int) + 1
    origin = np.array(image.GetOrigin()) + straight @ places.min(axis=0)
    lowest = float(view(image).min())
    return sitk.Resample(
        image, size.tolist(), sitk.Transform(), sitk.sitkLinear, origin.tolist(), spacing.tolist(),
        straight.ravel().tolist(), lowest,
    )  # fmt: skip


def _measured(
    fixed: sitk.Image, moving: sitk.Image, fixed_mask: sitk.Image | None, moving_mask: sitk.Image | None,
    frames: list[Array],
) -> Pair:  # fmt: skip
    """Return the pair in a world whose origin is the middle of the fixed image and whose unit is its radius."""
    n = fixed.GetDimension()
    size, spacing = np.array(fixed.GetSize()), np.array(fixed.GetSpacing())
    centre = np.array(fixed.TransformContinuousIndexToPhysicalPoint(((size - 1) / 2).tolist()))
    radius = float(np.sqrt(((size * spacing) ** 2).sum() / 12))
    measure = homogeneous(np.eye(n) * radius, centre)
    inwards = np.linalg.inv(measure)
    known = [image and moved(image, inwards) for image in (fixed, moving, fixed_mask, moving_mask)]
    whole = np.eye(len(frames[0]))
    whole[:n, :n], whole[:n, -1] = measure[:n, :n], measure[:n, n]
    whole[n:-1, n:-1] *= radius
    return Pair(known[0], known[1], known[2], known[3], frames[0] @ whole, frames[1] @ whole)


def inwards(pair: Pair, transform: sitk.Transform) -> Array | sitk.Transform:
    """Return a transform of the patient's world in the world of a pair: a matrix, or what it is where it bends."""
    if transform.IsLinear():
        matrix = np.linalg.inv(pair.moving_frame) @ matrix_of(transform) @ pair.fixed_frame
        if not pair.lifted:
            return np.asarray(matrix)
        kept = [0, 1, 3]
        return np.asarray(matrix[np.ix_(kept, kept)])
    if pair.lifted:
        raise Refused(tr("Slices cannot start from a transform that bends. Start from a linear one."))
    return sitk.CompositeTransform(
        [affine_of(np.linalg.inv(pair.moving_frame)), transform, affine_of(pair.fixed_frame)]
    )
