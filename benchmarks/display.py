"""How fast slices are drawn: the canvas against pyqtgraph's ImageView and ImageItems, alternated in one run.

    python benchmarks/display.py [--platform offscreen|xcb] [--steps 120] [--rounds 5] [--json FILE]

The peers draw the nearest voxel, so ours does too, unless --smooth.

G6  axial scroll p50 / pyqtgraph.ImageView            must <= 0.3
G7  three planes with labels, scroll p50 / ImageItems must <= 0.75, p99 <= 16.7 ms
G8  three planes with labels, window drag / ImageItems must <= 0.6
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "app"))

Step = Callable[[int], None]
PANE = 800
OPTIONS = {"smooth": False}
SMALL = 600


def phantom(depth: int, size: int) -> np.ndarray:
    random = np.random.default_rng(5)
    tile = random.normal(0, 60, (size, size)).astype(np.int16)
    volume = np.empty((depth, size, size), np.int16)
    y, x = np.mgrid[:size, :size] / size - 0.5
    for z in range(depth):
        body = np.where(x**2 / 0.16 + y**2 / 0.09 < 1, 40, -1000)
        lungs = (abs(x) - 0.18) ** 2 / 0.012 + y**2 / 0.03 < 1 + 0.2 * np.sin(z / 20)
        volume[z] = np.where(lungs, -800, body) + np.roll(tile, 7 * z, axis=1)
    return volume


def labels_of(volume: np.ndarray) -> np.ndarray:
    labels = np.zeros(volume.shape, np.uint8)
    for z in range(len(volume)):
        labels[z][(volume[z] > -950) & (volume[z] < -500)] = 1
        labels[z][volume[z] > 120] = 2
    return labels


def settle(widget: object) -> None:
    from PySide6.QtWidgets import QApplication

    for _ in range(20):
        QApplication.processEvents()
        time.sleep(0.005)


def timed(step: Step, steps: int, painted: Callable[[], int]) -> list[float]:
    """Return the ms from each change to the end of the repaint it causes."""
    from PySide6.QtWidgets import QApplication

    times = []
    for n in range(steps):
        before = painted()
        start = time.perf_counter()
        step(n)
        while painted() == before:
            QApplication.processEvents()
            if time.perf_counter() - start > 5:
                raise RuntimeError(f"step {n} was never painted")
        times.append((time.perf_counter() - start) * 1e3)
    return times


class Paints:
    """Counts the repaints of viewports: a frame counts when every one of them was painted."""

    def __init__(self, *views: object) -> None:
        from PySide6.QtCore import QEvent, QObject

        counts = [0] * len(views)

        class Filter(QObject):
            def __init__(self, n: int) -> None:
                super().__init__()
                self.n = n

            def eventFilter(self, _watched: object, event: QEvent) -> bool:
                if event.type() == QEvent.Type.Paint:
                    counts[self.n] += 1
                return False

        self._counts = counts
        self._filters = [Filter(n) for n in range(len(views))]
        for view, listener in zip(views, self._filters, strict=True):
            view.viewport().installEventFilter(listener)

    def __call__(self) -> int:
        return min(self._counts)


def canvas(volume: np.ndarray, labels: np.ndarray | None, size: int, *, quad: bool):
    from pellucid.model.geometry import Geometry
    from pellucid.model.labels import Label, LabelMap
    from pellucid.model.layer import ImageLayer, LabelLayer
    from pellucid.model.view import Layout
    from pellucid.model.volume import Volume, image_from_array
    from pellucid.session import Session
    from pellucid.ui.canvas import CanvasArea

    z, y, x = volume.shape
    geometry = Geometry((x, y, z), (1.0, 1.0, y / z))
    session = Session()
    layer = ImageLayer("CT", (Volume(image_from_array(volume, geometry), geometry, unit="HU"),))
    layer.display.set_limits(-1000, 400)
    layer.display.interpolate = OPTIONS["smooth"]
    session.document.insert(0, layer)
    if labels is not None:
        table = (Label(1, "lung", "#56B4E9"), Label(2, "bone", "#E69F00"))
        session.document.insert(1, LabelLayer("Labels", LabelMap(geometry, labels, table)))
    session.view.layout = Layout.QUAD if quad else Layout.SINGLE
    session.centre_crosshair()
    area = CanvasArea(session)
    area.resize(2 * size + 2 if quad else size, 2 * size + 2 if quad else size)
    area.show()
    settle(area)
    return session, layer, area


def crosshair_steps(session: object, shape: tuple[int, ...], *, all_planes: bool) -> Step:
    depth, rows, columns = shape

    def step(n: int) -> None:
        x, y, _ = session.view.crosshair
        if all_planes:
            x, y = float((columns // 4 + 2 * n) % columns), float((rows // 4 + 2 * n) % rows)
        session.view.crosshair = (x, y, float((n * 3 + 1) % depth) * rows / depth)

    return step


def window(n: int) -> tuple[float, float]:
    """Return limits that differ from step to step."""
    return -1001.0 - n % 50, 401.0 + 3 * (n % 70)


def window_steps(layer: object) -> Step:
    return lambda n: layer.display.set_limits(*window(n))


def image_view(volume: np.ndarray, size: int):
    import pyqtgraph as pg

    view = pg.ImageView()
    view.resize(size, size)
    view.setImage(volume, axes={"t": 0, "y": 1, "x": 2}, autoLevels=False, levels=(-1000, 400))
    view.show()
    settle(view)
    return view


class Stock:
    """Three planes of stock pyqtgraph, each an image with levels and a label image with a table."""

    def __init__(self, volume: np.ndarray, labels: np.ndarray, size: int) -> None:
        import pyqtgraph as pg
        from PySide6.QtWidgets import QGridLayout, QWidget

        self.volume, self.labels = volume, labels
        table = np.zeros((256, 4), np.uint8)
        table[1], table[2] = (86, 180, 233, 90), (230, 159, 0, 90)
        self.window = QWidget()
        grid = QGridLayout(self.window)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(2)
        self.views, self.images, self.tints = [], [], []
        for n in range(3):
            view = pg.GraphicsView(background="k")
            box = pg.ViewBox(enableMouse=False, enableMenu=False, invertY=True, lockAspect=True)
            view.setCentralItem(box)
            image, tint = pg.ImageItem(axisOrder="row-major"), pg.ImageItem(axisOrder="row-major")
            box.addItem(image)
            box.addItem(tint)
            tint.setLookupTable(table)
            grid.addWidget(view, n // 2, n % 2)
            self.views.append(view)
            self.images.append(image)
            self.tints.append(tint)
        grid.addWidget(QWidget(), 1, 1)
        self.levels = (-1000, 400)
        self.scroll(0)
        self.window.resize(2 * size + 2, 2 * size + 2)
        self.window.show()
        settle(self.window)

    def scroll(self, n: int) -> None:
        depth, rows, columns = self.volume.shape
        cuts = (
            (slice(None), (rows // 4 + 2 * n) % rows),
            (slice(None), slice(None), (columns // 4 + 2 * n) % columns),
        )
        z = (n * 3 + 1) % depth
        planes = [(z,), *cuts]
        for image, tint, plane in zip(self.images, self.tints, planes, strict=True):
            pixels, values = self.volume[plane], self.labels[plane]
            if plane != (z,):
                pixels, values = pixels[::-1], values[::-1]
            image.setImage(pixels, autoLevels=False, levels=self.levels)
            tint.setImage(values, autoLevels=False, levels=(0, 255))

    def window_drag(self, n: int) -> None:
        self.levels = window(n)
        for image in self.images:
            image.setLevels(self.levels)


def cases(sizes: tuple[int, ...]) -> Iterator[tuple[str, str, Callable[[], tuple[tuple, tuple]]]]:
    """Yield (name, goal, make); make returns ours and the peer's (step, painted, keep-alive)."""
    for size in sizes:
        depth = 120 if size <= 512 else 24

        def axial(size: int = size, depth: int = depth, *, drag: bool = False):
            volume = phantom(depth, size)
            session, layer, area = canvas(volume, None, PANE, quad=False)
            peer = image_view(volume, PANE)
            pane = next(pane for pane in area.panes if pane.isVisible())
            ours = window_steps(layer) if drag else crosshair_steps(session, volume.shape, all_planes=False)

            def theirs(n: int) -> None:
                if drag:
                    peer.setLevels(*window(n))
                else:
                    peer.setCurrentIndex((n * 3 + 1) % depth)

            return (ours, Paints(pane), (session, area)), (theirs, Paints(peer.ui.graphicsView), peer)

        yield f"axial scroll {size}", "G6", axial
        yield f"axial window drag {size}", "", lambda a=axial: a(drag=True)

    def three(*, drag: bool):
        volume = phantom(300, 512)
        labels = labels_of(volume)
        session, layer, area = canvas(volume, labels, SMALL, quad=True)
        peer = Stock(volume, labels, SMALL)
        panes = [pane for pane in area.panes if pane.isVisible()]
        ours = window_steps(layer) if drag else crosshair_steps(session, volume.shape, all_planes=True)
        theirs = peer.window_drag if drag else peer.scroll
        return (ours, Paints(*panes), (session, area)), (theirs, Paints(*peer.views), peer)

    yield "three planes + labels scroll", "G7", lambda: three(drag=False)
    yield "three planes + labels window drag", "G8", lambda: three(drag=True)


