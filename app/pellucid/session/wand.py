"""The wand: voxels whose values are near that of the one clicked, shown while the tolerance is still being set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.history.changes import Changes
from pellucid.history.staging import Staging
from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.growing import Slices, connected, similar, whole
from pellucid.model.labels import Box, LabelMap, Snapshot
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.paint_limits import PaintLimits, values_at
from pellucid.model.slice_voxels import SliceVoxels, slice_voxels
from pellucid.model.volume import Volume
from pellucid.session.filling import Given, Mask, Spot, as_box, stopper

if TYPE_CHECKING:
    from pellucid.session.session import Session

_SHARE = 0.1
"""The tolerance at first, as a share of the width of the window."""
_AROUND = 2
"""Voxels to each side of the click that the mean is taken of."""


@dataclass(eq=False)
class _Held:
    """What a wand that is pressed works on."""

    staged: Staging
    layer: LabelLayer
    volume: Volume
    part: SliceVoxels
    place: tuple[int, ...]
    values: Any
    like: Any
    region: Mask
    """What is shown of the slice, where the wand keeps to one."""
    job: Job | None = None
    before: Snapshot | None = None
    """The labels as they were when it was pressed, for a search through all slices."""
    ending: bool = False
    size: int = 0


class Wand:
    """One press of the wand: ``begin``, ``spread`` as often as the tolerance changes, ``finish`` or ``give_up``."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._held: _Held | None = None

    @property
    def size(self) -> int:
        """Return how many voxels the region that is shown has."""
        return self._held.size if self._held is not None else 0

    def tolerance(self, image: ImageLayer | None) -> float:
        """Return how far values may be away: what the user set, or what fits the window of an image."""
        chosen = self._session.view.wand_tolerance
        if chosen is not None:
            return chosen
        if image is None:
            return 0.0
        if image.volume.is_colour:
            return 25.0 if image.volume.dtype.kind in "iu" and image.volume.dtype.itemsize == 1 else 0.1
        width = image.display.width * _SHARE
        return float(max(1, round(width))) if image.volume.dtype.kind in "iu" else float(f"{width:.2g}")

    def begin(self, spot: Spot, *, erase: bool = False) -> None:
        """Take up the value under a spot and show the region there. Raises Refused when that cannot be."""
        session, editing = self._session, self._session.editing
        image = spot.image
        if image is None:
            raise Refused(tr("There is no image here to compare values with."))
        if session.loading.is_placeholder(image):
            raise Refused(tr("The series is still being opened."))
        layer = editing.layer()
        part = slice_voxels(layer.geometry, spot.frame, spot.index)
        place = part.place(spot.world) if part.is_there else None
        if place is None:
            raise Refused(tr("There is no voxel of “{name}” here.", name=layer.name))
        volume = image.placed
        values = np.ascontiguousarray(part.values(volume))
        like = self._like(values, place, colour=image.volume.is_colour)
        if not np.all(np.isfinite(like)):
            raise Refused(tr("The image has no value here."))
        name = layer.labels.label(layer.active_label).name
        title = tr("Erase with the wand on {name}", name=layer.name) if erase else tr("Wand for {name}", name=name)
        staged = editing.begin(title, erase=erase)
        self._held = _Held(staged, layer, volume, part, place, values, like, np.zeros(part.shape, bool))
        self.spread(self.tolerance(image))

    def spread(self, tolerance: float) -> None:
        """Show the region of another tolerance in place of the one shown."""
        held = self._held
        if held is None or not self._session.editing.is_open(held.staged):
            return
        near = similar(held.values, held.like, tolerance, colour=held.volume.is_colour) & held.part.exists()
        seed = _nearest(near, held.place)
        if self._session.view.fill_volume:
            self._search(held, tolerance, held.part.voxel_at(seed))
            return
        region = near
        if self._session.view.wand_connected:
            region = np.zeros(near.shape, bool)
            box, found = connected(near.shape, seed, lambda box: near[box])
            region[box] = found
        held.size = int(region.sum())
        self._show(held, region, tolerance)

    def finish(self) -> None:
        """Record what is shown as one step; a search that is still going on is waited for."""
        held = self._held
        if held is None:
            return
        if held.job is not None:
            held.ending = True
            return
        self._held = None
        if self._session.editing.is_open(held.staged):
            self._session.editing.finish()

    def give_up(self) -> None:
        """Take back what is shown."""
        held, self._held = self._held, None
        if held is None:
            return
        if held.job is not None:
            held.job.cancel()
        if self._session.editing.is_open(held.staged):
            self._session.editing.give_up()

    # ---------------------------------------------------------------- parts

    def _show(self, held: _Held, region: Mask, tolerance: float) -> None:
        """Show a region of the slice in place of the one shown; of a plain slice only what differs is touched."""
        if not held.part.is_plain:
            held.staged.abort()
            held.region = np.zeros_like(region)

        def fits(voxels: Any) -> Mask:
            values = held.part.values_of(held.volume, voxels)
            return similar(values, held.like, tolerance, colour=held.volume.is_colour)

        for box, inside in held.part.boxes(held.region & ~region):
            held.staged.restore(box, inside)
        for box, inside in held.part.boxes(region & ~held.region, fits):
            held.staged.put(box, inside)
        held.region = region

    def _like(self, values: Any, place: tuple[int, ...], *, colour: bool) -> Any:
        """Return the value to compare with: that of the voxel, or the mean around it."""
        if not self._session.view.wand_mean:
            return values[place][:3].astype(float) if colour else float(values[place])
        near = values[tuple(slice(max(0, n - _AROUND), n + _AROUND + 1) for n in place)].astype(float)
        near = near[..., :3].reshape(-1, 3) if colour else near.ravel()
        mean = np.nanmean(near, axis=0) if np.isfinite(near).any() else np.full(near.shape[1:], np.nan)
        return mean if colour else float(mean)

    def _search(self, held: _Held, tolerance: float, seed: tuple[int, ...]) -> None:
        """Look for the region through all slices in the background; only the latest tolerance is shown."""
        labels, linked = held.layer.labels, self._session.view.wand_connected
        if held.before is None:
            held.staged.abort()
            held.region = np.zeros_like(held.region)
            held.before = labels.snapshot()
        before = held.before

        def mask_of(box: Slices) -> Mask:
            values = values_at(held.volume, held.layer.geometry, as_box(box))
            return similar(values, held.like, tolerance, colour=held.volume.is_colour)

        def search(job: Job) -> tuple[int, Changes] | None:
            check = stopper(job)
            try:
                box, region = connected(labels.shape, seed, mask_of, check) if linked else whole(labels.shape, mask_of)
                return int(region.sum()), _changes(held.staged, before.map(), as_box(box), region, check)
            except Given:
                return None

        def done(found: tuple[int, Changes] | None) -> None:
            held.job = None
            if found is None or self._held is not held or not self._session.editing.is_open(held.staged):
                return
            held.size = found[0]
            held.staged.show(found[1])
            if held.ending:
                self.finish()

        held.job = self._session.jobs.query("wand", tr("Wand"), search, done, self._failed, quiet=True)

    def _failed(self, sentence: str) -> None:
        self.give_up()
        self._session.notice.emit(sentence, "error")


def _changes(staged: Staging, before: LabelMap, box: Box, region: Mask, check: Callable[[], None]) -> Changes:
    """Return what a region changes in the labels as they were when the wand was pressed."""
    changes, allowed = Changes(before), staged.allowed
    limits = replace(allowed, labels=before) if isinstance(allowed, PaintLimits) else allowed
    changes.put_region(box, region, staged.value, limits, check)
    return changes


def _nearest(near: Mask, place: tuple[int, ...]) -> tuple[int, ...]:
    """Return the place itself if it is similar, else the nearest one that is among those the mean was taken of.

    The voxel clicked may lie apart from the mean around it.
    """
    low = [max(0, n - _AROUND) for n in place]
    found = np.argwhere(near[tuple(slice(first, n + _AROUND + 1) for first, n in zip(low, place, strict=True))]) + low
    if near[place] or not len(found):
        return place
    return tuple(int(n) for n in found[np.argmin(np.sum((found - place) ** 2, axis=1))])
