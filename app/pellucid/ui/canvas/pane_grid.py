"""The panes of one screen in their rows and columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QGridLayout, QWidget

from pellucid.language import tr
from pellucid.model.view import Layout, PaneState, Screen
from pellucid.session.mending import mends, take
from pellucid.ui import theme
from pellucid.ui.canvas.corner_texts import PLANE_TITLES
from pellucid.ui.canvas.information_pane import InformationPane
from pellucid.ui.canvas.slice_view import SliceView

if TYPE_CHECKING:
    from pellucid.session import Session

Place = tuple[int, int]
_GAP = 2


class PaneGrid(QWidget):
    """Makes panes when they are first needed, puts them in their places and names them."""

    def __init__(self, session: Session, screen: Screen, made: Callable[[SliceView], None]) -> None:
        super().__init__()
        self._session, self._screen, self._made = session, screen, made
        self.panes: list[SliceView] = []
        """The panes made so far, in the order of their states; ``shown`` are those on the screen."""
        self.information = InformationPane(lambda layer: mends(session, layer))
        self.information.mend_asked.connect(lambda mend: take(session, mend))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(_GAP)

    def places(self) -> dict[int, Place]:
        """Return the row and column of every pane that is to be seen, by its index."""
        reference, screen = self._session.document.reference, self._screen
        layout, viewing = screen.layout, self._session.viewing
        if reference is None:
            return {}
        if screen.maximised is not None:
            return {screen.maximised: (0, 0)}
        alike = not any(map(viewing.is_alone, screen.shown))
        if layout.count == 1 or (alike and reference.is_planar and not screen.spread):
            return {0: (0, 0)}
        return {n: divmod(n, layout.columns) for n in range(layout.count)}

    def shown(self) -> tuple[SliceView, ...]:
        """Return the panes that are on the screen now, without the information pane."""
        places = self.places()
        return tuple(pane for n, pane in enumerate(self.panes) if n in places and not pane.state.information)

    def state_at(self, at: QPoint) -> PaneState | None:
        """Return the state of the pane at a place of the grid, the information pane among them."""
        for n in self.places():
            state = self._screen.panes[n]
            widget: QWidget = self.information if state.information else self.panes[n]
            if widget.isVisible() and widget.geometry().contains(at):
                return state
        return None

    def arrange(self) -> None:
        """Bring panes into their places and show only those that have one."""
        places = self.places()
        while len(self.panes) <= max(places, default=-1):
            pane = SliceView(self._session, self._screen.panes[len(self.panes)])
            self.panes.append(pane)
            self._made(pane)
        rows = 1 + max((row for row, _ in places.values()), default=0)
        columns = 1 + max((column for _, column in places.values()), default=0)
        told = None
        for index, pane in enumerate(self.panes):
            informs = index in places and pane.state.information
            told = places[index] if informs and told is None else told
            self._place(pane, None if informs else places.get(index))
        self._place(self.information, told)
        for n in range(Layout.LARGEST):
            self._grid.setRowStretch(n, int(n < rows))
            self._grid.setColumnStretch(n, int(n < columns))
        for pane in self.panes:
            pane.beside_others = len(places) > 1 or bool(self._session.view.others)
        self._name()

    def settle(self) -> None:
        """Give the panes their sizes now instead of before the next frame."""
        self._grid.activate()

    def _place(self, widget: QWidget, place: Place | None) -> None:
        """Show a pane at a row and column of the grid, or hide it."""
        if place is not None:
            self._grid.addWidget(widget, *place)
        if widget.isHidden() == (place is not None):
            widget.setVisible(place is not None)

    def _name(self) -> None:
        """Name the panes for those who cannot see them: by plane, and by series and number where that is not enough."""
        shown = self.shown()
        names = [self._plain_name(pane.state) for pane in shown]
        for pane, name in zip(shown, names, strict=True):
            number = self.panes.index(pane) + 1
            pane.setAccessibleName(
                tr("{name}, pane {number}", name=name, number=number) if names.count(name) > 1 else name
            )

    def _plain_name(self, state: PaneState) -> str:
        viewing = self._session.viewing
        plane, image = tr(PLANE_TITLES[viewing.plane(state)]), viewing.image(state)
        if image is None:
            return tr("Empty view")
        return (
            tr("{plane} view of {name}", plane=plane, name=image.name)
            if viewing.is_alone(state)
            else tr("{plane} view", plane=plane)
        )

    def picture(self) -> QImage:
        """Return what all panes show."""
        picture = QImage(self.size() * self.devicePixelRatioF(), QImage.Format.Format_RGB32)
        picture.setDevicePixelRatio(self.devicePixelRatioF())
        picture.fill(QColor(theme.DARK.line))
        painter = QPainter(picture)
        for child in self.shown():
            painter.drawPixmap(child.pos(), QWidget.grab(child))
        if self.information.isVisible():
            painter.drawPixmap(self.information.pos(), QWidget.grab(self.information))
        painter.end()
        return picture
