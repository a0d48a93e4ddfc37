"""Bodies of several parts (RFC 2046 section 5.1): taken apart while they come, and put together while they go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email.message import Message
from pathlib import Path
from uuid import uuid4

_LARGEST_HEAD = 1 << 14
_READ_BYTES = 1 << 18


class Broken(ValueError):
    """The body is not what its headers say."""


def boundary_of(content_type: str) -> str:
    """Return the boundary a content type names, empty when it has none."""
    message = Message()
    message["Content-Type"] = content_type
    found = message.get_param("boundary", "")
    return found if isinstance(found, str) and 0 < len(found) <= 70 else ""


def parts(chunks: Iterable[bytes], boundary: str) -> Iterator[Iterator[bytes]]:
    """Yield the parts of a body, each as its bytes piece by piece; nothing is kept.

    A part is whole only when its pieces end; when the body ends before, Broken is raised.
    """
    stream = _Stream(chunks)
    delimiter = b"--" + boundary.encode("ascii", "replace")
    for _ in stream.until(delimiter):
        pass
    while not stream.ends():
        stream.head()
        piece = stream.until(b"\r\n" + delimiter)
        yield piece
        for _ in piece:  # what the caller left
            pass


class _Stream:
    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._held = b""

    def until(self, mark: bytes) -> Iterator[bytes]:
        """Yield what comes before a mark, and step over it."""
        keep = len(mark) - 1
        while True:
            place = self._held.find(mark)
            if place >= 0:
                before, self._held = self._held[:place], self._held[place + len(mark) :]
                if before:
                    yield before
                return
            if len(self._held) > keep:
                ready, self._held = self._held[:-keep], self._held[-keep:]
                yield ready
            self._more()

    def ends(self) -> bool:
        """Return whether the delimiter just passed was the last."""
        while len(self._held) < 2:
            self._more()
        return self._held[:2] == b"--"

    def head(self) -> None:
        """Step over the headers of a part."""
        size = 0
        for piece in self.until(b"\r\n\r\n"):
            size += len(piece)
            if size > _LARGEST_HEAD:
                raise Broken

    def _more(self) -> None:
        try:
            self._held += next(self._chunks)
        except StopIteration:
            raise Broken from None


class Body:
    """Files as one body, read while it is sent; ``Content-Length`` is known, so no server must take it in pieces."""

    def __init__(self, files: Iterable[Path]) -> None:
        self.boundary = uuid4().hex
        self._files = [(file, file.stat().st_size) for file in files]
        self._head = f"--{self.boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        self._tail = f"--{self.boundary}--\r\n".encode()

    @property
    def content_type(self) -> str:
        """Return the header that announces the body."""
        return f'multipart/related; type="application/dicom"; boundary={self.boundary}'

    def __len__(self) -> int:
        return sum(len(self._head) + size + 2 for _, size in self._files) + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        for file, size in self._files:
            yield self._head
            with file.open("rb") as stream:
                while size and (piece := stream.read(min(_READ_BYTES, size))):
                    size -= len(piece)
                    yield piece
            yield b"\r\n"
        yield self._tail
