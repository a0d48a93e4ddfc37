"""The main window: assembles canvas, docks, menus and bars, and holds no logic of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from psygnal import EmissionInfo
from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QVBoxLayout, QWidget

from pellucid.files.discover import is_series
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer
from pellucid.model.view import EDITING_TOOLS, Layout, Tool
from pellucid.session import Session
from pellucid.ui.actions import Actions, edit
from pellucid.ui.canvas.canvas_area import CanvasArea
from pellucid.ui.canvas.cine_bar import CineBar
from pellucid.ui.canvas.slice_view import SliceView
from pellucid.ui.canvas.thickness import projected_at
from pellucid.ui.canvases import Canvases
from pellucid.ui.compare_bar import CompareBar
from pellucid.ui.dock_table import DOCKS
from pellucid.ui.docking import Docking
from pellucid.ui.docks.jobs_bar import JobsBar
from pellucid.ui.docks.operations import OperationsDock
from pellucid.ui.file_menu import FileMenu
from pellucid.ui.frames_bar import FramesBar
from pellucid.ui.fusion_bar import FusionBar
from pellucid.ui.notice_bar import NoticeBar
from pellucid.ui.status_bar import StatusBar
from pellucid.ui.window_menus import assemble_menus, assemble_toolbar

if TYPE_CHECKING:
    from pellucid.model.layer import Layer
    from pellucid.ui.docks.histogram import HistogramPanel

STATE_VERSION = 1


class MainWindow(QMainWindow):
    """The window over one session."""

    session: Session
    canvas: CanvasArea
    canvases: Canvases
    cine: CineBar
    files: FileMenu

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self.files = FileMenu(self)
        self.canvas = CanvasArea(session)
        self.cine = CineBar(session, self.canvas)
        self.notices = NoticeBar(session.concealing.text)
        self.compare_bar = CompareBar(session)
        self.frames_bar = FramesBar(session, self._registration())
        self.fusion_bar = FusionBar(session)
        self.jobs_bar = JobsBar(session)
        self.status = StatusBar(session, self.jobs_bar)
        self.setStatusBar(self.status)
        self._assemble_centre()
        self._limits_of: OperationsDock | None = None
        self.docking = Docking(self, session, self._panel_made)
        self.studies, self.layers = self.panel("Studies"), self.panel("Layers")
        self.filters, self.segment = self.panel("Filters"), self.panel("Segment")
        self.history, self.statistics = self.panel("History"), self.panel("Statistics")
        self.actions_table = Actions(self)
        self._operation_menus = assemble_menus(self)
        assemble_toolbar(self)
        self._connect()
        self._restore()
        self._closing_asked = False
        self.refresh()

    # ---------------------------------------------------------------- assembly

    def _assemble_centre(self) -> None:
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notices)
        for bar in (self.frames_bar, self.compare_bar, self.fusion_bar):
            column.addWidget(bar)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.cine)
        self.setCentralWidget(centre)

    def _registration(self) -> Callable[[], object] | None:
        """Return what brings the dock that registers images to the front."""
        known = any(dock.name == "Registration" for dock in DOCKS)
        return partial(self.show_dock, "Registration") if known else None

    @property
    def histogram(self) -> HistogramPanel:
        """Return the panel of the histogram, made now if it was not yet."""
        self.docking.fill_waiting()
        panel: HistogramPanel = self.panel("Histogram")
        return panel

    def refresh_histogram(self) -> None:
        """Count again what the histogram shows of the slices on the screen, if it is made."""
        if self.docking.is_made("Histogram"):
            self.histogram.refresh()

    @property
    def docks(self) -> dict[str, QDockWidget]:
        """Return the docks by their names in the table."""
        return self.docking.docks

    def show_dock(self, name: str) -> QWidget:
        """Bring a dock to the front and return its panel."""
        return self.docking.show(name)

    def show_operation(self, root: str, operation_id: str) -> None:
        """Bring the dock of a root to the front with the form of an operation."""
        self.show_dock(root).choose(operation_id)  # type: ignore[attr-defined]

    def show_tags(self, key: str) -> None:
        """Show the tags of a series of the library."""
        series = self.session.library.item(key)
        if series is not None and is_series(series):
            self.show_dock("Tags").show_files(self.session.tags.of_series(series))  # type: ignore[attr-defined]

    def panel(self, name: str) -> Any:
        """Return the panel of a dock that is made already."""
        return self.docking.panel(name)

    def _panel_made(self, panel: QWidget) -> None:
        if hasattr(panel, "limits_edited"):
            panel.limits_edited.connect(self._take_limits)
        if hasattr(panel, "code_asked"):
            panel.code_asked.connect(partial(self.show_dock, "Python"))

    def _connect(self) -> None:
        session = self.session
        self.canvases = Canvases(self)
        session.notice.connect(self.notices.tell)
        session.offer.connect(self.notices.offer)
        session.view.events.hide_identity.connect(lambda _hide: self.notices.rewrite())
        session.asked_to_open.connect(self.notices.hush)
        for changed in (session.document.inserted, session.document.removed):
            changed.connect(self._withdraw_offers)
        session.sources_missing.connect(self.files.find_sources)
        session.too_large.connect(self.files.ask_how_much)
        session.versions_asked.connect(self.files.ask_version)
        session.spacing_asked.connect(self.ask_spacing)
        session.reports.opened.connect(self.files.show_reports)
        session.title_changed.connect(self._refresh_later)
        session.history.changed.connect(self._steps_changed)
        session.view.events.connect(self._view_changed)
        session.document.inserted.connect(lambda _layer: self._later.start())
        session.document.removed.connect(lambda _layer: self._later.start())
        session.document.active_changed.connect(lambda _layer: self._later.start())
        self.studies.folder_asked.connect(self.files.ask_folder)
        self.studies.files_asked.connect(self.files.ask_files)
        self.studies.tags_asked.connect(self.show_tags)
        for panel in (self.filters, self.segment):
            panel.limits_shown.connect(partial(self._show_limits, panel))

    def _withdraw_offers(self, layer: Layer) -> None:
        """Take back offers when another image is open; labels on it only what they were offered by."""
        self.notices.withdraw(all_of_them=isinstance(layer, ImageLayer))

    def _view_changed(self, info: EmissionInfo) -> None:
        if info.signal.name == "tool" and info.args[0] in EDITING_TOOLS and info.args[1] not in EDITING_TOOLS:
            self.docking.offer("Label tools")
        if info.signal.name != "crosshair":  # it moves with every slice, and no action depends on where it is
            self._later.start()

    def _steps_changed(self) -> None:
        """Let undo and redo be there for a key that is pressed already; everything else can wait for one refresh."""
        self.actions_table.refresh(edit.ROWS)
        self._refresh_later()

    def _refresh_later(self) -> None:
        self._later.start()

    @property
    def _later(self) -> QTimer:
        """Return the timer that gathers many changes of state into one refresh."""
        if not hasattr(self, "_refresh_timer"):
            self._refresh_timer = QTimer(self, singleShot=True, interval=0)
            self._refresh_timer.timeout.connect(self.refresh)
        return self._refresh_timer

    def refresh(self) -> None:
        """Bring actions and title to the state of the session now."""
        self._later.stop()
        self.actions_table.refresh()
        star = "" if self.session.is_clean else "•"
        title = self.session.concealing.text(self.session.title)
        self.setWindowTitle(tr("{star}{title} – Pellucid", star=star, title=title))

    def point_at(self, world: object, pane: SliceView) -> None:
        """Tell in the status bar what is under the mouse."""
        layers = self.session.consenting.told_with(pane.state)
        self.status.point_at(world, pane.camera.percent, projected_at(pane, world), layers)

    def _show_limits(self, panel: OperationsDock, limits: tuple[float, float] | None) -> None:
        """Show the limits of the form seen last; only it can take them away again."""
        if limits is not None:
            self._limits_of = panel
        if panel is self._limits_of and (limits is not None or self.docking.is_made("Histogram")):
            self.histogram.show_limits(limits)

    def _take_limits(self, low: float, high: float) -> None:
        """Give limits dragged on the histogram to the form they belong to."""
        if self._limits_of is not None:
            self._limits_of.set_limits(low, high)

    # ---------------------------------------------------------------- view and image

    def set_tool(self, tool: Tool) -> None:
        """Choose what the left mouse button does."""
        self.session.view.tool = tool

    def set_layout(self, layout: Layout) -> None:
        """Choose how the panes of the window in front are arranged."""
        self.session.arranging.choose(layout, self.canvas_in_use().screen_state)

    def canvas_in_use(self) -> CanvasArea:
        """Return the canvas of the window in front."""
        return self.canvases.in_use()

    def save_layout(self) -> None:
        """Keep the present layout under a name."""
        from pellucid.ui.dialogs.layouts import ask_and_save

        ask_and_save(self)

    def auto_window(self) -> None:
        """Set the window of the active image from its values."""
        image = self.session.document.active_image
        if image is not None:
            self.session.looking.auto_window(image)

    def reset_window(self) -> None:
        """Return to the window first shown."""
        image = self.session.document.active_image
        if image is not None:
            self.session.looking.reset_window(image)

    def make_even(self) -> None:
        """Resample the active, unevenly spaced stack onto even slices."""
        self.session.running.make_even()

    def ask_spacing(self, layer: ImageLayer) -> None:
        """Let the user state the spacing of an image whose source does not."""
        from pellucid.ui.dialogs.set_spacing import SetSpacingDialog

        dialog = SetSpacingDialog(self.session, layer, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def new_label_layer(self) -> None:
        """Add an empty label layer on the grid of the active image."""
        self.session.labelling.add_layer()

    def toggle_full_screen(self) -> None:
        """Enter or leave full screen."""
        self.showNormal() if self.isFullScreen() else self.showFullScreen()

    def preferences(self) -> None:
        """Show the preferences."""
        from pellucid.ui.dialogs.preferences import PreferencesDialog

        PreferencesDialog(self.session, self).exec()

    def show_keys(self) -> None:
        """Show the mouse and key habits."""
        from pellucid.ui.dialogs.keys import KeysDialog

        KeysDialog(self.session, self.actions_table.keys, self).exec()

    def about(self) -> None:
        """Show name, version and purpose."""
        from pellucid.ui.dialogs.about import about

        about(self)

    # ---------------------------------------------------------------- the window itself

    def attempt(self, action: Callable[[], object]) -> None:
        """Run something the user asked for; a refusal becomes a sentence above the panes."""
        try:
            action()
        except Refused as refusal:
            self.notices.tell(str(refusal), "warning")

    def when_idle(self, done: Callable[[], None], settle_ms: int = 400) -> None:
        """Call ``done`` once when no job has run for a moment."""
        timer = QTimer(self, interval=50)
        quiet = {"ms": 0}

        def look() -> None:
            quiet["ms"] = 0 if self.session.jobs.running else quiet["ms"] + 50
            if quiet["ms"] >= settle_ms:
                timer.stop()
                done()

        timer.timeout.connect(look)
        timer.start()

    def _restore(self) -> None:
        settings = self.session.settings
        if settings.window_geometry:
            self.restoreGeometry(QByteArray.fromBase64(settings.window_geometry.encode()))
        if settings.window_state:
            self.restoreState(QByteArray.fromBase64(settings.window_state.encode()), STATE_VERSION)

    def _remember(self) -> None:
        settings = self.session.settings
        settings.window_geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        settings.window_state = bytes(self.saveState(STATE_VERSION).toBase64().data()).decode()

    def close_without_asking(self) -> None:
        """Close the window whatever the state of the work is."""
        self._closing_asked = True
        self.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Share the room among the docks again: only now it is known how much there is."""
        super().showEvent(event)
        if not event.spontaneous() and not self.session.settings.window_state:
            QTimer.singleShot(0, self, self.docking.share_room)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Make the panels that wait only now: how long the first painting takes cannot be known."""
        super().paintEvent(event)
        self.docking.fill_soon()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask once about unsaved work, then stop all jobs and keep the settings."""
        if not self._closing_asked and not self.files.may_close():
            event.ignore()
            return
        self._remember()
        self.canvases.close()
        self.session.close()
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files and folders."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.files.open_paths(paths)
