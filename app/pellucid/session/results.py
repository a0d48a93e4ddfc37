"""Where the result of an operation goes: prepared on the worker, committed as one step on the main thread.

If what was read is still there, the result replaces it; otherwise it becomes a new layer. Newer work is never
overwritten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.history.layers import AddLayer, ReplaceVolume
from pellucid.history.painting import PatchLabels, replace_label
from pellucid.language import tr
from pellucid.model.histogram import auto_limits, histogram
from pellucid.model.labels import Label, LabelMap, color_for
from pellucid.model.layer import ImageLayer, LabelLayer, Layer, Provenance, unique_name
from pellucid.model.volume import Volume
from pellucid.recipes.replay import wrapped

if TYPE_CHECKING:
    import SimpleITK as sitk

    from pellucid.operations.operation import Operation
    from pellucid.session.session import Session


@dataclass(frozen=True)
class Step:
    """An operation with what the history says of it."""

    operation: Operation
    provenance: Provenance
    title: str


class ImagePlace:
    """Takes an image made from an image layer."""

    def __init__(self, session: Session, layer: Layer, step: Step, *, as_new_layer: bool) -> None:
        assert isinstance(layer, ImageLayer)
        self._session, self._layer, self._step, self._as_new = session, layer, step, as_new_layer
        self._before = layer.volume
        self._volume: Volume | None = None
        self._limits: tuple[float, float] | None = None

    def prepare(self, result: sitk.Image) -> None:
        """Wrap the pixels; values that are no longer in the old unit get a window of their own."""
        volume: Volume = wrapped(self._step.operation, self._before, result)
        self._volume = volume
        other_values = not self._step.operation.keeps_unit or volume.components != self._before.components
        if other_values and (not volume.is_colour or volume.dtype != np.uint8):
            self._limits = auto_limits(histogram(volume))

    def commit(self) -> None:
        """Replace the volume that was read, or add a layer."""
        layer, step, volume = self._layer, self._step, self._volume
        if volume is None:
            return
        there = layer.volume is self._before and layer in self._session.document
        if there and not self._as_new and (step.operation.same_grid or len(layer.frames) == 1):
            steps = (*layer.provenance, step.provenance)
            frames = layer.frames_with(volume)
            self._session.history.do(ReplaceVolume(layer, frames, steps, step.title, limits=self._limits))
        else:
            self._add(layer, volume)

    def _add(self, layer: ImageLayer, volume: Volume) -> None:
        names = {other.name for other in self._session.document.layers}
        name = unique_name(f"{layer.name} – {tr(self._step.operation.title)}", names)
        steps = (*layer.provenance, self._step.provenance)
        new = ImageLayer(name, (volume,), source=layer.source, provenance=steps)
        limits = self._limits or layer.display.limits
        new.display.set_limits(*limits)
        new.first_limits = self._limits or layer.first_limits
        new.display.colormap, new.display.invert = layer.display.colormap, layer.display.invert
        if self._limits is None:
            new.display.transfer, new.first_transfer = layer.display.transfer, layer.first_transfer
        self._session.history.do(AddLayer(new, label=self._step.title))


class MaskPlace:
    """Takes a mask made from an image or a label, as the active label of a label layer."""

    def __init__(self, session: Session, target: Layer, step: Step, *, as_new_layer: bool) -> None:
        self._session, self._target, self._step = session, target, step
        current = target if isinstance(target, LabelLayer) else session.document.active_labels
        fits = current is not None and current.geometry.same_grid(target.geometry)
        self._layer = current if fits and not as_new_layer else None
        self._state = self._stamp()
        self._mask: NDArray[np.bool_] | None = None
        self._patch: PatchLabels | None = None

    def _stamp(self) -> tuple[int, int, tuple[int, ...]] | None:
        if self._layer is None:
            return None
        labels = self._layer.labels
        return self._layer.active_label, labels.version, tuple(row.value for row in labels.labels if row.locked)

    def prepare(self, result: sitk.Image) -> None:
        """Find the voxels that will change."""
        import SimpleITK as sitk

        mask = sitk.GetArrayViewFromImage(result) != 0
        self._mask = mask[np.newaxis] if mask.ndim == 2 else mask
        if self._layer is not None:
            self._patch = self._replacement(self._layer)

    def _replacement(self, layer: LabelLayer) -> PatchLabels | None:
        assert self._mask is not None
        steps = (*layer.provenance, self._step.provenance)
        return replace_label(layer, layer.active_label, self._mask, self._step.title, provenance=steps)

    def commit(self) -> None:
        """Replace the label that was active when the operation began, or add a label layer."""
        if self._mask is None:
            return
        layer, unchanged = self._layer, self._state == self._stamp()
        if layer is None or layer not in self._session.document:
            self._add(self._mask)
        elif unchanged or not isinstance(self._target, LabelLayer):
            self._replace(layer, self._patch if unchanged else self._replacement(layer))
        else:
            self._add(self._mask)
        if not self._mask.any():
            title = tr(self._step.operation.title)
            self._session.notice.emit(tr("{title} found no voxels; the label is empty.", title=title), "info")

    def _replace(self, layer: LabelLayer, patch: PatchLabels | None) -> None:
        with self._session.history.group(self._step.title):
            if all(row.value != layer.active_label for row in layer.labels.labels):
                self._session.labelling.name_label(layer, layer.active_label)
            if patch is not None:
                self._session.history.do(patch)

    def _add(self, mask: NDArray[Any]) -> None:
        geometry = self._target.geometry
        labels = LabelMap(geometry, mask.astype(np.uint8), (Label(1, tr("Label 1"), color_for(1)),))
        names = {other.name for other in self._session.document.layers}
        steps = (*self._target.provenance, self._step.provenance)
        layer = LabelLayer(unique_name(tr("Labels"), names), labels, provenance=steps)
        self._session.history.do(AddLayer(layer, label=self._step.title))
