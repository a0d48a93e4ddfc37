"""The elements of a file as a Qt tree: searched, compared, with what identifies the patient covered when asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from pellucid.dicom.tags import CHANGED, ONLY_HERE, ONLY_THERE, SAME, Difference
from pellucid.language import mark, tr
from pellucid.ui import theme

Index = QModelIndex | QPersistentModelIndex
TOP = QModelIndex()
TAG, NAME, VR, VALUE, OTHER = range(5)
TITLES = (mark("Tag"), mark("Name"), mark("VR"), mark("Value"), mark("Compared with"))
STATES = {
    SAME: "", CHANGED: mark("another value"), ONLY_HERE: mark("only in the first file"),
    ONLY_THERE: mark("only in the second file"),
}  # fmt: skip
HIDDEN = mark("hidden")
LINE_ROLE = Qt.ItemDataRole.UserRole + 1


class TagModel(QAbstractItemModel):
    """Rows by their place in the file; those a search leaves out are not there."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._lines: tuple[Difference, ...] = ()
        self._above: list[int] = []
        self._said: list[str] = []
        """What is searched in each line, made when something is looked for the first time."""
        self._children: dict[int, list[int]] = {-1: []}
        self._parents: dict[int, int] = {}
        self._places: dict[int, int] = {}
        self.compared = self.hide = False
        self.matches = 0

    def show_lines(
        self, lines: Sequence[Difference], words: str = "", *, compared: bool = False, changed: bool = False,
        hide: bool = False,
    ) -> None:  # fmt: skip
        """Show the lines that hold all ``words``, with what they lie in; ``changed``: only what differs."""
        self.beginResetModel()
        self._take(tuple(lines), hide)
        self.compared, parents = compared, self._above
        kept = self._found(words.casefold().split(), changed)
        self.matches = len(kept)
        for line in tuple(kept):
            while (line := parents[line]) >= 0 and line not in kept:
                kept.add(line)
        self._children, self._parents, self._places = {-1: []}, {}, {}
        for line in sorted(kept):
            parent = parents[line]
            brothers = self._children.setdefault(parent, [])
            self._parents[line], self._places[line] = parent, len(brothers)
            brothers.append(line)
        self.endResetModel()

    def _take(self, lines: tuple[Difference, ...], hide: bool) -> None:
        """Take lines that may be those of before: a large file is searched with every letter typed."""
        if lines is self._lines and hide == self.hide:
            return
        self._lines, self.hide, self._said = lines, hide, []
        self._above = _parents(lines)

    def _found(self, words: Sequence[str], changed: bool) -> set[int]:
        found: Sequence[int] = range(len(self._lines))
        if words:
            self._said = self._said or [self._says(line) for line in self._lines]
            found = [n for n in found if all(word in self._said[n] for word in words)]
        return {n for n in found if not changed or self._lines[n].state not in ("", SAME)}

    def _says(self, line: Difference) -> str:
        row = line.row
        said = (row.tag, row.key.rpartition("/")[2], row.name, row.keyword, row.vr, *self.texts(line))
        return " ".join(said).casefold()

    def texts(self, line: Difference) -> tuple[str, str]:
        """Return the value of a line and that of the other file as they may be read."""
        if self.hide and line.row.identifying:
            return (tr(HIDDEN) if line.row.text else ""), (tr(HIDDEN) if line.there else "")
        return ("" if line.state == ONLY_THERE else line.row.text), line.there

    def line(self, index: Index) -> Difference | None:
        """Return the line in a row, None outside."""
        return self._lines[index.internalId()] if index.isValid() else None

    # ---------------------------------------------------------------- Qt's interface

    def index(self, row: int, column: int, parent: Index = TOP) -> QModelIndex:  # noqa: D102
        children = self._children.get(parent.internalId() if parent.isValid() else -1, [])
        return self.createIndex(row, column, children[row]) if 0 <= row < len(children) else QModelIndex()

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]  # noqa: D102
        above = self._parents.get(index.internalId(), -1) if index.isValid() else -1
        return self.createIndex(self._places[above], 0, above) if above >= 0 else QModelIndex()

    def rowCount(self, parent: Index = TOP) -> int:  # noqa: D102
        return len(self._children.get(parent.internalId() if parent.isValid() else -1, ()))

    def columnCount(self, _parent: Index = TOP) -> int:  # noqa: D102
        return 5 if self.compared else 4

    def headerData(self, number: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        shown = way == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return tr(TITLES[number]) if shown else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        line = self.line(index)
        if line is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.cells(line)[index.column()]
        if role == LINE_ROLE:
            return line
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(line)
        if role == Qt.ItemDataRole.ForegroundRole:
            return _color(line)
        return None

    def cells(self, line: Difference) -> tuple[str, ...]:
        """Return a line as it is read, one text per column."""
        here, there = self.texts(line)
        one_line = (text.replace("\r", "").replace("\n", " ⏎ ") for text in (here, there))
        row = line.row
        return (row.tag, row.name, row.vr, *one_line)

    def _tip(self, line: Difference) -> str:
        here, there = self.texts(line)
        row = line.row
        state = tr(STATES[line.state]) if line.state else ""
        more = tr("The text is longer; copy the value to have all of it.") if row.cut else ""
        parts = (f"{row.tag} {row.keyword or row.name}".strip(), here[:512], there[:512], state, more)
        return "\n".join(part for part in parts if part)


def _parents(lines: Sequence[Difference]) -> list[int]:
    """Return for each line which one it lies in, −1 at the top."""
    parents: list[int] = []
    last: dict[int, int] = {}
    for n, line in enumerate(lines):
        depth = line.row.depth
        parents.append(last.get(depth - 1, -1) if depth else -1)
        last[depth] = n
    return parents


def _color(line: Difference) -> QColor | None:
    colors = theme.colors()
    if line.row.note or line.state == CHANGED:
        return QColor(colors.warning)
    if line.state in (ONLY_HERE, ONLY_THERE):
        return QColor(colors.accent)
    return QColor(colors.dim) if line.row.private or not line.row.tag else None


def as_text(model: TagModel, lines: Iterable[Difference]) -> str:
    """Return lines for the clipboard: tab-separated, a line of text per element."""
    columns = 5 if model.compared else 4
    return "".join("\t".join(model.cells(line)[:columns]) + "\n" for line in lines)
