"""Calibration: a line of known length gives an image without known spacing its millimetres, as one step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer, Provenance
from pellucid.recipes.own_steps import CALIBRATE, calibrated, scaled
from pellucid.recipes.spacing import CALIBRATED, PIXELS_SET
from pellucid.session.respacing import respace

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
    step = Provenance(CALIBRATE, {"length_mm": float(millimetres), "factor": factor}, (layer.name,))
    return respace(
        session, layer, new, lambda volume: calibrated(volume, factor, float(millimetres)), step,
        tr("Calibrate {name} with {millimetres:g} mm", name=layer.name, millimetres=millimetres),
        tr("Calibrate {name}", name=layer.name),
    )  # fmt: skip


def _calibrated(layer: ImageLayer) -> bool:
    return any(finding.code in (CALIBRATED, PIXELS_SET) for finding in layer.volume.findings)
