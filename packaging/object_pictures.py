"""States of the window in which the objects of a label layer are measured; ``pictures.py`` draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from pellucid.model.geometry import Geometry
from pellucid.model.layer import Source
from pellucid.model.view import Layout, Plane
from pellucid.model.volume import Volume, image_from_array
from pellucid.session.opening import Loaded
from pellucid.ui import theme
from pellucid.ui.dialogs.batch import BatchDialog
from pellucid.ui.dialogs.overlap import OverlapDialog

if TYPE_CHECKING:
    from pictures import Stage

    from pellucid.ui.docks.objects import ObjectsPanel

OBJECT_STATES: dict[str, Callable[[Stage], None]] = {}


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    OBJECT_STATES[function.__name__] = function
    return function


def _nuclei() -> np.ndarray:
    """Return a field of stained nuclei, as through a fluorescence microscope."""
    random = np.random.default_rng(4)
    y, x = np.indices((512, 640), dtype=float)
    field = random.normal(40, 6, y.shape)
    for _ in range(140):
        cx, cy, a, b = random.uniform(0, 640), random.uniform(0, 512), random.uniform(8, 15), random.uniform(5, 10)
        turn, bright = random.uniform(0, np.pi), random.uniform(60, 180)
        u = (x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)
        v = (y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)
        field += bright / (1 + np.exp(np.minimum(6 * (np.hypot(u / a, v / b) - 1), 50)))
    return np.clip(field, 0, 255).astype(np.uint8)


def _measured(stage: Stage, *, measure: bool = True) -> ObjectsPanel:
    """Open nuclei, find them and measure them."""
    session = stage.session
    grid = Geometry((640, 512, 1), (0.00065, 0.00065, 1.0))
    volume = Volume(image_from_array(_nuclei()[None], grid), grid)
    session.loading.add(Loaded((volume,), (20.0, 230.0), "Nuclei", Source()), replace=False)
    stage.run("smoothing.median")
    stage.run("threshold.otsu")
    if measure:
        stage.run("labels.split")
    session.view.layout, session.view.plane = Layout.SINGLE, Plane.AXIAL
    stage.window.show_dock("Table")
    stage.raise_dock("Table")
    panel: ObjectsPanel = stage.window.docks["Table"].widget()
    if measure:
        panel.measure()
        stage.settle()
        panel.plots.up.set_value("mean")
        panel.plots.draw()
        stage.settle()
        session.objects.select({4, 9, 30, 31}, go_there=True)
        session.objects.select({4}, go_there=True)
        session.objects.select({4, 9, 30, 31})
    stage.settle()
    return panel


@state
def object_table(stage: Stage) -> None:
    """Show nuclei with their table and two columns against each other."""
    _measured(stage)


@state
def object_table_light(stage: Stage) -> None:
    """Show the same in the light theme, filtered."""
    theme.apply(stage.app, "light")
    _measured(stage).filter.setText("roundness > 0.8")


@state
def object_table_small(stage: Stage) -> None:
    """Show the same in a small window, moved sideways: the names stay."""
    panel = _measured(stage)
    stage.window.resize(1280, 720)
    stage.settle()
    panel.table.horizontalScrollBar().setValue(260)
    stage.settle()


@state
def object_table_plot(stage: Stage) -> None:
    """Show the same as a plot."""
    _measured(stage).show_page("plot")
    stage.settle()


@state
def object_table_plot_small(stage: Stage) -> None:
    """Show the plot in a small window, as a histogram in the light theme."""
    theme.apply(stage.app, "light")
    panel = _measured(stage)
    stage.window.resize(1280, 720)
    panel.show_page("plot")
    panel.plots.up.set_value(None)
    panel.plots.draw()
    stage.settle()


@state
def object_table_batch(stage: Stage) -> None:
    """Show the batch dialog with the recipe that makes and measures the nuclei."""
    _measured(stage).more.batch.trigger()
    stage.popup = next(one for one in stage.window.findChildren(BatchDialog) if one.isVisible())
    stage.settle()


@state
def object_table_overlap(stage: Stage) -> None:
    """Show which nuclei lie on the label that the threshold made, and the two pages in the light theme."""
    theme.apply(stage.app, "light")
    panel = _measured(stage)
    panel.more.overlap.aboutToShow.emit()
    panel.more.overlap.actions()[0].trigger()
    stage.settle()
    stage.popup = next(one for one in stage.window.findChildren(OverlapDialog) if one.isVisible())


@state
def object_table_colocalisation(stage: Stage) -> None:
    """Show how a second channel goes together with the first in every nucleus, one against the other."""
    panel = _measured(stage)
    session = stage.session
    first = session.document.images[0].volume
    values = first.array.astype(float)
    marker = np.random.default_rng(2).normal(0.6 * values + np.linspace(0, 60, values.shape[2]), 12)
    volume = Volume(image_from_array(np.clip(marker, 0, 255).astype(np.uint8), first.geometry), first.geometry)
    session.loading.add(Loaded((volume,), (0.0, 200.0), "Marker", Source()), replace=False)
    for menu, wanted in ((panel.choice.images.menu(), {"Nuclei", "Marker"}), (panel.choice.groups.menu(), None)):
        for action in menu.actions():
            action.setChecked(action.text() in wanted if wanted is not None else action.data() == "colocalisation")
    panel.measure()
    stage.settle()
    panel.table.horizontalScrollBar().setValue(panel.table.horizontalScrollBar().maximum())
    stage.settle()


@state
def object_table_empty(stage: Stage) -> None:
    """Show the table before anything was measured."""
    _measured(stage, measure=False)


@state
def object_table_volume(stage: Stage) -> None:
    """Show the bones of the chest as objects of a volume, in all planes."""
    stage.open()
    stage.session.document.active_image.display.set_limits(-1100, 400)
    stage.run("threshold.range", lower=250.0, upper=3000.0)
    stage.run("masks.remove_small")
    stage.run("labels.split")
    stage.window.show_dock("Table")
    stage.raise_dock("Table")
    stage.window.docks["Table"].widget().measure()
    stage.settle()
    stage.session.objects.select({1}, go_there=True)
    stage.settle()
