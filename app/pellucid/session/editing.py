"""What every tool that changes labels by hand begins with and ends in: where it may paint, and one named step."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from pellucid.history.painting import PatchLabels
from pellucid.history.staging import Staging
from pellucid.language import tr
from pellucid.model.brush_sizes import fitting_brush
from pellucid.model.findings import Refused
from pellucid.model.labels import Box
from pellucid.model.layer import LabelLayer
from pellucid.model.paint_limits import PaintLimits

if TYPE_CHECKING:
    from pellucid.session.session import Session

Staged = TypeVar("Staged", bound=Staging)

AT_ONCE = 100
"""Tiles of a change that are packed while the window waits; more are packed on a worker."""


class _Recording:
    """A change that is over and seen, but not yet packed as a step: by a worker, or by whoever needs it first."""

    def __init__(self, staged: Staging) -> None:
        self._staged: Staging | None = staged
        self._step: PatchLabels | None = None
        self._lock = Lock()

    def step(self) -> PatchLabels | None:
        with self._lock:
            if self._staged is not None:
                self._step, self._staged = self._staged.commit(), None
            return self._step


class Editing:
    """Gives tools the layer to paint on, the limits the user set, and the way into the history."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._open: Staging | None = None
        self._recording: _Recording | None = None
        for asked in (session.document.active_changed, session.view.events.tool):
            asked.connect(self._fit_brush)

    def _fit_brush(self, _what: object) -> None:
        """Bring the brush to a size that can be used where images of another order of size are shown now."""
        view = self._session.view
        view.brush_diameter = fitting_brush(view.brush_diameter, self._session.document.reference)

    def layer(self) -> LabelLayer:
        """Return the label layer that is edited; make one when there is none. Raise Refused when that cannot be."""
        document = self._session.document
        if isinstance(document.active, LabelLayer):
            return document.active
        image = document.active_image
        if image is None:
            raise Refused(tr("There is no image to paint on. Open an image first."))
        if self._session.loading.is_placeholder(image):
            raise Refused(tr("The series is still being opened."))
        return self._session.labelling.layer_for(image)

    def limits(self, layer: LabelLayer) -> PaintLimits | None:
        """Return where painting is allowed, or None where it is everywhere. Raise Refused when that cannot be known."""
        view, image = self._session.view, self._session.document.active_image
        if view.paint_range is None and view.paint_within is None:
            return None
        if view.paint_range is None:
            return PaintLimits(layer.labels, within=view.paint_within)
        if image is None or image.volume.is_colour:
            raise Refused(tr("Painting is limited to a range of intensities, but there is no image with one value per "
                             "voxel. Switch the limit off."))  # fmt: skip
        return PaintLimits(layer.labels, image.placed, view.paint_range, view.paint_within, layer.geometry)

    def toggle_range(self) -> None:
        """Limit painting to the range used last, or lift the limit; at first it is the window of the active image.

        Raises Refused when there is no image with one value per voxel.
        """
        view, image = self._session.view, self._session.document.active_image
        if view.paint_range is not None:
            view.paint_range_kept, view.paint_range = view.paint_range, None
            return
        if image is None or image.volume.is_colour:
            raise Refused(tr("Painting can be limited to a range of values only on an image with one value per voxel."))
        view.paint_range = view.paint_range_kept or image.display.limits

    def begin(self, title: str = "", *, erase: bool = False) -> Staging:
        """Begin a change of the active label that is seen at once; ``title`` names the step (default: paint or erase).

        Raises Refused when the label is locked or there is nothing to paint on.
        """
        layer = self.layer()
        self.check(layer)
        row = layer.labels.label(layer.active_label)
        plain = tr("Erase on {name}", name=layer.name) if erase else tr("Paint {name}", name=row.name)
        return self.open(
            Staging(layer, layer.active_label, title or plain, erase=erase, allowed=self.limits(layer))
        )

    def open(self, staged: Staged) -> Staged:
        """Take note of a change that is going on; one before it is finished first."""
        self.finish()
        self._open = staged
        return staged

    def is_open(self, staged: Staging) -> bool:
        """Return whether a change is still going on: neither recorded nor given up."""
        return self._open is staged

    def check(self, layer: LabelLayer) -> None:
        """Raise Refused when a label cannot be changed on the panes: it is locked, or its grid is bent.

        Tells when it is hidden: nothing will show.
        """
        if layer.geometry.warp is not None:
            raise Refused(tr("“{name}” is bent by a registration, so its voxels do not lie in the plane. Use "
                             "Transform ▸ Resample to grid on it first.", name=layer.name))  # fmt: skip
        row = layer.labels.label(layer.active_label)
        if row.locked:
            raise Refused(tr("The label “{name}” is locked. Unlock it in the label table to paint.", name=row.name))
        if not (layer.visible and row.visible):
            name = row.name if layer.visible else layer.name
            self._session.notice.emit(tr("“{name}” is hidden: what is changed does not show.", name=name), "info")

    def finish(self) -> bool:
        """Record the change that is going on as one step, if there is one; return whether anything changed.

        Of a large change that goes on in the background; whatever comes next waits for it.
        """
        staged, self._open = self._open, None
        self.settle()
        if staged is None:
            return False
        if staged.tiles > AT_ONCE:
            self._record_later(staged)
            return True
        command = staged.commit()
        view = self._session.view
        if command is not None:
            self._session.history.do(command)
        elif view.paint_range is not None or view.paint_within is not None:
            self._session.notice.emit(tr("Nothing changed: painting is limited. See Limits under Label tools."), "info")
        return command is not None

    @property
    def is_recording(self) -> bool:
        """Return whether a change is over that the history does not have yet."""
        return self._recording is not None

    def settle(self) -> None:
        """Have what is over in the history."""
        recording, self._recording = self._recording, None
        step = recording.step() if recording is not None else None
        if step is not None:
            self._session.history.do(step)

    def _record_later(self, staged: Staging) -> None:
        recording = self._recording = _Recording(staged)

        def done(_step: object) -> None:
            if self._recording is recording:
                self.settle()

        self._session.jobs.query("record", staged.title, lambda _job: recording.step(), done,
                                 lambda sentence: self._session.notice.emit(sentence, "error"), quiet=True)  # fmt: skip

    def give_up(self) -> None:
        """Take the change back that is going on, if there is one."""
        staged, self._open = self._open, None
        if staged is not None:
            staged.abort()

    def apply(self, box: Box, inside: NDArray[np.bool_], title: str = "", *, erase: bool = False) -> bool:
        """Paint or erase the voxels of a box (z, y, x) where ``inside`` is true as one step; return whether any did.

        Raises Refused like ``begin``.
        """
        self.begin(title, erase=erase).put(box, inside)
        return self.finish()
