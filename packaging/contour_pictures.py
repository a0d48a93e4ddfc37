"""States of the window in which seeds are placed and contours are watched; ``pictures.py`` draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from pellucid.model.view import Plane
from pellucid.ui import theme

if TYPE_CHECKING:
    from pictures import Stage

CONTOUR_STATES: dict[str, Callable[[Stage], None]] = {}


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    CONTOUR_STATES[function.__name__] = function
    return function


def _choose(stage: Stage, operation_id: str) -> None:
    """Open the chest CT and an operation of the segmentation."""
    stage.open()
    stage.session.document.active_image.display.set_limits(-1100, 400)
    stage.raise_dock("Segment")
    stage.window.segment.choose(operation_id)
    stage.settle()


def _place(stage: Stage, *shares: tuple[float, float]) -> None:
    """Set seeds at shares of the width and height of the axial pane."""
    form = stage.window.segment.form
    editor = form.editors["seeds"]
    QTest.mouseClick(editor.place_button, Qt.MouseButton.LeftButton)
    pane = stage.window.canvas.pane(Plane.AXIAL)
    for share in shares:
        point = QPoint(*np.multiply(share, (pane.width(), pane.height())).astype(int).tolist())
        QTest.mouseClick(pane.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)
    stage.settle()


@state
def contour_empty(stage: Stage) -> None:
    """Show an active contour before any seed is set."""
    _choose(stage, "contours.chan_vese")


@state
def seeds_placed(stage: Stage) -> None:
    """Show seeds and the contour that starts at them."""
    _choose(stage, "contours.threshold")
    stage.window.segment.form.set_limits(-1000, -500)
    _place(stage, (0.3, 0.5), (0.68, 0.5))


@state
def seeds_light(stage: Stage) -> None:
    """Show the same in the light theme, in a small window."""
    theme.apply(stage.app, "light")
    stage.window.resize(1280, 720)
    seeds_placed(stage)


def _after(stage: Stage, iterations: int) -> None:
    seeds_placed(stage)
    stage.session.evolving.step(iterations)
    stage.settle()


@state
def contour_early(stage: Stage) -> None:
    """Show a contour after 15 iterations."""
    _after(stage, 15)


@state
def contour_late(stage: Stage) -> None:
    """Show it after 120."""
    _after(stage, 120)


@state
def contour_playing(stage: Stage) -> None:
    """Show a contour on its way, with the button that lets it rest."""
    seeds_placed(stage)
    box = stage.window.segment.card.evolution
    QTest.mouseClick(box.play, Qt.MouseButton.LeftButton)
    while stage.session.evolving.iteration < 25:
        QTest.qWait(20)
    stage.window.grab()
