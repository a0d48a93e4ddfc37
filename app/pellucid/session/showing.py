"""What one form at a time shows on the panes: only the screen, nothing of it is undoable or saved."""

from __future__ import annotations

from typing import Generic, TypeVar

from psygnal import Signal

T = TypeVar("T")


class Showing(Generic[T]):
    """Something that belongs to whoever showed it last."""

    changed = Signal()

    def __init__(self) -> None:
        self.shown: T | None = None
        self.owner: object = None
        """Whoever showed it, and alone may take it away."""

    def show(self, owner: object, shown: T | None) -> None:
        """Show something, or take it away."""
        if shown is None and owner is not self.owner:
            return
        self.owner = owner if shown is not None else None
        if shown != self.shown:
            self.shown = shown
            self.changed.emit()
