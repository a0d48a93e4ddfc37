"""The panel “Studies”: what was found on disk, growing while the scan runs; a double click opens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QMenu,
    QStackedWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from pellucid.dicom.splitting import AUTOMATIC, place_of
from pellucid.dicom.stack import sequences
from pellucid.files.discover import is_series
from pellucid.language import mark, tr
from pellucid.session.mending import mend_series, words
from pellucid.ui import theme
from pellucid.ui.docks.parts import EmptyState, Panel, ProgressBar, flat_button, push_button, row, section
from pellucid.ui.docks.study_delegate import NODE_ROLE, StudyDelegate, worst
from pellucid.ui.docks.study_model import StudyModel
from pellucid.ui.docks.study_nodes import Node, concealed, tree
from pellucid.ui.forms.throttle import Throttle

if TYPE_CHECKING:
    from pellucid.dicom.stack import Series
    from pellucid.session import Session

EMPTY = mark("Drop a folder of DICOM or an image here. It is found by its content, whatever the files are called.")
RECENT_SHOWN = 5
LEAST_HEIGHT = 104
"""Pixels the tree may shrink to, so that the layers below it fit on a small screen."""


def progress_text(seen: int, total: int | None) -> str:
    """Return how far a scan is."""
    return (
        tr("Reading headers: {seen:,} of {total:,} files", seen=seen, total=total)
        if total
        else tr("Looking for files: {seen:,} so far", seen=seen)
    )


def place(path: Path) -> str:
    """Return the short name of a recent path: its last two parts."""
    return "/".join(part for part in path.parts[-2:] if part != path.anchor) or str(path)


class StudiesPanel(Panel):
    """Patients, studies, series; image files; what could not be read."""

    folder_asked = Signal()
    """Emitted when the user wants to choose a folder to open."""
    files_asked = Signal()
    """Emitted when the user wants to choose files to open."""
    tags_asked = Signal(str)
    """Emitted with the key of a series whose tags the user wants to see."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(mark("Studies"), parent)
        self._session = session
        self._update = Throttle(self._rebuild, 200, self)
        self._revealed = False
        self.setAcceptDrops(True)
        self._build()
        library, document = session.library, session.document
        library.changed.connect(self._update.request)
        library.thumbnail_ready.connect(self._thumbnail_ready)
        session.recent_changed.connect(self._show_recent)
        session.view.events.hide_identity.connect(self._update.request)
        session.view.events.hide_identity.connect(lambda _hide: self._show_recent())
        for signal in (document.inserted, document.removed):
            signal.connect(self._repaint)
        self._show_recent()
        self._rebuild()

    # ---------------------------------------------------------------- building

    def _build(self) -> None:
        folder = flat_button(
            "folder-open-outline",
            tr("Open folder"),
            self.folder_asked.emit,
            tip=tr("Open a folder of DICOM or images (Ctrl+O)"),
        )
        files = flat_button(
            "file-image-plus-outline",
            tr("Open files"),
            self.files_asked.emit,
            tip=tr("Open image files (Ctrl+Shift+O)"),
        )
        self.recent_button = flat_button("clock-outline", tr("Recent"), self._recent_menu, tip=tr("Opened lately"))
        self.set_header(tr("Studies"), folder, files, self.recent_button)
        self.column.addWidget(self._scan_strip())
        self.stack = QStackedWidget()
        self.stack.setMinimumHeight(LEAST_HEIGHT)
        self.stack.addWidget(self._empty())
        self.stack.addWidget(self._make_tree())
        self.column.addWidget(self.stack, 1)

    def _scan_strip(self) -> QWidget:
        self.strip = QWidget()
        column = QVBoxLayout(self.strip)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        self.scan_text = QLabel()
        self.scan_text.setProperty("dim", True)
        self.scan_text.setFont(theme.figures(self.scan_text.font()))
        self.scan_bar = ProgressBar()
        self.scan_bar.setAccessibleName(tr("Progress of the scan"))
        self.cancel = flat_button("close", tr("Stop looking"), self._cancel, tip=tr("Stop; what was found stays"))
        column.addWidget(row(self.scan_text, QWidget(), self.cancel, stretch=1))
        column.addWidget(self.scan_bar)
        self.strip.hide()
        return self.strip

    def _empty(self) -> QWidget:
        buttons = row(
            push_button(tr("Open folder…"), self.folder_asked.emit, kind="primary"),
            push_button(tr("Demo study"), self._session.open_demo, tip=tr("A generated thorax CT with a PET")),
            spacing=theme.MARGIN,
        )
        self.recent = QWidget()
        self._recent_column = QVBoxLayout(self.recent)
        self._recent_column.setContentsMargins(0, theme.SECTION_GAP, 0, 0)
        self._recent_column.setSpacing(0)
        return EmptyState("folder-image", tr(EMPTY), buttons, self.recent)

    def _make_tree(self) -> QTreeView:
        self.model = StudyModel(self)
        self.tree = Tree()
        self.tree.setModel(self.model)
        self.delegate = StudyDelegate(self.tree, self._thumbnail, self._is_open)
        self.tree.setItemDelegate(self.delegate)
        self.tree.activated.connect(lambda index: self.load(index))
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.customContextMenuRequested.connect(self._menu)
        return self.tree

    # ---------------------------------------------------------------- from the library

    def _rebuild(self) -> None:
        library = self._session.library
        nodes = tree(library.series, library.images, library.problems, hide_identity=self._session.view.hide_identity)
        nodes = concealed(nodes, self._session.concealing.text)
        before = self.model.rowCount()
        fresh = list(self.model.update_from(nodes))
        for index in fresh:
            node: Node = index.data(NODE_ROLE)
            if node.kind in ("patient", "study", "group") or worst(node):
                self.tree.expand(index)
        self.stack.setCurrentIndex(1 if nodes else 0)
        self.strip.setVisible(library.scanning)
        self.scan_text.setText(progress_text(library.seen, library.total))
        self.scan_bar.setRange(0, library.total or 0)
        self.scan_bar.setValue(library.seen if library.total else 0)
        self.tree.scheduleDelayedItemsLayout()
        if before and fresh and not self._revealed:  # once per scan: the list must not run away under the mouse
            self._revealed = True
            self.tree.scrollTo(fresh[0], QAbstractItemView.ScrollHint.PositionAtTop)
        self._revealed = self._revealed and library.scanning

    def _thumbnail(self, key: str) -> Any:
        item = self._session.library.item(key)
        return None if item is None else self._session.library.thumbnail(item)

    def _thumbnail_ready(self, key: str) -> None:
        self.delegate.thumbnails.forget(key)
        self._repaint()

    def _is_open(self, node: Node) -> bool:
        layers = self._session.document.layers
        if node.item.startswith("series:"):
            uid = node.item.removeprefix("series:")
            if node.kind != "volume":
                return any(layer.source.detail.startswith(f"{uid}|") for layer in layers)
            item = self._session.library.item(node.item)
            choice = item.splitting if item is not None and is_series(item) else AUTOMATIC
            return any(layer.source.detail == f"{uid}|{place_of(node.part, choice)}" for layer in layers)
        return any(node.item == f"image:{path}" for layer in layers for path in layer.source.paths)

    def _repaint(self, *_args: object) -> None:
        self.tree.viewport().update()

    def _show_recent(self) -> None:
        while (item := self._recent_column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        paths = self._session.recent()
        self.recent.setVisible(bool(paths))
        self.recent_button.setEnabled(bool(paths))
        self.recent_button.setToolTip(tr("Opened lately") if paths else tr("Nothing was opened yet."))
        if paths:
            self._recent_column.addWidget(section(tr("Recent")))
        hidden, shown = self._session.view.hide_identity, self._session.concealing.path
        for number, path in enumerate(paths[:RECENT_SHOWN], 1):
            text, said = shown(path, number) if hidden else place(path), shown(path, number)
            text = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, 220)
            button = push_button(text, self._opener(path), tip=said, kind="link")
            button.setAccessibleName(tr("Open {path}", path=said))
            self._recent_column.addWidget(button)

    # ---------------------------------------------------------------- from the user

    def load(self, index: QModelIndex, *, replace: bool = True) -> None:
        """Load what stands in a row: instead of what is open, or as layers above it."""
        node: Node | None = index.data(NODE_ROLE)
        if node is not None and node.item:
            part = f"\n{node.part}" if node.kind == "volume" else ""
            self._session.loading.load_key(f"{node.item}{part}", replace=replace)

    def mend(self, node: Node) -> None:
        """Do what can be done about a finding: to the layer that shows the volume, or after opening it."""
        item = self._session.library.item(node.about)
        if item is not None:
            mend_series(self._session, item, self._part_with(node), node.code)

    def _part_with(self, node: Node) -> int:
        """Return the first volume of which a finding is said."""
        series = self._session.library.item(node.about)
        plans = sequences(series) if series is not None and is_series(series) else ()
        said = (n for n, part in enumerate(plans) if any(f.code == node.code for f in part[0].findings))
        return node.part or next(said, 0)

    def _menu(self, where: QPoint) -> None:
        index = self.tree.indexAt(where)
        node: Node | None = index.data(NODE_ROLE)
        mending = words(node.code) if node is not None and node.about.startswith("series:") else ""
        if node is None or not (node.item or mending or node.kind == "study"):
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if mending:
            menu.addAction(theme.icon("wrench-outline"), mending, lambda: self.mend(node))
        elif node.item:
            menu.addAction(theme.icon("open-in-app"), tr("Open"), lambda: self.load(index))
            menu.addAction(theme.icon("layers-plus"), tr("Add as a layer"), lambda: self.load(index, replace=False))
            if node.item.startswith("series:"):
                menu.addAction(theme.icon("tag-text-outline"), tr("Show tags"), lambda: self.tags_asked.emit(node.item))
            self._add_splitting(menu, node)
        else:
            uid = node.id.removeprefix("study:")
            menu.addAction(theme.icon("view-module-outline"), tr("Open study"), lambda: self._session.open_study(uid))
        menu.popup(self.tree.viewport().mapToGlobal(where))

    def _add_splitting(self, menu: QMenu, node: Node) -> None:
        """Offer to split a series differently, and to take that back."""
        item = self._session.library.item(node.item)
        if item is None or not is_series(item) or not item.volumes:
            return
        menu.addSeparator()
        split = menu.addAction(theme.icon("call-split"), tr("Split differently…"), lambda: self.ask_splitting(item))
        if why := self._session.resplitting.why_not(item):
            split.setEnabled(False)
            split.setToolTip(why)
        if item.splitting.text:
            menu.addAction(theme.icon("call-merge"), tr("Merge again"),
                           lambda: self._session.resplitting.merge_again(item))  # fmt: skip
        menu.setToolTipsVisible(True)

    def ask_splitting(self, series: Series) -> None:
        """Ask by which tags a series is to be split."""
        from pellucid.ui.dialogs.splitting import ask_splitting

        ask_splitting(self._session, series, self.window())

    def _recent_menu(self) -> None:
        menu = QMenu(self)
        for path in self._session.recent():
            action = menu.addAction(place(path), self._opener(path))
            action.setToolTip(str(path))
        menu.setToolTipsVisible(True)
        menu.popup(self.recent_button.mapToGlobal(QPoint(0, self.recent_button.height())))

    def _opener(self, path: Path) -> Callable[[], object]:
        return lambda: self._session.open([path])

    def _cancel(self) -> None:
        job = self._session.library.job
        if job is not None:
            job.cancel()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        QTimer.singleShot(0, self, lambda: self._session.open(paths))


class Tree(QTreeView):
    """A tree whose sentences wrap again when its width changes; series can be dragged out of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderHidden(True)
        self.setAccessibleName(tr("Studies"))
        self.setProperty("frame", True)
        self.setIndentation(12)
        self.setMouseTracking(True)
        self.setExpandsOnDoubleClick(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Measure the sentences for the new width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.scheduleDelayedItemsLayout()
