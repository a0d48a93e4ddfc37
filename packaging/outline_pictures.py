"""States of the window in which outlines of labels are drawn; ``pictures.py`` draws them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QScrollArea

from pellucid.model.oblique import combined, turn_about
from pellucid.model.view import Cut, CutShape, Depth, Layout, Plane, Tool
from pellucid.ui import theme
from pellucid.ui.canvas.measure_menu import fill_measure_menu
from pellucid.ui.docks.outline_box import OutlineBox

if TYPE_CHECKING:
    from pictures import Stage

    from pellucid.ui.canvas.slice_view import SliceView

OUTLINE_STATES: dict[str, Callable[[Stage], None]] = {}
NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
LUNG = ((0.26, 0.36), (0.32, 0.30), (0.40, 0.34), (0.43, 0.46), (0.40, 0.60), (0.30, 0.62))


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    OUTLINE_STATES[function.__name__] = function
    return function


def _begin(stage: Stage, tool: Tool, *, bone: bool = True, layout: Layout = Layout.SINGLE) -> SliceView:
    """Open the chest CT with a label, take a tool and return the first pane."""
    stage.open()
    stage.session.document.active_image.display.set_limits(-1100, 400)
    if bone:
        stage.run("threshold.range", lower=200.0, upper=3000.0)
        layer = stage.session.document.active_labels
        stage.session.labelling.edit_label(layer, 1, name="Bone", color="#F0E442")
        stage.session.labelling.add_label(layer, "Lung")
    else:
        layer = stage.session.labelling.add_layer()
    stage.session.document.active = layer
    stage.session.view.layout, stage.session.view.tool = layout, tool
    stage.settle()
    stage.raise_dock("Layers")
    return stage.window.canvas.shown_panes()[0]


def _see_options(stage: Stage) -> None:
    """Scroll the Layers dock to the options of the tool."""
    box = stage.window.findChild(OutlineBox)
    area = next(one for one in stage.window.findChildren(QScrollArea) if one.isAncestorOf(box))
    area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())
    stage.settle()


def _at(pane: SliceView, place: tuple[float, float]) -> QPoint:
    """Return the widget position of a place given as shares of the plane."""
    left, top, right, bottom = pane.frame.extent
    u, v = left + place[0] * (right - left), top + place[1] * (bottom - top)
    return pane.camera.to_widget(u, v).toPoint()


def _click(stage: Stage, pane: SliceView, places: Iterable[tuple[float, float]], keys: object = NONE) -> None:
    for place in places:
        QTest.mouseMove(pane.viewport(), _at(pane, place))
        QTest.mouseClick(pane.viewport(), Qt.MouseButton.LeftButton, keys, _at(pane, place))
        stage.settle(0.05)


def _drag(stage: Stage, pane: SliceView, places: list[tuple[float, float]], keys: object = NONE) -> None:
    """Press at the first place and go to the others without letting go."""
    QTest.mouseMove(pane.viewport(), _at(pane, places[0]))
    QTest.mousePress(pane.viewport(), Qt.MouseButton.LeftButton, keys, _at(pane, places[0]))
    for place in places[1:]:
        where = QPointF(_at(pane, place))
        event = QMouseEvent(QEvent.Type.MouseMove, where, pane.mapToGlobal(where), Qt.MouseButton.NoButton,
                            Qt.MouseButton.LeftButton, keys)  # fmt: skip
        stage.app.sendEvent(pane.viewport(), event)
    stage.settle()


def _ring(u: float, v: float, w: float, h: float, share: float = 0.9) -> list[tuple[float, float]]:
    turns = [share * 2 * math.pi * n / 60 for n in range(61)]
    return [(u + w * math.cos(t), v + h * math.sin(t)) for t in turns]


@state
def outline_polygon(stage: Stage) -> None:
    """Show a polygon half drawn over a lung."""
    pane = _begin(stage, Tool.LABEL_POLYGON)
    _click(stage, pane, LUNG[:-1])
    QTest.mouseMove(pane.viewport(), _at(pane, LUNG[-1]))
    stage.settle()


@state
def outline_lasso(stage: Stage) -> None:
    """Show a lasso that erases, in the light theme on a small screen."""
    theme.apply(stage.app, "light")
    stage.window.resize(1280, 720)
    pane = _begin(stage, Tool.LABEL_LASSO)
    _drag(stage, pane, _ring(0.5, 0.68, 0.09, 0.11), CTRL)


@state
def outline_rectangle(stage: Stage) -> None:
    """Show a rectangle on a coronal plane that reaches ± 10 mm."""
    pane = _begin(stage, Tool.LABEL_RECTANGLE)
    pane.state.plane, stage.session.view.outline_depth = Plane.CORONAL, Depth.NEAR
    stage.settle()
    _drag(stage, pane, [(0.25, 0.3), (0.3, 0.4), (0.42, 0.6)])


@state
def outline_ellipse(stage: Stage) -> None:
    """Show an ellipse on a turned plane."""
    pane = _begin(stage, Tool.LABEL_ELLIPSE)
    stage.session.view.rotation = combined(turn_about((1.0, 0.0, 0.0), 25), stage.session.view.rotation)
    stage.settle()
    _drag(stage, pane, [(0.3, 0.35), (0.35, 0.4), (0.44, 0.55)])


@state
def live_wire(stage: Stage) -> None:
    """Show a live wire that was fixed three times around a lung and follows the mouse."""
    pane = _begin(stage, Tool.LIVE_WIRE)
    _click(stage, pane, ((0.33, 0.30), (0.42, 0.45), (0.38, 0.62)))
    QTest.mouseMove(pane.viewport(), _at(pane, (0.25, 0.50)))
    stage.settle()


@state
def scissors(stage: Stage) -> None:
    """Show the scissors cutting a piece of bone out of all slices."""
    pane = _begin(stage, Tool.SCISSORS)
    stage.session.document.active_labels.active_label = 1
    _drag(stage, pane, _ring(0.5, 0.72, 0.10, 0.12))
    _see_options(stage)


@state
def scissors_keep(stage: Stage) -> None:
    """Show the scissors keeping what lies inside a polygon within a distance, in the light theme."""
    theme.apply(stage.app, "light")
    pane = _begin(stage, Tool.SCISSORS, layout=Layout.QUAD)
    view = stage.session.view
    stage.session.document.active_labels.active_label = 1
    view.cut, view.cut_shape, view.cut_depth, view.outline_reach = Cut.KEEP, CutShape.POLYGON, Depth.NEAR, 25.0
    stage.settle()
    _click(stage, pane, ((0.4, 0.55), (0.6, 0.55), (0.65, 0.85)))
    QTest.mouseMove(pane.viewport(), _at(pane, (0.35, 0.85)))
    _see_options(stage)


@state
def outline_cut(stage: Stage) -> None:
    """Show what a cut through all slices left of the bones, in all planes."""
    pane = _begin(stage, Tool.SCISSORS, layout=Layout.QUAD)
    stage.session.document.active_labels.active_label = 1
    _drag(stage, pane, _ring(0.5, 0.7, 0.14, 0.18))
    QTest.mouseRelease(pane.viewport(), Qt.MouseButton.LeftButton, NONE, _at(pane, (0.5, 0.7)))
    stage.settle()


@state
def fill_region(stage: Stage) -> None:
    """Show the menu of a measured region, which can be filled."""
    pane = _begin(stage, Tool.POLYGON)
    _click(stage, pane, (*LUNG, LUNG[0]))
    stage.session.view.tool = Tool.WINDOW
    pane.mouse.at = QPointF(_at(pane, LUNG[0]))
    stage.popup = QMenu(stage.window)
    fill_measure_menu(stage.popup, pane)
    stage.popup.popup(pane.mapToGlobal(_at(pane, LUNG[0])))
    stage.settle()
