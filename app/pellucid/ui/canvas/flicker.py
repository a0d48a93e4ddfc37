"""The clock of a comparison by flicker: it changes which of the two layers is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from pellucid.model.compare import CompareMode

if TYPE_CHECKING:
    from pellucid.session import Session


class Flicker(QObject):
    """Runs only while layers flicker and are not paused."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.step)
        session.view.events.compare.connect(self._follow)
        self._follow()

    @property
    def interval(self) -> int:
        """Return the milliseconds between two changes, 0 when the clock stands."""
        return self._timer.interval() if self._timer.isActive() else 0

    def step(self) -> None:
        """Show the other layer."""
        self._session.view.flicker = not self._session.view.flicker

    def _follow(self, *_args: object) -> None:
        compare = self._session.view.compare
        if compare is None or compare.mode is not CompareMode.FLICKER:
            self._timer.stop()
            self._session.view.flicker = False
        elif compare.paused:
            self._timer.stop()
        else:
            interval = max(20, round(1000 / compare.rate))
            if not self._timer.isActive() or self._timer.interval() != interval:
                self._timer.start(interval)
