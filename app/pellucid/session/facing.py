"""Turn panes so that one of them looks straight at a plane of the world, as when a measurement is jumped to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.model.geometry import IDENTITY, Geometry, Matrix, Vector
from pellucid.model.oblique import combined, shortest_turn, turned_frame
from pellucid.model.planes import PlaneFrame
from pellucid.model.view import PaneState, Plane

if TYPE_CHECKING:
    from pellucid.model.layer import Layer
    from pellucid.session.session import Session

_PLANES = (Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL)
_PARALLEL = 1 - 1e-6
"""Cosine from which on two normals are taken for the same."""


def face(session: Session, layer: Layer, normal: Vector, at: Vector) -> None:
    """Let a pane that shows a layer look along a normal through a point; do nothing where one does already.

    A straight plane is taken where there is one; else the nearest plane that is shown is turned there.
    """
    panes, geometry, view = _panes(session, layer), layer.geometry, session.view
    frames = [frame for pane in panes if (frame := session.viewing.frame(pane)) is not None]
    if not frames or geometry.is_planar or any(_faces(frame, normal) for frame in frames):
        return
    shown = [pane.plane for pane in panes if pane.plane in _PLANES] or list(_PLANES)
    for rotation in (view.rotation, IDENTITY):
        for plane in dict.fromkeys((*shown, *_PLANES)):
            if _faces(_frame(session, geometry, plane, at, rotation), normal):
                view.rotation = rotation
                _show(panes, plane)
                return
    nearest = max((_frame(session, geometry, plane, at, view.rotation) for plane in shown),
                  key=lambda frame: abs(frame.normal @ np.asarray(normal)))  # fmt: skip
    goal = np.asarray(normal) * (1.0 if nearest.normal @ np.asarray(normal) >= 0 else -1.0)
    view.rotation = combined(shortest_turn(nearest.normal, goal, nearest.down), view.rotation)
    _show(panes, nearest.plane)


def _panes(session: Session, layer: Layer) -> list[PaneState]:
    """Return the panes of the main window that are on the screen and show a layer."""
    view = session.view
    on_screen = view.shown if view.maximised is None else (view.panes[view.maximised],)
    return [pane for pane in on_screen if not pane.information and layer in session.viewing.layers(pane)]


def _frame(session: Session, geometry: Geometry, plane: Plane, at: Vector, rotation: Matrix) -> PlaneFrame:
    return turned_frame(geometry, plane, at, mode=session.view.plane_mode, rotation=rotation)


def _faces(frame: PlaneFrame, normal: Vector) -> bool:
    return abs(float(frame.normal @ np.asarray(normal))) > _PARALLEL


def _show(panes: list[PaneState], plane: Plane) -> None:
    """See to it that a plane is shown; the first pane gives up its own where none does."""
    if all(pane.plane is not plane for pane in panes):
        panes[0].plane = plane
