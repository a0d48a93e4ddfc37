"""The tools of labels that are clicked: fill, wand, pick label, island."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, Qt

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.view import Tool
from pellucid.session.filling import Spot
from pellucid.ui.canvas.tools import CanvasTool, Pointer
from pellucid.ui.forms.numbers import short_number

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

_TOLERANCE_DRAG = 80.0
"""Widget pixels up that enlarge the tolerance e times."""
Act = Callable[["SliceView", Spot, bool], object]


def _spot(pane: SliceView, at: QPointF) -> Spot | None:
    """Return where on which slice a widget position is, or None on an empty pane."""
    return None if pane.frame is None else Spot(pane.frame, pane.index, pane.world_at(at), pane.image)


class ClickTool:
    """Does one thing where the button goes down; Ctrl turns it into its opposite."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, act: Act) -> None:
        self._act = act

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Do it, or say why not."""
        spot = _spot(pane, pointer.at)
        if spot is None:
            return
        try:
            self._act(pane, spot, pointer.has(Qt.KeyboardModifier.ControlModifier))
        except Refused as reason:
            pane.session.notice.emit(str(reason), "warning")

    def move(self, pane: SliceView, pointer: Pointer) -> None:
        """Do nothing more."""

    def release(self, pane: SliceView) -> None:
        """Do nothing more."""

    def cancel(self, pane: SliceView) -> None:
        """Do nothing: what was done is a step that can be undone."""

    def double_click(self, _pane: SliceView, _pointer: Pointer) -> bool:
        """Return that a second click soon after the first is a click like any other."""
        return False


class PickTool(ClickTool):
    """Makes the label under the mouse the active one, also while it is dragged about, and reads out its name."""

    cursor = Qt.CursorShape.PointingHandCursor

    def __init__(self) -> None:
        super().__init__(_pick)

    def move(self, pane: SliceView, pointer: Pointer) -> None:
        """Pick again."""
        self.press(pane, pointer)

    def release(self, pane: SliceView) -> None:
        """Take the read-out away."""
        pane.say(None)

    def cancel(self, pane: SliceView) -> None:
        """Take the read-out away."""
        pane.say(None)


class WandTool:
    """Takes what is similar to the voxel clicked; dragging up and down changes what counts as similar."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self) -> None:
        self._start = QPointF()
        self._begun = self._tolerance = 0.0
        self._before: float | None = None
        self._holds = False

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Show the region of the present tolerance."""
        spot, session = _spot(pane, pointer.at), pane.session
        if spot is None:
            return
        try:
            session.wand.begin(spot, erase=pointer.has(Qt.KeyboardModifier.ControlModifier))
        except Refused as reason:
            session.notice.emit(str(reason), "warning")
            return
        self._start, self._holds = pointer.at, True
        self._before = session.view.wand_tolerance
        self._begun = self._tolerance = session.wand.tolerance(spot.image)
        self._tell(pane)

    def move(self, pane: SliceView, pointer: Pointer) -> None:
        """Change the tolerance: up is more."""
        image = pane.image
        if not self._holds or image is None:
            return
        whole = image.volume.dtype.kind in "iu"
        least = 1.0 if whole else max(image.display.width, 1e-9) / 1000
        wanted = max(self._begun, least) * float(np.exp((self._start.y() - pointer.at.y()) / _TOLERANCE_DRAG))
        self._tolerance = float(round(wanted)) if whole else float(f"{wanted:.3g}")
        if self._tolerance != pane.session.wand.tolerance(image):
            pane.session.view.wand_tolerance = self._tolerance
            pane.session.wand.spread(self._tolerance)
        self._tell(pane)

    def release(self, pane: SliceView) -> None:
        """Record the region as one step."""
        if self._holds:
            self._holds = False
            pane.session.wand.finish()
            pane.say(None)

    def cancel(self, pane: SliceView) -> None:
        """Take the region back, and the tolerance."""
        if self._holds:
            self._holds = False
            pane.session.wand.give_up()
            pane.session.view.wand_tolerance = self._before
            pane.say(None)

    def double_click(self, _pane: SliceView, _pointer: Pointer) -> bool:
        """Return that a second click soon after the first is a click like any other."""
        return False

    def _tell(self, pane: SliceView) -> None:
        unit = pane.image.volume.unit if pane.image is not None else ""
        value = f"± {short_number(self._tolerance)} {unit}".rstrip()
        pane.say(tr("{value} · {count} voxels", value=value, count=pane.session.wand.size))


def _fill(pane: SliceView, spot: Spot, erase: bool) -> None:
    pane.session.filling.fill(spot, erase=erase)


def _island(pane: SliceView, spot: Spot, remove: bool) -> None:
    pane.session.filling.island(spot, remove=remove)


def _pick(pane: SliceView, spot: Spot, _other: bool) -> None:
    pane.say(pane.session.filling.pick(spot) or tr("No label here"))


def make_label_tools() -> dict[Tool, CanvasTool]:
    """Return the clicked tools of labels of one pane."""
    return {
        Tool.FILL: ClickTool(_fill),
        Tool.WAND: WandTool(),
        Tool.PICK_LABEL: PickTool(),
        Tool.ISLAND: ClickTool(_island),
    }
