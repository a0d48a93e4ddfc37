"""The panel “Tags”: every element of a DICOM file, searched, compared with another, followed over all slices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QCheckBox, QLineEdit, QMenu, QStackedWidget, QVBoxLayout, QWidget

from pellucid.dicom.tags import Difference
from pellucid.language import mark, tr, tr_count
from pellucid.ui import theme
from pellucid.ui.docks.flow_layout import FlowLayout
from pellucid.ui.docks.parts import EmptyState, Panel, allow, described, dim, flat_button, tell
from pellucid.ui.docks.tag_column import TagColumn
from pellucid.ui.docks.tag_copying import TagCopying
from pellucid.ui.docks.tag_files import FileChoice
from pellucid.ui.docks.tag_model import LINE_ROLE
from pellucid.ui.docks.tag_sieve import HIDDEN, PIECE, Sieve, Sifted
from pellucid.ui.docks.tag_tree import TagTree
from pellucid.ui.forms.controls import TextLine
from pellucid.ui.forms.throttle import Throttle
from pellucid.ui.pieces import InPieces

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
        self._sieve = Sieve()
        self._unfolded, self._opened = False, set[str]()
        """Whether a search unfolded what it found, and what was open before."""
        self.sifting = InPieces(self)
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
        self.copy = flat_button("content-copy", tr("Copy"), lambda: self.copying.shown(),
                                tip=tr("Copy the chosen lines, or all that are shown (Ctrl+C)"))  # fmt: skip
        away = flat_button("close", tr("Close"), self._leave,
                           tip=tr("Close the tags; the menu Window opens them again"))  # fmt: skip
        self.set_header(tr("Tags"), self.follow, self.compare, self.copy, away)
        self.search = TextLine(placeholderText=tr("Search tag, name or value"), clearButtonEnabled=True)
        self.search.setAccessibleName(tr("Search tags"))
        self.search.addAction(theme.icon("magnify"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self._show)
        self.here = FileChoice(tr("Image"), tr("Number of the file"))
        self.there = FileChoice(tr("Compare with"), tr("Number of the other file"))
        self.here.chosen.connect(self._chosen)
        self.here.numbered.connect(self._numbered)
        self.there.chosen.connect(lambda _files: self._update.request())
        self.there.numbered.connect(self._update.request)
        self.changed_only = QCheckBox(tr("Only differences"))
        described(self.changed_only, self.changed_only.text())
        self.changed_only.toggled.connect(self._show)
        self.tree = TagTree()
        self.tree.customContextMenuRequested.connect(self._menu)
        self.model = self.tree.lines
        self.copying = TagCopying(self._session, self.tree, self.here.path, self._complain)
        self.beside = (self.there, self.changed_only)
        self.about, self.trouble = dim(wrap=True), dim(wrap=True)
        self._lay_out()

    def _lay_out(self) -> None:
        self.column_page = TagColumn()
        self.column_page.left.connect(self._show_tree)
        self.column_page.chosen.connect(self._go_to)
        body = QWidget()
        lines = QVBoxLayout(body)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(theme.GRID)
        controls = QWidget()
        flow = FlowLayout(controls, theme.MARGIN)
        for part in (self.here, self.search, self.there, self.changed_only):
            flow.addWidget(part)
        for part in self.beside:
            part.hide()
        for part in (self.here, self.search, self.there):
            part.setFixedWidth(_CONTROL)
        lines.addWidget(controls)
        lines.addWidget(self.tree, 1)
        for said in (self.about, self.trouble):
            lines.addWidget(said)
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

    # ---------------------------------------------------------------- which file

    def show_files(self, files: Files) -> None:
        """Show the tags of a series that need not be open."""
        self._given = files
        self.compare.setChecked(False)
        self._sources_changed()
        self.here.choice.set_value(files)
        self._chosen(files)

    def _sources_changed(self, *_args: object, to_active: bool = False) -> None:
        sources = self._session.tags.sources()
        before, other = self.here.files(), self.there.files()
        every = ((self._given,) if self._given is not None else ()) + sources
        active = next((one for one in sources if one.layer is self._session.document.active), None)
        here = (active if to_active else None) or _same(before, every) or active
        for choice, wanted in ((self.here, here), (self.there, _same(other, every))):
            choice.show_all(every, wanted, lambda files: self._session.concealing.text(files.title))
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
            files = self.here.files()
            for path in (*(self._read or ()), *(files.paths if files is not None else ())):
                sentence = sentence.replace(path.name, tr(HIDDEN)) if path is not None else sentence
        return self._session.concealing.text(sentence)

    def _chosen(self, files: Files) -> None:
        self.here.go_to(self._session.tags.slice_of(files))
        self._update.request()

    def _numbered(self) -> None:
        self.follow.setChecked(False)
        self._update.request()

    def _go_to(self, number: int) -> None:
        """Show one of the files in the tree."""
        self.follow.setChecked(False)
        self.here.go_to(number)
        self._show_tree()
        self._update.request()

    def _compare_changed(self) -> None:
        for part in self.beside:
            part.setVisible(self.compare.isChecked())
        if self.compare.isChecked():
            self.there.go_to(int(self.there.number.value()) - 1)
        self._update.request()

    def _moved(self, *_args: object) -> None:
        files = self.here.files()
        if files is not None and self.follow.isChecked():
            self.here.go_to(self._session.tags.slice_of(files))
        self._update.request()

    # ---------------------------------------------------------------- reading and showing

    def showEvent(self, event: QShowEvent) -> None:
        """Read when first seen."""
        super().showEvent(event)
        self._ask()

    def _ask(self) -> None:
        if not self.isVisible():
            return
        path = self.here.path()
        other = self.there.path() if self.compare.isChecked() else None
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
        """Search what was read: at once in a file of usual size, else between the events of the window."""
        reading, hide = self._reading, self._session.view.hide_identity
        rows = reading.rows if reading is not None else ()
        if rows is not self._sieve.lines or hide != self._sieve.hide:
            if hide != self._sieve.hide and len(rows) > PIECE:  # what is covered must not stand there meanwhile
                self.model.show_lines(Sieve(), Sifted())
            self._sieve = Sieve(rows, hide=hide)
        work = self._sieve.sift(self.search.text(), changed=self._compared and self.changed_only.isChecked())
        self.sifting.start(work, self._show_sifted, at_once=len(rows) <= PIECE)

    @property
    def _compared(self) -> bool:
        return self._reading is not None and self._reading.compared

    def _show_sifted(self, sifted: Sifted) -> None:
        top = self.tree.verticalScrollBar().value()
        if not self._unfolded:
            self._opened = self.tree.opened()
        self.model.show_lines(self._sieve, sifted, compared=self._compared)
        narrowed = bool(self.search.text().strip()) or (self._compared and self.changed_only.isChecked())
        self._unfolded = narrowed and sifted.matches <= _EXPANDED
        if self._unfolded:
            self.tree.expandAll()
        else:
            self.tree.open_again(self._opened)
        self.tree.verticalScrollBar().setValue(top)
        self._describe(sifted)

    def _describe(self, sifted: Sifted) -> None:
        count = len(self._sieve.lines)
        said = [tr_count("{count:,} element", "{count:,} elements", count)]
        if sifted.matches != count:
            said.append(tr_count("{count:,} shown", "{count:,} shown", sifted.matches))
        if self._compared:
            said.append(tr_count("{count:,} differs", "{count:,} differ", sifted.differing))
        self.about.setText(" · ".join(said) if count else "")
        allow(self.copy, "" if sifted.matches else tr("There is nothing to copy."))

    # ---------------------------------------------------------------- copying, one tag over all files

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy with the usual key."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copying.shown()
        else:
            super().keyPressEvent(event)

    def _menu(self, where: QPoint) -> None:
        line: Difference | None = self.tree.indexAt(where).data(LINE_ROLE)
        if line is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.copying.fill(menu, line)
        over = menu.addAction(theme.icon("table-column"), tr("Values in all files"), lambda: self.show_column(line))
        files = self.here.files()
        over.setEnabled(bool(line.row.vr) and files is not None and len(files.paths) > 1)
        menu.popup(self.tree.viewport().mapToGlobal(where))

    def show_column(self, line: Difference) -> None:
        """Show the value of a line in every file."""
        files = self.here.files()
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
