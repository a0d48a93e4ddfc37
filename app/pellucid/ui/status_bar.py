"""The status bar: values of every layer under the cursor, voxel and world position, zoom, memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStatusBar, QWidget

from pellucid.language import tr
from pellucid.model.layer import ImageLayer
from pellucid.ui import theme
from pellucid.ui.docks.parts import Elided
from pellucid.ui.mouse_habits import habits_of, hint

if TYPE_CHECKING:
    from pellucid.model.layer import Layer
    from pellucid.session import Session

_HINT = 120
"""What the values under the cursor leave of the line for the hint, at least."""
MINUS = "\N{MINUS SIGN}"


class CursorReadout(QLabel):
    """One line of figures that never makes the window wider than it is."""

    def __init__(self, name: str, tip: str, width: int = 0) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._tip = tip
        self.setToolTip(tip)
        self.setFont(theme.figures(self.font()))
        self.setTextFormat(Qt.TextFormat.PlainText)
        if width:
            self.setMinimumWidth(width)
        else:
            self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)


class Values(CursorReadout):
    """As wide as its text, less where there is no room: then it ends in …"""

    def __init__(self, name: str, tip: str) -> None:
        super().__init__(name, tip)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)

    def tell(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show names and values; without any, only the tooltip says what would stand here."""
        self.setText("   ·   ".join(f"{name} {value}" for name, value in rows))
        self.setToolTip("\n".join(f"{name}: {value}" for name, value in rows) or self._tip)

    def minimumSizeHint(self) -> QSize:
        """Return a width that any window can give."""
        return QSize(24, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the text as far as it goes."""
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        place, flags = self.rect(), int(self.alignment())
        painter = QPainter(self)
        self.style().drawItemText(painter, place, flags, self.palette(), True, shown, self.foregroundRole())


class StatusBar(QStatusBar):
    """Reads the session at the point under the mouse."""

    def __init__(self, session: Session, jobs_bar: QWidget) -> None:
        super().__init__()
        self._session = session
        self.setSizeGripEnabled(False)
        self.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
        self.values = Values(tr("Values under the cursor"), tr("Value of every visible layer under the cursor"))
        self.voxel = CursorReadout(tr("Voxel"), tr("Voxel of the active image under the cursor: x, y, z"), 120)
        self.world = CursorReadout(tr("Position"), tr("Position in the patient: left, posterior, superior"), 190)
        self.zoom = CursorReadout(tr("Zoom"), tr("Screen pixels per voxel of the pane under the mouse"), 56)
        self.hint = Elided()
        self.hint.setAccessibleName(tr("What the mouse does"))
        self.hint.setProperty("dim", True)
        self.hint.setMinimumWidth(_HINT)
        self.hint.setContentsMargins(theme.SECTION_GAP, 0, theme.SECTION_GAP, 0)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.addWidget(self.values)
        self.addWidget(self.hint, 1)
        for label in (self.voxel, self.world, self.zoom):
            self.addPermanentWidget(label)
        self.addPermanentWidget(jobs_bar)
        session.view.events.tool.connect(self._tell_mouse)
        session.habits_changed.connect(self._tell_mouse)
        self._tell_mouse()

    def _tell_mouse(self, *_: object) -> None:
        """Say what each mouse button does with the tool in force."""
        self.hint.setText(hint(self._session.view.tool, habits_of(self._session.settings)))

    def point_at(
        self, world: Any, percent: float | None = None, projected: Mapping[str, tuple[object, str]] | None = None,
        layers: Sequence[Layer] | None = None,
    ) -> None:  # fmt: skip
        """Show what lies at a world point, and the zoom of the pane it is seen in; None clears the line.

        ``projected`` holds by layer id the values of a thick slab that are shown instead, and what they are called.
        ``layers`` are those that lie there; without them all.
        """
        self.zoom.setText("" if world is None or percent is None else f"{percent:.0f} %")
        if world is None:
            self.values.tell(())
            for label in (self.voxel, self.world):
                label.setText("")
            return
        self.values.tell(self._session.looking.values_at(world, projected or {}, layers))
        image = self._session.document.active_image
        if layers is not None and image not in layers:
            image = next((one for one in reversed(layers) if isinstance(one, ImageLayer)), None)
        geometry = image.geometry if image is not None else self._session.document.reference
        if geometry is None:
            return
        index = np.floor(geometry.world_to_index(world) + 0.5).astype(int)
        self.voxel.setText(", ".join(str(n) for n in index).replace("-", MINUS))
        unit = "mm" if geometry.has_lengths else "px"
        self.world.setText("  ".join(f"{c:.1f}" for c in world).replace("-", MINUS) + f" {unit}")
