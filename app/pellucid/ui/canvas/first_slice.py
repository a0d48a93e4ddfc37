"""The first slice of what will take the place of what is open; the document stays as it is until all is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.model.layer import ImageLayer
from pellucid.model.view import PaneState, Plane
from pellucid.ui import theme
from pellucid.ui.canvas.slice_view import SliceView

if TYPE_CHECKING:
    from pellucid.session import Session


class FirstSlice(QWidget):
    """One pane that is only looked at, under a line that says what is being opened."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._stage = type(session)(session.settings, session.jobs)  # a document of its own for a layer of none
        self.line = QLabel()
        self.line.setTextFormat(Qt.TextFormat.PlainText)
        self.line.setContentsMargins(12, 4, 12, 4)
        self.pane = SliceView(self._stage, PaneState(plane=Plane.ACQUIRED))
        self.pane.setAccessibleName(tr("First slice"))
        self.pane.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.pane.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.line)
        column.addWidget(self.pane, 1)

    @property
    def layer(self) -> ImageLayer | None:
        """Return what is shown, or None."""
        return self._stage.document.active_image

    def show_layer(self, layer: ImageLayer | None) -> None:
        """Show a layer of one slice, or nothing."""
        document, view, shared = self._stage.document, self._stage.view, self._session.view
        for old in reversed(document.layers):
            document.remove(old)
        if layer is None:
            self.pane.stack.clear()
            return
        document.insert(0, layer)
        x, y, z = (float(c) for c in layer.geometry.index_to_world([(n - 1) // 2 for n in layer.geometry.size]))
        view.crosshair, view.hide_identity, view.show_annotations = (x, y, z), shared.hide_identity, True
        self.line.setText(tr("First slice of “{name}”; the others are being read …",
                             name=self._session.concealing.text(layer.name)))  # fmt: skip
        self.pane.schedule()
