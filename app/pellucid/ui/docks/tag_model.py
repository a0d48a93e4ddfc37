"""The elements of a file as a Qt tree: searched, compared, with what identifies the patient covered when asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QPixmap

from pellucid.dicom.tags import CHANGED, ONLY_HERE, ONLY_THERE, SAME, Difference
from pellucid.language import mark, tr, tr_count
from pellucid.ui import theme
from pellucid.ui.docks.tag_sieve import Sieve, Sifted, texts_of

Index = QModelIndex | QPersistentModelIndex
TOP = QModelIndex()
TAG, NAME, VR, VALUE, OTHER = range(5)
TITLES = (mark("Tag"), mark("Name"), mark("VR"), mark("Value"), mark("Compared with"))
STATES = {
    SAME: "", CHANGED: mark("another value"), ONLY_HERE: mark("only in the first file"),
    ONLY_THERE: mark("only in the second file"),
}  # fmt: skip
INDENT = 16
"""px of nothing before the title of the tags, which then stands over them: there is room for an arrow before each."""
CHUNK = 500
"""Lines of one place that are shown at first, and added whenever its end comes into sight."""
LINE_ROLE = Qt.ItemDataRole.UserRole + 1


class TagModel(QAbstractItemModel):
    """Rows by their place in the file; those a search leaves out are not there.

    Of many lines in one place the first are shown, and a last one that stands for the rest: a view asks every line
    that it is given whether something lies in it. ``show_more`` adds those that follow.
    """

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._lines: tuple[Difference, ...] = ()
        self._sifted = Sifted()
        self._given: dict[int, int] = {}
        """How many of the lines in a line are shown, where it is not the first few."""
        self._ended: set[int] = set()
        """Lines without a row that stands for more."""
        self.compared = self.hide = False
        self._indent = QPixmap(INDENT, 1)
        self._indent.fill(Qt.GlobalColor.transparent)

    @property
    def matches(self) -> int:
        """Return how many lines hold what is searched."""
        return self._sifted.matches

    def show_lines(self, sieve: Sieve, sifted: Sifted, *, compared: bool = False) -> None:
        """Show the lines that are left."""
        self.beginResetModel()
        self._lines, self.hide, self._sifted, self.compared = sieve.lines, sieve.hide, sifted, compared
        self._given, self._ended = {}, set()
        self.endResetModel()

    def shown_lines(self) -> list[Difference]:
        """Return all lines that are left from top to bottom, those in closed sequences too."""
        return [self._lines[line] for line in sorted(self._sifted.parents)]

    def texts(self, line: Difference) -> tuple[str, str]:
        """Return the value of a line and that of the other file as they may be read."""
        return texts_of(line, hide=self.hide)

    def stands_for_more(self, index: Index) -> bool:
        """Return whether a row stands for lines that are not shown yet."""
        return index.isValid() and index.internalId() >= len(self._lines)

    def show_more(self, index: Index) -> None:
        """Add lines in the place of the row that stands for them."""
        above = index.internalId() - len(self._lines) - 1
        inside, shown = self.parent(index), self._shown(above)
        rest = len(self._sifted.children.get(above, ())) - shown
        if not self.stands_for_more(index) or rest <= 0:
            return
        if rest <= CHUNK:
            self.beginRemoveRows(inside, shown, shown)
            self._ended.add(above)
            self.endRemoveRows()
        self.beginInsertRows(inside, shown, shown + min(rest, CHUNK) - 1)
        self._given[above] = shown + min(rest, CHUNK)
        self.endInsertRows()

    def _shown(self, above: int) -> int:
        """Return how many lines in a line are shown."""
        return min(self._given.get(above, CHUNK), len(self._sifted.children.get(above, ())))

    def _rests(self, above: int, row: int) -> bool:
        """Return whether a row stands for the lines in a line that are not shown yet."""
        shown = self._shown(above)
        return row == shown < len(self._sifted.children.get(above, ())) and above not in self._ended

    def line(self, index: Index) -> Difference | None:
        """Return the line in a row, None outside."""
        return None if not index.isValid() or self.stands_for_more(index) else self._lines[index.internalId()]

    # ---------------------------------------------------------------- Qt's interface

    def index(self, row: int, column: int, parent: Index = TOP) -> QModelIndex:  # noqa: D102
        above = parent.internalId() if parent.isValid() else -1
        if 0 <= row < self._shown(above):
            return self.createIndex(row, column, self._sifted.children[above][row])
        return self.createIndex(row, column, len(self._lines) + above + 1) if self._rests(above, row) else QModelIndex()

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]  # noqa: D102
        above = -1
        if self.stands_for_more(index):
            above = index.internalId() - len(self._lines) - 1
        elif index.isValid():
            above = self._sifted.parents.get(index.internalId(), -1)
        return self.createIndex(self._sifted.places[above], 0, above) if above >= 0 else QModelIndex()

    def rowCount(self, parent: Index = TOP) -> int:  # noqa: D102
        if parent.column() > 0:
            return 0
        above = parent.internalId() if parent.isValid() else -1
        shown = self._shown(above)
        return shown + self._rests(above, shown)

    def columnCount(self, _parent: Index = TOP) -> int:  # noqa: D102
        return 5 if self.compared else 4

    def headerData(self, number: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DecorationRole and number == TAG:
            return self._indent
        shown = way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return tr(TITLES[number]) if shown else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        line = self.line(index)
        if line is None:
            return self._rest(index) if role == Qt.ItemDataRole.DisplayRole and index.column() == NAME else None
        if role == Qt.ItemDataRole.DisplayRole:
            return cells_of(line, hide=self.hide)[index.column()]
        if role == LINE_ROLE:
            return line
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(line)
        if role == Qt.ItemDataRole.ForegroundRole:
            return _color(line)
        return None

    def _rest(self, index: Index) -> str:
        """Return what the row that stands for more lines says."""
        if not self.stands_for_more(index):
            return ""
        above = index.internalId() - len(self._lines) - 1
        rest = len(self._sifted.children.get(above, ())) - self._shown(above)
        return tr_count("{count:,} more element follows", "{count:,} more elements follow", rest)

    def _tip(self, line: Difference) -> str:
        here, there = self.texts(line)
        row = line.row
        state = tr(STATES[line.state]) if line.state else ""
        more = tr("The text is longer; copy the value to have all of it.") if row.cut else ""
        parts = (f"{row.tag} {row.keyword or row.name}".strip(), here[:512], there[:512], state, more)
        return "\n".join(part for part in parts if part)


def _color(line: Difference) -> QColor | None:
    colors = theme.colors()
    if line.row.note or line.state == CHANGED:
        return QColor(colors.warning)
    if line.state in (ONLY_HERE, ONLY_THERE):
        return QColor(colors.accent)
    return QColor(colors.dim) if line.row.private or not line.row.tag else None


def cells_of(line: Difference, *, hide: bool) -> tuple[str, ...]:
    """Return a line as it is read, one text per column."""
    one_line = (text.replace("\r", "").replace("\n", " ⏎ ") for text in texts_of(line, hide=hide))
    return (line.row.tag, line.row.name, line.row.vr, *one_line)


def as_text(lines: Iterable[Difference], *, compared: bool, hide: bool) -> str:
    """Return lines for the clipboard: tab-separated, a line of text per element."""
    columns = 5 if compared else 4
    return "".join("\t".join(cells_of(line, hide=hide)[:columns]) + "\n" for line in lines)
