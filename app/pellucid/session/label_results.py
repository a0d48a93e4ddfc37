"""Where a label map that an operation made goes: a new label layer, or the voxels of the one it was made from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.history.labels import SetLabelTable
from pellucid.history.painting import PatchLabels, replace_voxels
from pellucid.language import tr
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap, color_for
from pellucid.model.layer import ImageLayer, LabelLayer, Layer, Provenance, made_for, unique_name
from pellucid.model.volume import Volume
from pellucid.recipes.own_steps import LABEL_VALUE
from pellucid.session.chains import Begun, Chain, Steps, common_steps
from pellucid.session.results import Step, add_layer

if TYPE_CHECKING:
    import SimpleITK as sitk

    from pellucid.session.session import Session

_DENSE = 1 << 22


class LabelsPlace:
    """Takes a label map: in place of the labels it was made from where nothing changed meanwhile, else as a layer."""

    def __init__(self, session: Session, target: Layer, step: Step, *, as_new_layer: bool) -> None:
        self._session, self._step, self._target = session, step, target
        whole = isinstance(target, LabelLayer) and step.takes == "labels"
        self._layer = target if whole and not as_new_layer and isinstance(target, LabelLayer) else None
        self._taken = target.labels.snapshot() if whole and isinstance(target, LabelLayer) else None
        self._state = self._stamp()
        self._geometry = target.own_geometry
        self._name = f"{target.name} – {step.name}"
        self._steps = _shared(target, step)
        self._array: NDArray[Any] | None = None
        self._rows: tuple[Label, ...] = ()
        self._patch: PatchLabels | None = None

    def _stamp(self) -> tuple[int, tuple[Label, ...], Steps] | None:
        layer = self._layer
        return None if layer is None else (layer.labels.version, layer.labels.labels, layer.provenance)

    def prepare(self, result: Volume | sitk.Image) -> None:
        """Take the label map, find its labels and what becomes of their names."""
        self._geometry, array = _unpacked(result, self._geometry)
        known = self._taken.map() if self._taken is not None else None
        found = np.flatnonzero(np.bincount(array.ravel(), minlength=2))
        values = [int(value) for value in found if value]
        self._array = array if values and values[-1] > np.iinfo(np.uint8).max else array.astype(np.uint8)
        same = known is not None and known.array.shape == array.shape
        if same and known is not None:
            self._rows = _named_after(known, array, values)
        elif known is not None:
            self._rows = tuple(known.label(value) for value in values)
        else:
            named = {row.value: replace(row, locked=False) for row in self._step.rows}
            self._rows = tuple(named.get(row.value, row) for row in _rows(values))
        if same and known is not None and self._layer is not None:
            self._rows = (*self._rows, *_staying(known, values))
        if not same or not self._geometry.same_grid(self._target.own_geometry):
            self._layer = None
        if self._layer is not None:
            self._patch = replace_voxels(self._layer, self._array, self._step.title, provenance=self._made())

    def _made(self) -> Steps:
        """Return the steps of all labels: what they share, then which value each of them is."""
        made: list[Provenance] = []
        for row in self._rows:
            own = Provenance(LABEL_VALUE, {"value": row.value}, (self._target.name,))
            made.extend(replace(step, label=row.value) for step in (*self._steps, own))
        return tuple(made)

    def commit(self) -> None:
        """Replace the voxels of the layer, or add a label layer, as one step."""
        if self._array is None:
            return
        layer, there = self._layer, self._layer is not None and self._layer in self._session.document
        if layer is not None and there and self._state == self._stamp():
            with self._session.history.group(self._step.title):
                self._session.history.do(SetLabelTable(layer, self._rows, self._step.title))
                if self._patch is not None:
                    self._session.history.do(self._patch)
            self._choose(layer)
        else:
            labels = LabelMap(self._geometry, self._array, self._rows)
            new = LabelLayer(self._name, labels, provenance=self._made(), placement=self._target.placement,
                             made_for=made_for(self._target))  # fmt: skip
            self._choose(new)
            add_layer(self._session, new, self._step.title)
            self._session.document.active = new
        if not self._rows:
            self._session.notice.emit(tr("{title} found no voxels; there is no label.", title=self._step.name), "info")

    def _choose(self, layer: LabelLayer) -> None:
        """Let a label that is there be the one being edited."""
        values = [row.value for row in self._rows]
        if values and layer.active_label not in values:
            layer.active_label = values[0]


def _unpacked(result: Volume | sitk.Image, geometry: Geometry) -> tuple[Geometry, NDArray[Any]]:
    if isinstance(result, Volume):
        return result.geometry, np.array(result.array)
    import SimpleITK as sitk

    array = sitk.GetArrayFromImage(result)
    return geometry, array[np.newaxis] if array.ndim == 2 else array


def _shared(target: Layer, step: Step) -> Steps:
    """Return the steps that made the label map, those of what it was made from first."""
    if isinstance(target, ImageLayer):
        return Begun.at(target).then(*step.made, label=1)
    before = common_steps(target) if step.takes == "labels" else Chain.of(target).steps
    return (*before, *step.made)


def _rows(values: list[int]) -> tuple[Label, ...]:
    return tuple(Label(value, tr("Label {value}", value=value), color_for(value)) for value in values)


def _named_after(before: LabelMap, array: NDArray[Any], values: list[int]) -> tuple[Label, ...]:
    """Return a row for each value, called and coloured like the label that most of its voxels had."""
    most = _origins(before.array, array)
    taken: set[str] = set()
    rows: list[Label] = []
    for value in values:
        origin = most.get(value, 0)
        row = replace(before.label(origin), value=value) if origin else _rows([value])[0]
        row = replace(row, name=unique_name(row.name, taken))
        if origin and any(other.color == row.color for other in rows):
            row = replace(row, color=color_for(value))
        taken.add(row.name)
        rows.append(row)
    return tuple(rows)


def _staying(before: LabelMap, values: list[int]) -> tuple[Label, ...]:
    """Return the rows that stay though no voxel of the result has them: locked ones, and those without voxels."""
    held = np.bincount(before.array.ravel(), minlength=1)
    empty = {row.value for row in before.labels if row.value >= len(held) or not held[row.value]}
    return tuple(row for row in before.labels if row.value not in values and (row.locked or row.value in empty))


def _origins(before: NDArray[Any], after: NDArray[Any]) -> dict[int, int]:
    """Return by label which label most of its voxels were before; labels of background voxels alone are left out."""
    wide = int(after.max()) + 1
    counts: dict[int, int] = defaultdict(int)
    for old, new in zip(before, after, strict=True):
        both = (old != 0) & (new != 0)
        pairs = old[both].astype(np.int64) * wide + new[both]
        if not pairs.size:
            continue
        if int(pairs.max()) < _DENSE:
            held = np.bincount(pairs)
            found = np.flatnonzero(held)
            numbers = held[found]
        else:
            found, numbers = np.unique(pairs, return_counts=True)
        for pair, number in zip(found.tolist(), numbers.tolist(), strict=True):
            counts[pair] += number
    best: dict[int, tuple[int, int]] = {}
    for pair, number in counts.items():
        old_value, new_value = divmod(pair, wide)
        if number > best.get(new_value, (0, 0))[0]:
            best[new_value] = (number, old_value)
    return {value: origin for value, (_number, origin) in best.items()}
