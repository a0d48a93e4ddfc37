"""The words of a PDF, page by page, within bounds of pages, characters and time. Runs inside a worker.

Pictures, tables and layout are not shown, scripts and links not followed. What cannot be told is a sentence in the
note: pages without words (scans), a password, a file that is damaged.
"""

from __future__ import annotations

import io
import time
import unicodedata
from typing import TYPE_CHECKING

from pellucid.language import tr, tr_count

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

SECONDS = 6.0
"""How long a worker may take for all of a document."""
_LAST_PAGE_BEGINS = 3.0
_MOST_PAGES, _MOST_TEXT, _MOST_LINES = 500, 2_000_000, 20_000
_MOST_TITLE = 200

Rows = list[tuple[int, str, bool]]


def words(data: bytes) -> tuple[Rows, str, str]:
    """Return the lines of a PDF below headings of its pages, a sentence of what is not shown, and its own title."""
    from pypdf.errors import DependencyError

    try:
        reader = _opened(data)
        if reader is None:
            return [], tr("The PDF is protected by a password: its text is not shown."), ""
        return *_pages(reader), _title(reader)
    except DependencyError:
        return [], tr("The PDF is encrypted in a way that Pellucid does not read: its text is not shown."), ""
    except MemoryError:
        raise
    except Exception:  # a parser that is led astray raises whatever it meets
        return [], tr("The PDF is damaged: its text could not be read."), ""


def _opened(data: bytes) -> PdfReader | None:
    """Return a reader; None for what only opens with a password."""
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data), strict=False)
    return None if reader.is_encrypted and not reader.decrypt("") else reader


def _title(reader: PdfReader) -> str:
    """Return what a PDF says it is called, ``""`` where it says nothing."""
    try:
        said = reader.metadata.title if reader.metadata is not None else None
    except MemoryError:
        raise
    except Exception:  # as above: a title that cannot be read hides no page
        return ""
    return " ".join(_clean((said or "")[:_MOST_TITLE]).split())


def _pages(reader: PdfReader) -> tuple[Rows, str]:
    """Return the rows of as many pages as there is room and time for, and what is to be said of them."""
    count, room, stop = len(reader.pages), _MOST_TEXT, time.monotonic() + _LAST_PAGE_BEGINS
    pages: list[list[str] | None] = []
    rows: Rows = []
    for n, page in enumerate(reader.pages, start=1):
        if n > _MOST_PAGES or room <= 0 or len(rows) >= _MOST_LINES or time.monotonic() > stop:
            break
        lines = _lines(page)
        shown = _within(lines or [], room, _MOST_LINES - len(rows))
        room = -1 if lines and len(shown) < len(lines) else room - sum(map(len, shown))
        pages.append(lines)
        rows.append((0, tr("Page {n} of {count}", n=n, count=count), False))
        rows += [(1, line, False) for line in shown or [_why_empty(lines)]]
    return rows, _note(count, pages, cut=room < 0)


def _within(lines: list[str], room: int, most: int) -> list[str]:
    """Return the lines for which there is room."""
    kept = []
    for line in lines[:most]:
        room -= len(line)
        if room < 0:
            break
        kept.append(line)
    return kept


def _why_empty(lines: list[str] | None) -> str:
    if lines is None:
        return tr("(This page could not be read.)")
    return tr("(More than can be shown.)") if lines else tr("(No text on this page.)")


def _lines(page: PageObject) -> list[str] | None:
    """Return the lines of a page that have something on them; None where it cannot be read."""
    try:
        text = page.extract_text()[: _MOST_TEXT + 1]
    except MemoryError:
        raise
    except Exception:  # as above: one page that cannot be read does not hide the others
        return None
    rows = [_clean(row).rstrip() for row in text.splitlines()]
    return [row for row in rows if row.strip()]


def _clean(text: str) -> str:
    """Return a text without control characters and halves of characters, which no screen shows."""
    return "".join(" " if unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") else one for one in text)


def _note(count: int, pages: list[list[str] | None], *, cut: bool) -> str:
    if not count:
        return tr("The PDF has no pages.")
    said = []
    if cut:
        said.append(tr("The document is longer than what is shown: it was cut."))
    if len(pages) < count:
        said.append(tr("Only {shown} of {count} pages are shown.", shown=len(pages), count=count))
    if unread := pages.count(None):
        said.append(tr_count("One page could not be read.", "{count} pages could not be read.", unread))
    if pages and all(lines == [] for lines in pages):
        return " ".join([*said, tr("The pages hold no text: they may be scanned pictures.")])
    return " ".join([*said, tr("Only the words are shown, without pictures and layout.")])
