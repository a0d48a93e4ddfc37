"""Where received objects lie until they are whole and their header was read; only then they are handed on."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pellucid.dicom.elements import Malformed, Unreasonable
from pellucid.dicom.parsing import parse
from pellucid.dicom.values import Values
from pellucid.network.transfers import file_name, named_by

SUCCESS, OUT_OF_RESOURCES, NOT_UNDERSTOOD = 0x0000, 0xA700, 0xC000
_FREE_CHECK_BYTES = 32 << 20
_WRITE_BYTES = 1 << 18
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
_IDENTITY = {"sop_uid": 0x00080018, "series_uid": 0x0020000E, "study_uid": 0x0020000D}

Header = dict[str, Any]


class Full(OSError):
    """There is no room for more."""


class Inbox:
    """A folder for what is being received. ``limit`` and ``keep_free`` bound it; used by several threads.

    ``dropped`` is told of files that cannot be read.
    """

    def __init__(
        self, incoming: Path, *, limit: int | None = None, keep_free: int = 0,
        dropped: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        self._incoming, self._limit, self._keep_free = incoming, limit, keep_free
        self._dropped = dropped
        self._lock = threading.Lock()
        self._received = 0
        self._unchecked = _FREE_CHECK_BYTES
        self.unreadable = 0
        self.full = ""
        self._numbers = itertools.count()
        incoming.mkdir(mode=0o700, parents=True, exist_ok=True)

    def parcel(self) -> Parcel:
        """Return a new file to write to."""
        return Parcel(self._incoming / f"{os.getpid()}-{next(self._numbers)}.part")

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

    def checked(self, path: Path) -> Header | None:
        """Return what identifies a received file, None when it cannot be read (then it is removed)."""
        found = _identified(path)
        if found is None:
            with self._lock:
                self.unreadable += 1
            discard(path)
            if self._dropped is not None:
                self._dropped()
        return found


class Parcel:
    """One file that is being received; nobody but us may read it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.nbytes = 0
        self._file = os.fdopen(os.open(path, _NEW, 0o600), "wb", buffering=_WRITE_BYTES)

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes."""
        self.nbytes += self._file.write(data)

    def close(self) -> None:
        """Write what is held, and close."""
        self._file.close()

    def drop(self) -> None:
        """Remove it."""
        with contextlib.suppress(OSError):
            self._file.close()
        discard(self.path)


def _identified(path: Path) -> Header | None:
    """Return the UIDs of a file whose header can be walked to its end, None of any other."""
    try:
        parsed = parse(path, frozenset(_IDENTITY.values()))
    except (Malformed, Unreasonable, OSError, ValueError, RecursionError, LookupError, OverflowError, struct.error):
        return None
    if parsed is None:
        return None
    values = Values(parsed.elements)
    found = {name: values.code(tag) for name, tag in _IDENTITY.items()}
    return found if found["sop_uid"] else None


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
