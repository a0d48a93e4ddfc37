"""States with DICOM objects that hold labels; they need the folder of real images that the tests use."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

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
