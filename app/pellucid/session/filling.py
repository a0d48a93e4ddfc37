"""Tools of labels that work on what is connected: fill, islands; and picking the label under the mouse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pellucid.history.changes import Changes
from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Floats
from pellucid.model.growing import Region, Slices, connected
from pellucid.model.labels import Box
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.paint_limits import PaintLimits
from pellucid.model.planes import PlaneFrame
from pellucid.model.slice_voxels import SliceVoxels, slice_voxels

if TYPE_CHECKING:
    from pellucid.session.session import Session

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Spot:
    """Where a tool works: slice ``index`` of a frame, a world point on it, and the image seen there."""

    frame: PlaneFrame
    index: int
    world: Floats
    image: ImageLayer | None = None


class Given(Exception):
    """Raised inside a search that is no longer wanted."""


def stopper(job: Job) -> Callable[[], None]:
    """Return what raises when a job was cancelled."""

    def check() -> None:
        if job.cancelled():
            raise Given

    return check


def as_box(box: Slices) -> Box:
    """Return three slices as a box."""
    z, y, x = box
    return z, y, x


class Filling:
    """Changes what is connected with the voxel under the mouse, as one step."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def fill(self, spot: Spot, *, erase: bool = False) -> None:
        """Give the connected voxels of one value under a spot the active label, or erase them.

        Raises Refused when there is nothing to fill or it must not change.
        """
        editing, view = self._session.editing, self._session.view
        layer = editing.layer()
        editing.check(layer)
        part, value, limits = self._under(layer, spot), 0, editing.limits(layer)
        voxel = part.voxel(spot.world)
        if voxel is None:
            raise Refused(tr("There is no voxel of “{name}” here.", name=layer.name))
        value = int(layer.labels.array[voxel])
        self._check_value(layer, value, erase=erase)
        at: Box = (slice(voxel[0], voxel[0] + 1), slice(voxel[1], voxel[1] + 1), slice(voxel[2], voxel[2] + 1))
        if limits is not None and not limits(at).any():
            raise Refused(tr("Painting is limited, and this voxel is left out. Change the limits under Label tools."))
        name = layer.labels.label(layer.active_label).name
        title = tr("Erase a region on {name}", name=layer.name) if erase else tr("Fill with {name}", name=name)
        if view.fill_volume:
            self._search(layer, title, lambda check: self._connected(layer, voxel, value, limits, check), erase=erase)
            return
        wanted = (part.take(layer.labels.array) == value) & part.allowed(limits)
        self._put(layer, part, _filled(wanted, part.place(spot.world)), value, title, erase=erase)

    def island(self, spot: Spot, *, remove: bool = False) -> None:
        """Keep only the part of the active label that is connected with a spot, or remove it.

        Raises Refused when the active label is not there or must not change.
        """
        editing, view = self._session.editing, self._session.view
        layer = editing.layer()
        editing.check(layer)
        value, part = layer.active_label, self._under(layer, spot)
        voxel, name = part.voxel(spot.world), layer.labels.label(layer.active_label).name
        if voxel is None or layer.labels.array[voxel] != value:
            raise Refused(tr("Click on a part of the active label “{name}”.", name=name))
        title = tr("Remove an island of {name}", name=name) if remove else tr("Keep an island of {name}", name=name)
        if view.island_volume:
            self._search(layer, title, lambda check: self._island(layer, voxel, check, remove=remove), erase=True)
            return
        held = np.asarray(part.take(layer.labels.array) == value) & part.exists()
        region = _filled(held, part.place(spot.world))
        self._put(layer, part, region if remove else held & ~region, value, title, erase=True)

    def pick(self, spot: Spot) -> str:
        """Make the label under a spot the active one, of whichever visible layer has one; return its name or ``""``."""
        document = self._session.document
        layers = [layer for layer in reversed(document.label_layers) if layer.visible]
        first = document.active_labels
        for layer in sorted(layers, key=lambda layer: layer is not first):
            part = slice_voxels(layer.geometry, spot.frame, spot.index)
            voxel = part.voxel(spot.world) if part.is_there else None
            value = int(layer.labels.array[voxel]) if voxel is not None else 0
            if value and layer.labels.label(value).visible:
                document.active = layer
                layer.active_label = value
                return layer.labels.label(value).name
        return ""

    # ---------------------------------------------------------------- parts

    def _under(self, layer: LabelLayer, spot: Spot) -> SliceVoxels:
        part = slice_voxels(layer.geometry, spot.frame, spot.index)
        if not part.is_there:
            raise Refused(tr("“{name}” has no voxels on this slice.", name=layer.name))
        return part

    def _check_value(self, layer: LabelLayer, value: int, *, erase: bool) -> None:
        row = layer.labels.label(value)
        if value and row.locked:
            raise Refused(tr("The label “{name}” is locked. Unlock it in the label table to change it.", name=row.name))
        if erase and not value:
            raise Refused(tr("There is no label here to erase."))
        if not erase and value == layer.active_label:
            raise Refused(tr("This is “{name}” already. Choose another label to fill it with.", name=row.name))

    def _put(
        self, layer: LabelLayer, part: SliceVoxels, region: Mask, value: int, title: str, *, erase: bool
    ) -> None:
        """Change a region of a slice, all of whose voxels have one value, as one step."""
        array = layer.labels.array
        staged = self._session.editing.begin(title, erase=erase)
        for box, inside in part.boxes(region, lambda voxels: np.asarray(array[tuple(voxels.T)] == value)):
            staged.put(box, inside)
        self._session.editing.finish()

    def _connected(
        self, layer: LabelLayer, voxel: tuple[int, ...], value: int, limits: PaintLimits | None,
        check: Callable[[], None],
    ) -> Region:  # fmt: skip
        """Return the connected voxels of one value through all slices."""
        labels = layer.labels

        def mask_of(box: Slices) -> Mask:
            mask = np.asarray(labels.array[box] == value)
            return mask if limits is None else mask & limits(as_box(box))

        return connected(labels.shape, voxel, mask_of, check)

    def _island(
        self, layer: LabelLayer, voxel: tuple[int, ...], check: Callable[[], None], *, remove: bool
    ) -> Region:
        """Return the voxels to erase so that one island is removed, or only it is kept."""
        box, region = self._connected(layer, voxel, layer.active_label, None, check)
        if remove:
            return box, region
        rest = layer.labels.mask(layer.active_label)
        rest[box] &= ~region
        return layer.labels.whole(), rest

    def _search(
        self, layer: LabelLayer, title: str, work: Callable[[Callable[[], None]], Region], *, erase: bool
    ) -> None:
        """Look for a region in the background, then change it as one step, unless the labels changed meanwhile."""
        session, active, allowed = self._session, layer.active_label, self._session.editing.limits(layer)
        value, begun = 0 if erase else active, Changes(layer.labels)

        def search(job: Job) -> Changes | None:
            check = stopper(job)
            try:
                box, region = work(check)
                begun.put_region(as_box(box), region, value, allowed, check)
            except Given:
                return None
            return begun

        def done(found: Changes | None) -> None:
            if found is None or layer not in session.document:
                return
            now = (layer.active_label, session.document.active_labels)
            if not found.hold_for(layer.labels) or now != (active, layer):
                session.notice.emit(tr("The labels changed while the region was looked for. Click again."), "info")
                return
            step = found.step(layer, title, value)
            if step is not None:
                session.history.do(step)

        session.jobs.query("label region", title, search, done, lambda text: session.notice.emit(text, "error"))


def _filled(mask: Mask, place: tuple[int, ...] | None) -> Mask:
    """Return the part of a flat mask that is connected with a place."""
    result = np.zeros(mask.shape, bool)
    if place is not None:
        box, region = connected(mask.shape, place, lambda box: mask[box])
        result[box] = region
    return result


