"""The canvases of the main window and of a second one, each with panes of its own, and the 3-D view: one session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.ui.canvas.canvas_area import CanvasArea
from pellucid.ui.docks.presets import apply_key

if TYPE_CHECKING:
    from pellucid.ui.main_window import MainWindow
    from pellucid.ui.second_window import SecondWindow
    from pellucid.ui.three_d.window import ThreeDWindow

Slice = tuple[int, int]


class Canvases:
    """Connects every canvas to the main window and knows which of them the user is at."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.second: SecondWindow | None = None
        """The second window once it was opened; hidden while it is closed."""
        self.three_d: ThreeDWindow | None = None
        """The 3-D view once it was opened; hidden while it is closed."""
        session = window.session
        session.visible_slices, session.slice_in_use = self.visible_slices, self.slice_in_use
        self.connect(window.canvas)

    def connect(self, canvas: CanvasArea) -> None:
        """Let what happens on a canvas reach bars, docks and the session."""
        window, session = self._window, self._window.session
        canvas.slices_changed.connect(session.running.refresh_preview)
        canvas.slices_changed.connect(window.refresh_histogram)
        canvas.pane_changed.connect(window.refresh_histogram)
        canvas.hovered.connect(window.point_at)
        canvas.paths_dropped.connect(window.files.open_paths)
        canvas.item_dropped.connect(session.loading.load_key)
        canvas.series_step_requested.connect(session.loading.step)
        canvas.open_requested.connect(window.files.ask_folder)
        canvas.demo_requested.connect(lambda: session.open_demo())
        canvas.preset_requested.connect(lambda digit: apply_key(session, digit))

    def shown(self) -> tuple[CanvasArea, ...]:
        """Return the canvases that are on a screen, that of the main window first."""
        second = (self.second.canvas,) if self.second is not None and self.second.isVisible() else ()
        return (self._window.canvas, *second)

    def in_use(self) -> CanvasArea:
        """Return the canvas of the window in front."""
        front = QApplication.activeWindow()
        return next((canvas for canvas in self.shown() if canvas.window() is front), self._window.canvas)

    def visible_slices(self) -> tuple[Slice, ...]:
        """Return (voxel axis, index) of every slice of the active image that a pane shows."""
        return tuple(dict.fromkeys(place for canvas in self.shown() for place in canvas.visible_slices()))

    def slice_in_use(self) -> Slice | None:
        """Return (voxel axis, index) of the active image on the pane the user is at."""
        return self.in_use().slice_in_use()

    def open_second(self) -> None:
        """Show more panes in a window of their own, on the second screen where there is one."""
        if not self._window.session.document.layers:
            raise Refused(tr("There is nothing to show in a second window yet. Open an image first."))
        if self.second is None:
            from pellucid.ui.second_window import SecondWindow

            self.second = SecondWindow(self._window)
            self.connect(self.second.canvas)
        self.second.open()

    def open_three_d(self) -> None:
        """Show surfaces and volume in a window of their own; raise Refused where what draws them is not installed."""
        from pellucid.ui.three_d.availability import missing

        if said := missing():
            raise Refused(said)
        if self.three_d is None:
            from pellucid.ui.three_d.window import ThreeDWindow

            self.three_d = ThreeDWindow(self._window)
        self.three_d.open()

    def close(self) -> None:
        """Close the other windows with the main one."""
        if self.three_d is not None:
            self.three_d.finish()
        if self.second is not None:
            self.second.close()
            self.second.deleteLater()
