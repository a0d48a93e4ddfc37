"""Where registration puts a layer: a transform of the world, and the grid of the layer as it lies there.

A transform takes points of the common world, that of the fixed image, to points of the layer's own world (as ITK
does: from fixed to moving). Everything that is linear in it becomes a plain grid; only what bends stays a ``Warp``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

import numpy as np
from numpy.typing import ArrayLike

from pellucid.model.geometry import Floats, Geometry
from pellucid.model.warps import Warp

if TYPE_CHECKING:
    import SimpleITK as sitk

    from pellucid.model.layer import Provenance
    from pellucid.model.volume import Volume


@dataclass(frozen=True)
class PlacedGeometry(Geometry):
    """The grid of a layer where registration puts it; ``registered_to`` is the grid of the image it was fitted to.

    Without ``warp`` it is a grid like any other. With it a world point p lies on the voxel at which the straight grid
    has warp(p); ``axes``, ``affine`` and ``spacing`` are those of the straight grid.
    """

    registered_to: Geometry | None = None  # type: ignore[misc]
    warp: Warp | None = None  # type: ignore[misc]

    @property
    def straight(self) -> Geometry:
        """Return the grid without what bends it."""
        return self if self.warp is None else replace(self, warp=None)

    @property
    def plain(self) -> Geometry:
        """Return the grid as one of the common world, such as a file holds it; of a bent one only what is straight."""
        return Geometry(**{part.name: getattr(self, part.name) for part in fields(Geometry)})

    def world_to_index(self, world: ArrayLike) -> Floats:
        """Map world points, shape (3,) or (n, 3), to continuous indices of the same shape."""
        return super().world_to_index(world if self.warp is None else self.warp.forward(world))

    def index_to_world(self, index: ArrayLike) -> Floats:
        """Map continuous indices, shape (3,) or (n, 3), to world points of the same shape."""
        straight = super().index_to_world(index)
        return straight if self.warp is None else self.warp.backward(straight)


@dataclass(frozen=True, eq=False)
class Placement:
    """A transform on a layer; never modified, identity answers "has it changed?".

    ``transform`` takes fixed points to the layer's own points (LPS, mm; two-dimensional for pictures). It is
    ``matrix`` (4 × 4, homogeneous, LPS mm) after ``warp``: own = matrix · warp(p). ``onto`` is the grid of the
    fixed image. ``title`` says how it came about, ``step`` the operation that found it where it was one: then
    resampling to the grid can be taken again from the images it was ``found_on``, the moving and the fixed one, as
    long as they are the ones that are open.
    """

    transform: sitk.Transform
    matrix: Floats
    onto: Geometry
    warp: Warp | None = None
    title: str = ""
    step: Provenance | None = None
    found_on: tuple[ref[Volume], ...] = ()
    _geometries: dict[Geometry, PlacedGeometry] = field(default_factory=dict, repr=False)
    _volumes: WeakKeyDictionary[Volume, Volume] = field(default_factory=WeakKeyDictionary, repr=False)

    @property
    def is_linear(self) -> bool:
        """Return whether lines stay lines."""
        return self.warp is None

    def was_found_on(self, moving: Sequence[Volume], fixed: Sequence[Volume]) -> bool:
        """Return whether the step that found it finds it again on an image of these frames and on a fixed one."""
        found = [one() for one in self.found_on]
        return len(found) == 2 and list(moving) == found[:1] and list(fixed) == found[1:]

    def to_own(self, points: ArrayLike) -> Floats:
        """Map points of the common world, shape (3,) or (n, 3), to the layer's own."""
        points = np.asarray(points, dtype=np.float64)
        bent = points if self.warp is None else self.warp.forward(points)
        return np.asarray(bent @ self.matrix[:3, :3].T + self.matrix[:3, 3])

    def to_common(self, points: ArrayLike) -> Floats:
        """Map points of the layer's own world, shape (3,) or (n, 3), to the common one."""
        points = np.asarray(points, dtype=np.float64)
        straight = (points - self.matrix[:3, 3]) @ np.linalg.inv(self.matrix[:3, :3]).T
        return np.asarray(straight if self.warp is None else self.warp.backward(straight))

    def geometry(self, own: Geometry) -> PlacedGeometry:
        """Return a grid of the layer's own world as it lies in the common one."""
        known = self._geometries.get(own)
        if known is None:
            known = self._geometries[own] = _placed(own, self)
        return known

    def volume(self, own: Volume) -> Volume:
        """Return an image on its grid in the common world; its voxels are shared, and their header is not changed."""
        known = self._volumes.get(own)
        if known is None:
            known = self._volumes[own] = replace(own, geometry=self.geometry(own.geometry))
        return known


def _placed(own: Geometry, placement: Placement) -> PlacedGeometry:
    into = np.linalg.inv(placement.matrix)
    steps = into[:3, :3] @ own.axes
    scales = np.linalg.norm(steps, axis=0)
    x, y, z = (float(n) for n in into[:3, :3] @ np.array(own.origin) + into[:3, 3])
    onto, positions = placement.onto, own.slice_positions
    spacing = [float(n) for n in np.array(own.spacing) * scales]
    flat = own.size[2] == 1
    return PlacedGeometry(
        size=own.size, spacing=(spacing[0], spacing[1], spacing[2]), origin=(x, y, z),
        direction=tuple(float(n) for n in (steps / scales).ravel()),  # type: ignore[arg-type]
        known_spacing=_known(own, onto, flat), oriented=onto.oriented,
        slice_positions=None if positions is None else tuple(p * float(scales[2]) for p in positions),
        at_detector=own.at_detector and onto.at_detector, frame_of_reference=onto.frame_of_reference,
        registered_to=onto, warp=placement.warp,
    )  # fmt: skip


def _known(own: Geometry, onto: Geometry, flat: bool) -> tuple[bool, bool, bool]:
    """Return along which axes lengths are known in the world of the fixed image."""
    planar: Sequence[bool] = onto.known_spacing
    x, y = planar[0] and own.known_spacing[0], planar[1] and own.known_spacing[1]
    return x, y, own.known_spacing[2] if flat else own.known_spacing[2] and all(planar)
