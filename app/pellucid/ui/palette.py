"""The command palette: a search line over the window and everything that can be done, best match first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    QTimer,
)
from PySide6.QtGui import QAction, QColor, QIcon, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.commands import Command, gather, ranked, remember
from pellucid.ui.docks.parts import dim

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.operations.operation import Operation
    from pellucid.ui.main_window import MainWindow

WIDTH, ROWS, ROW_HEIGHT = 560, 12, 30
_SMALL_ICON, _BAR_HEIGHT = 14, 22
_COMMAND = Qt.ItemDataRole.UserRole
_MOVES = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp)
Index = QModelIndex | QPersistentModelIndex


class CommandModel(QAbstractListModel):
    """The commands that are listed now."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Command] = []

    def set_rows(self, rows: list[Command]) -> None:
        """List these commands."""
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, _parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many there are."""
        return len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the command, its title, or the sentence a screen reader says."""
        command = self._rows[index.row()]
        if role == _COMMAND:
            return command
        if role == Qt.ItemDataRole.DisplayRole:
            return command.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            said = (command.title, command.where, command.key, command.why_not)
            return ", ".join(part for part in said if part)
        if role == Qt.ItemDataRole.ToolTipRole:
            return command.why_not or None
        return None


class CommandDelegate(QStyledItemDelegate):
    """Icon, title, where it stands, its key; faded with the reason when it cannot be done now."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """Return one line's height; any width will do."""
        return QSize(200, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a row."""
        command: Command = index.data(_COMMAND)
        c, place, metrics = theme.colors(), option.rect, option.fontMetrics
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(place, QColor(theme.selection()))
        inside = place.adjusted(theme.SECTION_GAP, 0, -theme.SECTION_GAP, 0)
        if command.icon:
            mode = QIcon.Mode.Disabled if command.why_not else QIcon.Mode.Normal
            top = place.center().y() - theme.ICON_SIZE // 2 + 1
            theme.icon(command.icon).paint(painter, QRect(inside.left(), top, 18, 18), mode=mode)
        key_width = metrics.horizontalAdvance(command.key)
        painter.setPen(QColor(c.dim))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(inside, Qt.AlignmentFlag.AlignRight | middle, command.key)
        words = inside.adjusted(theme.ICON_SIZE + theme.MARGIN, 0, -key_width - theme.SECTION_GAP, 0)
        title = metrics.elidedText(command.title, Qt.TextElideMode.ElideRight, words.width())
        painter.setPen(QColor(c.dim if command.why_not else c.text))
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | middle, title)
        rest = words.adjusted(metrics.horizontalAdvance(title) + theme.SECTION_GAP, 0, 0, 0)
        if rest.width() > 24:
            said = metrics.elidedText(command.why_not or command.where, Qt.TextElideMode.ElideRight, rest.width())
            painter.setPen(QColor(c.dim))
            painter.drawText(rest, Qt.AlignmentFlag.AlignLeft | middle, said)
        painter.restore()


class Palette(QFrame):
    """Lies over the window: typing searches, Up and Down choose, Enter does, Esc or a click elsewhere closes."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.setObjectName("palette")
        self.setAccessibleName(tr("Command palette"))
        self.setProperty("card", True)
        self._window = window
        self._operations: Mapping[str, Operation] = {}
        self._commands: tuple[Command, ...] = ()
        self._open = True
        self._before = QApplication.focusWidget()
        window.installEventFilter(self)
        self._make()
        self._gather()
        self._read_operations()

    def _make(self) -> None:
        self.search = QLineEdit(placeholderText=tr("Type what you want to do"))
        self.search.setAccessibleName(tr("Search commands"))
        self.search.addAction(theme.icon("magnify"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self._rank)
        self.search.installEventFilter(self)
        self.model = CommandModel()
        self.list = QListView()
        self.list.setAccessibleName(tr("Commands"))
        self.list.setModel(self.model)
        self.list.setItemDelegate(CommandDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(self._do)
        self.said = dim()
        self.said.setContentsMargins(theme.GRID, 0, theme.GRID, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        column.addWidget(self.said)

    # ---------------------------------------------------------------- what is listed

    def _gather(self) -> None:
        """List what there is now; a command that the user moved to stays the chosen one."""
        chosen = self.current() if self.list.currentIndex().row() > 0 else None
        self._commands = gather(self._window, self._operations)
        self._rank()
        rows = (self.model.index(n, 0) for n in range(self.model.rowCount()))
        found = next((row for row in rows if chosen is not None and row.data(_COMMAND).id == chosen.id), None)
        if found is not None:
            self.list.setCurrentIndex(found)
            self._tell()

    def _read_operations(self) -> None:
        """Read the operations in the background: the first time that loads SimpleITK."""
        session = self._window.session

        def come(operations: Mapping[str, Operation]) -> None:
            self._operations = operations
            if self._open:
                self._gather()

        running = session.running
        session.jobs.query(
            "operations palette", tr("Reading the operations"), lambda _job: running.operations(), come, quiet=True
        )

    def _rank(self) -> None:
        query, recent = self.search.text(), self._window.session.settings.recent_commands
        rows = ranked(self._commands, query, recent)
        self.model.set_rows(rows)
        if rows:
            self.list.setCurrentIndex(self.model.index(0, 0))
        self._tell()

    def _tell(self) -> None:
        command = self.current()
        if command is None:
            self.said.setText(tr("Nothing is called “{words}”. Try another word.", words=self.search.text()))
        else:
            self.said.setText(command.why_not or tr("Enter: do it  ·  Esc: close"))

    def current(self) -> Command | None:
        """Return the command that Enter would do."""
        index = self.list.currentIndex()
        return index.data(_COMMAND) if index.isValid() else None

    # ---------------------------------------------------------------- keys

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Move through the list and do what is chosen while the search line keeps the focus."""
        if watched is self.search and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._press(Qt.Key(event.key()))
        if watched is self.search and event.type() == QEvent.Type.FocusOut:
            self.dismiss()
        elif watched is self._window and event.type() == QEvent.Type.Resize:
            self.place()
        return super().eventFilter(watched, event)

    def _press(self, key: Qt.Key) -> bool:
        if key in _MOVES:
            self._move(key)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._do(self.list.currentIndex())
        elif key == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            return False
        return True

    def _move(self, key: Qt.Key) -> None:
        count, row = self.model.rowCount(), self.list.currentIndex().row()
        if not count:
            return
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            row = (row + (1 if key == Qt.Key.Key_Down else -1)) % count
        else:
            row = min(max(row + (ROWS if key == Qt.Key.Key_PageDown else -ROWS), 0), count - 1)
        self.list.setCurrentIndex(self.model.index(row, 0))
        self._tell()

    def _do(self, index: QModelIndex) -> None:
        command: Command | None = index.data(_COMMAND) if index.isValid() else None
        if command is None:
            return
        if command.why_not:
            self.said.setText(command.why_not)
            return
        window = self._window
        remember(window, command)
        self.dismiss()
        QTimer.singleShot(0, window, lambda: window.attempt(command.run))

    def dismiss(self) -> None:
        """Go away for good and give the focus back."""
        if not self._open:
            return
        self._open = False
        had_focus = self.search.hasFocus()
        self.hide()
        if had_focus and self._before is not None and isValid(self._before):
            self._before.setFocus()
        self.deleteLater()

    def place(self) -> None:
        """Stand in the upper middle of the window, as large as there is room."""
        window = self._window
        width = min(WIDTH, window.width() - 2 * theme.MARGIN)
        height = min(ROWS * ROW_HEIGHT + 96, window.height() - 96)
        self.setGeometry((window.width() - width) // 2, 56, width, height)


def open_palette(window: MainWindow) -> Palette:
    """Show the palette over a window."""
    palette = Palette(window)
    palette.place()
    palette.show()
    palette.raise_()
    palette.search.setFocus()
    return palette


def search_button(action: QAction, parent: QWidget) -> QToolButton:
    """Return the button at the end of the menu bar that opens the palette."""
    button = QToolButton(parent)
    button.setDefaultAction(action)
    button.setAccessibleName(tr("Search commands"))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setIconSize(QSize(_SMALL_ICON, _SMALL_ICON))
    button.setProperty("flat", True)
    button.setFixedHeight(_BAR_HEIGHT)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
