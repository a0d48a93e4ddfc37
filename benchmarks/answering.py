"""Measure how long the window does not answer while it scans, loads, computes and meets hostile files.

A timer of 2 ms runs in the window; a gap is the time between two ticks beyond that. The limit is 100 ms.

    python benchmarks/answering.py FOLDER [FOLDER …] [--json F]
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["PELLUCID_HOME"] = tempfile.mkdtemp(prefix="pellucid-answering-")

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from pellucid.main import make_application, make_window
from pellucid.settings import Settings
from pellucid.ui import theme

TICK = 0.002


class Heartbeat:
    """Ticks in the event loop and keeps the gaps."""

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer(interval=round(TICK * 1000))
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.gaps.append(max(0.0, now - self._last - TICK))
        self._last = now


def measure(app: QApplication, folder: Path) -> dict[str, float]:
    """Open a folder and every item in it in a window of its own; print and return the gaps."""
    window = make_window(Settings())
    window.resize(1600, 1000)
    window.show()
    session = window.session

    def settle() -> None:
        quiet = time.monotonic()
        while time.monotonic() - quiet < 0.2:
            app.processEvents()
            if session.jobs.running:
                quiet = time.monotonic()
            time.sleep(0.0005)

    settle()
    heart = Heartbeat()
    session.open([folder])
    settle()
    items = [*(series for series in session.library.series if series.volumes), *session.library.images]
    for item in items:
        session.loading.load(item)
        settle()
    if session.document.active_image is not None:
        for name, values in (("smoothing.gaussian", {"sigma": 1.0}), ("threshold.otsu", {})):
            if not session.running.why_not(name):
                session.running.apply(name, values)
                settle()
    gaps = 1000 * np.array(heart.gaps)
    found = {"items": len(items), "problems": len(session.library.problems),
             "p99_ms": float(np.percentile(gaps, 99)), "max_ms": float(gaps.max())}  # fmt: skip
    print(f"{folder.name:24} {found['items']:4} items {found['problems']:4} refused   "
          f"gap p99 {found['p99_ms']:6.1f} ms   longest {found['max_ms']:6.1f} ms")  # fmt: skip
    window.close_without_asking()
    return found


def main() -> None:
    """Open every folder and every item in it, then smooth and threshold what is shown last."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    app = make_application()
    theme.apply(app, "dark")
    report = {folder.name: measure(app, folder) for folder in options.folders}
    if options.json:
        options.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
