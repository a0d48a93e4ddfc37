"""Work of the window's thread that is too long for one go: done piece by piece between its events."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer

T = TypeVar("T")


class InPieces(QObject):
    """Runs one generator at a time, a piece whenever the window has nothing else to do; new work replaces the old."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._step: Callable[[], bool] = lambda: False
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._go)

    @property
    def working(self) -> bool:
        """Return whether something is not done yet."""
        return self._timer.isActive()

    def start(self, work: Generator[None, None, T], done: Callable[[T], None], *, at_once: bool = False) -> None:
        """Do ``work`` and hand over what it returns; ``at_once``: it is so little that nobody need wait."""

        def step() -> bool:
            try:
                next(work)
            except StopIteration as end:
                self._timer.stop()
                done(end.value)
                return False
            return True

        self._timer.stop()
        self._step = step
        if not at_once:
            self._timer.start()
        elif step():
            while step():
                pass

    def drop(self) -> None:
        """Forget the work that is not done yet."""
        self._timer.stop()

    def _go(self) -> None:
        self._step()
