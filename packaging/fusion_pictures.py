"""States of the window in which images lie over each other, or may not; ``pictures.py`` draws them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.model.annotations import Kind as Shape
from pellucid.model.layer import ImageLayer
from pellucid.model.shapes import on_plane, vector
from pellucid.ui import theme

if TYPE_CHECKING:
    from pictures import Stage

FUSION_STATES: dict[str, Callable[[Stage], None]] = {}


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    FUSION_STATES[function.__name__] = function
    return function


def _add(stage: Stage, folder: Path) -> ImageLayer:
    stage.session.library.scan([folder], lambda found: stage.session.loading.load(found.series[0], replace=False))
    stage.settle()
    return stage.session.document.images[-1]


def _data(name: str) -> Path:
    return Path(os.environ.get("PELLUCID_DATA", "")) / name


def _pet_ct(stage: Stage) -> tuple[ImageLayer, ImageLayer]:
    """Open a PET over a CT where the test data are, else those of the demo study."""
    if _data("ct_pet_acrin042").is_dir():
        stage.session.open([_data("ct_pet_acrin042") / "CT"])
        stage.settle()
        _add(stage, _data("ct_pet_acrin042") / "PT_AC")
    else:
        stage.open()
        series = next(one for one in stage.session.library.series if one.modality == "PT")
        stage.session.loading.load(series, replace=False)
        stage.settle()
    ct, pet = stage.session.document.images
    ct.display.set_limits(-160, 240)
    return ct, pet


@state
def fusion_projection(stage: Stage) -> None:
    """Show three fused planes and the brightest of the PET beside them."""
    _, pet = _pet_ct(stage)
    stage.session.fusing.add_projection()
    hottest = pet.volume.array.reshape(len(pet.volume.array), -1).max(axis=1).argmax()
    stage.session.view.crosshair = tuple(float(n) for n in pet.geometry.index_to_world((64, 64, int(hottest))))
    stage.settle(0.6)


@state
def fusion_projection_light(stage: Stage) -> None:
    """Show the same in the light theme."""
    theme.apply(stage.app, "light")
    fusion_projection(stage)


@state
def fusion_apart(stage: Stage) -> None:
    """Show both images side by side."""
    _pet_ct(stage)
    stage.session.fusing.separate()
    stage.settle()


@state
def fusion_region(stage: Stage) -> None:
    """Show what a region says of both images."""
    ct, _ = _pet_ct(stage)
    stage.window.show_dock("Measurements")
    frame = stage.session.viewing.frame(stage.session.view.panes[0])
    assert frame is not None
    left, top, right, bottom = frame.extent
    u, v, index = (left + right) / 2, (top + bottom) / 2, frame.slice_count // 2
    points = tuple(vector(frame.world_at(*at, index)) for at in ((u - 40, v - 30), (u + 40, v + 30)))
    stage.session.measuring.add(on_plane(Shape.ELLIPSE, points, frame, layer=ct.id))
    stage.session.fusing.balance = 0.6
    stage.settle()


@state
def fusion_mr(stage: Stage) -> None:
    """Show an MR over a CT of one frame of reference."""
    folder = _data("ct_pet_mr_sts002") / "dicom"
    stage.session.open([folder / "CT" / "image"])
    stage.settle()
    _add(stage, folder / "MR_T1" / "image")
    stage.session.fusing.fuse()
    stage.settle()


def _strangers(stage: Stage) -> tuple[ImageLayer, ImageLayer]:
    """Open the PET over the CT as if it stated another frame of reference."""
    ct, pet = _pet_ct(stage)
    grid = replace(pet.volume.geometry, frame_of_reference="1.2.3")
    pet.frames = (replace(pet.volume, geometry=grid),)
    stage.settle()
    return ct, pet


@state
def frames_asked(stage: Stage) -> None:
    """Ask about an image of another frame of reference."""
    _strangers(stage)


@state
def frames_asked_light(stage: Stage) -> None:
    """Show the same in the light theme in a small window."""
    theme.apply(stage.app, "light")
    stage.window.resize(1280, 720)
    _strangers(stage)


@state
def frames_consented(stage: Stage) -> None:
    """Say as long as it lasts that an overlay is not registered."""
    ct, pet = _strangers(stage)
    stage.session.consenting.consent(ct, pet)
    stage.settle()


@state
def frames_beside(stage: Stage) -> None:
    """Give the other image a pane of its own."""
    _strangers(stage)
    question = stage.session.consenting.question
    assert question is not None
    stage.session.consenting.show_beside(question)
    stage.settle()
