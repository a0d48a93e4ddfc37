"""The menus View ▸ Planes and View ▸ Thick slab: along which axes planes lie, and how thick they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.model.geometry import IDENTITY
from pellucid.model.planes import whole_thickness
from pellucid.model.view import PlaneMode, Projection
from pellucid.ui.actions.entry import Entry
from pellucid.ui.canvas.thickness import CHOICES, TITLES, step_thickness

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.main_window import MainWindow


def _needs_volume(session: Session) -> str:
    reference = session.document.reference
    if reference is None:
        return tr("Open an image first.")
    return tr("The image has only one plane.") if reference.is_planar else ""


def _needs_turn(session: Session) -> str:
    return "" if session.view.rotation != IDENTITY else tr("The planes are not turned.")


def _choose_mode(window: MainWindow, mode: PlaneMode) -> None:
    window.session.view.plane_mode = mode


def _mode(mode: PlaneMode, title: str, tip: str) -> Entry:
    return Entry(f"planes.{mode}", "View/Planes", title, lambda w: _choose_mode(w, mode), why_not=_needs_volume,
                 checked=lambda s: s.view.plane_mode is mode, group="plane_mode", tip=tip)  # fmt: skip


def _thicken(window: MainWindow, millimetres: float | None) -> None:
    """Give the pane in use a thickness; None takes all slices."""
    pane = window.canvas_in_use().pane_in_use()
    if pane is not None and pane.frame is not None:
        pane.state.slab = whole_thickness(pane.frame) if millimetres is None else millimetres


def _project(window: MainWindow, projection: Projection) -> None:
    pane = window.canvas_in_use().pane_in_use()
    if pane is not None:
        pane.state.projection = projection


def _step(window: MainWindow, steps: int) -> None:
    pane = window.canvas_in_use().pane_in_use()
    if pane is not None:
        step_thickness(pane, steps)


def _slab(millimetres: float | None, name: str, title: str) -> Entry:
    return Entry(f"slab.{name}", "View/Thick slab", title, lambda w: _thicken(w, millimetres), why_not=_needs_volume,
                 tip="For the pane the mouse was on last")  # fmt: skip


def _projection(projection: Projection, *, first: bool) -> Entry:
    return Entry(f"slab.{projection}", "View/Thick slab", TITLES[projection], lambda w: _project(w, projection),
                 why_not=_needs_volume, tip="For the pane the mouse was on last", separator=first)  # fmt: skip


ROWS: tuple[Entry, ...] = (
    _mode(PlaneMode.NEAREST, "&Nearest to the patient",
          "Along the stored axes nearest to those of the patient: exact voxels; the title states the angle"),
    _mode(PlaneMode.ANATOMICAL, "&Anatomical",
          "True axial, coronal and sagittal planes; oblique acquisitions are interpolated"),
    _mode(PlaneMode.ACQUISITION, "As &acquired", "Along the stored axes x–y, x–z and y–z"),
    Entry("planes.reset", "View/Planes", "&Reset planes", lambda w: w.canvas.reset_planes(), ("Ctrl+Shift+R",),
          "axis-arrow", _needs_turn, separator=True, tip="Take back how the planes were turned",
          shown_only=True),
    _slab(0.0, "none", "&One slice"),
    *(_slab(mm, f"{mm:g}", f"{mm:g} mm") for mm in CHOICES),
    _slab(None, "all", "&All slices"),
    *(_projection(projection, first=projection is Projection.MAXIMUM) for projection in Projection),
    Entry("slab.thicker", "View/Thick slab", "&Thicker", lambda w: _step(w, 1), ("Ctrl+Alt+Up",),
          why_not=_needs_volume, separator=True, shown_only=True),
    Entry("slab.thinner", "View/Thick slab", "T&hinner", lambda w: _step(w, -1), ("Ctrl+Alt+Down",),
          why_not=_needs_volume, shown_only=True),
)  # fmt: skip
