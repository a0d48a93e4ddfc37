"""Thick slabs of one layer in one pane: of its own slices, or of planes resampled at every slice of the frame.

Resampled planes are kept while slices scroll, so that each step costs one new plane. Slabs of too many samples
for one frame of the screen are coarse first and become finer as time allows.
"""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model.askew import Raster, Sight, gathered, raster, shadow
from pellucid.model.geometry import Geometry
from pellucid.model.planes import PlaneFrame
from pellucid.model.projecting import Thickness, slices_within, summed, upright_slab
from pellucid.model.slicing import PlaneImage, slice_layout
from pellucid.model.view import Projection

_QUICK = 1_000_000
"""Samples that are resampled within a frame of the screen; more are first computed coarsely."""
_KEPT = 64 * 1024 * 1024
"""Bytes of resampled planes that are kept while slices scroll."""


class Slabs:
    """The slabs of one layer in one pane: what was computed is kept as long as it serves."""

    def __init__(self) -> None:
        self._result: tuple[Hashable, PlaneImage | None] | None = None
        self._key: Hashable = None
        self._planes: dict[int, NDArray[Any]] = {}
        self._pile: tuple[Hashable, _Pile, list[int]] | None = None
        self.complete = True
        """False while what is shown is only a coarse picture; ask again to let it become finer."""

    def cut(
        self, array: NDArray[Any], version: Hashable, geometry: Geometry, frame: PlaneFrame, index: int,
        thickness: Thickness, *, fill: float = 0, smooth: bool = False, sight: Sight | None = None,
        labels: bool = False, patience: float | None = None,
    ) -> PlaneImage | None:  # fmt: skip
        """Return the slab around slice ``index`` of a frame, or None when the layer is not in it.

        ``version`` tells when the voxels of ``array`` (z, y, x[, c]) change. Means and sums are floating point
        with NaN for ``fill``; a sum is values times slices; colours are projected channel by channel, their sum is
        shown as the mean. Without ``patience`` (seconds) the slab is computed as finely as it can be; with it a
        large resampled one is coarse at first (zero seconds: only coarse), see ``complete``.
        """
        layout = slice_layout(geometry, frame)
        upright = layout is not None and layout.is_upright
        key = (version, frame, index, thickness, None if upright else (smooth, sight), fill, labels)
        if self._result is not None and self._result[0] == key and self.complete:
            return self._result[1]
        if upright:
            assert layout is not None
            image, self.complete = upright_slab(array, layout, frame, index, thickness, fill, labels), True
        else:
            recipe = _Recipe(array, geometry, frame, thickness, fill, smooth and not labels, labels)
            image = self._askew(recipe, (version, frame, thickness, smooth, labels), index, sight, patience, key)
        self._result = key, image
        return image

    def _askew(
        self, recipe: _Recipe, version: Hashable, index: int, sight: Sight | None, patience: float | None, key: Hashable
    ) -> PlaneImage | None:
        frame, geometry = recipe.frame, recipe.geometry
        pixels = raster(shadow(geometry, frame), geometry, sight)
        self.complete = True
        if pixels is None:
            return None
        if (version, pixels) != self._key:
            self._key, self._pile = (version, pixels), None
            self._planes.clear()
        wanted = sorted(slices_within(frame, index, recipe.thickness.mm), key=lambda k: abs(k - index))
        new = sum(k not in self._planes for k in wanted)
        if patience is not None and new * pixels.count <= _QUICK:
            patience = None
        if patience == 0 or not self._refine(recipe, pixels, wanted, index, patience):
            self.complete = False
            if self._result is not None and self._result[0] == key:
                return self._result[1]
            return _coarse(recipe, pixels, wanted, index, sight)
        assert self._pile is not None
        return PlaneImage(self._pile[1].picture(recipe), pixels.transform, -1, -1, recipe.summed(len(wanted)))

    def _refine(self, recipe: _Recipe, pixels: Raster, wanted: list[int], index: int, patience: float | None) -> bool:
        """Add planes to the pile until it is complete or patience ends; return whether it is complete."""
        end = None if patience is None else time.perf_counter() + patience
        if self._pile is None or self._pile[0] != index:
            self._pile = index, _Pile(recipe), list(wanted)
            self._planes = {k: plane for k, plane in self._planes.items() if k in wanted}
        _, pile, left = self._pile
        keep = len(wanted) * pixels.count * recipe.kind.itemsize <= _KEPT
        while left:
            plane = self._planes.get(left[0])
            if plane is None:
                plane = recipe.plane(left[0], pixels)
                if keep:
                    self._planes[left[0]] = plane
            pile.add(plane)
            left.pop(0)
            if end is not None and left and time.perf_counter() > end:
                return False
        return True


