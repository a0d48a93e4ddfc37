"""What is measured of the display: our side in the whole window with its docks, or in the bare canvas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from display_peers import Napari, Size, Stock, dab_at, image_view
from display_timing import Paints, Side, settle


@dataclass(frozen=True)
class Options:
    """How our side is shown: interpolated or not, in the whole window or bare, and the size of a pane."""

    smooth: bool = False
    bare: bool = False
    speckled: bool = False
    slices: int = 600


@dataclass(frozen=True)
class Case:
    """One row of the table; ``goal`` names a target of performance.md."""

    name: str
    peer: str
    goal: str
    make: Callable[[], tuple[Side, Side]]


GOALS = {"G6": 0.3, "G7": 0.75, "G8": 0.6, "G9": 0.2, "G10": 0.1}
MOST_MS = {"G7": 16.7}


def phantom(depth: int, size: int) -> np.ndarray:
    """Return a body with lungs and noise, int16 (z, y, x)."""
    tile = np.random.default_rng(5).normal(0, 60, (size, size)).astype(np.int16)
    volume = np.empty((depth, size, size), np.int16)
    y, x = np.mgrid[:size, :size] / size - 0.5
    body = np.where(x**2 / 0.16 + y**2 / 0.09 < 1, 40, -1000)
    for z in range(depth):
        volume[z] = np.where(_lungs(x, y, z), -800, body) + np.roll(tile, 7 * z, axis=1)
    return volume


def _lungs(x: np.ndarray, y: np.ndarray, z: int) -> np.ndarray:
    return (abs(x) - 0.18) ** 2 / 0.012 + y**2 / 0.03 < 1 + 0.2 * np.sin(z / 20)


def labels_of(volume: np.ndarray, *, speckled: bool) -> np.ndarray:
    """Return lungs and spine; ``speckled``: a threshold of the noisy values, edges nearly everywhere."""
    labels = np.zeros(volume.shape, np.uint8)
    y, x = np.mgrid[: volume.shape[1], : volume.shape[2]] / volume.shape[1] - 0.5
    spine = x**2 / 0.002 + (y - 0.2) ** 2 / 0.002 < 1
    for z in range(len(volume)):
        if speckled:
            labels[z][(volume[z] > -950) & (volume[z] < -500)] = 1
            labels[z][volume[z] > 120] = 2
        else:
            labels[z][_lungs(x, y, z)] = 1
            labels[z][spine] = 2
    return labels


class Ours:
    """Our window over a volume, or its canvas alone."""

    def __init__(self, volume: np.ndarray, labels: np.ndarray | None, options: Options, *, quad: bool) -> None:
        from pellucid.model.geometry import Geometry
        from pellucid.model.labels import Label, LabelMap
        from pellucid.model.layer import ImageLayer, LabelLayer
        from pellucid.model.view import Layout
        from pellucid.model.volume import Volume, image_from_array
        from pellucid.settings import Settings

        z, y, x = self.shape = volume.shape
        geometry = Geometry((x, y, z), (1.0, 1.0, y / z))
        self.window, self.area, self.session = self._window(options, Settings())
        self.layer = ImageLayer("CT", (Volume(image_from_array(volume, geometry), geometry, unit="HU"),))
        self.layer.display.set_limits(-1000, 400)
        self.layer.display.interpolate = options.smooth
        self.session.view.layout = Layout.QUAD if quad else Layout.SINGLE
        self.session.document.insert(0, self.layer)
        if labels is not None:
            table = (Label(1, "lung", "#56B4E9"), Label(2, "bone", "#E69F00"))
            self.labels = LabelLayer("Labels", LabelMap(geometry, labels.copy(), table))
            self.session.document.insert(1, self.labels)
        self.session.document.active = self.layer
        self.session.centre_crosshair()
        self.window.resize(1920, 1200)
        self.window.show()
        settle(0.5)
        self.session.jobs.drain(60)
        settle(0.5)
        self.panes = list(self.area.shown_panes())

    def _window(self, options: Options, settings: Any) -> tuple[Any, Any, Any]:
        if options.bare:
            from pellucid.session import Session
            from pellucid.ui.canvas import CanvasArea

            session = Session(settings)
            area = CanvasArea(session)
            return area, area, session
        from pellucid.main import make_application, make_window
        from pellucid.ui import theme

        app = make_application()
        theme.apply(app, "dark")
        window = make_window(settings)
        return window, window.canvas, window.session

    @property
    def size(self) -> Size:
        """Return the size of a pane, which the peers get too."""
        return self.panes[0].width(), self.panes[0].height()

    def side(self, step: Callable[[int], None]) -> Side:
        """Return what is timed: a step, and the repaint of all panes."""
        return Side(step, Paints(*(pane.viewport() for pane in self.panes)), self, self.close)

    def close(self) -> None:
        """Close the window without questions."""
        getattr(self.window, "close_without_asking", self.window.close)()
        self.session.close()

    def scroll(self, axes: str) -> Callable[[int], None]:
        """Return a step that moves the crosshair along some axes."""
        depth, rows, columns = self.shape

        def step(n: int) -> None:
            x, y, z = self.session.view.crosshair
            x = float((columns // 4 + 2 * n) % columns) if "x" in axes else x
            y = float((rows // 4 + 2 * n) % rows) if "y" in axes else y
            z = float((n * 3 + 1) % depth) * rows / depth if "z" in axes else z
            self.session.view.crosshair = (x, y, z)

        return step

    def window_drag(self, n: int) -> None:
        """Change the window."""
        self.layer.display.set_limits(*window(n))

    def pan(self, n: int) -> None:
        """Move all pictures to and fro."""
        for pane in self.panes:
            pane.camera.pan(5.0 if n % 20 < 10 else -5.0, 3.0 if n % 20 < 10 else -3.0)
            pane.schedule()

    def zoom(self, n: int) -> None:
        """Zoom all pictures in and out."""
        from PySide6.QtCore import QPointF

        for pane in self.panes:
            middle = QPointF(pane.width() / 2, pane.height() / 2)
            pane.camera.zoom(1.02 if n % 20 < 10 else 1 / 1.02, middle)
            pane.schedule()

    def begin_stroke(self) -> None:
        """Begin to paint in the first pane."""
        self.session.document.active = self.labels
        self.session.view.brush_diameter = 21.0
        pane = self.panes[0]
        self.session.labelling.begin_stroke(pane.frame, pane.index)

    def dab(self, n: int) -> None:
        """Paint one dab of 21 voxels in a new place."""
        x, y = dab_at(n, self.shape[1])
        _, _, z = self.session.view.crosshair
        self.session.labelling.stroke_to((x + 10.0, y + 10.0, z))


def window(n: int) -> tuple[float, float]:
    """Return limits that differ from step to step."""
    return -1001.0 - n % 50, 401.0 + 3 * (n % 70)


def cases(options: Options, *, napari: bool) -> Iterator[Case]:
    """Yield every case; the volumes are made when a case is."""
    for size in (512, 2048, 4096):
        depth = {512: options.slices, 2048: 24, 4096: 8}[size]
        yield Case(f"scroll_ax_{size}", "ImageView", "G6", lambda s=size, d=depth: _axial(s, d, options))
        yield Case(f"wl_{size}", "ImageView", "", lambda s=size, d=depth: _axial(s, d, options, drag=True))
    for name, axis in (("cor", "y"), ("sag", "x")):
        yield Case(f"scroll_{name}_512", "our axial", "", lambda a=axis: _sideways(a, options))
    for name in ("scroll_overlay", "wl", "pan", "zoom", "crosshair"):
        goal = {"scroll_overlay": "G7", "wl": "G8"}.get(name, "")
        yield Case(f"mpr3_{name}", "ImageItems", goal, lambda n=name: _planes(n, options))
    for size in (512, 4096):
        yield Case(f"brush_dab_{size}", "ImageItems", "", lambda s=size: _brush(s, options))
    if napari:
        yield Case("napari_scroll", "napari", "G9", lambda: _against_napari("scroll", options))
        yield Case("napari_wl", "napari", "G9", lambda: _against_napari("wl", options))
        yield Case("napari_brush", "napari", "G10", lambda: _against_napari("brush", options))


def _axial(size: int, depth: int, options: Options, *, drag: bool = False) -> tuple[Side, Side]:
    volume = phantom(depth, size)
    ours = Ours(volume, None, options, quad=False)
    if drag:
        return ours.side(ours.window_drag), image_view(volume, ours.size, drag=window)
    return ours.side(ours.scroll("z")), image_view(volume, ours.size)


def _sideways(axis: str, options: Options) -> tuple[Side, Side]:
    """Compare a pane across the rows of the volume with one along them: both ours, in the same window."""
    ours = Ours(phantom(options.slices, 512), None, options, quad=True)
    return ours.side(ours.scroll(axis)), ours.side(ours.scroll("z"))


def _planes(name: str, options: Options) -> tuple[Side, Side]:
    volume = phantom(options.slices, 512)
    labels = labels_of(volume, speckled=options.speckled)
    ours = Ours(volume, labels, options, quad=True)
    peer = Stock(volume, labels, ours.size)
    steps: dict[str, tuple[Callable[[int], None], Callable[[int], None]]] = {
        "scroll_overlay": (ours.scroll("xyz"), peer.scroll),
        "crosshair": (ours.scroll("xy"), peer.scroll),
        "wl": (ours.window_drag, lambda n: peer.window_drag(window(n))),
        "pan": (ours.pan, peer.pan),
        "zoom": (ours.zoom, peer.zoom),
    }
    here, there = steps[name]
    return ours.side(here), peer.side(there)


def _brush(size: int, options: Options) -> tuple[Side, Side]:
    volume = phantom(options.slices if size == 512 else 1, size)
    labels = np.zeros(volume.shape, np.uint8)
    ours = Ours(volume, labels, options, quad=size == 512)
    peer = Stock(volume, labels, ours.size, planes=len(ours.panes))
    ours.begin_stroke()
    painted_on = Side(ours.dab, Paints(ours.panes[0].viewport()), ours, ours.close)
    return painted_on, peer.side(peer.dab)


def _against_napari(what: str, options: Options) -> tuple[Side, Side]:
    volume = phantom(60, 512)
    labels = np.zeros(volume.shape, np.uint8) if what == "brush" else None
    ours = Ours(volume, labels, options, quad=False)
    peer = Napari(volume, labels, (1500, 1100))
    if what == "brush":
        ours.begin_stroke()
        return ours.side(ours.dab), peer.side(peer.dab)
    if what == "wl":
        return ours.side(ours.window_drag), peer.side(lambda n: peer.window_drag(window(n)))
    return ours.side(ours.scroll("z")), peer.side(peer.scroll)
