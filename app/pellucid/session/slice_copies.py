"""A label's slice copied to another: by copy and paste, or in one go to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import LabelLayer
from pellucid.model.planes import PlaneFrame
from pellucid.model.slice_voxels import slice_voxels

if TYPE_CHECKING:
    from pellucid.session.session import Session


class SliceCopies:
    """What was copied is kept while the program runs; pasting adds it to the active label as one step."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._copied: NDArray[np.bool_] | None = None

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was copied yet."""
        return self._copied is None

    def copy(self, frame: PlaneFrame, index: int) -> None:
        """Copy what a slice shows of the active label. Raises Refused when it shows nothing of it."""
        self._copied = self._seen(frame, index)

    def paste(self, frame: PlaneFrame, index: int) -> None:
        """Add what was copied to the active label on a slice, as one step. Raises Refused when it does not fit."""
        if self._copied is None:
            raise Refused(tr("No slice of a label was copied yet."))
        self._add(self._copied, frame, index, tr("Paste a slice of {name}", name=self._name()))

    def copy_on(self, frame: PlaneFrame, index: int, step: int) -> int:
        """Add what a slice shows of the active label to the one ``step`` further; return the slice it went to.

        Raises Refused when the slice shows nothing of it, or there is none further.
        """
        to = index + step
        if not 0 <= to < frame.slice_count:
            raise Refused(tr("There is no further slice in this direction."))
        title = tr("Copy {name} to the next slice", name=self._name()) if step > 0 else (
            tr("Copy {name} to the previous slice", name=self._name()))  # fmt: skip
        self._add(self._seen(frame, index), frame, to, title)
        return to

    def _layer(self) -> LabelLayer:
        layer = self._session.document.active_labels
        if layer is None:
            raise Refused(tr("There are no labels yet. Paint one first."))
        return layer

    def _name(self) -> str:
        layer = self._layer()
        return layer.labels.label(layer.active_label).name

    def _seen(self, frame: PlaneFrame, index: int) -> NDArray[np.bool_]:
        layer = self._layer()
        part = slice_voxels(layer.geometry, frame, index)
        held = np.asarray(part.take(layer.labels.array) == layer.active_label) if part.is_there else np.zeros(0, bool)
        if not held.any():
            raise Refused(tr("This slice holds nothing of “{name}”.", name=self._name()))
        return held

    def _add(self, chosen: NDArray[np.bool_], frame: PlaneFrame, index: int, title: str) -> None:
        layer, editing = self._layer(), self._session.editing
        part = slice_voxels(layer.geometry, frame, index)
        if not part.is_there or part.shape != chosen.shape:
            raise Refused(tr("What was copied does not fit this slice: it comes from another plane or grid."))
        self._session.document.active = layer
        staged = editing.begin(title)
        for box, inside in part.boxes(chosen):
            staged.put(box, inside)
        editing.finish()
