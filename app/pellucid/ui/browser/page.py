"""The page of the study database in the study browser: search, list, folders, and what a row can do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import QFileDialog, QGridLayout, QMenu, QStackedWidget, QWidget

from pellucid.language import mark, tr, tr_count
from pellucid.session.loading import Place
from pellucid.ui import theme
from pellucid.ui.browser.deleting import DeleteDialog
from pellucid.ui.browser.folder_list import FolderList
from pellucid.ui.browser.search_bar import SearchBar
from pellucid.ui.browser.study_rows import Row
from pellucid.ui.browser.study_tree import StudyTree
from pellucid.ui.docks.parts import EmptyState, dim, push_button, row
from pellucid.ui.forms.throttle import Throttle

if TYPE_CHECKING:
    from pellucid.database.removing import Doomed
    from pellucid.database.rows import Studies
    from pellucid.model.view import PaneState
    from pellucid.session import Session

OFF = mark("The study database is off. Add a folder, and the studies in it are listed and found here. Your files stay "
           "where they are; only a list is kept, in your own private folder.")  # fmt: skip
NOTHING = mark("No study answers this. Try fewer words, another date or all modalities.")
WAITING = mark("No study was found yet. Studies appear here while the folders are looked through.")


class IndexPage(QWidget):
    """The studies of the folders the user added."""

    tags_asked = Signal(str)
    """Emitted with the key of the series in the library whose tags the user wants to see."""

    def __init__(
        self, session: Session, pane_in_use: Callable[[], PaneState], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._pane_in_use = session, pane_in_use
        self.setAcceptDrops(True)
        self._make_parts()
        self._lay_out()
        self._refresh = Throttle(self.look, 250, self)
        studies = session.studies
        studies.changed.connect(self._changed)
        studies.pictures.ready.connect(self._pictured)
        session.view.events.hide_identity.connect(self._changed)
        for signal in (session.document.inserted, session.document.removed):
            signal.connect(self._enable)
        theme.signals.changed.connect(self.folders.show_state)
        studies.refresh()
        self.look()

    def _make_parts(self) -> None:
        session = self._session
        self.search = SearchBar()
        self.tree = StudyTree(session.studies.pictures.picture)
        self.tree.studies.cover = session.concealing.of_study
        self.folders = FolderList(session)
        self.said = dim(wrap=False)
        self.said.setAccessibleName(tr("How many studies"))
        self.open_button = push_button(tr("Open"), lambda: self.open_chosen(), kind="primary",
                                       tip=tr("Open what is chosen (Enter)"))  # fmt: skip
        self.over_button = push_button(tr("Add as a layer"), lambda: self.open_chosen(replace=False),
                                       tip=tr("Lay the chosen series over what is open"))  # fmt: skip
        self.stack = QStackedWidget()
        add = push_button(tr("Add a folder…"), self.ask_folder, kind="primary")
        self.off = EmptyState("database-outline", tr(OFF), add)
        self.clear_button = push_button(tr("Show all studies"), self.search.clear)
        self.nothing = EmptyState("magnify", tr(NOTHING), self.clear_button)
        for page in (self.tree, self.off, self.nothing):
            self.stack.addWidget(page)
        self.search.asked.connect(self.look)
        self.search.entered.connect(self._enter)
        self.search.left_downwards.connect(self._go_down)
        self.folders.add_asked.connect(self.ask_folder)
        self.tree.opened.connect(self._open_row)
        self.tree.menu_asked.connect(self._menu)
        self.tree.removal_asked.connect(self.remove_chosen)
        self.tree.studies.wanted.connect(self._fill)
        self.tree.selectionModel().selectionChanged.connect(lambda *_: self._enable())

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 12, 12, 12)
        grid.setHorizontalSpacing(theme.SECTION_GAP)
        grid.setVerticalSpacing(theme.MARGIN)
        grid.addWidget(self.search, 0, 0)
        grid.addWidget(self.stack, 1, 0)
        grid.addWidget(self.folders, 0, 1, 2, 1)
        grid.addWidget(row(self.said, self.over_button, self.open_button, spacing=theme.MARGIN, stretch=0), 2, 0, 1, 2)
        self._enable()

    # ---------------------------------------------------------------- looking

    def look(self) -> None:
        """Ask anew what is looked for."""
        self._session.studies.search(self.search.question(), self._found)

    def _changed(self, *_changes: object) -> None:
        self.folders.show_state()
        self.search.offer(self._session.studies.modalities)
        self._refresh.request()

    def _found(self, found: Studies) -> None:
        studies, hidden = self._session.studies, self._session.view.hide_identity
        offline = tuple(root.id for root in studies.roots if root.offline)
        self.tree.show_studies(found.rows, hidden=hidden, offline=offline)
        empty = self.search.is_empty()
        self.nothing.say(tr(WAITING if empty else NOTHING))
        self.clear_button.setVisible(not empty)
        page = self.off if not studies.roots else self.tree if found.rows else self.nothing
        self.stack.setCurrentWidget(page)
        self.search.setEnabled(bool(studies.roots))
        self.folders.setVisible(bool(studies.roots))
        if self.search.field.text() and found.rows and not self.tree.chosen():
            self.tree.choose_first()
        count = len(found.rows)
        said = tr_count("{count:,} study", "{count:,} studies", count)
        if found.more:
            said = tr("The newest {count:,} studies are shown. Type more to find others.", count=count)
        self.said.setText(said if studies.roots else "")
        self._enable()

    def _fill(self, study: str) -> None:
        self._session.studies.series(study, partial(self.tree.studies.fill, study))

    def _pictured(self, key: str) -> None:
        self.tree.paint_rows.thumbnails.forget(key)
        self.tree.viewport().update()

    def _enable(self, *_changes: object) -> None:
        chosen = self.tree.chosen() if self.stack.currentWidget() is self.tree else []
        self.open_button.setEnabled(len(chosen) == 1)
        self.over_button.setEnabled(
            bool(chosen) and all(one.kind == "series" for one in chosen) and bool(self._session.document.layers)
        )

    # ---------------------------------------------------------------- opening

    def _enter(self) -> None:
        """Open what is chosen, or the first study that answers."""
        if not self.tree.chosen():
            self.tree.choose_first()
        self.open_chosen()

    def _go_down(self) -> None:
        if not self.tree.chosen():
            self.tree.choose_first()
        self.tree.setFocus(Qt.FocusReason.TabFocusReason)

    def open_chosen(self, *, replace: bool = True) -> None:
        """Open the chosen row; series also as layers over what is open."""
        chosen = self.tree.chosen()
        if replace and len(chosen) == 1:
            self._open_row(chosen[0])
        elif not replace:
            for one in chosen:
                if one.kind == "series":
                    self._session.studies.open(one.key, replace=False)

    def _open_row(self, one: Row) -> None:
        if one.kind == "series":
            self._session.studies.open(one.key)
        elif one.kind == "study":
            self._with_series([one], lambda keys: self._session.studies.open_study(keys, one.uid))
        elif one.children:
            self._open_row(one.children[0])

    def _with_series(self, rows: list[Row], then: Callable[[list[str]], object]) -> None:
        """Call with the keys of all series of some rows."""
        keys = [one.key for one in rows if one.kind == "series"]
        studies = [one.key for one in rows if one.kind == "study"]
        studies += [study.key for one in rows if one.kind == "patient" for study in one.children or ()]
        self._session.studies.series_keys(studies, lambda found: then(list(dict.fromkeys((*keys, *found)))))

    # ---------------------------------------------------------------- the menu

    def _menu(self, where: QPoint) -> None:
        chosen = self.tree.chosen()
        if not chosen:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        one = len(chosen) == 1
        menu.addAction(theme.icon("open-in-app"), tr("Open"), self.open_chosen).setEnabled(one)
        over = menu.addAction(theme.icon("layers-plus"), tr("Add as a layer"), lambda: self.open_chosen(replace=False))
        over.setEnabled(self.over_button.isEnabled())
        pane = menu.addAction(theme.icon("view-grid-plus-outline"), tr("Show in the pane in use"), self._open_in_pane)
        pane.setEnabled(one and chosen[0].kind == "series" and bool(self._session.document.layers))
        tags = menu.addAction(theme.icon("tag-text-outline"), tr("Show tags"), self.show_tags)
        tags.setEnabled(one and chosen[0].kind == "series")
        menu.addAction(theme.icon("folder-open-outline"), tr("Show folder"), self.show_folder).setEnabled(one)
        menu.addSeparator()
        away = menu.addAction(theme.icon("playlist-remove"), tr("Remove from the list"), self.remove_chosen)
        away.setShortcut(QKeySequence.StandardKey.Delete)
        away.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        menu.addAction(theme.icon("trash-can-outline"), tr("Delete files…"), self.ask_delete)
        menu.popup(where)

    def _open_in_pane(self) -> None:
        for one in self.tree.chosen():
            self._session.loading.load_into(one.key, Place(self._pane_in_use()))

    def show_tags(self) -> None:
        """Show what the files of the chosen series say, without opening it."""
        for one in self.tree.chosen()[:1]:
            if one.kind == "series":
                self._session.studies.bring(one.key, self.tags_asked.emit)

    def show_folder(self) -> None:
        """Show where the files of the chosen row lie, in the file manager."""

        def show(files: tuple[Doomed, ...]) -> None:
            if files:
                QDesktopServices.openUrl(QUrl.fromLocalFile(str(files[0].path.parent)))
            else:
                self._session.notice.emit(tr("Its files are not where they were."), "warning")

        self._with_series(self.tree.chosen()[:1], lambda keys: self._session.studies.files(keys[:1], show))

    def remove_chosen(self) -> None:
        """Take what is chosen out of the list; the files stay, and come back when the folder is updated."""
        self._with_series(self.tree.chosen(), self._session.studies.remove)

    def ask_delete(self) -> None:
        """Ask before the files of what is chosen are deleted."""
        self._with_series(self.tree.chosen(), lambda keys: self._session.studies.files(keys, self._confirm))

    def _confirm(self, files: tuple[Doomed, ...]) -> None:
        if not files:
            self._session.notice.emit(tr("Its files are not where they were; there is nothing to delete."), "warning")
            return
        dialog = DeleteDialog(files, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.agreed.connect(partial(self._session.studies.delete, files))
        dialog.open()

    # ---------------------------------------------------------------- folders

    def ask_folder(self) -> None:
        """Ask for a folder and add it."""
        last = self._session.settings.last_folder
        folder = QFileDialog.getExistingDirectory(self, tr("Add a folder to the study database"), last)
        if folder:
            self._session.studies.add(Path(folder))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take folders."""
        if any(url.isLocalFile() and Path(url.toLocalFile()).is_dir() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add the folders that were dropped."""
        event.acceptProposedAction()
        for url in event.mimeData().urls():
            if url.isLocalFile() and Path(url.toLocalFile()).is_dir():
                self._session.studies.add(Path(url.toLocalFile()))