@dataclass(frozen=True, eq=False)
class _Recipe:
    """What a resampled slab is made of."""

    array: NDArray[Any]
    geometry: Geometry
    frame: PlaneFrame
    thickness: Thickness
    fill: float
    smooth: bool
    labels: bool

    @property
    def kind(self) -> np.dtype[Any]:
        """Return the type that planes are kept in: not a number where there is no voxel."""
        if self.labels:
            return self.array.dtype
        small = self.array.dtype.itemsize <= 2 or self.array.dtype == np.float32
        return np.dtype(np.float32 if small else np.float64)

    def summed(self, count: int) -> int:
        """Return of how many slices the values are a sum."""
        return 1 if self.labels else summed(self.array, self.thickness, count)

    def plane(self, index: int, pixels: Raster) -> NDArray[Any]:
        """Return one plane."""
        fill = 0 if self.labels else np.nan
        return gathered(
            self.array, self.geometry, self.frame, float(self.frame.depths[index]), pixels, fill=fill,
            smooth=self.smooth, dtype=self.kind,
        )  # fmt: skip


class _Pile:
    """Planes on top of each other, as they become one picture; the nearest to the middle come first."""

    def __init__(self, recipe: _Recipe) -> None:
        self._projection, self._labels = recipe.thickness.projection, recipe.labels
        self._values: NDArray[Any] | None = None
        self._seen: NDArray[Any] | None = None

    def add(self, plane: NDArray[Any]) -> None:
        """Take one plane more."""
        summed = not self._labels and self._projection in (Projection.MEAN, Projection.SUM)
        seen = ~np.isnan(plane) if summed else None
        if self._values is None:
            self._values = np.where(seen, plane, 0) if seen is not None else plane.copy()
            self._seen = None if seen is None else seen.astype(np.int32)
        elif self._labels:
            np.copyto(self._values, plane, where=self._values == 0)
        elif seen is not None:
            np.add(self._values, plane, out=self._values, where=seen)
            assert self._seen is not None
            self._seen += seen
        else:
            merge = np.fmax if self._projection is Projection.MAXIMUM else np.fmin
            merge(self._values, plane, out=self._values)

    def picture(self, recipe: _Recipe) -> NDArray[Any]:
        """Return the values of the slab."""
        values, colour = self._values, recipe.array.ndim == 4
        assert values is not None
        if self._labels:
            return values.copy()
        if self._seen is not None:
            share = self._seen if self._projection is Projection.MEAN or colour else np.minimum(self._seen, 1)
            with np.errstate(invalid="ignore"):
                values = values / share  # where nothing was seen: not a number
            if not colour:
                return values.astype(recipe.kind)
        if recipe.array.dtype.kind == "f":
            return values.copy()
        return np.where(np.isnan(values), recipe.fill, np.rint(values)).astype(recipe.array.dtype)


def _coarse(recipe: _Recipe, pixels: Raster, wanted: list[int], index: int, sight: Sight | None) -> PlaneImage | None:
    """Return a slab of fewer, larger samples: what can be had at once."""
    factor = (len(wanted) * pixels.count / _QUICK) ** (1 / 3)
    bounds = shadow(recipe.geometry, recipe.frame) if sight is None else sight.bounds
    fewer = raster(shadow(recipe.geometry, recipe.frame), recipe.geometry, Sight(bounds, pixels.pitch * factor))
    if fewer is None:
        return None
    rough = replace(recipe, smooth=False)
    chosen = [k for k in wanted if (k - index) % max(1, round(factor)) == 0]
    pile = _Pile(rough)
    for k in chosen:
        pile.add(rough.plane(k, fewer))
    picture, summed = pile.picture(rough), recipe.summed(len(wanted))
    if summed > 1:
        picture = picture * (summed / len(chosen))
    return PlaneImage(picture, fewer.transform, -1, -1, summed)
