"""What a 3-D view shows, computed in the background: the surfaces of a label layer, and an image small enough to draw.

Surfaces are kept by the checksum of their voxels: after a stroke only the labels it touched are made again.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Floats, Geometry
from pellucid.model.labels import LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.volume import Volume

if TYPE_CHECKING:
    from pellucid.session.session import Session

Box = tuple[slice, slice, slice]

MOST_LABELS = 300
BLOCK_VOXELS = 256**3
_ALIKE = 1.1
_VOXELS, _TRIANGLES, _LEAST_TRIANGLES, _MOST_TRIANGLES = 6_000_000, 3_000_000, 10_000, 300_000


@dataclass(frozen=True, eq=False)
class Solid:
    """The surface of one label in the world: points and normals (n, 3), triangles (m, 3); none where it is empty."""

    points: NDArray[np.float32]
    normals: NDArray[np.float32]
    faces: NDArray[np.integer[Any]]
    box: Box
    checksum: int


@dataclass(frozen=True, eq=False)
class Block:
    """An image on an even grid, few enough voxels to be drawn as a whole.

    ``array`` is (z, y, x), ``spacing`` in mm, ``matrix`` (4×4) takes millimetres along the axes to the world.
    ``factors`` (x, y, z) say how many voxels of the image one voxel stands for; ``step`` is the mean spacing of the
    image.
    """

    array: NDArray[Any]
    spacing: tuple[float, float, float]
    matrix: Floats
    factors: tuple[int, int, int]
    step: float


def ask_solids(
    session: Session, layer: LabelLayer, known: Mapping[int, Solid],
    done: Callable[[dict[int, Solid], int], None], failed: Callable[[str], None],
) -> Job:  # fmt: skip
    """Make the surfaces of a label layer; ``done`` hears them and how many labels were left out."""
    labels, lies = layer.labels, layer.geometry
    return session.jobs.query(
        ("solids", layer.id), tr("Surfaces of {name}", name=layer.name),
        lambda job: solids(labels, known, job.report, job.check, lies), lambda answer: done(*answer), failed,
        quiet=True)  # fmt: skip


def ask_block(
    session: Session, layer: ImageLayer, done: Callable[[Block], None], failed: Callable[[str], None]
) -> Job:
    """Bring the shown frame of an image to a size that can be drawn as a whole."""
    volume = layer.placed
    return session.jobs.query(
        "block", tr("Volume of {name}", name=layer.name), lambda job: block(volume, job.check), done, failed,
        quiet=True)  # fmt: skip


def solids(
    labels: LabelMap, known: Mapping[int, Solid], report: Callable[[float], None], check: Callable[[], None],
    lies: Geometry | None = None,
) -> tuple[dict[int, Solid], int]:
    """Return the surfaces of the labels that have voxels, and how many were left out: the smallest of too many.

    ``lies`` is their grid where registration put it; those that are ``known`` lie there too.
    """
    from pellucid.operations.engines.meshing import label_boxes

    if labels.geometry.size[2] < 2:
        return {}, 0
    array = labels.array
    boxes = label_boxes(array, lambda _done: check())
    largest = sorted(boxes, key=lambda value: -_extent(boxes[value]))[:MOST_LABELS]
    triangles = int(np.clip(_TRIANGLES // max(1, len(largest)), _LEAST_TRIANGLES, _MOST_TRIANGLES))
    made: dict[int, Solid] = {}
    for n, value in enumerate(sorted(largest)):
        check()
        mask = array[boxes[value]] == value
        checksum = zlib.crc32(np.packbits(mask).tobytes())
        old = known.get(value)
        same = old is not None and old.checksum == checksum and old.box == boxes[value]
        made[value] = old if same and old is not None else _solid(lies or labels.geometry, mask, boxes[value], checksum,
                                                                  triangles, check)  # fmt: skip
        report((n + 1) / len(largest))
    return made, len(boxes) - len(largest)


def _extent(box: Box) -> int:
    z, y, x = (part.stop - part.start for part in box)
    return z * y * x


def _solid(
    geometry: Geometry, mask: NDArray[np.bool_], box: Box, checksum: int, triangles: int, check: Callable[[], None]
) -> Solid:
    from pellucid.files.surfaces import STEPS
    from pellucid.operations.engines.meshing import Softness, mesh_of

    width = 0.8 * float(np.prod(geometry.spacing)) ** (1 / 3)
    x, y, z = (width / step for step in geometry.spacing)
    start = (box[2].start, box[1].start, box[0].start)
    softness = Softness((x, y, z), STEPS, _VOXELS, triangles)
    mesh = mesh_of(mask, start, geometry.index_to_world, softness, lambda _done: check()).mesh
    return Solid(mesh.points.astype(np.float32), mesh.normals.astype(np.float32), mesh.faces, box, checksum)


def block(volume: Volume, check: Callable[[], None], most: int = BLOCK_VOXELS) -> Block:
    """Return a volume on an even grid of ``most`` voxels at the most; raise Refused for what has no inside."""
    geometry = volume.geometry
    if geometry.warp is not None:
        raise Refused(tr("A volume that a registration bent cannot be drawn. Use Transform ▸ Resample to grid on it."))
    if volume.is_colour:
        raise Refused(tr("A volume of colours cannot be drawn. Choose a grey image, or split its channels."))
    if geometry.size[2] < 2:
        raise Refused(tr("This image has one slice only; a volume needs a stack of slices."))
    array, spacing = _even(volume.array, geometry)
    factors = np.ones(3, int)
    while np.prod(-(-np.array(array.shape[::-1]) // factors)) > most:
        steps = factors * spacing
        factors += steps < _ALIKE * steps.min()
    fx, fy, fz = (int(factor) for factor in factors)
    small = _means(array, (fz, fy, fx), check)
    matrix = np.eye(4)
    matrix[:3, :3] = geometry.axes
    matrix[:3, 3] = geometry.index_to_world([0, 0, 0]) + geometry.axes @ ((factors - 1) / 2 * spacing)
    x, y, z = (float(step) for step in spacing * factors)
    return Block(small, (x, y, z), matrix, (fx, fy, fz), float(np.mean(spacing)))


def _even(array: NDArray[Any], geometry: Geometry) -> tuple[NDArray[Any], Floats]:
    """Return an array whose slices are evenly far apart, and the spacing; uneven ones are taken from the nearest."""
    spacing = np.array(geometry.spacing)
    if geometry.slice_positions is None:
        return array, spacing
    places = np.array(geometry.slice_positions)
    count = round((places[-1] - places[0]) / spacing[2]) + 1
    wanted = places[0] + np.arange(count) * spacing[2]
    nearest = np.abs(places[None, :] - wanted[:, None]).argmin(axis=1)
    return array[nearest], spacing


def _means(array: NDArray[Any], factors: tuple[int, int, int], check: Callable[[], None]) -> NDArray[Any]:
    """Return the means of blocks of (z, y, x) voxels in a type that can be drawn; what is no number is the lowest."""
    kept = array.dtype if array.dtype.kind in "iu" and array.dtype.itemsize < 8 else np.dtype(np.float32)
    fz, fy, fx = factors
    if max(factors) == 1 and array.dtype == kept and kept.kind != "f":
        return np.ascontiguousarray(array)
    rows, columns = np.arange(0, array.shape[1], fy), np.arange(0, array.shape[2], fx)
    share = np.outer(np.diff([*rows, array.shape[1]]), np.diff([*columns, array.shape[2]]))
    out = np.empty((-(-array.shape[0] // fz), len(rows), len(columns)), kept)
    for k in range(len(out)):
        check()
        part = array[k * fz : (k + 1) * fz].astype(np.float64)
        total = np.add.reduceat(np.add.reduceat(part.sum(axis=0), rows, axis=0), columns, axis=1)
        mean = total / (share * len(part))
        out[k] = np.rint(mean) if kept.kind in "iu" else mean
    if kept.kind == "f":
        bad = ~np.isfinite(out)
        if bad.any():
            out[bad] = np.min(out[~bad], initial=0.0)
    return out
