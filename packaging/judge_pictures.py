"""States of the window in which a registration is judged, on real images; ``pictures.py`` draws them.

They need the folder of real images that the tests use, in ``PELLUCID_DATA``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk
from PySide6.QtWidgets import QScrollArea

from pellucid.history.layers import AddLayer
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.compare import CompareMode
from pellucid.model.geometry import IDENTITY
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.oblique import combined, turn_about
from pellucid.model.volume import Volume, geometry_of
from pellucid.operations.engines.registration import landmark_fits
from pellucid.session.placements import placement_of
from pellucid.ui import theme

if TYPE_CHECKING:
    from pictures import Stage

JUDGE_STATES: dict[str, Callable[[Stage], None]] = {}
DATA = Path(os.environ.get("PELLUCID_DATA", Path(__file__).parents[2] / "shared" / "data"))


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    JUDGE_STATES[function.__name__] = function
    return function


def _warp(image: sitk.Image, strength: float, seed: int = 3) -> sitk.Transform:
    """Return a smooth warp with a small turn."""
    spline = sitk.BSplineTransformInitializer(image, [6] * image.GetDimension(), 3)
    spline.SetParameters(np.random.default_rng(seed).normal(0, strength, len(spline.GetParameters())).tolist())
    if image.GetDimension() == 3:
        centre = image.TransformContinuousIndexToPhysicalPoint([n / 2 for n in image.GetSize()])
        turn = sitk.Euler3DTransform(centre, 0.05, 0.08, 0.12, (5.0, -4.0, 3.0))
        return sitk.CompositeTransform([turn, spline])
    return spline


def _inverse(transform: sitk.Transform, image: sitk.Image) -> sitk.Transform:
    """Return the inverse of a smooth warp, by a field on a coarser grid."""
    room = [40] * image.GetDimension()  # a field must not end where the image does
    coarse = sitk.Shrink(sitk.ConstantPad(image, room, room), [2] * image.GetDimension())
    field = sitk.TransformToDisplacementField(transform, sitk.sitkVectorFloat64, coarse.GetSize(), coarse.GetOrigin(),
                                              coarse.GetSpacing(), coarse.GetDirection())  # fmt: skip
    return sitk.DisplacementFieldTransform(sitk.InvertDisplacementField(field, 30))


def brains(stage: Stage, strength: float = 6.0, *, folded: bool = False) -> tuple[ImageLayer, ImageLayer]:
    """Open the brain, and the same brain bent and brought back, with labels and landmarks on both."""
    file = next((DATA / "brain_mni152").glob("*.nii*"))
    image = sitk.Cast(sitk.Shrink(sitk.ReadImage(str(file)), [2, 2, 2]), sitk.sitkInt16)
    warp = _warp(image, strength)
    back = _warp(image, 22.0, 5) if folded else _inverse(warp, image)
    bent = image if folded else sitk.Resample(image, image, warp, sitk.sitkLinear, 0.0)
    own = geometry_of(image)
    fixed, moving = (_add(stage, name, pixels) for name, pixels in (("T1 atlas", image), ("T1 bent", bent)))
    marks = own.index_to_world(np.random.default_rng(2).uniform(0.3, 0.7, (8, 3)) * np.array(own.size))
    for n, there in enumerate(marks.tolist()):
        here = there if folded else warp.TransformPoint(there)
        for layer, point in ((fixed, here), (moving, there)):
            drawn = Annotation(Kind.POINT, (tuple(point),), layer=layer.id, name=str(n + 1))
            stage.session.document.annotations.insert(len(stage.session.document.annotations), drawn)
    stage.session.placing.put(moving, placement_of(back, own, own), "Register T1 bent to T1 atlas")
    for layer in (fixed, moving):
        rows = Label(1, "Brain", "#56B4E9"), Label(2, "White", "#E69F00")
        labels = LabelMap(own, _tissue(layer.volume.array), rows)
        added = LabelLayer(f"{layer.name}: labels", labels, placement=layer.placement, visible=False)
        stage.session.document.insert(len(stage.session.document), added)
    _shown(stage, fixed, moving)
    return fixed, moving


def histology(stage: Stage) -> tuple[ImageLayer, ImageLayer]:
    """Open two stained sections with landmarks, the second brought onto the first by a thin-plate spline."""
    folder = DATA / "registration_2d" / "histology_lesions"
    files = sorted(folder.glob("*.jpg"))
    images = [sitk.ReadImage(str(file)) for file in files]
    for image in images:
        image.SetSpacing((1.0, 1.0))  # they state that of a screen
    rows = [np.loadtxt(file.with_suffix(".csv"), delimiter=",", skiprows=1)[:, 1:3] for file in files]
    points = [np.column_stack([found, np.zeros(len(found))]) for found in rows]
    transform = landmark_fits.fit("thin_plate", points[0], points[1], True)
    fixed, moving = (_add(stage, file.stem, image) for file, image in zip(files, images, strict=True))
    for layer, points in zip((fixed, moving), rows, strict=True):
        for n, (x, y) in enumerate(points.tolist()):
            drawn = Annotation(Kind.POINT, ((x, y, 0.0),), layer=layer.id, name=str(n + 1))
            stage.session.document.annotations.insert(len(stage.session.document.annotations), drawn)
    placement = placement_of(transform, fixed.volume.geometry, moving.volume.geometry)
    stage.session.placing.put(moving, placement, "Register the stained sections")
    stage.session.view.show_measurements = False
    _shown(stage, fixed, moving)
    return fixed, moving


def _add(stage: Stage, name: str, image: sitk.Image) -> ImageLayer:
    own = geometry_of(image)
    if image.GetDimension() == 2:
        own = replace(own, known_spacing=(False, False, False), oriented=False)
    layer = ImageLayer(name, (Volume(image, own),))
    values = sitk.GetArrayViewFromImage(image)
    layer.display.set_limits(0, 255 if values.dtype == np.uint8 else float(np.percentile(values, 99.5)))
    layer.first_limits = layer.display.limits
    stage.session.history.do(AddLayer(layer))
    return layer


def _tissue(values: np.ndarray) -> np.ndarray:
    """Return a rough brain (1) and what is bright in it (2)."""
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(values.astype(np.float32), 1.0)
    brain = ndimage.binary_opening(smooth > 0.3 * np.percentile(smooth, 99), iterations=2)
    return (brain.astype(np.uint8) + (brain & (smooth > 0.72 * np.percentile(smooth, 99)))).astype(np.uint8)


def _shown(stage: Stage, fixed: ImageLayer, moving: ImageLayer) -> None:
    stage.session.document.active = moving
    stage.session.centre_crosshair()
    stage.session.view.show_measurements = False
    panel = stage.window.show_dock("Registration")
    panel.folds["Judge"].open()
    stage.settle(1.0)
    stage.window.docks["Histogram"].hide()
    stage.settle(0.6)
    scroll = panel.findChild(QScrollArea)
    scroll.verticalScrollBar().setValue(panel.folds["Judge"].y())
    stage.settle(0.3)


def _compare(stage: Stage, mode: CompareMode, *, before: bool = False, pictures: bool = False) -> None:
    fixed, moving = histology(stage) if pictures else brains(stage)
    if before:
        stage.session.comparing.with_itself(moving, mode)
    else:
        stage.session.comparing.start(mode, first=fixed.id, second=moving.id)
    if mode is CompareMode.FLICKER:
        stage.session.comparing.change(paused=True)
        stage.session.view.flicker = True
    stage.settle(0.6)


def _moded(name: str, mode: CompareMode, **ways: bool) -> None:
    def show(stage: Stage) -> None:
        _compare(stage, mode, **ways)

    JUDGE_STATES[name] = show


for _mode in CompareMode:
    _moded(f"judge_{_mode.value.replace(' ', '_')}", _mode)
    _moded(f"judge_{_mode.value.replace(' ', '_')}_before", _mode, before=True)
    _moded(f"judge_{_mode.value.replace(' ', '_')}_2d", _mode, pictures=True)


@state
def judge_before(stage: Stage) -> None:
    """Show the moving image as it lay before, over the fixed one, by the toggle."""
    fixed, moving = brains(stage)
    stage.session.comparing.start(CompareMode.RED_GREEN, first=fixed.id, second=moving.id)
    stage.session.judging.shows_before = True
    stage.settle(0.6)


@state
def judge_grid(stage: Stage) -> None:
    """Show the deformed grid on three planes."""
    brains(stage)
    stage.session.judging.draw(grid=True)
    stage.settle(0.6)


@state
def judge_grid_2d(stage: Stage) -> None:
    """Show the deformed grid on a stained section."""
    histology(stage)
    stage.session.judging.draw(grid=True)
    stage.settle(0.6)


@state
def judge_arrows(stage: Stage) -> None:
    """Show arrows of the bend alone."""
    brains(stage)
    stage.session.judging.draw(arrows=True, residual=True)
    stage.settle(0.6)


@state
def judge_arrows_2d(stage: Stage) -> None:
    """Show arrows on a stained section."""
    histology(stage)
    stage.session.judging.draw(arrows=True)
    stage.settle(0.6)


@state
def judge_jacobian(stage: Stage) -> None:
    """Show the Jacobian of a good registration."""
    brains(stage)
    stage.session.judging.draw(jacobian=True)
    stage.settle(0.8)


@state
def judge_folded(stage: Stage) -> None:
    """Show a registration that folds: Jacobian with magenta voxels, and the grid."""
    brains(stage, folded=True)
    stage.session.judging.draw(jacobian=True, grid=True)
    stage.settle(0.8)
    stage.session.judging.go_to_worst()
    stage.settle(0.6)


@state
def judge_contours(stage: Stage) -> None:
    """Show the contours of the labels of both images."""
    fixed, _moving = brains(stage)
    for labels in stage.session.document.label_layers:
        labels.visible = True
    stage.session.judging.draw(contours=True)
    stage.session.comparing.start(CompareMode.SWIPE, first=fixed.id, second=_moving.id)
    stage.settle(0.6)


@state
def judge_turned(stage: Stage) -> None:
    """Show grid, arrows and Jacobian on turned planes."""
    brains(stage)
    stage.session.judging.draw(grid=True, arrows=True, residual=True, jacobian=True)
    stage.session.view.rotation = combined(turn_about((0.3, 1.0, 0.2), 25.0), IDENTITY)
    stage.settle(0.8)


@state
def judge_light(stage: Stage) -> None:
    """Show the panel in the light theme and a small window."""
    theme.apply(stage.app, "light")
    stage.window.resize(1280, 720)
    brains(stage)
    stage.session.judging.draw(grid=True)
    stage.settle(0.6)


@state
def judge_empty(stage: Stage) -> None:
    """Show the panel before anything was registered."""
    image = sitk.Shrink(sitk.ReadImage(str(next((DATA / "brain_mni152").glob("*.nii*")))), [2, 2, 2])
    _shown(stage, *(_add(stage, name, image) for name in ("T1 atlas", "T1 bent")))
    stage.settle(0.6)
