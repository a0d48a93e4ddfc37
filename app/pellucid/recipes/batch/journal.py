"""How each item went, kept as it happens: lines of JSON that are only ever added, whole or not at all."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

from pellucid import __version__
from pellucid.files.safe_write import sentence
from pellucid.language import mark, tr
from pellucid.model.findings import Refused

NAME = "journal.jsonl"
_FLUSH_SECONDS = 0.5
_FLUSH_LINES = 50


class State(StrEnum):
    """How an item went."""

    DONE = "done"
    WARNED = "warned"
    REFUSED = "refused"
    FAILED = "failed"


WORDS = {
    State.DONE: mark("Done"),
    State.WARNED: mark("Warned"),
    State.REFUSED: mark("Refused"),
    State.FAILED: mark("Failed"),
}
GOOD = frozenset({State.DONE, State.WARNED})
"""States with a result on disk."""


@dataclass(frozen=True)
class Entry:
    """How one item went: ``output`` is the name of its file in the folder, ``recipe`` and ``input`` are digests.

    ``input`` is that of the files as they were when the item was begun; ``sentences`` say what is to be known of the
    result, or why there is none.
    """

    item: str
    state: State
    name: str
    output: str
    recipe: str
    input: str
    seconds: float = 0.0
    sentences: tuple[str, ...] = ()
    attempts: int = 1

    @property
    def sentence(self) -> str:
        """Return all sentences in one line."""
        return " ".join(self.sentences)


class Journal:
    """The journal of one folder; what a kill cut off is passed over when it is read."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._file: BinaryIO | None = None
        self._pending = 0
        self._flushed = 0.0

    def exists(self) -> bool:
        """Return whether there was a batch here before."""
        return self.path.is_file()

    def latest(self) -> dict[str, Entry]:
        """Return the last entry of each item."""
        return {entry.item: entry for entry in self._entries()}

    def start(self) -> None:
        """Open the journal for adding, behind whatever an interrupted write left; refuse while another batch has it."""
        try:
            self._file = self.path.open("ab", buffering=0)
            if not _claimed(self._file):
                self._file.close()
                self._file = None
                raise Refused(
                    tr(
                        "Another batch is working in “{folder}”. Wait until it has ended, or choose another folder.",
                        folder=self.path.parent,
                    )
                )
            if self._file.tell() and not self.path.read_bytes().endswith(b"\n"):
                self._file.write(b"\n")
        except OSError as error:
            raise Refused(sentence(self.path, error)) from error
        self._put({"started": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "version": __version__})

    def add(self, entry: Entry) -> None:
        """Keep how an item went; it is on the disk at the latest half a second after the next one."""
        self._put(asdict(entry))
        self._pending += 1
        if self._pending >= _FLUSH_LINES or time.monotonic() - self._flushed > _FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Wait until the disk has everything."""
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._pending, self._flushed = 0, time.monotonic()

    def close(self) -> None:
        """Flush and close."""
        if self._file is not None:
            self.flush()
            self._file.close()
            self._file = None

    def _put(self, values: dict[str, Any]) -> None:
        assert self._file is not None
        try:
            self._file.write(json.dumps(values, ensure_ascii=True).encode("ascii") + b"\n")
        except OSError as error:
            raise Refused(sentence(self.path, error)) from error

    def _entries(self) -> Iterator[Entry]:
        if not self.exists():
            return
        with self.path.open("rb") as lines:
            for line in lines:
                entry = _read(line)
                if entry is not None:
                    yield entry


def _claimed(file: BinaryIO) -> bool:
    """Return whether a file is ours until it is closed or the process ends; True where nobody can tell."""
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):  # Windows, and shares that know no locks
        return True
    return True


def _read(line: bytes) -> Entry | None:
    """Return the entry of a line, or None for another line or one that was cut off."""
    try:
        values = json.loads(line)
        values["state"], values["sentences"] = State(values["state"]), tuple(values["sentences"])
        return Entry(**values)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
