"""A command: one change of the document that knows its own inverse."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from pellucid.model.document import Document

SMALL = 256
"""Bytes counted for a command that holds no voxels."""


class Command(ABC):
    """One named, instant change of a document.

    ``do`` either changes everything it is about or raises and changes nothing; ``undo`` restores exactly what
    was there before. Slow work is done before a command is made, and a command never asks the user anything.
    """

    label: str

    @property
    def nbytes(self) -> int:
        """Return how many bytes only this step keeps alive while it is done."""
        return SMALL

    @property
    def is_empty(self) -> bool:
        """Return whether the command would change nothing; such a command is not recorded."""
        return False

    @abstractmethod
    def do(self, document: Document) -> None:
        """Make the change, for the first time or again."""

    @abstractmethod
    def undo(self, document: Document) -> None:
        """Take the change back."""

    def merge(self, following: Command) -> Command | None:
        """Return one command for this one and the one done right after it, or None to keep both."""
        return None


class Group(Command):
    """Several commands that are one step for the user."""

    def __init__(self, label: str, commands: Sequence[Command]) -> None:
        self.label = label
        self.commands = tuple(commands)

    @property
    def nbytes(self) -> int:
        """Return the bytes of all commands."""
        return sum(command.nbytes for command in self.commands)

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing in the group."""
        return not self.commands

    def do(self, document: Document) -> None:
        """Do all commands in order; when one raises, those before it are taken back."""
        for n, command in enumerate(self.commands):
            try:
                command.do(document)
            except BaseException:
                Group(self.label, self.commands[:n]).undo(document)
                raise

    def undo(self, document: Document) -> None:
        """Undo all commands in reverse order."""
        for command in reversed(self.commands):
            command.undo(document)
