"""PDFs written by hand, object by object, to be read by others: what is in them is known without a PDF library."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence


def assemble(objects: Mapping[int, bytes], *, trailer: bytes = b"") -> bytes:
    """Return a PDF 1.7 of numbered objects, with its table of places; object 1 is the catalogue."""
    data, places = bytearray(b"%PDF-1.7\n"), {}
    for number, body in objects.items():
        places[number] = len(data)
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, last = len(data), max(objects)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (last + 1)
    for number in range(1, last + 1):
        data += b"%010d 00000 n \n" % places.get(number, 0)
    data += b"trailer\n<< /Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n" % (last + 1, trailer, start)
    return bytes(data)


def stream(data: bytes, more: bytes = b"", *, packed: bool = False) -> bytes:
    """Return a stream object."""
    if packed:
        data, more = zlib.compress(data, 9), more + b" /Filter /FlateDecode"
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), more, data)


def letter(pages: Sequence[Sequence[str]], *, packed: bool = True, trailer: bytes = b"") -> bytes:
    """Return a PDF with lines of text on its pages, in Helvetica with the letters of Windows."""
    return of_contents([_content(lines) for lines in pages], packed=packed, trailer=trailer)


def of_contents(contents: Sequence[bytes], *, packed: bool = True, trailer: bytes = b"") -> bytes:
    """Return a PDF with a page for each content stream."""
    numbers = range(4, 4 + 2 * len(contents), 2)
    kids = b" ".join(b"%d 0 R" % number for number in numbers)
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(contents), kids),
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    }
    for number, content in zip(numbers, contents, strict=True):
        objects[number] = (b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
                           b"/Resources << /Font << /F1 3 0 R >> >> >>" % (number + 1))  # fmt: skip
        objects[number + 1] = stream(content, packed=packed)
    return assemble(objects, trailer=trailer)


def _content(lines: Sequence[str]) -> bytes:
    shown = []
    for n, line in enumerate(lines):
        text = line.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
        shown.append(b"BT /F1 12 Tf 60 %d Td (%s) Tj ET" % (780 - 16 * n, text))
    return b"\n".join(shown)
