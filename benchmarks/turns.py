"""How long single turns of the event loop keep the window when something is opened, undone and done again.

    python benchmarks/turns.py [--rounds 3] [--only NAME] [--profile]

The demo study, a CT of 512 × 512 × 60 and a segmentation of 20 organs on it, in the whole window of 1600 × 1000 with
three panes. A heart beats every 2 ms in the event loop; between two beats lies a turn. Given for each thing the user
does: the three longest turns as the time the thread itself ran, in ms, of the quickest of some rounds. Python's
collector of garbage is off. ``--profile`` tells what was done in each turn above the limit.

turn     the window's thread                    <= 50 ms
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import os
import pstats
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1] / "app"))

import numpy as np
from display_cases import phantom
from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest

LIMIT, DEPTH, SIZE = 50.0, 60, 512


class Heart:
    """Beats in the event loop and keeps how long the thread ran between two beats."""

    def __init__(self, *, profiles: bool) -> None:
        self.turns: list[float] = []
        self._profile = cProfile.Profile(time.thread_time) if profiles else None
        self._timer = QTimer(interval=2)
        self._timer.timeout.connect(self._beat)
        self._last = time.thread_time()
        self._timer.start()

    def rest(self) -> None:
        """Forget what was."""
        self.turns, self._last = [], time.thread_time()

    def _beat(self) -> None:
        took = 1e3 * (time.thread_time() - self._last)
        self.turns.append(took)
        if self._profile is not None:
            self._profile.disable()
            if took > LIMIT:
                pstats.Stats(self._profile).sort_stats("cumulative").print_stats(70)
            self._profile = cProfile.Profile(time.thread_time)
            self._profile.enable()
        self._last = time.thread_time()


def make_study(folder: Path) -> None:
    """Write a CT and a segmentation of 20 organs."""
    from pellucid.dicom.writing.demo_series import write_series
    from pellucid.dicom.writing.origin import read_origin
    from pellucid.dicom.writing.request import Request
    from pellucid.files.dicom_objects import write_labels
    from pellucid.model.geometry import Geometry
    from pellucid.model.labels import Label, LabelMap
    from pellucid.model.volume import Acquisition

    volume = phantom(DEPTH, SIZE)
    geometry = Geometry((SIZE, SIZE, DEPTH), (0.8, 0.8, 3.0))
    who = Acquisition(modality="CT", study_description="Turns", series_description="Slices", series_number="1")
    files = write_series(folder / "ct", volume, geometry, who, unit="HU", seed="turns")
    y, x = np.mgrid[:SIZE, :SIZE]
    organs = np.zeros(volume.shape, np.uint8)
    for n in range(20):
        row, column = divmod(n, 5)
        organs[:, (y - 110 - 90 * row) ** 2 + (x - 90 - 80 * column) ** 2 < 34**2] = n + 1
    table = tuple(Label(n, f"Organ {n}", f"#{40 + 10 * n:02x}{240 - 9 * n:02x}90") for n in range(1, 21))
    write_labels(LabelMap(geometry, organs, table), folder / "seg", Request(read_origin(files), description="Organs"))


class Bench:
    """A window, and what is done in it."""

    def __init__(self, folder: Path, *, profiles: bool) -> None:
        from pellucid.main import make_window
        from pellucid.model.view import Layout
        from pellucid.settings import Settings

        self.window = make_window(Settings())
        self.window.resize(1600, 1000)
        self.window.show()
        self.session = self.window.session
        self.session.arranging.choose(Layout.QUAD)
        self.settle()
        self.session.open([folder])
        self.settle()
        self.session.undo()
        self.settle()
        self.heart = Heart(profiles=profiles)

    def settle(self) -> None:
        """Let everything that was asked for happen."""
        quiet = 0
        while quiet < 20:
            QTest.qWait(20)
            quiet = 0 if self.session.jobs.running else quiet + 1

    def open(self, name: str) -> None:
        """Open a series as a double click does."""
        library = self.session.library
        self.session.loading.load_key(library.key(next(one for one in library.series if one.description == name)))

    def steps(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """Yield what is measured, by name."""
        yield "open demo", self.session.open_demo
        yield "undo demo", self._undo_all
        yield "open CT", lambda: self.open("Slices")
        yield "open SEG", lambda: self.open("Organs")
        yield "undo SEG", self.session.undo
        yield "redo SEG", self.session.redo
        yield "undo both", self._undo_all
        yield "redo both", self._redo_all
        yield "undo both again", self._undo_all
        yield "open SEG alone", lambda: self.open("Organs")
        yield "undo SEG alone", self._undo_all

    def _undo_all(self) -> None:
        while self.session.history.can_undo:
            self.session.undo()

    def _redo_all(self) -> None:
        while self.session.history.can_redo:
            self.session.redo()


def main() -> int:
    """Measure, and print the longest turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="show the steps whose name contains this")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    found: dict[str, list[list[float]]] = {}
    with tempfile.TemporaryDirectory() as home:
        os.environ["PELLUCID_HOME"] = home
        from pellucid.main import make_application
        from pellucid.ui import theme

        theme.apply(make_application(), "dark")
        make_study(Path(home) / "study")
        bench = Bench(Path(home) / "study", profiles=options.profile)
        gc.collect()
        gc.freeze()
        gc.disable()
        for _ in range(options.rounds):
            for name, step in bench.steps():
                bench.heart.rest()
                if options.profile:
                    print("=" * 20, name, flush=True)
                step()
                bench.settle()
                found.setdefault(name, []).append(sorted(bench.heart.turns)[:-4:-1])
        bench.window.close_without_asking()
    return tell({name: rounds for name, rounds in found.items() if options.only in name})


def tell(found: dict[str, list[list[float]]]) -> int:
    """Print the table; return 1 where a turn was too long."""
    print(f"{'longest turns, ms':20}{'first':>9}{'second':>9}{'third':>9}   first in each round")
    worst = 0.0
    for name, rounds in found.items():
        best = min(rounds)
        worst = max(worst, best[0])
        each = " ".join(f"{turns[0]:.0f}" for turns in rounds)
        print(f"{name:20}" + "".join(f"{turn:9.1f}" for turn in best) + f"   {each}")
    print(f"longest {worst:.1f} ms, limit {LIMIT:.0f} ms")
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
