"""Choosing how thick the slab of a pane is, and how its slices become one picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from pellucid.language import mark, tr, tr_count
from pellucid.model.layer import ImageLayer
from pellucid.model.planes import PlaneFrame, whole_thickness
from pellucid.model.projecting import Thickness, slices_within
from pellucid.model.view import Projection

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

STEPS = (1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0, 50.0, 80.0, 120.0, 200.0)
"""The thicknesses in mm that keys and wheel step through; those that add no slice are passed over."""
CHOICES = (5.0, 10.0, 20.0, 50.0)
_READ_MS = 2000
"""How long the new thickness is said at the mouse; the corner goes on saying it."""
TITLES = {
    Projection.MAXIMUM: mark("Maximum (MIP)"),
    Projection.MINIMUM: mark("Minimum (MinIP)"),
    Projection.MEAN: mark("Mean"),
    Projection.SUM: mark("Sum"),
}
_SHORT = {
    Projection.MAXIMUM: "MIP",
    Projection.MINIMUM: "MinIP",
    Projection.MEAN: mark("Mean"),
    Projection.SUM: mark("Sum"),
}


def slab_text(frame: PlaneFrame, index: int, thickness: Thickness | None, *, short: bool = False) -> str:
    """Return what a pane says of its slab: ``MIP 10.0 mm (17 slices)``; nothing of a single slice.

    ``short`` is for narrow panes: ``MIP 10.0 mm (17)``.
    """
    if thickness is None:
        return ""
    count = len(slices_within(frame, index, thickness.mm))
    unit = "mm" if frame.has_depths else "px"
    slices = str(count) if short else tr_count("1 slice", "{count} slices", count)
    return f"{projection_text(thickness)} {thickness.mm:.1f} {unit} ({slices})"


def projection_text(thickness: Thickness) -> str:
    """Return the short name of a projection."""
    return tr(_SHORT[thickness.projection])


def projected_at(pane: SliceView, world: Any) -> dict[str, tuple[object, str]]:
    """Return by layer id the value that a thick slab shows at a world point, and the name of its projection."""
    thickness, frame = pane.thickness, pane.frame
    if thickness is None or frame is None or world is None:
        return {}
    u, v = frame.plane_coordinates(world)
    name, shown = projection_text(thickness), pane.stack.shown
    images = [layer for layer in pane.session.viewing.layers(pane.state) if isinstance(layer, ImageLayer)]
    return {layer.id: (shown[layer.id].value_at(u, v), name) for layer in images if layer.id in shown}


def step_thickness(pane: SliceView, steps: int) -> None:
    """Make the slab of a pane thicker (1) or thinner (-1) by at least one slice."""
    frame, state = pane.frame, pane.state
    if frame is None or frame.geometry.is_planar:
        return

    def count(mm: float) -> int:
        return len(slices_within(frame, pane.index, mm))

    now = count(state.slab)
    if steps > 0:
        state.slab = next((mm for mm in STEPS if mm > state.slab and count(mm) > now), state.slab)
    else:
        thinner = [mm for mm in STEPS if mm < state.slab and 1 < count(mm) < now]
        state.slab = thinner[-1] if thinner else 0.0
    said = slab_text(frame, pane.index, pane.thickness) or tr("One slice")
    pane.say(said)
    QTimer.singleShot(_READ_MS, pane, lambda: pane.hush(said))


def fill_slab_menu(menu: QMenu, pane: SliceView) -> None:
    """Offer thicknesses and projections for a pane."""
    frame, state = pane.frame, pane.state
    planar = frame is None or frame.geometry.is_planar
    menu.setEnabled(not planar)
    if frame is None or planar:
        return
    thickness = QActionGroup(menu)
    for mm in (0.0, *CHOICES, whole_thickness(frame)):
        name = tr("One slice") if mm == 0 else tr("All slices") if mm > CHOICES[-1] else f"{mm:g} mm"
        _offer(menu, thickness, name, state.slab == mm, partial(setattr, state, "slab", mm))
    if state.slab not in (0.0, *CHOICES, whole_thickness(frame)):
        _offer(menu, thickness, f"{state.slab:g} mm", True, lambda: None)
    menu.addSeparator()
    ways = QActionGroup(menu)
    for projection, name in TITLES.items():
        _offer(menu, ways, tr(name), state.projection is projection, partial(setattr, state, "projection", projection))


def _offer(menu: QMenu, group: QActionGroup, title: str, chosen: bool, choose: Callable[[], object]) -> QAction:
    action = group.addAction(title)
    action.setCheckable(True)
    action.setChecked(chosen)
    action.triggered.connect(lambda _checked=False: choose())
    menu.addAction(action)
    return action
