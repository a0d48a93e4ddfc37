"""States of the dock Series: frames and sections aligned, tiles joined; ``pictures.py`` draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer
from pellucid.model.view import Layout
from pellucid.model.volume import Volume, image_from_array
from pellucid.ui import theme

if TYPE_CHECKING:
    from pictures import Stage

SERIES_STATES: dict[str, Callable[[Stage], None]] = {}


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    SERIES_STATES[function.__name__] = function
    return function


def _planes(count: int, bad: int = -1) -> list[np.ndarray]:
    """Return pictures of cells that drift and turn, one of which is something else."""
    from scipy import ndimage

    generator = np.random.default_rng(4)
    field = ndimage.gaussian_filter(generator.random((400, 400)), 5)
    field = np.clip((field - field.mean()) / field.std(), 0, 3) * 800 + 100
    shifts = np.cumsum(generator.normal(0, 1.2, (count, 2)), axis=0)
    found = []
    for n, (y, x) in enumerate(shifts):
        a = np.radians(2.5 * np.sin(n / 3))
        rows, columns = np.mgrid[:200, :240] - np.array([100, 120])[:, np.newaxis, np.newaxis]
        places = [200 + np.cos(a) * rows - np.sin(a) * columns - y, 200 + np.sin(a) * rows + np.cos(a) * columns - x]
        plane = ndimage.map_coordinates(field, places, order=1) + generator.normal(0, 40, (200, 240))
        found.append((generator.random((200, 240)) * 2000 if n == bad else plane).astype(np.int16))
    return found


def _show(stage: Stage, layer: ImageLayer) -> None:
    session = stage.session
    session.document.insert(len(session.document), layer)
    session.document.active = layer
    layer.display.set_limits(0, 2400)
    session.view.layout = Layout.SINGLE
    session.centre_crosshair()
    stage.settle()


def _frames(stage: Stage, name: str = "Time-lapse of a culture, position 3") -> None:
    grid = Geometry((240, 200, 1), (0.4, 0.4, 1.0))
    frames = [Volume(image_from_array(plane[np.newaxis], grid), grid) for plane in _planes(40, bad=23)]
    _show(stage, ImageLayer(name, tuple(frames)))


def _align(stage: Stage) -> None:
    stage.window.show_dock("Series")
    stage.window.show_dock("Series").series.begin.click()
    stage.settle(limit=120)


@state
def series_empty(stage: Stage) -> None:
    """Show the dock before anything is open."""
    stage.window.show_dock("Series")


@state
def series_ready(stage: Stage) -> None:
    """Show it with a time series, settings open."""
    _frames(stage)
    stage.window.show_dock("Series")
    stage.window.show_dock("Series").series.settings.open()


@state
def series_running(stage: Stage) -> None:
    """Show the curve while it grows."""
    _frames(stage)
    stage.window.show_dock("Series")
    stage.window.show_dock("Series").series.begin.click()
    for _ in range(400):
        stage.app.processEvents()
        motion = stage.session.aligning.motion()
        if motion is not None and sum(one is not None for one in motion.movements) > 12:
            break
        stage.window.thread().msleep(20)


@state
def series_done(stage: Stage) -> None:
    """Show the motion of aligned frames, one of them doubtful."""
    _frames(stage)
    _align(stage)


@state
def series_done_light(stage: Stage) -> None:
    """Show the same in the light theme."""
    theme.apply(stage.app, "light")
    series_done(stage)


@state
def series_done_small(stage: Stage) -> None:
    """Show the same in the smallest window, with a long name."""
    stage.window.resize(1280, 720)
    _frames(stage, "A time-lapse whose name is far longer than any dock is wide, position 3 of 12, channel 2")
    _align(stage)


@state
def sections_done(stage: Stage) -> None:
    """Show a stack of sections after they were aligned."""
    grid = Geometry((240, 200, 24), (0.4, 0.4, 2.0))
    _show(stage, ImageLayer("Sections", (Volume(image_from_array(np.stack(_planes(24)), grid), grid),)))
    _align(stage)


@state
def stitch_places(stage: Stage) -> None:
    """Show tiles and where they lie, before they are joined."""
    whole = np.vstack([np.hstack(_planes(1) * 2)] * 2)
    whole = np.roll(whole, 3, axis=0)
    grid = Geometry((200, 160, 1), (0.4, 0.4, 1.0))
    for n, (y, x) in enumerate(((4, 0), (0, 172), (132, 3), (136, 170))):
        tile = whole[y : y + 160, x : x + 200]
        _show(stage, ImageLayer(f"Tile {n + 1}", (Volume(image_from_array(tile[np.newaxis], grid), grid),)))
    stage.window.show_dock("Series")
    stage.window.show_dock("Series").stitch.open()
    stage.settle(1.0)
