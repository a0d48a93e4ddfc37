"""The stack of steps: do, undo, redo and jump, bounded by bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from psygnal import Signal

from pellucid.history.command import Command, Group
from pellucid.model.document import Document


class History:
    """Runs commands on one document and keeps them, so that each position can be reached again.

    A command is run first and recorded after, so one that raises leaves no trace. The oldest steps are
    forgotten when all together hold more than the budget, but ``minimum_steps`` always remain.
    """

    changed = Signal()
    """Emitted after the steps, the position, the budget or the clean mark changed."""

    def __init__(self, document: Document, budget_bytes: int = 1 << 30, minimum_steps: int = 5) -> None:
        self._document = document
        self._budget = budget_bytes
        self._minimum = minimum_steps
        self._steps: list[Command] = []
        self._position = 0
        self._clean: int | None = 0
        self._open: list[Command] | None = None
        self._busy = False
        self._base: object = object()
        self.settle: Callable[[], object] = lambda: None
        """Called before a step, so that what is still under way (a stroke) can become a step of its own first."""

    @property
    def steps(self) -> tuple[str, ...]:
        """Return the labels of all steps, the undone ones after ``position`` included."""
        return tuple(step.label for step in self._steps)

    @property
    def done(self) -> tuple[Command, ...]:
        """Return the steps that are done, the oldest first."""
        return tuple(self._steps[: self._position])

    @property
    def position(self) -> int:
        """Return how many of the steps are done."""
        return self._position

    @property
    def can_undo(self) -> bool:
        """Return whether there is a step to take back."""
        return self._position > 0 and self._open is None

    @property
    def can_redo(self) -> bool:
        """Return whether there is a step to do again."""
        return self._position < len(self._steps) and self._open is None

    @property
    def undo_label(self) -> str:
        """Return the label of the step that undo would take back, or an empty text."""
        return self._steps[self._position - 1].label if self.can_undo else ""

    @property
    def redo_label(self) -> str:
        """Return the label of the step that redo would do again, or an empty text."""
        return self._steps[self._position].label if self.can_redo else ""

    @property
    def nbytes(self) -> int:
        """Return how many bytes the steps keep alive."""
        return sum(step.nbytes for step in self._steps)

    @property
    def budget(self) -> int:
        """Return how many bytes the steps may keep alive."""
        return self._budget

    @budget.setter
    def budget(self, budget_bytes: int) -> None:
        self._budget = budget_bytes
        self._evict()
        self.changed.emit()

    @property
    def is_clean(self) -> bool:
        """Return whether the document is as it was when it was last marked clean."""
        return self._clean == self._position and not self._open

    @property
    def here(self) -> object:
        """Return what stands for the present state: the same object only as long as the document is the same."""
        return self._steps[self._position - 1] if self._position else self._base

    def mark_clean(self) -> None:
        """Remember the present position as the one that is saved."""
        self._clean = self._position
        self.changed.emit()

    def do(self, command: Command) -> None:
        """Run a command and record it; steps that were undone are forgotten.

        Whatever the command raises is passed on, and neither document nor history has changed then.
        """
        if command.is_empty:
            return
        if self._open is None:
            self.settle()
        with self._alone():
            command.do(self._document)
        if self._open is not None:
            self._open.append(command)
        else:
            self._record(command)

    @contextmanager
    def group(self, label: str) -> Iterator[None]:
        """Make one step of all commands done inside; if anything raises, all of them are taken back.

        A group inside a group becomes part of the outer one.
        """
        if self._open is not None:
            yield
            return
        self.settle()
        self._open = []
        try:
            yield
        except BaseException:
            done, self._open = self._open, None
            with self._alone():
                Group(label, done).undo(self._document)
            raise
        done, self._open = self._open, None
        if done:
            self._record(Group(label, done))

    def undo(self) -> None:
        """Take the last step back; without one nothing happens."""
        if self.can_undo:
            self.jump(self._position - 1)

    def redo(self) -> None:
        """Do the next undone step again; without one nothing happens."""
        if self.can_redo:
            self.jump(self._position + 1)

    def jump(self, position: int) -> None:
        """Undo or redo until ``position`` steps are done; raise IndexError if there is no such position."""
        if not 0 <= position <= len(self._steps):
            raise IndexError(f"the history has {len(self._steps)} steps, not {position}")
        if self._open is not None:
            raise RuntimeError("a group is open")
        try:
            while self._position != position:
                self._move(forward=position > self._position)
        finally:
            self.changed.emit()

    def clear(self) -> None:
        """Forget all steps; the document stays as it is, and clean if it was."""
        self._clean = 0 if self.is_clean else None
        self._steps.clear()
        self._position = 0
        self._base = object()
        self.changed.emit()

    def _move(self, *, forward: bool) -> None:
        with self._alone():
            if forward:
                self._steps[self._position].do(self._document)
            else:
                self._steps[self._position - 1].undo(self._document)
        self._position += 1 if forward else -1

    def _record(self, command: Command) -> None:
        del self._steps[self._position :]
        if self._clean is not None and self._clean > self._position:
            self._clean = None
        # The saved state must stay reachable, so a step that ends in it is never merged into.
        mergeable = self._steps and self._clean != self._position
        merged = self._steps[-1].merge(command) if mergeable else None
        if merged is None:
            self._steps.append(command)
        else:
            self._steps[-1:] = [] if merged.is_empty else [merged]
        self._position = len(self._steps)
        self._evict()
        self.changed.emit()

    def _evict(self) -> None:
        held = self.nbytes
        while held > self._budget and self._position > 0 and len(self._steps) > self._minimum:
            self._base = forgotten = self._steps.pop(0)
            held -= forgotten.nbytes
            self._position -= 1
            if self._clean is not None:
                self._clean = self._clean - 1 if self._clean > 0 else None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._busy:
            raise RuntimeError("the history was used by a listener while a step was running")
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
