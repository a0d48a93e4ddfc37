"""States with DICOM objects that hold labels; they need the folder of real images that the tests use."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.model.view import Plane
from pellucid.ui import theme

if TYPE_CHECKING:
    from pictures import Stage

DICOM_OBJECT_STATES: dict[str, Callable[[Stage], None]] = {}
DATA = Path(os.environ.get("PELLUCID_DATA", Path(__file__).parents[2] / "shared" / "data"))


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    DICOM_OBJECT_STATES[function.__name__] = function
    return function


def _listed(stage: Stage, *names: str) -> None:
    stage.session.open([DATA / name for name in names])
    stage.settle(0.5)
    stage.window.show_dock("Studies")
    stage.window.docks["Studies"].widget().tree.expandAll()
    stage.settle(0.5)


def _opened(stage: Stage, modality: str) -> None:
    one = next(one for one in stage.session.library.series if one.modality == modality)
    stage.session.loading.load_key(stage.session.library.key(one))
    stage.settle(0.5)


@state
def labels_offered(stage: Stage) -> None:
    """Open a CT of which the library has a structure set."""
    _listed(stage, "ct_pet_mr_sts002/dicom/CT")


@state
def structures_opened(stage: Stage) -> None:
    """Show the structures of a tumour on the CT that they were drawn on."""
    _listed(stage, "ct_pet_mr_sts002/dicom/CT")
    _opened(stage, "RTSTRUCT")
    layer = stage.session.document.active
    stage.session.label_tables.centre_on(layer, layer.active_label)
    stage.settle(0.5)


@state
def segments_overlap(stage: Stage) -> None:
    """Show segments that overlap, on three layers."""
    _listed(stage, "seg/ct-3slice", "seg/partial_overlaps.dcm")
    _opened(stage, "SEG")


@state
def segments_overlap_light(stage: Stage) -> None:
    """Show the same in the light theme, in a small window."""
    segments_overlap(stage)
    theme.apply(stage.app, "light")
    stage.window.resize(1280, 720)
    stage.settle(0.5)


def _near(stage: Stage, *, as_drawn: bool = True) -> None:
    """Open the structures of a tumour and look at them so near that voxels are seen."""
    structures_opened(stage)
    layer = stage.session.document.active
    layer.display.as_drawn = as_drawn
    stage.window.show_dock("Layers")
    labels = layer.labels
    drawn = labels.contours.points
    at = drawn[abs(drawn[:, 2] - stage.session.view.crosshair[2]).argmin()]
    stage.session.view.crosshair = tuple(float(c) for c in at)
    stage.settle(0.5)
    for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL):
        pane = stage.window.canvas.pane(plane)
        pane.state.centre, pane.state.scale = pane.frame.plane_coordinates(at), 8.0
    stage.settle(0.5)


@state
def contours_drawn(stage: Stage) -> None:
    """Show contours as they were drawn, near, with the choice of voxel edges beside them."""
    _near(stage)


@state
def contours_drawn_light(stage: Stage) -> None:
    """Show the same in the light theme, in a small window."""
    _near(stage)
    theme.apply(stage.app, "light")
    stage.window.resize(1280, 720)
    stage.settle(0.5)


@state
def contours_voxels(stage: Stage) -> None:
    """Show the edges of the voxels in their place."""
    _near(stage, as_drawn=False)


@state
def contours_lost(stage: Stage) -> None:
    """Paint on a structure: its contours are gone, and that is said."""
    _near(stage)
    session = stage.session
    pane = stage.window.canvas.pane(Plane.AXIAL)
    session.labelling.begin_stroke(pane.frame, pane.index)
    session.labelling.stroke_to(session.view.crosshair)
    session.labelling.end_stroke()
    stage.settle(0.5)
