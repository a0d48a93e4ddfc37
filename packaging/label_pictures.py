"""States of the window in which labels are changed by the tools of the canvas; ``pictures.py`` draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from pellucid.model.geometry import IDENTITY
from pellucid.model.oblique import combined, turn_about
from pellucid.model.view import Layout, Plane, Tool
from pellucid.ui import theme

if TYPE_CHECKING:
    from pictures import Stage

    from pellucid.ui.canvas.slice_view import SliceView

LABEL_STATES: dict[str, Callable[[Stage], None]] = {}
_LEFT = Qt.MouseButton.LeftButton


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    LABEL_STATES[function.__name__] = function
    return function


def _begin(stage: Stage, tool: Tool, *, single: bool = True) -> SliceView:
    """Open the chest CT with an empty label layer, take a tool and return the axial pane."""
    stage.open()
    session = stage.session
    session.document.active_image.display.set_limits(-160, 240)
    layer = session.labelling.add_layer()
    session.labelling.edit_label(layer, 1, name="Soft tissue", color="#F0E442")
    session.labelling.add_label(layer, "Lungs")
    layer.active_label = 1
    if single:
        session.view.layout = Layout.SINGLE
    session.view.tool = tool
    stage.settle()
    return stage.window.canvas.pane(Plane.AXIAL)


def _place(pane: SliceView, right: float, down: float) -> QPointF:
    """Return a place on a pane as shares of its width and height."""
    return QPointF(round(pane.width() * right), round(pane.height() * down))


def _press(stage: Stage, pane: SliceView, at: QPointF, up: int = 0, *, held: bool = False) -> None:
    """Press at a place, drag up by some pixels and let go, unless ``held``."""
    QTest.mouseMove(pane.viewport(), at.toPoint())
    QTest.mousePress(pane.viewport(), _LEFT, Qt.KeyboardModifier.NoModifier, at.toPoint())
    for step in range(1, 6 if up else 0):
        where = at - QPointF(0, up * step / 5)
        event = QMouseEvent(QEvent.Type.MouseMove, where, pane.mapToGlobal(where), Qt.MouseButton.NoButton, _LEFT,
                            Qt.KeyboardModifier.NoModifier)  # fmt: skip
        QApplication.sendEvent(pane.viewport(), event)
    if not held:
        QTest.mouseRelease(pane.viewport(), _LEFT, Qt.KeyboardModifier.NoModifier, at.toPoint())
    stage.settle()


@state
def smart_brush(stage: Stage) -> None:
    """Show the smart brush stopping at the edge of the heart."""
    pane = _begin(stage, Tool.SMART_BRUSH)
    stage.session.view.brush_diameter = 60.0
    _press(stage, pane, _place(pane, 0.5, 0.45))


@state
def fill_tool(stage: Stage) -> None:
    """Show a hole in a label that was filled by a click."""
    pane = _begin(stage, Tool.BRUSH)
    stage.session.view.brush_diameter = 12.0
    centre = _place(pane, 0.45, 0.5)
    for n in range(41):
        angle = 2 * np.pi * n / 40
        at = centre + QPointF(90 * np.cos(angle), 70 * np.sin(angle))
        stage.session.labelling.begin_stroke(pane.frame, pane.index) if n == 0 else None
        stage.session.labelling.stroke_to(pane.world_at(at))
    stage.session.labelling.end_stroke()
    stage.session.document.active_labels.active_label = 2
    stage.session.view.tool = Tool.FILL
    _press(stage, pane, centre)


@state
def wand_tool(stage: Stage) -> None:
    """Show the wand while its tolerance is being dragged."""
    pane = _begin(stage, Tool.WAND)
    stage.session.view.wand_tolerance = 15.0
    _press(stage, pane, _place(pane, 0.5, 0.45), 110, held=True)


@state
def wand_turned(stage: Stage) -> None:
    """Show what the wand took on turned planes, and through all slices."""
    pane = _begin(stage, Tool.WAND, single=False)
    stage.session.view.rotation = combined(turn_about((0.3, 1.0, 0.2), 25.0), IDENTITY)
    stage.settle(0.6)
    stage.session.view.wand_tolerance = 150.0
    _press(stage, pane, _place(pane, 0.5, 0.45))
    stage.session.document.active_labels.active_label = 2
    stage.session.view.fill_volume = True
    _press(stage, pane, _place(pane, 0.3, 0.45))


@state
def islands_tool(stage: Stage) -> None:
    """Show the tool that keeps one island of the bone."""
    pane = _begin(stage, Tool.ISLAND)
    stage.run("threshold.range", lower=200.0, upper=3000.0)
    stage.settle()
    _press(stage, pane, _place(pane, 0.5, 0.72))


@state
def picking(stage: Stage) -> None:
    """Show a label being picked."""
    pane = _begin(stage, Tool.BRUSH)
    stage.session.view.brush_diameter = 50.0
    _press(stage, pane, _place(pane, 0.5, 0.5))
    stage.session.document.active_labels.active_label = 2
    stage.session.view.tool = Tool.PICK_LABEL
    _press(stage, pane, _place(pane, 0.5, 0.5), held=True)


@state
def limited(stage: Stage) -> None:
    """Show painting limited to the background and to values of soft tissue."""
    pane = _begin(stage, Tool.BRUSH)
    stage.session.view.brush_diameter = 80.0
    stage.session.view.paint_range, stage.session.view.paint_within = (0.0, 120.0), 0
    _press(stage, pane, _place(pane, 0.42, 0.5))


@state
def between(stage: Stage) -> None:
    """Show what would be filled between two painted slices."""
    pane = _begin(stage, Tool.BRUSH, single=False)
    for step, size in ((-6, 40.0), (6, 70.0)):
        pane.go_to(pane.index + step)
        stage.settle()
        stage.session.view.brush_diameter = size
        _press(stage, pane, _place(pane, 0.5, 0.5))
    pane.go_to(pane.index - 6)
    stage.settle()
    stage.window.show_dock("Label tools").box.between.open()
    stage.settle(0.6)


@state
def label_tools_light(stage: Stage) -> None:
    """Show the wand and the limits in the light theme."""
    theme.apply(stage.app, "light")
    pane = _begin(stage, Tool.WAND)
    stage.session.view.wand_tolerance = 60.0
    stage.session.view.paint_range = (0.0, 120.0)
    _press(stage, pane, _place(pane, 0.5, 0.45))


@state
def label_tools_small(stage: Stage) -> None:
    """Show the wand with all its options and limits in a small window."""
    stage.window.resize(1280, 720)
    stage.settle()
    label_tools_light(stage)
    theme.apply(stage.app, "dark")