GOALS = {"G6": 0.3, "G7": 0.75, "G8": 0.6}


def measure(name: str, goal: str, make: Callable[[], tuple], steps: int, rounds: int) -> dict[str, object]:
    ours, peer = make()
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    ratios = []
    for n in range(rounds + 1):
        here = timed(ours[0], steps, ours[1])
        there = timed(peer[0], steps, peer[1])
        if n:  # the first round warms up
            times["ours"] += here
            times["peer"] += there
            ratios.append(float(np.median(here) / np.median(there)))
    session, area = ours[2]
    area.close()
    session.close()
    row: dict[str, object] = {"name": name, "goal": goal}
    for who, values in times.items():
        row[f"{who}_p50"], row[f"{who}_p99"] = (round(float(np.percentile(values, q)), 3) for q in (50, 99))
    row["ratio"] = round(float(np.median(ratios)), 3)
    row["spread"] = [round(min(ratios), 3), round(max(ratios), 3)]
    row["met"] = None if not goal else row["ratio"] <= GOALS[goal]
    return row


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--platform", default=os.environ.get("QT_QPA_PLATFORM", "offscreen"))
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="*", default=[512, 2048])
    parser.add_argument("--only", default="", help="run the cases whose name contains this")
    parser.add_argument("--smooth", action="store_true", help="interpolate ours, as the window does at first")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    OPTIONS["smooth"] = arguments.smooth
    os.environ["QT_QPA_PLATFORM"] = arguments.platform
    from PySide6.QtWidgets import QApplication

    app = QApplication.instance() or QApplication([])
    rows = []
    print(f"{'ms':36}{'ours p50':>9}{'p99':>9}{'peer p50':>9}{'p99':>9}{'ratio':>9}  spread")
    for name, goal, make in cases(tuple(arguments.sizes)):
        if arguments.only not in name:
            continue
        row = measure(name, goal, make, arguments.steps, arguments.rounds)
        rows.append(row)
        verdict = "" if row["met"] is None else f"{goal} {'met' if row['met'] else 'MISSED'}"
        figures = "".join(f"{row[key]:9.2f}" for key in ("ours_p50", "ours_p99", "peer_p50", "peer_p99", "ratio"))
        print(f"{name:36}{figures}  {row['spread']} {verdict}", flush=True)
    if arguments.json:
        arguments.json.write_text(
            json.dumps({"platform": arguments.platform, "smooth": arguments.smooth, "rows": rows}, indent=2)
        )
    app.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
