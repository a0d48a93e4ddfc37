"""The one door from worker threads into Qt's main thread, and answers for widgets that may be gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot
from shiboken6 import isValid

T = TypeVar("T")


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


def while_there(receiver: QObject, answer: Callable[[T], None]) -> Callable[[T], None]:
    """Return ``answer`` such that it does nothing once its receiver is deleted: a dialog may be closed by then."""

    def guarded(result: T) -> None:
        if isValid(receiver):
            answer(result)

    return guarded
