"""How long the window's thread is kept by the tags of a very large file: opened, searched letter by letter, cleared.

    python benchmarks/tags.py [--elements 60000]

A heart beats every 2 ms in the event loop; between two beats lies what kept the thread. Given for each thing the user
does: the longest time between two beats, as the time the thread itself ran and as the time that passed (the first is
what counts on a machine that is busy), and how long it took until the list was right, in ms. Python's collector of
garbage is off: it may take some 80 ms of its own once in a while when so many objects are held.

block    the window's thread                    <= 50 ms
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1] / "app"))

from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest

LIMIT = 50.0


class Heart:
    """Beats in the event loop and remembers the longest time without a beat."""

    def __init__(self) -> None:
        self.timer = QTimer(interval=2)
        self.timer.timeout.connect(self._beat)
        self.rest()
        self.timer.start()

    def rest(self) -> None:
        """Forget what was."""
        self.ran = self.passed = 0.0
        self._last = time.thread_time(), time.perf_counter()

    def _beat(self) -> None:
        now = time.thread_time(), time.perf_counter()
        self.ran = max(self.ran, 1e3 * (now[0] - self._last[0]))
        self.passed = max(self.passed, 1e3 * (now[1] - self._last[1]))
        self._last = now


def flat(count: int) -> list[tuple[str, int]]:
    """Return (key, depth) of elements beside each other, as private groups have them."""
    return [(f"{n:08x}", 0) for n in range(count)]


def nested(count: int) -> list[tuple[str, int]]:
    """Return (key, depth) of a sequence with an item of nine elements for each frame."""
    found = [("52009230", 0)]
    for item in range(count // 10):
        found.append((f"52009230#{item}", 1))
        found += [(f"52009230#{item}/{n:08x}", 2) for n in range(9)]
    return found


def main() -> int:
    """Measure both kinds of file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--elements", type=int, default=60_000)
    count = parser.parse_args().elements

    from pellucid.dicom.tags import Difference, Row
    from pellucid.main import make_application
    from pellucid.session import Session
    from pellucid.session.tag_reading import Reading
    from pellucid.ui import theme
    from pellucid.ui.docks.tags import TagsPanel

    app = make_application()
    theme.apply(app, "dark")
    gc.disable()
    worst = 0.0
    for make in (flat, nested):
        lines = tuple(
            Difference(Row(key, depth, f"({n % 65536:04X},0010)", "LO", f"Name {n % 977}", "Keyword", f"value {n}"), "")
            for n, (key, depth) in enumerate(make(count))
        )
        panel = TagsPanel(Session())
        panel.resize(900, 700)
        panel.stack.setCurrentIndex(1)
        panel.show()
        QTest.qWait(300)
        heart = Heart()

        def done() -> None:
            QTest.qWait(10)
            while panel.sifting.working:  # noqa: B023 - called in its own turn
                QTest.qWait(1)
            QTest.qWait(100)

        print(f"{make.__name__}, {len(lines):,} elements{'':>12} ran  passed   until right")
        steps = [("open", lambda: panel._take(Reading(lines, compared=False)))]  # noqa: B023
        steps += [(f"type {letter}", lambda key=letter: QTest.keyClicks(panel.search, key)) for letter in "value 12"]  # noqa: B023
        steps += [("clear", lambda: panel.search.clear())]  # noqa: B023
        if make is nested:
            steps += [("unfold", lambda: panel.tree.expand(panel.model.index(0, 0)))]  # noqa: B023
        steps += [("to the end", lambda: panel.tree.scrollToBottom())]  # noqa: B023
        for name, step in steps:
            heart.rest()
            began = time.perf_counter()
            step()
            done()
            print(f"  {name:<30}{heart.ran:8.1f}{heart.passed:8.1f}{1e3 * (time.perf_counter() - began) - 110:10.0f}")
            worst = max(worst, heart.ran)
        panel.close()
    print(f"longest block {worst:.1f} ms, limit {LIMIT:.0f} ms")
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
