"""The panel “Series”: frames and sections aligned, tiles stitched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.ui import theme
from pellucid.ui.docks.folds import Fold
from pellucid.ui.docks.parts import Panel, scrolling
from pellucid.ui.docks.registration_series import SeriesBox

if TYPE_CHECKING:
    from pellucid.session import Session


_SOON = 60  # ms: the layout follows first


class SeriesPanel(Panel):
    """Two sections: what is aligned within one image, and what is put together from several."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(mark("Series"), parent)
        self.series = SeriesBox(session)
        self.stitch = Fold(tr("Stitch tiles"), lambda: _stitch(session), tr("Join open images that overlap to one"))
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        column.addWidget(self.series)
        column.addWidget(self.stitch)
        column.addStretch(1)
        self.set_header(tr("Series"))
        self._body, self._scroll = body, scrolling(body)
        self.column.addWidget(self._scroll, 1)
        self.series.motion.appeared.connect(lambda: self._bring(self.series.motion))
        self.stitch.toggled.connect(lambda on: self._bring(self.stitch) if on else None)

    def _bring(self, part: QWidget) -> None:
        """Scroll to what is new, once it has its place."""

        def scroll() -> None:
            self._scroll.verticalScrollBar().setValue(part.mapTo(self._body, QPoint(0, 0)).y())

        QTimer.singleShot(_SOON, self, scroll)


def _stitch(session: Session) -> QWidget:
    from pellucid.ui.docks.stitch_box import StitchBox

    return StitchBox(session)
