"""Images whose every voxel, length and position is known by formula, on grids of every kind.

Arrays are (z, y, x[, c]), world points are LPS in mm, as everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import permutations, product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.model.geometry import Floats, Geometry, Matrix, Vector
from pellucid.model.volume import Volume, image_from_array

Triple = tuple[int, int, int]

ORIENTATIONS: tuple[tuple[Triple, Triple], ...] = tuple(
    (order, signs) for order in permutations((0, 1, 2)) for signs in product((1, -1), repeat=3)
)
"""All 48: voxel axis a runs along world axis ``order[a]`` (0 = left), in the direction ``signs[a]``."""


@dataclass(frozen=True, eq=False)
class Marker:
    """An asymmetric image: each voxel has a value of its own but for one bright marker.

    ``canonical`` is the same image as (S, P, L), feet, front and right first; the marker is at ``place`` (L,
    P, S).
    """

    array: NDArray[np.int16]
    geometry: Geometry
    canonical: NDArray[np.int16]
    place: Triple
    world: Vector


def marker(order: Triple = (0, 1, 2), signs: Triple = (1, 1, 1)) -> Marker:
    """Return the marker image stored with its axes in any of the 48 orientations."""
    size, spacing, origin, place = (7, 9, 11), (1.0, 1.5, 2.5), (-3.0, 5.0, -8.0), (5, 2, 9)
    canonical = np.arange(7 * 9 * 11, dtype=np.int16).reshape(11, 9, 7)
    canonical[place[::-1]] = 5000
    # Axis a of the stored array, counted (x, y, z), is axis order[a] of the body.
    array = canonical.transpose(*(2 - order[axis] for axis in (2, 1, 0)))
    array = np.ascontiguousarray(array[tuple(slice(None, None, signs[axis]) for axis in (2, 1, 0))])
    direction = np.zeros((3, 3))
    corner = list(origin)
    for axis in range(3):
        body = order[axis]
        direction[body, axis] = signs[axis]
        if signs[axis] < 0:
            corner[body] = origin[body] + (size[body] - 1) * spacing[body]
    geometry = Geometry(
        (size[order[0]], size[order[1]], size[order[2]]),
        (spacing[order[0]], spacing[order[1]], spacing[order[2]]),
        (corner[0], corner[1], corner[2]),
        matrix(direction),
    )
    x, y, z = (origin[k] + place[k] * spacing[k] for k in range(3))
    return Marker(array, geometry, canonical, place, (x, y, z))


def matrix(axes: ArrayLike) -> Matrix:
    """Return a 3×3 array as the nine numbers of a direction."""
    a, b, c, d, e, f, g, h, i = (float(n) for n in np.asarray(axes).ravel())
    return a, b, c, d, e, f, g, h, i


def rotation(x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Floats:
    """Return the matrix that turns about the world axes x, then y, then z, by degrees."""
    result = np.eye(3)
    for axis, degrees in enumerate((x, y, z)):
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        turn = np.eye(3)
        p, q = (n for n in range(3) if n != axis)
        turn[p, p], turn[q, q], turn[p, q], turn[q, p] = c, c, -s, s
        result = turn @ result
    return result


def grid(
    size: Triple = (20, 24, 16), spacing: Vector = (0.8, 1.1, 2.5), origin: Vector = (-9, 4, 30)
) -> Geometry:
    """Return an anisotropic grid along the axes of the body."""
    return Geometry(size, spacing, origin)


def oblique(geometry: Geometry | None = None, x: float = 17.0, y: float = -8.0, z: float = 25.0) -> Geometry:
    """Return a grid turned by degrees about the world axes."""
    base = geometry or grid()
    return replace(base, direction=matrix(rotation(x, y, z) @ base.axes))


def sheared(geometry: Geometry | None = None, degrees: float = 15.0, towards: int = 1) -> Geometry:
    """Return a grid with a tilted gantry: the slices step askew towards y, or another axis."""
    base = geometry or grid()
    axes = base.axes.copy()
    axes[:, 2] = np.cos(np.radians(degrees)) * axes[:, 2] + np.sin(np.radians(degrees)) * axes[:, towards]
    return replace(base, direction=matrix(axes))


def uneven(positions: ArrayLike, geometry: Geometry | None = None) -> Geometry:
    """Return a grid whose slices lie at these distances in mm from the first."""
    base = geometry or grid()
    places = np.asarray(positions, dtype=np.float64)
    step = float(np.median(np.diff(places)))
    return replace(
        base,
        size=(base.size[0], base.size[1], len(places)),
        spacing=(base.spacing[0], base.spacing[1], step),
        slice_positions=tuple(float(p) for p in places),
    )


def every_kind() -> dict[str, Geometry]:
    """Return one grid of each kind by name."""
    gaps = np.delete(np.arange(20) * 2.5, [4, 5, 11])
    return {
        "plain": grid(),
        "oblique": oblique(),
        "sheared": sheared(),
        "sheared sideways": sheared(degrees=-10, towards=0),
        "oblique and sheared": sheared(oblique()),
        "uneven": uneven(gaps),
        "uneven, oblique and sheared": sheared(oblique(uneven([0, 2, 4.1, 6.3, 8.2, 14, 16, 18.05, 20]))),
        "one slice": grid((20, 24, 1)),
        "left-handed": replace(grid(), direction=(1, 0, 0, 0, 1, 0, 0, 0, -1)),
    }


def positions(geometry: Geometry) -> Floats:
    """Return the world point of every voxel, shape (z, y, x, 3)."""
    x, y, z = geometry.size
    index = np.stack(np.meshgrid(np.arange(z), np.arange(y), np.arange(x), indexing="ij")[::-1], axis=-1)
    return geometry.index_to_world(index.reshape(-1, 3)).reshape(z, y, x, 3)


def sphere(
    geometry: Geometry,
    centre: ArrayLike,
    radius: float,
    inside: float = 1,
    outside: float = 0,
    dtype: Any = np.uint8,
) -> NDArray[Any]:
    """Return a ball: ``inside`` where the centre of a voxel is within ``radius`` mm of a world point."""
    distance = np.linalg.norm(positions(geometry) - np.asarray(centre), axis=-1)
    return np.where(distance <= radius, inside, outside).astype(dtype)


def ramp(geometry: Geometry, slope: Vector = (1.0, 0.0, 0.0), offset: float = 0.0) -> NDArray[np.float64]:
    """Return values that rise linearly in the world: offset + slope · position."""
    return np.asarray(positions(geometry) @ np.array(slope) + offset)


def colour(geometry: Geometry) -> NDArray[np.uint8]:
    """Return an RGB image (z, y, x, 3): red rises along x, green along y, blue along z."""
    z, y, x = np.meshgrid(*(np.arange(n) for n in geometry.size[::-1]), indexing="ij")
    return np.stack([x, y, z], axis=-1).astype(np.uint8)


def volume(array: NDArray[Any], geometry: Geometry, **meaning: Any) -> Volume:
    """Return an array as a Volume; further arguments are fields of Volume."""
    image = image_from_array(np.ascontiguousarray(array), geometry, colour=array.ndim == 4)
    return Volume(image, geometry, **meaning)
