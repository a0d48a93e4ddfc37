"""States of the window in which the moving image is placed by hand or by landmarks; ``pictures.py`` draws them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest

from pellucid.history.layers import AddLayer
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.layer import ImageLayer
from pellucid.model.rigid_parts import shift, turn
from pellucid.model.view import Layout, Tool
from pellucid.session.landmark_files import load_landmarks
from pellucid.ui import theme

if TYPE_CHECKING:
    from pictures import Stage

    from pellucid.ui.canvas.slice_view import SliceView

START_STATES: dict[str, Callable[[Stage], None]] = {}
NONE = Qt.KeyboardModifier.NoModifier


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    START_STATES[function.__name__] = function
    return function


def _two(stage: Stage, layout: Layout = Layout.QUAD, section: str = "By hand") -> None:
    """Open the chest CT twice, the upper one shifted and turned, with a section of the dock open."""
    stage.open()
    session = stage.session
    fixed = session.document.active_image
    fixed.display.set_limits(-1100, 400)
    moving = ImageLayer("Follow-up thorax", fixed.frames)
    moving.display.set_limits(-1100, 400)
    session.history.do(AddLayer(moving))
    session.document.active = moving
    session.view.layout = layout
    session.hand_placing.nudge(turn((0.0, 0.0, 1.0), 6.0, fixed.geometry.centre()) @ shift([12.0, -8.0, 0.0]))
    stage.window.show_dock("Registration")
    stage.settle()
    stage.window.panel("Registration").open_section(section)
    stage.settle()


def _send(stage: Stage, pane: SliceView, at: QPointF, keys: object = NONE) -> None:
    event = QMouseEvent(QEvent.Type.MouseMove, at, pane.mapToGlobal(at), Qt.MouseButton.NoButton,
                        Qt.MouseButton.LeftButton, keys)  # fmt: skip
    stage.app.sendEvent(pane.viewport(), event)


def _see(stage: Stage) -> None:
    """Scroll the dock to its end."""
    from PySide6.QtWidgets import QScrollArea

    area = stage.window.panel("Registration").findChild(QScrollArea)
    area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())
    stage.settle(0.1)


def _drag(stage: Stage, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag on the first pane between shares of its size and hold on."""
    pane = stage.window.canvas.shown_panes()[0]
    first, last = (QPointF(x * pane.width(), y * pane.height()) for x, y in (start, end))
    QTest.mouseMove(pane.viewport(), first.toPoint())
    QTest.mousePress(pane.viewport(), Qt.MouseButton.LeftButton, NONE, first.toPoint())
    for share in (0.3, 0.6, 1.0):
        _send(stage, pane, first + (last - first) * share)
    stage.settle()


@state
def moved_by_hand(stage: Stage) -> None:
    """Show a CT that is dragged over another one in red and green, and its numbers."""
    _two(stage)
    stage.session.hand_placing.choose_tool(Tool.MOVE_LAYER)
    _drag(stage, (0.5, 0.5), (0.55, 0.47))
    _see(stage)


@state
def turned_by_hand(stage: Stage) -> None:
    """Show it turned by the ring, in one large pane, light."""
    _two(stage, Layout.SINGLE)
    stage.session.hand_placing.choose_tool(Tool.MOVE_LAYER)
    theme.apply(stage.app, "light")
    stage.settle()
    _drag(stage, (0.5, 0.06), (0.62, 0.09))


@state
def by_hand_small(stage: Stage) -> None:
    """Show the numbers on a small screen."""
    _two(stage)
    stage.window.resize(1280, 720)
    stage.settle()
    _see(stage)


@state
def landmarks_empty(stage: Stage) -> None:
    """Show what the section says before a landmark was set."""
    _two(stage, section="Landmarks")
    _see(stage)


def _set(stage: Stage, wrong: bool = True) -> None:
    session = stage.session
    fixed, moving = session.hand_placing.fixed_and_moving()
    own = fixed.geometry
    shares = np.array([[0.3, 0.4, 0.5], [0.7, 0.4, 0.5], [0.5, 0.3, 0.5], [0.5, 0.7, 0.5], [0.35, 0.6, 0.6],
                       [0.62, 0.62, 0.4]])  # fmt: skip
    rng = np.random.default_rng(3)
    for number, share in enumerate(shares, 1):
        place = own.index_to_world(np.round(share * (np.array(own.size) - 1)))
        off = rng.normal(0, 1.5, 3) + ([9.0, 0, 0] if wrong and number == 4 else 0)
        there = moving.placement.to_common(place + off) if moving.placement else place + off
        for layer, at in ((fixed, place), (moving, there)):
            point = Annotation(Kind.POINT, (tuple(at),), layer=layer.id, name=str(number),
                               color=session.landmarks.color(layer))  # fmt: skip
            session.landmarks.add(point)
    session.measuring.select(None)
    session.centre_crosshair()


@state
def landmarks_set(stage: Stage) -> None:
    """Show landmarks on both images, their table and the one that is off."""
    _two(stage, section="Landmarks")
    _set(stage)
    stage.session.hand_placing.side_by_side()
    stage.session.view.tool = Tool.LANDMARKS
    stage.settle()
    _see(stage)


@state
def landmarks_light(stage: Stage) -> None:
    """Show the same on a small screen, light, while a point is set."""
    landmarks_set(stage)
    stage.window.resize(1280, 720)
    theme.apply(stage.app, "light")
    stage.settle()
    pane = stage.window.canvas.shown_panes()[0]
    QTest.mouseClick(pane.viewport(), Qt.MouseButton.LeftButton, NONE, QPoint(pane.width() // 2, pane.height() // 2))
    stage.settle()
    _see(stage)


@state
def landmarks_fitted(stage: Stage) -> None:
    """Show the images where their landmarks meet."""
    _two(stage, section="Landmarks")
    _set(stage, wrong=False)
    stage.session.landmarks.place()
    stage.settle()
    _see(stage)


def _add_picture(stage: Stage, path: Path) -> None:
    found = stage.session.library.scan([path], lambda found: stage.session.loading.load(found.images[0], replace=False))
    assert found is not None
    stage.settle()


@state
def landmarks_histology(stage: Stage) -> None:
    """Show 78 landmarks of two stained sections beside each other, where the real images are there."""
    data = Path(os.environ.get("PELLUCID_DATA", "")) / "registration_2d" / "histology_lesions"
    names = [f"Izd2-29-041-w35_{stain}" for stain in ("HE", "proSPC")]
    if not (data / f"{names[0]}.jpg").exists():
        landmarks_set(stage)
        return
    session = stage.session
    for name in names:
        _add_picture(stage, data / f"{name}.jpg")
    for side, name in zip(("fixed", "moving"), names, strict=True):
        load_landmarks(session, data / f"{name}.csv", side, "px")
    stage.window.show_dock("Registration")
    stage.settle()
    stage.window.panel("Registration").open_section("Landmarks")
    session.hand_placing.side_by_side()
    stage.settle()
    _see(stage)
