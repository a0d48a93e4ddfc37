"""Calibration: a line of known length gives an image without known spacing its millimetres, as one step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.history.annotations import ChangeAnnotation, ReplaceLabelMap
from pellucid.history.layers import ReplaceVolume
from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer, Layer, Provenance, on_same_voxels
from pellucid.model.shapes import vector
from pellucid.model.volume import Volume
from pellucid.recipes.own_steps import CALIBRATE, CALIBRATED, calibrated, scaled

if TYPE_CHECKING:
    from pellucid.session.session import Session

_THROUGH = 1e-6  # of a line's length that may leave the plane by rounding


def obstacle(session: Session, annotation: Annotation) -> str:
    """Return the sentence why an annotation cannot calibrate its image, or ``""``."""
    layer = session.measuring.layer(annotation)
    if annotation.kind is not Kind.LENGTH:
        return tr("Only a straight line of known length can calibrate an image.")
    if not isinstance(layer, ImageLayer):
        return tr("The line does not measure an image. Draw it on the image to calibrate.")
    if layer.placement is not None:
        return tr("“{name}” lies where a registration put it. Reset its transform before calibrating.", name=layer.name)
    geometry = layer.geometry
    if geometry.has_lengths and not geometry.at_detector and not _calibrated(layer):
        return tr("The spacing of “{name}” is known from its source; it is not overwritten by hand.", name=layer.name)
    steps = np.abs(np.diff(geometry.world_to_index(annotation.points), axis=0))[0]
    if steps[2] > _THROUGH * max(float(steps.max()), 1.0):
        return tr("The line leaves the acquired plane. Draw it on an acquired slice to calibrate.")
    if not steps.any():
        return tr("The line has no length. Draw a longer one to calibrate.")
    return ""


def calibrate(session: Session, annotation: Annotation, millimetres: float) -> Job:
    """Give the image of a line the spacing at which the line is this long; labels and drawings stay on their voxels.

    Layers that lie on the same grid and come from the same image are calibrated with it. Raises Refused where
    the spacing is known from the source, or the line is no acquired length.
    """
    why = obstacle(session, annotation)
    if why:
        raise Refused(why)
    if not (np.isfinite(millimetres) and millimetres > 0):
        raise Refused(tr("Type the length of the line in mm, above 0."))
    layer = session.measuring.layer(annotation)
    assert isinstance(layer, ImageLayer)
    old = layer.geometry
    length = float(np.linalg.norm(np.subtract(*map(np.array, annotation.points))))
    factor = millimetres / length
    new = scaled(old, factor)
    together = [other for other in session.document.layers if other is layer or _goes_with(other, layer)]
    before = {other.id: _frames(other) for other in together}
    step = Provenance(CALIBRATE, {"length_mm": float(millimetres), "factor": factor}, (layer.name,))
    images = {other.id: other.frames for other in together if isinstance(other, ImageLayer)}

    def work(_job: Job) -> dict[str, tuple[Volume, ...]]:
        return {
            name: tuple(calibrated(volume, factor, float(millimetres)) for volume in volumes)
            for name, volumes in images.items()
        }

    def done(frames: dict[str, tuple[Volume, ...]]) -> None:
        kept = [other for other in together if other in session.document]
        if layer not in kept or any(_frames(other) != before[other.id] for other in kept):
            session.notice.emit(
                tr("“{name}” has changed meanwhile and was not calibrated. Try again.", name=layer.name), "warning"
            )
            return
        title = tr("Calibrate {name} with {millimetres:g} mm", name=layer.name, millimetres=millimetres)
        with session.history.group(title):
            for other in kept:
                session.history.do(_replacement(other, new, frames.get(other.id, ()), step, title))
            _keep_voxels(session, {other.id for other in kept}, old, new, title)
        session.view.crosshair = vector(new.index_to_world(old.world_to_index(session.view.crosshair)))

    return session.jobs.edit(tr("Calibrate {name}", name=layer.name), work, done,
                             lambda sentence: session.notice.emit(sentence, "error"))  # fmt: skip


def _replacement(
    layer: Layer, grid: Geometry, frames: tuple[Volume, ...], step: Provenance, title: str
) -> ReplaceLabelMap | ReplaceVolume:
    """Return the step that puts a layer on its calibrated grid: labels on ``grid``, an image as ``frames``."""
    if isinstance(layer, LabelLayer):
        made = sorted({one.label for one in layer.provenance} - {0})
        steps = (*layer.provenance, *(replace(step, label=value) for value in made))
        return ReplaceLabelMap(layer, LabelMap(grid, layer.labels.array, layer.labels.labels), title, steps)
    return ReplaceVolume(layer, frames, (*layer.provenance, step), title)


def _keep_voxels(session: Session, layers: set[str], old: Geometry, new: Geometry, title: str) -> None:
    """Move annotations so that they stay on their voxels."""
    for annotation in session.document.annotations:
        if annotation.layer in layers:
            points = new.index_to_world(old.world_to_index(annotation.points))
            after = replace(annotation, points=tuple(vector(p) for p in points))
            session.history.do(ChangeAnnotation(annotation, after, title))


def _calibrated(layer: ImageLayer) -> bool:
    return any(finding.code == CALIBRATED for finding in layer.volume.findings)


def _goes_with(other: Layer, layer: ImageLayer) -> bool:
    if not on_same_voxels(other, layer):
        return False
    if isinstance(other, LabelLayer):
        return True
    mine, its = layer.volume.acquisition.series_uid, other.volume.acquisition.series_uid
    derived = other.source.kind == "none" or layer.source.kind == "none" or other.source == layer.source
    return mine == its if mine or its else derived


def _frames(layer: Layer) -> tuple[object, ...]:
    return layer.frames if isinstance(layer, ImageLayer) else (layer.labels,)
