"""Measure process start to painted window: Pellucid against a bare pyqtgraph.ImageView and, when installed, napari.

Each run is a fresh process; the commands take turns (A B C A B C …) so that a drifting machine hurts all alike.

    python benchmarks/startup.py [--runs 7] [--json F]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAINTED = "import sys; sys.stdout.write('painted'); sys.stdout.flush(); import os; os._exit(0)"

PELLUCID = f"""
from PySide6.QtCore import QTimer
from pellucid.main import make_application, make_window
from pellucid.settings import Settings
from pellucid.ui import theme
app = make_application(); theme.apply(app, "dark"); window = make_window(Settings())
window.resize(1280, 800); window.show()
def painted():
    window.repaint(); {PAINTED}
QTimer.singleShot(0, painted); app.exec()
"""
IMAGE_VIEW = f"""
import numpy as np, pyqtgraph as pg
from PySide6.QtCore import QTimer
app = pg.mkQApp(); view = pg.ImageView(); view.setImage(np.zeros((4, 64, 64))); view.resize(1280, 800); view.show()
def painted():
    view.repaint(); {PAINTED}
QTimer.singleShot(0, painted); app.exec()
"""
NAPARI = f"""
import napari
from qtpy.QtCore import QTimer
viewer = napari.Viewer()
def painted():
    {PAINTED}
viewer.window._qt_viewer.canvas._scene_canvas.events.draw.connect(lambda _e: QTimer.singleShot(0, painted))
napari.run()
"""


def seconds(code: str, home: str) -> float:
    """Return the time from starting a Python process to its word that the window is painted."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "app"), "PELLUCID_HOME": home}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has its bytecode, as the peers have theirs
    environment["PYTHONPYCACHEPREFIX"] = str(Path(home) / "bytecode")
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment)
    word = process.stdout.read(7)
    took = time.perf_counter() - start
    process.wait()
    if word != b"painted":
        raise SystemExit(f"a window was not painted:\n{code}")
    return took


def main() -> None:
    """Run and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    peers = {"pellucid": PELLUCID, "pyqtgraph.ImageView": IMAGE_VIEW}
    if importlib.util.find_spec("napari"):
        peers["napari"] = NAPARI
    times: dict[str, list[float]] = {name: [] for name in peers}
    with tempfile.TemporaryDirectory() as home:
        for run in range(options.runs + 1):
            for name, code in peers.items():
                took = seconds(code, home)
                if run:
                    times[name].append(took)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, values in times.items():
        ratio = medians["pellucid"] / medians[name]
        print(f"{name:22} {medians[name]:6.2f} s  ({min(values):.2f}–{max(values):.2f})   pellucid is {ratio:.2f} x")
    if options.json:
        options.json.write_text(json.dumps({"seconds": times, "median": medians}, indent=1))


if __name__ == "__main__":
    main()
