"""Another spacing for an image whose source states none: everything on its voxels goes with it, as one step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.history.annotations import ChangeAnnotation, ReplaceLabelMap
from pellucid.history.layers import ReplaceVolume
from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer, Layer, Provenance, on_same_voxels
from pellucid.model.shapes import vector
from pellucid.model.volume import Volume
from pellucid.recipes.spacing import PARAMETERS, SET_SPACING, Stated, check, open_axes, spaced, stated_geometry

if TYPE_CHECKING:
    from pellucid.session.session import Session


def why_not(layer: Layer | None) -> str:
    """Return the sentence why no spacing can be stated for a layer, or ``""``."""
    if not isinstance(layer, ImageLayer):
        return tr("Choose an image layer first.")
    if layer.placement is not None:
        return tr("“{name}” lies where a registration put it. Reset its transform first.", name=layer.name)
    if not any(open_axes(layer.volume)):
        return tr("The spacing of “{name}” is known from its source; it is not overwritten by hand.", name=layer.name)
    return ""


def set_spacing(session: Session, layer: ImageLayer, stated: Stated) -> Job:
    """Give an image the distances of voxels (mm) that the user states; raise Refused where the source states them.

    Labels on its voxels and what was drawn on it go with it. Afterwards lengths are in mm, and where the distance of
    slices was stated the image can be looked at from every side.
    """
    if why := why_not(layer):
        raise Refused(why)
    check(layer.volume, stated)
    step = Provenance(SET_SPACING, dict(zip(PARAMETERS, stated, strict=True)), (layer.name,))
    title = tr("Set spacing of {name}", name=layer.name)
    new = stated_geometry(layer.geometry, stated)
    return respace(session, layer, new, lambda volume: spaced(volume, stated), step, title, title)


def respace(
    session: Session, layer: ImageLayer, new: Geometry, make: Callable[[Volume], Volume], step: Provenance, title: str,
    busy: str,
) -> Job:  # fmt: skip
    """Put an image, and what lies on its voxels, on a grid of the same voxels with another spacing.

    ``make`` gives a volume the new spacing; layers of the same image go with it. Labels and drawings stay on their
    voxels. Nothing happens when the image has changed meanwhile.
    """
    old = layer.geometry
    together = [other for other in session.document.layers if other is layer or _goes_with(other, layer)]
    before = {other.id: _frames(other) for other in together}
    images = {other.id: other.frames for other in together if isinstance(other, ImageLayer)}

    def work(_job: Job) -> dict[str, tuple[Volume, ...]]:
        return {name: tuple(make(volume) for volume in volumes) for name, volumes in images.items()}

    def done(frames: dict[str, tuple[Volume, ...]]) -> None:
        kept = [other for other in together if other in session.document]
        if layer not in kept or any(_frames(other) != before[other.id] for other in kept):
            session.notice.emit(
                tr("“{name}” has changed meanwhile; its spacing was left as it is. Try again.", name=layer.name),
                "warning",
            )
            return
        with session.history.group(title):
            for other in kept:
                session.history.do(_replacement(other, new, frames.get(other.id, ()), step, title))
            _keep_voxels(session, {other.id for other in kept}, old, new, title)
        session.view.crosshair = vector(new.index_to_world(old.world_to_index(session.view.crosshair)))

    return session.jobs.edit(busy, work, done, lambda sentence: session.notice.emit(sentence, "error"))


def _replacement(
    layer: Layer, grid: Geometry, frames: tuple[Volume, ...], step: Provenance, title: str
) -> ReplaceLabelMap | ReplaceVolume:
    """Return the step that puts a layer on its new grid: labels on ``grid``, an image as ``frames``."""
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
