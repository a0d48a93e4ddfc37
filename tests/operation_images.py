"""Small images on awkward grids, and brute-force answers, for the tests of operations."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import SimpleITK as sitk

PIXEL_TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64")
SHAPES = {"volume": (6, 11, 13), "one slice": (1, 11, 13), "planar": (11, 13)}


def _rotated() -> tuple[float, ...]:
    a, b = np.deg2rad(25), np.deg2rad(-15)
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    return tuple((z @ x).ravel())


def _sheared() -> tuple[float, ...]:
    a = np.deg2rad(18)  # a tilted gantry: the z axis leans towards y
    return (1.0, 0.0, 0.0, 0.0, 1.0, np.sin(a), 0.0, 0.0, np.cos(a))


DIRECTIONS = {"straight": tuple(np.eye(3).ravel()), "oblique": _rotated(), "sheared": _sheared()}
SPACING = (0.7, 0.9, 2.5)
ORIGIN = (-31.25, 12.5, 1001.5)


def on_grid(
    array: Any, direction: str = "straight", spacing: Any = SPACING, *, colour: bool = False
) -> sitk.Image:
    """Put an array (y, x) or (z, y, x) on an anisotropic grid."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(array), isVector=colour)
    image.SetSpacing(spacing[: image.GetDimension()])
    image.SetOrigin(ORIGIN[: image.GetDimension()])
    if image.GetDimension() == 3:
        image.SetDirection(DIRECTIONS[direction])
    return image


def pixels(image: sitk.Image) -> Any:
    """Copy the pixels of an image into an array."""
    return sitk.GetArrayFromImage(image)


def noise(shape: Any, dtype: str = "int16", seed: int = 1) -> Any:
    """Return values spread over a good part of a pixel type, with blobs of structure."""
    smooth = _waves(tuple(np.atleast_1d(shape).tolist()), seed)
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return (smooth * 3000 - 1000).astype(kind)
    low, high = max(np.iinfo(kind).min, -1000), min(np.iinfo(kind).max, 3000)
    return np.rint(low + smooth * (high - low)).astype(kind)


@lru_cache(maxsize=4)  # the same few are asked for again and again, by every operation; the large ones take long
def _waves(shape: tuple[int, ...], seed: int) -> Any:
    """Return random values on waves, from 0 to 1; nobody may write into them."""
    generator = np.random.default_rng(seed)
    smooth = generator.random(shape) + np.sin(np.linspace(0, 7, int(np.prod(shape)))).reshape(shape)
    smooth = (smooth - smooth.min()) / np.ptp(smooth)
    smooth.setflags(write=False)
    return smooth


def blobs(shape: Any, seed: int = 2, share: float = 0.4) -> Any:
    """Return a mask (0 and 1) of clumps, holes and specks."""
    return _clumps(tuple(np.atleast_1d(shape).tolist()), seed, share).copy()


@lru_cache(maxsize=4)
def _clumps(shape: tuple[int, ...], seed: int, share: float) -> Any:
    from scipy import ndimage

    field = ndimage.gaussian_filter(np.random.default_rng(seed).random(shape), 0.8)
    return (field > np.quantile(field, 1 - share)).astype(np.uint8)


def label_blobs(shape: Any, seed: int = 2) -> Any:
    """Return labels 1 to 5 (some in several parts) and background, as whole numbers."""
    generator = np.random.default_rng(seed)
    return blobs(shape, seed) * generator.integers(1, 6, size=shape).astype(np.uint8)


def inputs_of(operation: Any, image: sitk.Image, mask: sitk.Image | None = None) -> tuple[sitk.Image, ...]:
    """Return an image or masks, as an operation takes them; optional ones are left out."""
    other = mask if mask is not None else image
    return tuple(image if kind == "image" else other for kind in operation.inputs)


def sample(
    operation: Any,
    shape: Any,
    dtype: str = "int16",
    direction: str = "straight",
    *,
    colour: int = 0,
    every: bool = False,
) -> tuple[sitk.Image, ...]:
    """Return different images and masks on one grid for the ports of an operation, with ``every`` the optional too.

    ``colour`` is the number of values per voxel of the images (0: one).
    """
    ports = [port for port in operation.ports if every or not port.optional]
    made = []
    for n, port in enumerate(ports):
        if port.kind == "labels":
            made.append(on_grid(label_blobs(shape, seed=2 + n).astype(dtype), direction))
        elif port.kind == "mask":
            made.append(on_grid(blobs(shape, seed=2 + n).astype(dtype), direction))
        else:
            whole = (*shape, colour) if colour else shape
            made.append(on_grid(noise(whole, dtype, seed=1 + n), direction, colour=bool(colour)))
    return tuple(made)


def geometry(image: sitk.Image) -> tuple[Any, ...]:
    """Return size, spacing, origin, direction of an image."""
    return image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection()
