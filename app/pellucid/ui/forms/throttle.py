"""At most so many signals a second, and never the last one lost."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


class Throttle(QObject):
    """Call ``action`` at once when asked, then at most every ``interval`` ms while requests keep coming."""

    def __init__(self, action: Callable[[], None], interval: int = 33, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._action, self._waiting = action, False
        self._timer = QTimer(self, interval=interval, singleShot=True)
        self._timer.timeout.connect(self._again)

    def request(self) -> None:
        """Ask for the action."""
        if self._timer.isActive():
            self._waiting = True
            return
        self._timer.start()
        self._action()

    def drop(self) -> None:
        """Forget a request that is still waiting."""
        self._waiting = False

    def flush(self) -> None:
        """Do what is still waiting now."""
        if self._waiting:
            self._waiting = False
            self._action()

    def _again(self) -> None:
        if self._waiting:
            self._waiting = False
            self._timer.start()
            self._action()
