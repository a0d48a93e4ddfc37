"""Where the result of an operation goes: prepared on the worker, committed as one step on the main thread.

If what was read is still there, the result replaces it; otherwise it becomes a new layer. Newer work is never
overwritten.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.history.hand_steps import without_label
from pellucid.history.layers import AddLayer, ReplaceVolume
from pellucid.history.painting import PatchLabels, replace_label
from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.geometry import Geometry
from pellucid.model.histogram import auto_limits, histogram
from pellucid.model.labels import Label, LabelMap, color_for
from pellucid.model.layer import ImageLayer, LabelLayer, Layer, Provenance, made_for, on_same_voxels, unique_name
from pellucid.model.volume import Volume
from pellucid.session.chains import Begun, Chain, common_steps

if TYPE_CHECKING:
    import SimpleITK as sitk

    from pellucid.operations.operation import Operation
    from pellucid.session.session import Session


@dataclass(frozen=True)
class Step:
    """What was computed, as one step for the history: what it makes, how it is called, the steps a layer gets.

    ``name`` is that of the operation alone, ``title`` that of the step in the history; ``takes`` is the kind of what
    it works on, and ``rows`` those of the labels it was handed further: the result is called and coloured like them.
    """

    output: str
    name: str
    title: str
    made: tuple[Provenance, ...]
    keeps_window: bool = True
    same_grid: bool = True
    takes: str = "image"
    rows: tuple[Label, ...] = ()

    @classmethod
    def of(cls, operation: Operation, made: Provenance, title: str) -> Step:
        """Return the step of one operation."""
        keeps = operation.keeps_window
        takes = operation.inputs[0]
        return cls(operation.output, tr(operation.title), title, (made,), keeps, operation.same_grid, takes)


def needs_window(keeps_window: bool, before: Volume, components: int, dtype: np.dtype[Any]) -> bool:
    """Return whether the window of an image says nothing about what was made of it; 8-bit colours need none."""
    other_values = not keeps_window or components != before.components
    return other_values and (components == 1 or dtype != np.uint8)


class ImagePlace:
    """Takes an image made from an image layer."""

    def __init__(self, session: Session, layer: Layer, step: Step, *, as_new_layer: bool) -> None:
        assert isinstance(layer, ImageLayer)
        self._session, self._layer, self._step, self._as_new = session, layer, step, as_new_layer
        self._before = layer.volume
        self._begun = Begun.at(layer)
        self._volume: Volume | None = None
        self._limits: tuple[float, float] | None = None

    def prepare(self, result: Volume) -> None:
        """Take the volume; values that are no longer in the old unit get a window of their own."""
        self._volume = volume = result
        if needs_window(self._step.keeps_window, self._before, volume.components, volume.dtype):
            self._limits = auto_limits(histogram(volume))

    def commit(self) -> None:
        """Replace the volume that was read, or add a layer."""
        layer, step, volume = self._layer, self._step, self._volume
        if volume is None:
            return
        there = layer.volume is self._before and layer in self._session.document
        if there and not self._as_new and (step.same_grid or len(layer.frames) == 1):
            frame = layer.frame if len(layer.frames) > 1 else None
            steps = (*layer.provenance, *(replace(made, frame=frame) for made in step.made))
            frames = layer.frames_with(volume)
            self._session.history.do(ReplaceVolume(layer, frames, steps, step.title, limits=self._limits))
        else:
            name = f"{layer.name} – {step.name}"
            new = image_like(layer, volume, self._begun.then(*step.made), self._begun.base, name, self._limits)
            add_layer(self._session, new, step.title)


class FramesPlace:
    """Takes images made from all frames of a time series, in their order; fewer than there were become a layer."""

    def __init__(self, session: Session, layer: ImageLayer, step: Step, *, as_new_layer: bool) -> None:
        self._session, self._layer, self._step, self._as_new = session, layer, step, as_new_layer
        self._before, self._shown = layer.frames, layer.frames.index(layer.volume)
        self._steps = (*layer.provenance, *step.made)
        self._base = layer.base if layer.provenance else layer.frames
        self._frames: tuple[Volume, ...] = ()
        self._limits: tuple[float, float] | None = None

    def prepare(self, results: tuple[Volume, ...]) -> None:
        """Take the frames; the window is that of the shown one."""
        self._shown = min(self._shown, len(results) - 1)
        self._frames, shown = results, results[self._shown]
        if needs_window(self._step.keeps_window, self._before[0], shown.components, shown.dtype):
            self._limits = auto_limits(histogram(shown))

    def commit(self) -> None:
        """Replace the frames that were read, or add a layer of as many."""
        layer, step = self._layer, self._step
        there = layer.frames == self._before and layer in self._session.document
        if there and not self._as_new and len(self._frames) == len(self._before):
            self._session.history.do(ReplaceVolume(layer, self._frames, self._steps, step.title, limits=self._limits))
            return
        new = image_like(layer, self._frames[0], self._steps, self._base, f"{layer.name} – {step.name}", self._limits)
        new.frames, new.frame = self._frames, self._shown
        add_layer(self._session, new, step.title)


def image_like(
    layer: ImageLayer, volume: Volume, steps: tuple[Provenance, ...], base: tuple[Volume, ...], name: str,
    limits: tuple[float, float] | None = None,
) -> ImageLayer:  # fmt: skip
    """Return a layer that looks like another and lies like it; with ``limits`` it has a window of its own."""
    new = ImageLayer(name, (volume,), source=layer.source, provenance=steps, base=base, placement=layer.placement)
    new.display.set_limits(*(limits or layer.display.limits))
    new.first_limits = limits or layer.first_limits
    new.display.colormap, new.display.invert = layer.display.colormap, layer.display.invert
    if limits is None:
        new.display.transfer, new.first_transfer = layer.display.transfer, layer.first_transfer
    return new


def labels_like(
    like: Layer, geometry: Geometry, mask: NDArray[Any], steps: tuple[Provenance, ...], row: Label | None = None
) -> LabelLayer:
    """Return a label layer that holds a mask as its first label, called and coloured like another label.

    ``geometry`` is a grid in the own world of the layer that it is made from; it goes where that is.
    """
    row = Label(1, tr("Label 1"), color_for(1)) if row is None else Label(1, row.name, row.color)
    labels = LabelMap(geometry, mask.astype(np.uint8), (row,))
    own = tuple(replace(step, label=1) for step in steps)
    return LabelLayer(tr("Labels"), labels, provenance=own, placement=like.placement, made_for=made_for(like))


def add_layer(session: Session, layer: Layer, title: str) -> None:
    """Add a layer as one step, under a name that no other has."""
    layer.name = unique_name(layer.name, {other.name for other in session.document.layers})
    session.history.do(AddLayer(layer, label=title))


class MaskPlace:
    """Takes a mask made from an image or a label, as the active label of a label layer."""

    def __init__(self, session: Session, target: Layer, step: Step, *, as_new_layer: bool) -> None:
        self._session, self._target, self._step = session, target, step
        current = target if isinstance(target, LabelLayer) else session.document.active_labels
        fits = current is not None and on_same_voxels(current, target)
        self._layer = current if fits and not as_new_layer else None
        self._state = self._stamp()
        self._made = self._steps_of(target, step)
        self._mask: NDArray[np.bool_] | None = None
        self._geometry = target.own_geometry
        self._patch: PatchLabels | None = None

    @staticmethod
    def _steps_of(target: Layer, step: Step) -> tuple[Provenance, ...]:
        """Return all steps of the label to be: those of the image, label or label map it is made from, then its own."""
        if isinstance(target, ImageLayer):
            return Begun.at(target).then(*step.made, label=1)
        if step.takes == "labels" and isinstance(target, LabelLayer):
            return (*common_steps(target), *step.made)
        return (*Chain.of(target).steps, *step.made)

    def _stamp(self) -> tuple[int, int, tuple[int, ...]] | None:
        if self._layer is None:
            return None
        labels = self._layer.labels
        return self._layer.active_label, labels.version, tuple(row.value for row in labels.labels if row.locked)

    def prepare(self, result: Volume | sitk.Image) -> None:
        """Find the voxels that will change."""
        import SimpleITK as sitk

        if isinstance(result, Volume):
            self._geometry, self._mask = result.geometry, result.array != 0
        else:
            mask = sitk.GetArrayViewFromImage(result) != 0
            self._mask = mask[np.newaxis] if mask.ndim == 2 else mask
        if self._layer is not None and not self._layer.own_geometry.same_grid(self._geometry):
            self._layer = None
        if self._layer is not None:
            self._patch = self._replacement(self._layer)

    def _replacement(self, layer: LabelLayer) -> PatchLabels | None:
        assert self._mask is not None
        value = layer.active_label
        made = tuple(replace(step, label=value) for step in self._made)
        steps = (*without_label(layer.provenance, value), *made)
        return replace_label(layer, value, self._mask, self._step.title, provenance=steps)

    def commit(self) -> None:
        """Replace the label that was active when the operation began, or add a label layer."""
        if self._mask is None:
            return
        layer, unchanged = self._layer, self._state == self._stamp()
        if layer is None or layer not in self._session.document:
            self._add(self._mask)
        elif unchanged:
            self._replace(layer, self._patch)
        elif not isinstance(self._target, LabelLayer):
            self._look_again(layer)
            return
        else:
            self._add(self._mask)
        if not self._mask.any():
            name = self._step.name
            self._session.notice.emit(tr("{title} found no voxels; the label is empty.", title=name), "info")

    def _look_again(self, layer: LabelLayer) -> None:
        """Find anew which voxels change, now that the labels are others, and take that."""
        session, self._state = self._session, self._stamp()

        def work(_job: Job) -> None:
            self._patch = self._replacement(layer)

        def done(_nothing: None) -> None:
            if self._target in session.document:
                self.commit()

        session.running.edit(self._step.title, work, done, lambda sentence: session.notice.emit(sentence, "error"))

    def _replace(self, layer: LabelLayer, patch: PatchLabels | None) -> None:
        with self._session.history.group(self._step.title):
            if not layer.labels.has(layer.active_label):
                self._session.labelling.name_label(layer, layer.active_label)
            if patch is not None:
                self._session.history.do(patch)
        if patch is None and self._mask is not None and self._mask.any():
            self._session.notice.emit(tr("{title} changed no voxel of the label.", title=self._step.name), "info")

    def _add(self, mask: NDArray[Any]) -> None:
        add_layer(self._session, labels_like(self._target, self._geometry, mask, self._made), self._step.title)
