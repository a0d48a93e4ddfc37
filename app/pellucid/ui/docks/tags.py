"""The panel “Tags”: every element of a DICOM file, searched, compared with another, followed over all slices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QCheckBox, QLineEdit, QMenu, QStackedWidget, QVBoxLayout, QWidget

from pellucid.dicom.tags import SAME, Difference
from pellucid.language import mark, tr, tr_count
from pellucid.ui import theme
from pellucid.ui.docks.flow_layout import FlowLayout
from pellucid.ui.docks.parts import EmptyState, Panel, allow, described, dim, flat_button, row, tell
from pellucid.ui.docks.tag_column import TagColumn
from pellucid.ui.docks.tag_model import HIDDEN, LINE_ROLE, as_text
from pellucid.ui.docks.tag_tree import TagTree
from pellucid.ui.forms.controls import Choice, NumberBox, TextLine
from pellucid.ui.forms.numbers import Bounds
from pellucid.ui.forms.throttle import Throttle

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.session.tag_reading import Files, Reading

EMPTY = mark("Open a DICOM image, or choose “Show tags” of a series in Studies or the study browser; what its files "
             "say appears here.")  # fmt: skip
_CONTROL = 260
_EXPANDED = 200
"""Matches up to which a search opens the sequences they lie in."""


class TagsPanel(Panel):
    """A tree of elements; it follows the slice under the crosshair until another file is chosen."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(mark("Tags"), parent)
        self._session = session
        self._given: Files | None = None
        self._reading: Reading | None = None
        self._read: tuple[Path, Path | None] | None = None
        self._complaint = ""
        self._over: Difference | None = None
        """The line whose values in all files are shown."""
        self._update = Throttle(self._ask, 150, self)
        self._build()
        document, view = session.document, session.view
        for signal in (document.inserted, document.removed):
            signal.connect(self._sources_changed)
        document.active_changed.connect(self._active_changed)
        session.library.changed.connect(self._update.request)
        view.events.crosshair.connect(self._moved)
        view.events.hide_identity.connect(self._hide_changed)
        self._sources_changed()

    # ---------------------------------------------------------------- building

    def _build(self) -> None:
        self.follow = flat_button("crosshairs-gps", tr("Follow the slice"), self._moved, checkable=True,
                                  tip=tr("Show the file of the slice under the crosshair"))  # fmt: skip
        self.follow.setChecked(True)
        self.compare = flat_button("compare-horizontal", tr("Compare"), self._compare_changed, checkable=True,
                                   tip=tr("Put another file beside it: another slice or another series"))  # fmt: skip
        self.copy = flat_button("content-copy", tr("Copy"), self._copy_shown,
                                tip=tr("Copy the chosen lines, or all that are shown (Ctrl+C)"))  # fmt: skip
        away = flat_button("close", tr("Close"), self._leave,
                           tip=tr("Close the tags; the menu Window opens them again"))  # fmt: skip
        self.set_header(tr("Tags"), self.follow, self.compare, self.copy, away)
        self.search = TextLine(placeholderText=tr("Search tag, name or value"), clearButtonEnabled=True)
        self.search.setAccessibleName(tr("Search tags"))
        self.search.addAction(theme.icon("magnify"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self._show)
        self.here, self.number, here = self._file_line(tr("Image"), tr("Number of the file"))
        self.there, self.other_number, there = self._file_line(tr("Compare with"), tr("Number of the other file"))
        self.here.chosen.connect(self._chosen)
        self.number.edited.connect(self._numbered)
        self.there.chosen.connect(lambda _files: self._update.request())
        self.other_number.edited.connect(lambda _number: self._update.request())
        self.changed_only = QCheckBox(tr("Only differences"))
        described(self.changed_only, self.changed_only.text())
        self.changed_only.toggled.connect(self._show)
        self.tree = TagTree()
        self.tree.customContextMenuRequested.connect(self._menu)
        self.model = self.tree.lines
        self.beside = (there, self.changed_only)
        self.about, self.trouble = dim(wrap=True), dim(wrap=True)
        self._lay_out(here, there)

    def _lay_out(self, here: QWidget, there: QWidget) -> None:
        self.column_page = TagColumn()
        self.column_page.left.connect(self._show_tree)
        self.column_page.chosen.connect(self._go_to)
        body = QWidget()
        lines = QVBoxLayout(body)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(theme.GRID)
        controls = QWidget()
        flow = FlowLayout(controls, theme.MARGIN)
        for part in (here, self.search, there, self.changed_only):
            part.setVisible(part not in self.beside)
            flow.addWidget(part)
        for part in (here, self.search, there):
            part.setFixedWidth(_CONTROL)
        for part in (controls, self.tree, self.about, self.trouble):
            lines.addWidget(part, 1 if part is self.tree else 0)
        self.pages = QStackedWidget()
        self.pages.addWidget(body)
        self.pages.addWidget(self.column_page)
        self.stack = QStackedWidget()
        self.stack.addWidget(EmptyState("tag-text-outline", tr(EMPTY)))
        self.stack.addWidget(self.pages)
        self.column.addWidget(self.stack, 1)

    def _leave(self) -> None:
        dock = self.parentWidget()
        if dock is not None:
            dock.hide()

    def _show_tree(self) -> None:
        self._over = None
        self.pages.setCurrentIndex(0)

    def _file_line(self, name: str, number: str) -> tuple[Choice, NumberBox, QWidget]:
        choice, box, of = Choice(), NumberBox(Bounds(1, 1, whole=True), unit=""), dim(wrap=False)
        described(choice, name)
        described(box, number)
        box.setFixedWidth(48)
        box.setProperty("of", of)
        return choice, box, row(choice, box, of, spacing=theme.GRID, stretch=0)

    # ---------------------------------------------------------------- which file

    def show_files(self, files: Files) -> None:
        """Show the tags of a series that need not be open."""
        self._given = files
        self.compare.setChecked(False)
        self._sources_changed()
        self.here.set_value(files)
        self._chosen(files)

    def _sources_changed(self, *_args: object, to_active: bool = False) -> None:
        sources = self._session.tags.sources()
        before, other = self.here.value(), self.there.value()
        every = ((self._given,) if self._given is not None else ()) + sources
        active = next((one for one in sources if one.layer is self._session.document.active), None)
        here = (active if to_active else None) or _same(before, every) or active
        for choice, wanted in ((self.here, here), (self.there, _same(other, every))):
            choice.set_options([(self._session.concealing.text(files.title), files) for files in every])
            if wanted is not None:
                choice.set_value(wanted)
        self.stack.setCurrentIndex(1 if every else 0)
        self._moved()

    def _active_changed(self, *_args: object) -> None:
        """Show the layer that is worked on, as long as the panel follows."""
        self._sources_changed(to_active=self.follow.isChecked())

    def _hide_changed(self, *_args: object) -> None:
        self._sources_changed()
        self._show()
        tell(self.trouble, self._covered(self._complaint), "warning")
        if self._over is not None:
            self.show_column(self._over)

    def _covered(self, sentence: str) -> str:
        """Return a sentence about files as it may be shown now."""
        if self._session.view.hide_identity:
            files: Files | None = self.here.value()
            for path in (*(self._read or ()), *(files.paths if files is not None else ())):
                sentence = sentence.replace(path.name, tr(HIDDEN)) if path is not None else sentence
        return self._session.concealing.text(sentence)

    def _chosen(self, files: Files) -> None:
        _set_number(self.number, len(files.paths), self._session.tags.slice_of(files))
        self._update.request()

    def _numbered(self, _number: float) -> None:
        self.follow.setChecked(False)
        self._update.request()

    def _go_to(self, number: int) -> None:
        """Show one of the files in the tree."""
        self.follow.setChecked(False)
        self.number.set_value(number + 1)
        self._show_tree()
        self._update.request()

    def _compare_changed(self) -> None:
        for part in self.beside:
            part.setVisible(self.compare.isChecked())
        files: Files | None = self.there.value()
        if self.compare.isChecked() and files is not None:
            _set_number(self.other_number, len(files.paths), int(self.other_number.value()) - 1)
        self._update.request()

    def _moved(self, *_args: object) -> None:
        files: Files | None = self.here.value()
        if files is not None and self.follow.isChecked():
            _set_number(self.number, len(files.paths), self._session.tags.slice_of(files))
        self._update.request()

    def _path(self, choice: Choice, number: NumberBox) -> Path | None:
        files: Files | None = choice.value()
        if files is None or not files.paths:
            return None
        _set_number(number, len(files.paths), int(number.value()) - 1)
        return files.paths[int(number.value()) - 1]

    # ---------------------------------------------------------------- reading and showing

    def showEvent(self, event: QShowEvent) -> None:
        """Read when first seen."""
        super().showEvent(event)
        self._ask()

    def _ask(self) -> None:
        if not self.isVisible():
            return
        path = self._path(self.here, self.number)
        other = self._path(self.there, self.other_number) if self.compare.isChecked() else None
        if path is not None and (path, other) != self._read:
            self._read = path, other
            self._session.tags.read(path, other, self._take, self._complain)

    def _take(self, reading: Reading) -> None:
        self._reading, self._complaint = reading, ""
        tell(self.trouble, "")
        self._show()

    def _complain(self, sentence: str) -> None:
        self._reading, self._complaint = None, sentence
        tell(self.trouble, self._covered(sentence), "warning")
        self._show()

    def _show(self, *_args: object) -> None:
        reading = self._reading
        rows = reading.rows if reading is not None else ()
        compared = reading is not None and reading.compared
        top = self.tree.verticalScrollBar().value()
        opened = self.tree.opened()
        self.model.show_lines(rows, self.search.text(), compared=compared,
                              changed=compared and self.changed_only.isChecked(),
                              hide=self._session.view.hide_identity)  # fmt: skip
        narrowed = bool(self.search.text().strip()) or (compared and self.changed_only.isChecked())
        if narrowed and self.model.matches <= _EXPANDED:
            self.tree.expandAll()
        else:
            self.tree.open_again(opened)
        self.tree.verticalScrollBar().setValue(top)
        self._describe(rows, compared)

    def _describe(self, rows: tuple[Difference, ...], compared: bool) -> None:
        said = [tr_count("{count:,} element", "{count:,} elements", len(rows))]
        if self.model.matches != len(rows):
            said.append(tr_count("{count:,} shown", "{count:,} shown", self.model.matches))
        if compared:
            said.append(tr_count("{count:,} differs", "{count:,} differ", sum(line.state != SAME for line in rows)))
        self.about.setText(" · ".join(said) if rows else "")
        allow(self.copy, "" if self.model.matches else tr("There is nothing to copy."))

    # ---------------------------------------------------------------- copying, one tag over all files

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy with the usual key."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self._copy_shown()
        else:
            super().keyPressEvent(event)

    def _copy_shown(self) -> None:
        chosen = [index.data(LINE_ROLE) for index in self.tree.selectionModel().selectedRows()]
        _to_clipboard(as_text(self.model, chosen or self.tree.all_shown()))

    def _menu(self, where: QPoint) -> None:
        line: Difference | None = self.tree.indexAt(where).data(LINE_ROLE)
        if line is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(theme.icon("content-copy"), tr("Copy value"), lambda: self.copy_value(line))
        menu.addAction(tr("Copy tag"), lambda: _to_clipboard(line.row.tag))
        menu.addAction(tr("Copy line"), lambda: _to_clipboard(as_text(self.model, [line])))
        over = menu.addAction(theme.icon("table-column"), tr("Values in all files"), lambda: self.show_column(line))
        files: Files | None = self.here.value()
        over.setEnabled(bool(line.row.vr) and files is not None and len(files.paths) > 1)
        menu.popup(self.tree.viewport().mapToGlobal(where))

    def copy_value(self, line: Difference) -> None:
        """Put the whole value of a line on the clipboard; a long one is read again."""
        path = self._path(self.here, self.number)
        hidden = self.model.hide and line.row.identifying
        if not line.row.cut or hidden or path is None:
            _to_clipboard(self.model.texts(line)[0])
            return
        self._session.tags.whole(path, line.row.key, _to_clipboard, self._complain)

    def show_column(self, line: Difference) -> None:
        """Show the value of a line in every file."""
        files: Files | None = self.here.value()
        if files is None:
            return
        self._over = line
        hidden = self._session.view.hide_identity and line.row.identifying
        names = [tr(HIDDEN) if self._session.view.hide_identity else path.name for path in files.paths]

        def take(texts: tuple[str | None, ...]) -> None:
            said: Any = [tr(HIDDEN) if hidden and text else text for text in texts]
            self.column_page.show_texts(files.paths, said, names)

        self.column_page.wait(f"{line.row.tag} {line.row.name}")
        self.pages.setCurrentIndex(1)
        self._session.tags.column(files.paths, line.row.key, take,
                                  lambda sentence: self.column_page.complain(self._covered(sentence)))  # fmt: skip


def _same(wanted: Files | None, every: tuple[Files, ...]) -> Files | None:
    """Return the files that stand for the same thing as before the list was made anew."""
    if wanted is None:
        return None
    alike = (one for one in every if one is wanted or (one.layer is not None and one.layer is wanted.layer))
    return next(alike, None)


def _set_number(box: NumberBox, count: int, index: int) -> None:
    box.bounds = Bounds(1, max(count, 1), whole=True)
    box.set_value(min(max(index, 0), max(count - 1, 0)) + 1)
    box.property("of").setText(tr("of {count:,}", count=count))
    box.setEnabled(count > 1)


def _to_clipboard(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
