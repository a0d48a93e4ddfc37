"""Time curves of the active image: at the crosshair, of what is drawn on it, of the labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from pellucid.history.annotations import AddAnnotation
from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.layer import ImageLayer
from pellucid.model.shapes import vector
from pellucid.model.time_curves import Curve, label_values, point_values, region_values
from pellucid.model.volume import Volume
from pellucid.session.measuring import KINDS

if TYPE_CHECKING:
    from pellucid.session.session import Session

Answer = Callable[[tuple[Curve, ...]], None]
CROSSHAIR = "crosshair"


class Curving:
    """Answers for the time curve; only ``pin`` changes anything."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def layer(self) -> ImageLayer | None:
        """Return the active image if it has several frames."""
        image = self._session.document.active_image
        return image if image is not None and len(image.frames) > 1 else None

    def marks(self, layer: ImageLayer) -> tuple[Annotation, ...]:
        """Return the points and regions that are drawn on an image."""
        drawn = self._session.document.annotations.of_layer(layer.id)
        return tuple(mark for mark in drawn if mark.kind is Kind.POINT or mark.is_region)

    def of_points(self, done: Answer, *, crosshair: bool = True, marks: bool = True) -> Job | None:
        """Follow the crosshair, and the points and regions on the active image; the latest question wins."""
        layer = self.layer()
        if layer is None:
            return None
        frames, world = _placed(layer), self._session.view.crosshair
        drawn = self.marks(layer) if marks else ()

        def work(job: Job) -> tuple[Curve, ...]:
            found = [Curve(CROSSHAIR, tr("Crosshair"), point_values(frames, world))] if crosshair else []
            for mark in drawn:
                name = mark.name or tr(KINDS[mark.kind])
                if mark.kind is Kind.POINT:
                    values = point_values(frames, mark.points[0])
                    found.append(Curve(mark.id, name, values, color=mark.color))
                else:
                    mean, std, voxels = region_values(frames, mark, job.cancelled)
                    found.append(Curve(mark.id, name, mean, std, voxels, mark.color))
            return tuple(found)

        return self._session.jobs.query("time curve of points", tr("Time curve"), work, done, lambda _sentence: None)

    def of_labels(self, done: Answer) -> Job | None:
        """Follow every label of the active label layer; the latest question wins."""
        layer, labels = self.layer(), self._session.document.active_labels
        if layer is None or labels is None:
            return None
        table, kept = labels.labels.labels, labels.labels.snapshot().kept
        together = layer.lies is labels.lies  # then there is no way through the world
        frames, grid = (layer.frames, labels.own_geometry) if together else (_placed(layer), labels.geometry)
        rows = {label.value: label for label in table}

        def work(job: Job) -> tuple[Curve, ...]:
            found = []
            for value, (mean, std, voxels) in label_values(frames, kept.array, grid, job.cancelled).items():
                label = rows.get(value)
                name, color = (label.name, label.color) if label is not None else (tr("Label {value}", value=value), "")
                found.append(Curve(f"label {value}", name, mean, std, voxels, color))
            return tuple(found)

        return self._session.jobs.query(
            "time curve of labels", tr("Time curve of labels"), work, done, lambda _said: None
        )

    def pin(self) -> None:
        """Keep the place of the crosshair as a point on the active image, as one step."""
        layer = self.layer()
        if layer is None:
            return
        drawn = self._session.document.annotations
        names = {mark.name for mark in drawn}
        name = next(name for n in range(1, len(names) + 2) if (name := tr("Point {n}", n=n)) not in names)
        x, y, z = self._session.view.crosshair
        axes = np.eye(3)
        frame = self._session.viewing.frame(self._session.view.panes[0])
        right, down = (frame.right, frame.down) if frame is not None else (axes[0], axes[1])
        normal = np.cross(right, down)
        point = Annotation(
            Kind.POINT, ((x, y, z),), vector(normal), vector(right), vector(down), layer=layer.id,
            frame=layer.frame, name=name, frame_of_reference=layer.geometry.frame_of_reference,
        )  # fmt: skip
        self._session.history.do(AddAnnotation(point, tr("Pin {name}", name=name)))


def _placed(layer: ImageLayer) -> tuple[Volume, ...]:
    return tuple(layer.where_it_lies(frame) for frame in layer.frames)
