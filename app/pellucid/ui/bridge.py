"""The one door from worker threads into Qt's main thread."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, Slot


class Bridge(QObject):
    """Runs callables on the thread the bridge lives in; ``post`` may be called from any thread."""

    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._posted.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def post(self, callback: Callable[[], object]) -> None:
        """Queue a callable for the main thread."""
        self._posted.emit(callback)

    @Slot(object)
    def _run(self, callback: Callable[[], object]) -> None:
        callback()
