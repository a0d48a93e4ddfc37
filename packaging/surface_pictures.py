"""States of the 3-D view and of the export of surfaces; ``pictures.py`` draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint

from pellucid.ui import theme
from pellucid.ui.three_d.presets import PRESETS

if TYPE_CHECKING:
    from pictures import Stage

SURFACE_STATES: dict[str, Callable[[Stage], None]] = {}


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    SURFACE_STATES[function.__name__] = function
    return function


def _organs(stage: Stage) -> None:
    """Open the chest CT with two labels: lungs and bone."""
    stage.open()
    session = stage.session
    session.document.active_image.display.set_limits(-160, 240)
    stage.run("threshold.range", lower=-905.0, upper=-500.0)
    stage.run("masks.remove_small", minimum=500_000.0, unit="mm3")
    layer = session.document.active_labels
    session.labelling.edit_label(layer, 1, name="Lungs", color="#56B4E9", opacity=0.45)
    session.document.active = layer
    session.labelling.add_label(layer, "Bone")
    session.labelling.edit_label(layer, 2, color="#F0E442")
    stage.run("threshold.range", lower=180.0, upper=3000.0)
    stage.settle()


def _view(stage: Stage, preset: str = "", size: tuple[int, int] = (860, 720)) -> None:
    """Show the 3-D view over the window, with a preset of the volume."""
    stage.window.canvases.open_three_d()
    view = stage.window.canvases.three_d
    view.resize(*size)
    view.move(stage.window.pos() + QPoint(700, 220))
    stage.settle(0.6)
    if preset:
        chosen = next(one for one in PRESETS if one.name == preset)
        view.preset.set_value(chosen)
        view.preset.chosen.emit(chosen)
        stage.settle(0.6)
    for _ in range(3):
        view.studio.wait()
        stage.settle(0.3)
    stage.popup = view


@state
def three_d(stage: Stage) -> None:
    """Show lungs and bone as surfaces with the slice planes."""
    _organs(stage)
    _view(stage)


@state
def three_d_light(stage: Stage) -> None:
    """Show the same in the light theme."""
    theme.apply(stage.app, "light")
    three_d(stage)


@state
def three_d_bone(stage: Stage) -> None:
    """Show the CT as a volume of bone."""
    stage.open()
    _view(stage, "bone")


@state
def three_d_lung(stage: Stage) -> None:
    """Show the CT as a volume of lung."""
    stage.open()
    _view(stage, "lung")


@state
def three_d_mip(stage: Stage) -> None:
    """Show the highest values of the CT, in a small window."""
    stage.open()
    stage.session.document.active_image.display.set_limits(-100, 900)
    _view(stage, "mip", (420, 360))


@state
def three_d_missing(stage: Stage) -> None:
    """Show what the menu answers where VTK is not installed."""
    from pellucid.ui.three_d import availability

    stage.open()
    there, availability.importlib.util.find_spec = availability.importlib.util.find_spec, lambda _name: None
    try:
        stage.window.actions_table.by_id["view.three_d"].trigger()
    finally:
        availability.importlib.util.find_spec = there
    stage.settle()


@state
def export_surface(stage: Stage) -> None:
    """Show the export of surfaces."""
    from pellucid.ui.dialogs.surface import SurfaceDialog

    _organs(stage)
    stage.popup = SurfaceDialog(stage.session, stage.window)
    stage.popup.move(stage.window.pos() + QPoint(480, 300))
    stage.popup.show()
    stage.settle()
