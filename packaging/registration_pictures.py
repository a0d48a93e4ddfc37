"""States of the window in which images are registered; ``pictures.py`` draws them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from pellucid.history.layers import AddLayer
from pellucid.model.layer import ImageLayer
from pellucid.model.volume import Volume, geometry_of
from pellucid.ui import theme

if TYPE_CHECKING:
    from pictures import Stage

REGISTRATION_STATES: dict[str, Callable[[Stage], None]] = {}


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    REGISTRATION_STATES[function.__name__] = function
    return function


def _second(stage: Stage, name: str = "Follow-up 2026-03", *, modality: str = "", far: float = 1.0) -> ImageLayer:
    """Lay the chest CT over itself as another examination would have it: turned, shifted, on another grid."""
    first = stage.session.document.active_image
    first.display.set_limits(-1100, 400)
    turned = sitk.Euler3DTransform()
    turned.SetCenter(first.geometry.index_to_world([(n - 1) / 2 for n in first.geometry.size]).tolist())
    turned.SetRotation(0.04 * far, -0.03 * far, 0.14 * far)
    turned.SetTranslation((14.0 * far, -9.0 * far, 6.0 * far))
    grid = sitk.Image([192, 192, 60], sitk.sitkInt16)
    extent = np.array(first.geometry.size) * first.geometry.spacing
    grid.SetSpacing((extent / grid.GetSize()).tolist())
    grid.SetOrigin(first.volume.image.GetOrigin())
    grid.SetDirection(first.volume.image.GetDirection())
    image = sitk.Resample(first.volume.image, grid, turned, sitk.sitkLinear, -1024)
    if modality:
        image = sitk.Cast(3000 - sitk.Abs(image - 40), sitk.sitkInt16)
    volume = Volume(image, geometry_of(image), first.volume.unit, acquisition=first.volume.acquisition)
    layer = ImageLayer(name, (volume,))
    layer.display.set_limits(-1100, 400)
    stage.session.history.do(AddLayer(layer))
    return layer


def _dock(stage: Stage) -> object:
    panel = stage.window.show_dock("Registration")
    stage.settle(0.4)
    return panel


def _ready(stage: Stage) -> object:
    stage.open("CT")
    _second(stage)
    return _dock(stage)


def _until(stage: Stage, true: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        stage.app.processEvents()
        time.sleep(0.005)


@state
def registration_empty(stage: Stage) -> None:
    """Show the dock before anything is open."""
    _dock(stage)


@state
def registration_one(stage: Stage) -> None:
    """Show the dock with one image open."""
    stage.open("CT")
    _dock(stage)


@state
def registration_ready(stage: Stage) -> None:
    """Show two images chosen and one button."""
    _ready(stage)


@state
def registration_running(stage: Stage) -> None:
    """Show a registration on its way: both images, the curve, Keep and Drop."""
    panel = _ready(stage)
    panel.begin.click()
    _until(stage, lambda: len(stage.session.registering.points) > 25)


@state
def registration_running_light(stage: Stage) -> None:
    """Show the same in the light theme."""
    theme.apply(stage.app, "light")
    registration_running(stage)


@state
def registration_done(stage: Stage) -> None:
    """Show what came of it."""
    panel = _ready(stage)
    panel.begin.click()
    stage.settle(0.8)


@state
def registration_done_light(stage: Stage) -> None:
    """Show the same in the light theme."""
    theme.apply(stage.app, "light")
    registration_done(stage)


@state
def registration_done_small(stage: Stage) -> None:
    """Show the same in a small window."""
    stage.window.resize(1280, 720)
    registration_done(stage)


@state
def registration_doubtful(stage: Stage) -> None:
    """Show a registration that had too few iterations and a start far away."""
    stage.open("CT")
    _second(stage, "Follow-up with a long name that does not fit into any list 2026-03", far=4.0)
    panel = _dock(stage)
    stage.session.registering.choosing.choose(preset="rigid", start="identity")
    editor = panel.open_section("Stages")
    editor.form.controls["iterations"].stepped(-19)
    panel.begin.click()
    stage.settle(0.8)


@state
def registration_stages(stage: Stage) -> None:
    """Show the stages of a deformable registration and the form of one."""
    panel = _ready(stage)
    stage.session.registering.choosing.choose(preset="deformable")
    editor = panel.open_section("Stages")
    editor.list.setCurrentRow(1)
    stage.settle()
    bar = panel.stack.currentWidget().verticalScrollBar()
    bar.setValue(bar.maximum())


@state
def registration_stages_light(stage: Stage) -> None:
    """Show the same in the light theme."""
    theme.apply(stage.app, "light")
    registration_stages(stage)


@state
def registration_start(stage: Stage) -> None:
    """Show where it begins and where it looks, in a small window."""
    stage.window.resize(1280, 720)
    panel = _ready(stage)
    panel.open_section("Start and masks")
    stage.settle()
    bar = panel.stack.currentWidget().verticalScrollBar()
    bar.setValue(bar.maximum())
