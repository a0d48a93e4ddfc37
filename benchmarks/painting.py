"""How fast the brush answers, and what a stroke costs: our whole window against NumPy and stock pyqtgraph.

    python benchmarks/painting.py [--only NAME] [--platform offscreen|xcb] [--steps 60] [--rounds 5] [--slices 600]
                                  [--strokes 100] [--json FILE]

Three linked panes over 512 × 512 × 600 int16, as in ``display.py``. An event is a move of the mouse with the button
held, sent to the pane as Qt sends it; it ends when every pane that the dab touches is painted. The peer writes the same
dab into a NumPy array and shows the slices again in pyqtgraph's own ImageItems. ``strokes`` paints strokes of 25 dabs
one after the other, the way a hand fills an organ, and tells what the end of a stroke takes and what the history keeps.
``rows`` works on a table of 10,000 labels, each with voxels: ms until the window is painted again.

event    mouse move to painted                  p99 <= 16 ms
rows     anything done to one of 10,000 labels  p50 < 50 ms
history  bytes of 100 strokes, hand edits too   < 20 MB
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "app"))

from display_cases import Options, Ours, phantom
from display_peers import Stock
from display_timing import Paints, Side, compare, settle, timed

MOST_MS, MOST_BYTES = 16.0, 20e6


class Hand:
    """Holds the button down on a pane of our window and moves."""

    def __init__(self, ours: Ours, diameter: float, *, ball: bool = False) -> None:
        self.ours, self.pane = ours, ours.panes[0]
        view = ours.session.view
        ours.session.document.active = ours.labels
        view.brush_diameter, view.brush_ball, view.tool = diameter, ball, self._brush()
        settle(0.3)

    @staticmethod
    def _brush() -> Any:
        from pellucid.model.view import Tool

        return Tool.BRUSH

    def send(self, kind: str, x: float, y: float) -> None:
        """Send a mouse event at voxel (x, y) of the slice shown: press, move or release."""
        from PySide6.QtCore import QEvent, QPointF, Qt
        from PySide6.QtGui import QMouseEvent
        from PySide6.QtWidgets import QApplication

        what = {"press": QEvent.Type.MouseButtonPress, "move": QEvent.Type.MouseMove,
                "release": QEvent.Type.MouseButtonRelease}[kind]  # fmt: skip
        _, _, z = self.ours.session.view.crosshair
        at = self.pane.widget_at((x, y, z))
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        button, held = (none if kind == "move" else left), (none if kind == "release" else left)
        place = QPointF(self.pane.viewport().mapToGlobal(at.toPoint()))
        event = QMouseEvent(what, at, place, button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(self.pane.viewport(), event)


def place(n: int, size: int = 512, step: int = 9) -> tuple[int, int]:
    """Return where event ``n`` is: a hand goes to and fro, and down at the ends."""
    per_row = (size - 160) // step
    row, along = divmod(n, per_row)
    return 80 + step * (along if row % 2 == 0 else per_row - 1 - along), 80 + 15 * row % (size - 160)


def across(n: int) -> tuple[float, float]:
    """Return where event ``n`` of a large brush is: round the crosshair, so that every pane shows the dab."""
    return 256 + 12 * np.cos(n * 0.7), 256 + 12 * np.sin(n * 0.7)


def disc_of(labels: np.ndarray, z: int, x: float, y: float, radius: float, value: int) -> None:
    """Write a disc into a slice, as a dab of plain NumPy."""
    top, left = max(int(y - radius), 0), max(int(x - radius), 0)
    part = labels[z, top : int(y + radius) + 2, left : int(x + radius) + 2]
    rows, columns = np.ogrid[: part.shape[0], : part.shape[1]]
    part[(rows + top - y) ** 2 + (columns + left - x) ** 2 <= radius**2] = value


def small(options: Options, rows: int) -> tuple[Side, Side]:
    """Return the sides of a brush of 21 voxels in one pane; the table has this many labels."""
    volume = phantom(options.slices, 512)
    labels = np.zeros(volume.shape, np.uint16 if rows > 255 else np.uint8)
    ours, peer = Ours(volume, labels, options, quad=True), Stock(volume, labels.astype(np.uint8), (600, 500))
    if rows > 2:
        from pellucid.model.labels import Label, color_for

        table = tuple(Label(n, f"Label {n}", color_for(n)) for n in range(1, rows + 1))
        ours.labels.labels.labels = table
    hand = Hand(ours, 21.0)
    hand.send("press", *place(0))

    def there(n: int) -> None:
        disc_of(peer.labels, peer.place[0], *place(n), 10.5, 1)
        peer._show(*peer.place)

    painted = Paints(ours.panes[0].viewport())
    return Side(lambda n: hand.send("move", *place(n + 1)), painted, hand, ours.close), peer.side(there)


def large(options: Options, diameter: float) -> tuple[Side, Side]:
    """Return the sides of a ball that all three panes show; what it painted is wiped out of the way between events."""
    volume = phantom(options.slices, 512)
    labels = np.zeros(volume.shape, np.uint8)
    ours, peer = Ours(volume, labels, options, quad=True), Stock(volume, labels.copy(), (600, 500))
    hand, radius = Hand(ours, diameter, ball=True), diameter / 2
    session, array = ours.session, ours.labels.labels.array
    session.labelling.begin_stroke(ours.panes[0].frame, ours.panes[0].index)
    near = slice(256 - int(diameter), 256 + int(diameter))
    deep = ours.panes[0].index

    def here(n: int) -> None:
        if n % 4 == 0:
            array[max(deep - int(diameter), 0) : deep + int(diameter), near, near] = 0
        x, y = across(n)
        session.labelling.stroke_to((x, y, session.view.crosshair[2]))

    def there(n: int) -> None:
        z, (x, y) = peer.place[0], across(n)
        for k in range(max(z - int(radius), 0), min(z + int(radius) + 1, len(peer.labels))):
            disc_of(peer.labels, k, x, y, float(np.sqrt(max(radius**2 - (k - z) ** 2, 0))), 1)
        peer._show(*peer.place)

    return Side(here, Paints(*(pane.viewport() for pane in ours.panes)), hand, ours.close), peer.side(there)


def strokes(options: Options, count: int) -> dict[str, Any]:
    """Paint many strokes and tell what their ends take and what the history keeps."""
    from PySide6.QtWidgets import QApplication

    volume = phantom(options.slices, 512)
    ours = Ours(volume, np.zeros(volume.shape, np.uint8), options, quad=True)
    hand, ends, begins = Hand(ours, 21.0), [], []
    session = ours.session
    for stroke in range(count):
        if stroke % 10 == 0:
            session.view.crosshair = (*session.view.crosshair[:2], 100.0 + stroke)
            settle(0.05)
        start = time.perf_counter()
        hand.send("press", *place(25 * (stroke % 10)))
        begins.append((time.perf_counter() - start) * 1e3)
        for n in range(1, 25):
            hand.send("move", *place(25 * (stroke % 10) + n))
        start = time.perf_counter()
        hand.send("release", *place(25 * (stroke % 10) + 24))
        QApplication.processEvents()
        ends.append((time.perf_counter() - start) * 1e3)
    kept = session.history.nbytes
    hand_edits = sum(patch.nbytes for step in ours.labels.provenance for patch in step.patches)
    ours.close()
    return {
        "name": "strokes", "count": count, "history_bytes": kept, "hand_edit_bytes": hand_edits,
        "begin_p50": float(np.median(begins)), "begin_max": max(begins),
        "end_p50": float(np.median(ends)), "end_p99": float(np.percentile(ends, 99)), "end_last": ends[-1],
        "met": kept < MOST_BYTES,
    }  # fmt: skip


def rows(options: Options, count: int = 10_000) -> dict[str, Any]:
    """Work on a table of many labels, and scroll through their voxels."""
    from pellucid.model.labels import Label, color_for

    volume = phantom(options.slices, 512)
    blocks = np.add.outer(np.arange(64) * 64, np.arange(64)).repeat(8, axis=0).repeat(8, axis=1)
    labels = np.empty(volume.shape, np.uint16)
    for z in range(len(labels)):
        labels[z] = (blocks + 97 * (z // 8)) % (count + 1)
    ours = Ours(volume, labels, options, quad=True)
    session, layer = ours.session, ours.labels
    layer.labels.labels = tuple(Label(n, f"Label {n}", color_for(n)) for n in range(1, count + 1))
    session.document.active = layer
    settle(0.5)
    tables, edit = session.label_tables, session.labelling.edit_label
    actions: dict[str, Callable[[int], object]] = {
        "add": lambda _n: session.labelling.add_label(layer),
        "rename": lambda n: edit(layer, 1 + 37 * n, name=f"Renamed {n}"),
        "recolour": lambda n: edit(layer, 1 + 37 * n, color=color_for(n + 3)),
        "hide": lambda n: edit(layer, 1 + 37 * n, visible=False),
        "next": lambda _n: tables.step(layer, 1),
        "solo": lambda n: tables.solo(layer, 5 + n // 2),
        "slice": ours.scroll("z"),
    }
    painted = Paints(ours.panes[0].viewport())
    found: dict[str, Any] = {"name": "rows", "count": count}
    for name, action in actions.items():
        always = name in ("recolour", "hide", "solo", "slice")  # a name is not seen on the slices
        times = timed(Side(action, painted if always else _at_once), 24)
        found[f"{name}_p50"] = round(float(np.median(times[4:])), 2)
    ours.close()
    found["met"] = all(value < 50 for key, value in found.items() if key.endswith("_p50"))
    return found


_calls = iter(range(1 << 60))


def _at_once() -> int:
    """Return another number each time, so that one turn of the event loop ends a step."""
    return next(_calls)


CASES: dict[str, Callable[[Options], tuple[Side, Side]]] = {
    "disc_21": lambda options: small(options, 2),
    "disc_21_10000_rows": lambda options: small(options, 10_000),
    "ball_40": lambda options: large(options, 40.0),
    "ball_100": lambda options: large(options, 100.0),
}


def measure(name: str, chosen: argparse.Namespace, options: Options) -> dict[str, Any]:
    """Run one case against its peer and judge it."""
    ours, peer = CASES[name](options)
    row = {"name": name, **compare(ours, peer, chosen.steps, chosen.rounds)}
    peer.close()
    ours.close()
    row["met"] = row["ours_p99"] <= MOST_MS
    return row


def show(row: dict[str, Any]) -> None:
    """Print one row."""
    figures = "  ".join(f"{key} {value:.4g}" for key, value in row.items() if isinstance(value, int | float))
    print(f"{row['name']:20}{'met' if row['met'] else 'MISSED':8}{figures}", flush=True)


def main() -> int:
    """Run the cases and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--platform", default=os.environ.get("QT_QPA_PLATFORM", "offscreen"))
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slices", type=int, default=600)
    parser.add_argument("--strokes", type=int, default=100)
    parser.add_argument("--only", default="")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = chosen.platform
    options, found = Options(slices=chosen.slices), list[dict[str, Any]]()
    with tempfile.TemporaryDirectory() as home:
        os.environ["PELLUCID_HOME"] = home
        from PySide6.QtWidgets import QApplication

        app = QApplication.instance() or QApplication([])
        for name in CASES:
            if chosen.only in name:
                found.append(measure(name, chosen, options))
                show(found[-1])
        for name, more in (("strokes", lambda: strokes(options, chosen.strokes)), ("rows", lambda: rows(options))):
            if chosen.only in name:
                found.append(more())
                show(found[-1])
        app.quit()
    if chosen.json:
        chosen.json.write_text(json.dumps({"options": {k: str(v) for k, v in vars(chosen).items()}, "rows": found}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
