"""States of the window in which masks are compared; ``pictures.py`` draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from pellucid.history.layers import AddLayer
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import LabelLayer
from pellucid.model.view import Layout
from pellucid.ui import theme

if TYPE_CHECKING:
    from pictures import Stage

AGREEMENT_STATES: dict[str, Callable[[Stage], None]] = {}


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    AGREEMENT_STATES[function.__name__] = function
    return function


def _raters(stage: Stage, count: int, *, bones: bool = False) -> None:
    """Open the chest CT with the lungs as several raters might mark them, each a layer."""
    stage.open()
    image = stage.session.document.active_image
    image.display.set_limits(-1100, 400)
    values = image.volume.array
    lungs = ndimage.binary_opening((values < -500) & (values > -990), iterations=2)
    bone = values > 180
    for n in range(count):
        mask = ndimage.shift(lungs.astype(np.uint8), (n, 3 * n, -4 * n), order=0)
        mask = ndimage.binary_erosion(mask, iterations=n) if n else mask
        array = mask.astype(np.uint8)
        if bones:
            array[ndimage.shift(bone.astype(np.uint8), (0, 2 * n, 0), order=0) > 0] = 2
        rows = (Label(1, "Lungs", "#56B4E9"), Label(2, "Bone", "#F0E442"))[: 2 if bones else 1]
        labels = LabelMap(image.geometry, array, rows)
        stage.session.history.do(AddLayer(LabelLayer(f"Rater {n + 1}", labels)))
    stage.session.document.active = image
    stage.session.centre_crosshair()


def _compare(stage: Stage) -> None:
    stage.window.show_dock("Compare masks")
    stage.settle(0.8)


@state
def compare_masks(stage: Stage) -> None:
    """Show two masks compared: numbers, map, curve."""
    _raters(stage, 2)
    layers = stage.session.document.label_layers
    stage.session.agreeing.choose((layers[1].id, 1), (layers[0].id, 1))
    _compare(stage)


@state
def compare_masks_light(stage: Stage) -> None:
    """Show the same in the light theme."""
    theme.apply(stage.app, "light")
    compare_masks(stage)


@state
def compare_masks_small(stage: Stage) -> None:
    """Show the same in a small window."""
    stage.window.resize(1280, 720)
    compare_masks(stage)


@state
def compare_layers(stage: Stage) -> None:
    """Show two layers of several labels, one row for each, in a single pane."""
    _raters(stage, 2, bones=True)
    stage.session.view.layout = Layout.SINGLE
    _compare(stage)


@state
def compare_masks_empty(stage: Stage) -> None:
    """Show the panel before there are two labels."""
    stage.open()
    _compare(stage)


@state
def compare_raters(stage: Stage) -> None:
    """Show four raters: the matrix and what STAPLE says of them."""
    _raters(stage, 4)
    _compare(stage)
    stage.window.docks["Compare masks"].widget().kind.buttons[1].click()
    stage.settle(0.8)
