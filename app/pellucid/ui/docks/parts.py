"""Small parts that every panel is made of: titles, buttons, rules, empty states."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.docks.reading_order import read_in_order

if TYPE_CHECKING:
    from pellucid.model.layer import ImageLayer


class Panel(QWidget):
    """The body of a dock, called by its name in English: panel colour, margin 8, spacing 8."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(tr(name))
        self.setProperty("panel", True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(220)
        self.header: QWidget | None = None
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(theme.MARGIN, theme.GRID, theme.MARGIN, theme.MARGIN)
        self.column.setSpacing(theme.MARGIN)

    def set_header(self, title: str, *extra: QWidget) -> None:
        """Put a title with controls at the top; in a dock it takes the place of the dock's title bar."""
        self.header = section(title, *extra)
        self.column.insertWidget(0, self.header)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Go on in reading order, whenever the controls were made."""
        read_in_order(self)
        return super().focusNextPrevChild(forward)

    def event(self, event: QEvent) -> bool:
        """Hand the title to the dock that takes the panel in, so that it is not said twice."""
        dock = self.parentWidget()
        if event.type() == QEvent.Type.ParentChange and isinstance(dock, QDockWidget) and self.header is not None:
            self.header.setProperty("panel", True)
            self.header.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
            self.header.setContentsMargins(theme.MARGIN, theme.GRID, theme.MARGIN, 0)
            dock.setTitleBarWidget(self.header)
        return super().event(event)


class Elided(QLabel):
    """One line of text that ends in … when there is no room, and then shows all of it as a tooltip."""

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__(text, parent)
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """Return a width that any dock can give."""
        return QSize(24, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the text as far as it goes."""
        painter = QPainter(self)
        place = self.contentsRect()
        shown = self.fontMetrics().elidedText(self.text(), self._mode, place.width())
        self.style().drawItemText(
            painter,
            place,
            int(self.alignment()),
            self.palette(),
            self.isEnabled(),
            shown,
            self.foregroundRole(),
        )

    def event(self, event: QEvent) -> bool:
        """Show the whole text as a tooltip where it is cut."""
        if event.type() == QEvent.Type.ToolTip:
            cut = self.fontMetrics().horizontalAdvance(self.text()) > self.width()
            self.setToolTip(self.text() if cut else "")
        return super().event(event)


class ProgressBar(QProgressBar):
    """A bar from 0 to 1000 that is painted with everything else.

    Qt paints a bar within ``setValue``, and with it all of the window that waits to be painted: twice in one turn.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, textVisible=False, maximum=1000)

    def setValue(self, value: int) -> None:  # noqa: D102 - Qt's interface
        self.setUpdatesEnabled(False)
        super().setValue(value)
        self.setUpdatesEnabled(True)

    def setRange(self, minimum: int, maximum: int) -> None:  # noqa: D102
        self.setUpdatesEnabled(False)
        super().setRange(minimum, maximum)
        self.setUpdatesEnabled(True)


def described(widget: QWidget, name: str, tip: str = "") -> QWidget:
    """Give a control its accessible name and its tooltip (the name itself unless given)."""
    widget.setAccessibleName(name)
    widget.setToolTip(tip or name)
    widget.setProperty("tip", tip or name)
    return widget


def allow(widget: QWidget, why_not: str = "") -> None:
    """Enable a control, or disable it and say why in its tooltip."""
    widget.setEnabled(not why_not)
    widget.setToolTip(why_not or str(widget.property("tip") or ""))


def tell(label: QLabel, sentence: str, tone: str = "") -> None:
    """Show a sentence, or nothing; ``tone`` is ``""``, ``"good"``, ``"warning"`` or ``"danger"``."""
    label.setText(sentence)
    label.setVisible(bool(sentence))
    if label.property("tone") != tone:
        label.setProperty("tone", tone)
        label.style().unpolish(label)  # or the stylesheet would not see the new tone
        label.style().polish(label)


def make_room(window: QWidget) -> None:
    """Let a window grow where its sentences take more lines: a layout does not do so by itself."""
    layout = window.layout()
    if layout is not None:
        layout.activate()
        needed = layout.totalHeightForWidth(window.width()) if layout.hasHeightForWidth() else 0
        window.resize(window.width(), max(window.height(), needed, layout.totalMinimumSize().height()))


def own_colours(layer: ImageLayer) -> str:
    """Return why a window does nothing to a layer, or nothing."""
    said = tr("This image is shown in its own colours. Choose one channel in Layers to window it.")
    return said if layer.shows_colour else ""


def section(title: str, *extra: QWidget) -> QWidget:
    """Return a section title in small capitals, with controls at its right end."""
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(theme.GRID)
    label = QLabel(title)
    label.setFont(theme.small_caps(label.font()))
    label.setProperty("dim", True)
    label.setMinimumHeight(theme.CONTROL_HEIGHT)
    row.addWidget(label)
    row.addStretch(1)
    for widget in extra:
        row.addWidget(widget)
    return line


def rule() -> QFrame:
    """Return a thin line between sections."""
    line = QFrame()
    line.setProperty("rule", True)
    return line


def dim(text: str = "", *, wrap: bool = True) -> QLabel:
    """Return a line of secondary text."""
    label = QLabel(text)
    label.setProperty("dim", True)
    label.setWordWrap(wrap)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def flat_button(
    glyph: str,
    name: str,
    action: Callable[[], object] | None = None,
    *,
    tip: str = "",
    checkable: bool = False,
) -> QToolButton:
    """Return a borderless button with an icon only, 26 × 26."""
    button = QToolButton()
    button.setCheckable(checkable)
    button.setProperty("flat", True)
    button.setIcon(theme.icon(glyph))
    button.setIconSize(QSize(theme.ICON_SIZE, theme.ICON_SIZE))
    button.setFixedSize(theme.CONTROL_HEIGHT, theme.CONTROL_HEIGHT)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    described(button, name, tip)
    if action is not None:
        button.clicked.connect(lambda _on=False: action())
    return button


def push_button(
    text: str, action: Callable[[], object] | None = None, *, tip: str = "", glyph: str = "", kind: str = ""
) -> QPushButton:
    """Return a button with a text; ``kind`` is ``""``, ``"primary"``, ``"link"`` or ``"chip"``."""
    button = QPushButton(text)
    if kind:
        button.setProperty(kind, True)
    if glyph:
        button.setIcon(theme.icon(glyph))
        button.setIconSize(QSize(theme.ICON_SIZE, theme.ICON_SIZE))
    button.setAutoDefault(False)
    described(button, text, tip)
    if action is not None:
        button.clicked.connect(lambda _on=False: action())
    return button


class UpAndDown(QScrollArea):
    """Scrolls up and down only, and so is never narrower than what it holds, whatever the language."""

    def minimumSizeHint(self) -> QSize:
        """Return room for the widest line and the scroll bar."""
        body, size = self.widget(), super().minimumSizeHint()
        if body is None:
            return size
        return QSize(body.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width(), size.height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ask for more or less room when the lines change."""
        if watched is self.widget() and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


def scrolling(body: QWidget) -> QScrollArea:
    """Return a body that scrolls up and down when there is no room, in the colour of the panel."""
    scroll = UpAndDown()
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setProperty("panel", True)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the focus of what is in it
    scroll.setWidget(body)
    return scroll


def row(*widgets: QWidget, spacing: int = theme.GRID, stretch: int = -1) -> QWidget:
    """Return widgets side by side; the one numbered ``stretch`` takes what is left (-1: none does)."""
    line = QWidget()
    layout = QHBoxLayout(line)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for number, widget in enumerate(widgets):
        layout.addWidget(widget, 1 if number == stretch else 0)
    if stretch < 0:
        layout.addStretch(1)
    return line


def titled(rows: Iterable[tuple[str, QWidget]]) -> QWidget:
    """Return controls below each other, each behind its title."""
    body = QWidget()
    grid = QGridLayout(body)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(theme.SECTION_GAP)
    grid.setVerticalSpacing(theme.MARGIN)
    grid.setColumnStretch(1, 1)
    for number, (title, control) in enumerate(rows):
        label = QLabel(title)
        label.setBuddy(control)
        grid.addWidget(label, number, 0)
        grid.addWidget(control, number, 1)
    return body


class EmptyState(QWidget):
    """What a panel shows when there is nothing: an icon, one helpful sentence, perhaps a way on."""

    def __init__(self, glyph: str, sentence: str, *actions: QWidget) -> None:
        super().__init__()
        self._glyph = glyph
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN * 3, theme.MARGIN, theme.MARGIN * 3)
        column.setSpacing(theme.SECTION_GAP)
        self._picture = QLabel(alignment=Qt.AlignmentFlag.AlignHCenter)
        self._sentence = dim(sentence)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        column.addWidget(self._picture)
        column.addWidget(self._sentence)
        for action in actions:
            column.addWidget(action, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)
        theme.signals.changed.connect(self._draw)
        self._draw()

    def say(self, sentence: str) -> None:
        """Change the sentence."""
        self._sentence.setText(sentence)

    def _draw(self) -> None:
        glyph = theme.icon(self._glyph, theme.colors().dim)
        self._picture.setPixmap(glyph.pixmap(QSize(32, 32), self.devicePixelRatioF()))
