"""States of the window in which layers lie where a transform puts them; ``pictures.py`` draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk
from PySide6.QtCore import QPoint

from pellucid.model.view import Layout
from pellucid.session.placements import placement_of
from pellucid.ui import theme
from pellucid.ui.dialogs.export import ExportDialog
from pellucid.ui.dialogs.harden import HardenDialog
from pellucid.ui.docks.layers import LayersPanel
from pellucid.ui.transforming import transform_menu

if TYPE_CHECKING:
    from pictures import Stage

    from pellucid.model.layer import ImageLayer

TRANSFORM_STATES: dict[str, Callable[[Stage], None]] = {}


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    TRANSFORM_STATES[function.__name__] = function
    return function


def _moved(stage: Stage, *, bent: bool = False) -> ImageLayer:
    """Open the chest CT with a copy of it that is turned, labels on it, and another copy that is bent."""
    stage.open()
    session = stage.session
    fixed = session.document.active_image
    fixed.display.set_limits(-1100, 400)
    stage.run("threshold.range", lower=200.0, upper=3000.0)
    session.document.active = fixed
    session.running.apply("smoothing.gaussian", {"sigma": 2.0}, as_new_layer=True)
    stage.settle()
    moving = session.document.active_image
    session.rename(moving, "CT, follow-up")
    own = moving.own_geometry
    turn = sitk.Euler3DTransform(tuple(own.centre()), 0.0, 0.0, np.radians(8.0), (12.0, -6.0, 0.0))
    session.placing.put(moving, placement_of(turn, fixed.geometry, own, "Rigid"))
    if bent:
        image = sitk.Image(list(own.size), sitk.sitkUInt8)
        image.SetSpacing(own.spacing)
        image.SetOrigin(own.origin)
        image.SetDirection(own.direction)
        spline = sitk.BSplineTransformInitializer(image, [4, 4, 4], 3)
        numbers = np.random.default_rng(2).normal(0, 8, len(spline.GetParameters()))
        spline.SetParameters(numbers.tolist())
        session.placing.put(moving, placement_of(spline, fixed.geometry, own, "Rigid + B-spline"))
    session.view.layout = Layout.SINGLE
    stage.raise_dock("Layers")
    stage.settle()
    return moving


def _popup(stage: Stage, widget: object, at: QPoint) -> None:
    stage.popup = widget
    widget.move(stage.window.mapToGlobal(at))
    widget.show()
    stage.settle()


@state
def moved_layer(stage: Stage) -> None:
    """Show a turned CT over the one it was registered to, with its badge and the menu Transform."""
    moving = _moved(stage)
    panel = stage.window.findChild(LayersPanel)
    menu = transform_menu(stage.session, moving, panel)
    _popup(stage, menu, QPoint(620, 160))


@state
def moved_layer_light(stage: Stage) -> None:
    """Show the same in the light theme, bent."""
    theme.apply(stage.app, "light")
    _moved(stage, bent=True)


@state
def resample_to_grid(stage: Stage) -> None:
    """Show the dialog that resamples a moved layer."""
    moving = _moved(stage)
    _popup(stage, HardenDialog(stage.session, moving, stage.window), QPoint(420, 220))


@state
def export_moved(stage: Stage) -> None:
    """Show what the export dialog says of a moved layer."""
    _moved(stage)
    _popup(stage, ExportDialog(stage.session, stage.window), QPoint(400, 200))
