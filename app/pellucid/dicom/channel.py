"""Messages and arrays between the program and its worker processes.

A message is JSON behind a four-byte length. Arrays never pass through the pipe: they lie in anonymous memory
whose handle is passed along, so nothing with a name exists that could be left behind when either side is
killed.
"""

from __future__ import annotations

import json
import mmap
import os
import select
import socket
import struct
import sys
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LENGTH = struct.Struct("!I")
_ALIGNMENT = 64
_WINDOWS = sys.platform == "win32"


class Closed(Exception):
    """Raised when the other side is gone."""


class Channel:
    """One end of the connection; used by one thread at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._sent = 0
        self._kept: mmap.mmap | None = None

    def close(self) -> None:
        """Close this end."""
        self._socket.close()

    def wait(self, seconds: float) -> bool:
        """Wait until a message (or the end) is there; return whether it is. Another thread may close this end."""
        try:
            return bool(select.select([self._socket], [], [], max(seconds, 0.0))[0])
        except (OSError, ValueError) as error:
            raise Closed from error

    def send(self, message: dict[str, Any], arrays: Sequence[NDArray[Any]] = ()) -> None:
        """Send a message and, behind it, arrays."""
        layout, size = _layout(arrays)
        handle: int | None = None
        if size:
            handle, name = self._share(arrays, layout, size)
            message = message | {"arrays": layout, "size": size, "name": name}
        data = json.dumps(message).encode()
        try:
            self._socket.sendall(_LENGTH.pack(len(data)) + data)
            if handle is not None:
                socket.send_fds(self._socket, [b"\0"], [handle])
        except OSError as error:
            raise Closed from error
        finally:
            if handle is not None:
                os.close(handle)

    def receive(self) -> tuple[dict[str, Any], list[NDArray[Any]]]:
        """Wait for a message; the arrays are views of memory that lives as long as they do."""
        message = json.loads(self._exactly(_LENGTH.unpack(self._exactly(_LENGTH.size))[0]))
        layout, size = message.pop("arrays", None), message.pop("size", 0)
        name = message.pop("name", "")
        return message, self._arrays(layout, size, name) if layout else []

    def _exactly(self, count: int) -> bytes:
        chunks = []
        while count:
            try:
                chunk = self._socket.recv(min(count, 1 << 20))
            except OSError as error:
                raise Closed from error
            if not chunk:
                raise Closed
            chunks.append(chunk)
            count -= len(chunk)
        return b"".join(chunks)

    def _share(self, arrays: Sequence[NDArray[Any]], layout: list[Any], size: int) -> tuple[int | None, str]:
        """Copy arrays into new anonymous memory and return its handle (POSIX) or its name (Windows)."""
        import numpy as np

        name, handle = "", None
        if _WINDOWS:  # the mapping vanishes with its last holder; it is held here until the next message
            self._sent += 1
            name = f"pellucid-{os.getpid()}-{self._sent}"
            memory = cast(Any, mmap.mmap)(-1, size, tagname=name)
        else:
            handle = anonymous_file()
            os.ftruncate(handle, size)
            memory = mmap.mmap(handle, size)
        for array, (dtype, shape, offset) in zip(arrays, layout, strict=True):
            np.ndarray(shape, dtype, buffer=memory, offset=offset)[...] = array
        self._kept = memory if _WINDOWS else None
        return handle, name

    def _arrays(self, layout: list[Any], size: int, name: str) -> list[NDArray[Any]]:
        import numpy as np

        if _WINDOWS:
            memory = cast(Any, mmap.mmap)(-1, size, tagname=name)
        else:
            try:
                _, handles, _, _ = socket.recv_fds(self._socket, 1, 1)
            except OSError as error:
                raise Closed from error
            if not handles:
                raise Closed
            try:
                memory = mmap.mmap(handles[0], size)
            finally:
                os.close(handles[0])
        return [np.ndarray(shape, dtype, buffer=memory, offset=offset) for dtype, shape, offset in layout]


def anonymous_file() -> int:
    """Open a file without a name, in memory where the system can."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("pellucid", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _layout(arrays: Sequence[NDArray[Any]]) -> tuple[list[Any], int]:
    """Return type, shape and offset of each array in the shared block, and the size of the block."""
    layout, offset = [], 0
    for array in arrays:
        layout.append((array.dtype.str, array.shape, offset))
        offset += -(-max(array.nbytes, 1) // _ALIGNMENT) * _ALIGNMENT
    return layout, offset
