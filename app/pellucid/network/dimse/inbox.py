"""Where received objects lie until they are whole and their header was read; only then they are handed on."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.dicom.headers import read_one
from pellucid.network.transfers import file_name, named_by

if TYPE_CHECKING:
    from pynetdicom.events import Event

SUCCESS, OUT_OF_RESOURCES, NOT_UNDERSTOOD = 0x0000, 0xA700, 0xC000
_LARGEST_OBJECT = 8 << 30
_FREE_CHECK_BYTES = 32 << 20

Header = dict[str, Any]


class Full(OSError):
    """There is no room for more."""


class Inbox:
    """A folder for what is being received. ``limit`` and ``keep_free`` bound it; used by several threads."""

    def __init__(self, incoming: Path, *, limit: int | None = None, keep_free: int = 0) -> None:
        self._incoming, self._limit, self._keep_free = incoming, limit, keep_free
        self._lock = threading.Lock()
        self._received = 0
        self._unchecked = _FREE_CHECK_BYTES
        self.unreadable = 0
        self.full = ""
        incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.tempdir = str(incoming)  # where pynetdicom writes what it receives

    def count(self, nbytes: int) -> None:
        """Count bytes that came; raise Full when the limit is reached or the disk fills up."""
        with self._lock:
            self._received += nbytes
            self._unchecked += nbytes
            check, self._unchecked = (
                (self._unchecked, 0) if self._unchecked >= _FREE_CHECK_BYTES else (0, self._unchecked)
            )
        if self._limit is not None and self._received > self._limit:
            self.full = "quota"
            raise Full
        if check and shutil.disk_usage(self._incoming).free < self._keep_free:
            self.full = "disk"
            raise Full

    def take(self, event: Event) -> tuple[Path, Header] | None:
        """Return the file of a C-STORE and its header, None when it is no DICOM that can be read (it is removed)."""
        request = event.request
        path, stream = request._dataset_path, request._dataset_file
        if stream is not None:
            stream.close()
        if path is None:
            return None
        return self.checked(Path(path))

    def checked(self, path: Path) -> tuple[Path, Header] | None:
        """Return a received file and its header, None when it cannot be read (then it is removed)."""
        found = read_one(path).get("record")
        if found is None or not found.get("sop_uid"):
            with self._lock:
                self.unreadable += 1
            discard(path)
            return None
        return path, found


class Shelf:
    """Files that are handed on into one folder, and told of now and then."""

    def __init__(self, folder: Path, report: Callable[..., None]) -> None:
        self._folder, self._report = folder, report
        self._lock = threading.Lock()
        self._names: list[str] = []
        self._nbytes = 0
        self._told = 0.0
        self.count = 0

    def put(self, path: Path, header: Header) -> None:
        """Move a checked file to its place."""
        size, name = path.stat().st_size, file_name(header["sop_uid"])
        path.replace(self._folder / name)
        with self._lock:
            self._names.append(name)
            self._nbytes += size
            self.count += 1
            due = time.monotonic() - self._told > 0.1
        if due:
            self.tell()

    def tell(self) -> None:
        """Report what was put here since it was told last."""
        with self._lock:
            names, nbytes = self._names, self._nbytes
            self._names, self._nbytes, self._told = [], 0, time.monotonic()
        if names:
            self._report(files=names, nbytes=nbytes)


def discard(path: Path) -> None:
    """Remove a file that is no use."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def study_folder(root: Path, header: Header) -> Path:
    """Return the folder of a study, made on first use; the same that fetching the study uses."""
    folder = root / named_by(header.get("study_uid", ""))
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
