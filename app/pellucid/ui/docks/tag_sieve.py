"""Which lines of a file a search leaves, worked out in small pieces: whoever types is never kept waiting.

A file may have 60,000 elements. A generator is handed out instead of an answer; each of its pieces takes a few
milliseconds, and the window works between them (``ui/pieces.py``).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from pellucid.dicom.tags import ONLY_THERE, SAME, Difference
from pellucid.language import mark, tr

HIDDEN = mark("hidden")
PIECE = 1_000
"""Lines looked at before the window may do something else."""

Pieces = Generator[None, None, "Sifted"]


@dataclass(frozen=True)
class Sifted:
    """The lines that are left: those in each line (−1: at the top), what each lies in, and its place there."""

    children: dict[int, list[int]] = field(default_factory=dict)
    parents: dict[int, int] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)
    matches: int = 0
    differing: int = 0


class Sieve:
    """The lines of one file, or of two side by side; what was made for one search serves the next."""

    def __init__(self, lines: tuple[Difference, ...] = (), *, hide: bool = False) -> None:
        self.lines, self.hide = lines, hide
        self._above: list[int] = []
        self._last: dict[int, int] = {}
        self._said: list[str] = []
        self._words: tuple[str, ...] = ()
        self._found: list[int] | None = None
        """Which lines hold the words of the last search that came to its end."""

    def sift(self, words: str, *, changed: bool = False) -> Pieces:
        """Leave the lines that hold all words, with what they lie in; ``changed``: only what differs."""
        yield from self._look_above()
        found = yield from self._holding(tuple(words.casefold().split()))
        differing = [n for n in range(len(self.lines)) if self.lines[n].state not in ("", SAME)]
        yield
        if changed:
            found = sorted(set(found).intersection(differing))
        kept = yield from self._with_above(found)
        return (yield from self._tree(kept, len(found), len(differing)))

    def _look_above(self) -> Generator[None, None, None]:
        """Find which line each lies in, −1 at the top."""
        for n, line in islice(enumerate(self.lines), len(self._above), None):
            depth = line.row.depth
            self._above.append(self._last.get(depth - 1, -1) if depth else -1)
            self._last[depth] = n
            if n % PIECE == PIECE - 1:
                yield

    def _holding(self, words: tuple[str, ...]) -> Generator[None, None, list[int]]:
        if not words:
            return list(range(len(self.lines)))
        for n in range(len(self._said), len(self.lines)):
            self._said.append(_says(self.lines[n], hide=self.hide))
            if n % PIECE == PIECE - 1:
                yield
        narrower = self._found is not None and all(any(old in new for new in words) for old in self._words)
        among: Sequence[int] = self._found if narrower and self._found is not None else range(len(self.lines))
        found: list[int] = []
        for start in range(0, len(among), 5 * PIECE):
            part = among[start : start + 5 * PIECE]
            found += [n for n in part if all(word in self._said[n] for word in words)]
            yield
        self._words, self._found = words, found
        return found

    def _with_above(self, found: list[int]) -> Generator[None, None, list[int]]:
        kept = set(found)
        for start in range(0, len(found), 5 * PIECE):
            for line in found[start : start + 5 * PIECE]:
                above = self._above[line]
                while above >= 0 and above not in kept:
                    kept.add(above)
                    above = self._above[above]
            yield
        return sorted(kept)

    def _tree(self, kept: list[int], matches: int, differing: int) -> Pieces:
        sifted = Sifted({-1: []}, {}, {}, matches, differing)
        for start in range(0, len(kept), 5 * PIECE):
            for line in kept[start : start + 5 * PIECE]:
                parent = self._above[line]
                brothers = sifted.children.setdefault(parent, [])
                sifted.parents[line], sifted.places[line] = parent, len(brothers)
                brothers.append(line)
            yield
        return sifted


def texts_of(line: Difference, *, hide: bool) -> tuple[str, str]:
    """Return the value of a line and that of the other file as they may be read."""
    if hide and line.row.identifying:
        return (tr(HIDDEN) if line.row.text else ""), (tr(HIDDEN) if line.there else "")
    return ("" if line.state == ONLY_THERE else line.row.text), line.there


def _says(line: Difference, *, hide: bool) -> str:
    """Return what is searched in a line."""
    row = line.row
    said = (row.tag, row.key.rpartition("/")[2], row.name, row.keyword, row.vr, *texts_of(line, hide=hide))
    return " ".join(said).casefold()
