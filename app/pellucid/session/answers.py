"""Where answers that are no image go: points become annotations, a table is handed to whoever shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.history.annotations import AddAnnotation
from pellucid.language import tr
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.geometry import Vector
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.session.label_images import LabelImagePlace
from pellucid.session.label_results import LabelsPlace
from pellucid.session.placing import moved
from pellucid.session.results import ImagePlace, MaskPlace, Step

if TYPE_CHECKING:
    from pellucid.operations.answers import Points, Rows, Table
    from pellucid.session.session import Session

MOST_POINTS = 500


def place_for(
    session: Session, target: ImageLayer | LabelLayer, step: Step, *, as_new_layer: bool
) -> ImagePlace | LabelImagePlace | MaskPlace | LabelsPlace | PointsPlace | TablePlace | RowsPlace:
    """Return what takes the answer of an operation: ``prepare`` on the worker, ``commit`` on the main thread."""
    output = step.output
    if output == "mask":
        return MaskPlace(session, target, step, as_new_layer=as_new_layer)
    if output == "labels":
        return LabelsPlace(session, target, step, as_new_layer=as_new_layer)
    if output == "rows":
        return RowsPlace(session, step)
    if output == "points":
        return PointsPlace(session, target, step)
    if output == "table":
        return TablePlace(session)
    if isinstance(target, LabelLayer):
        return LabelImagePlace(session, target, step)
    return ImagePlace(session, target, step, as_new_layer=as_new_layer)


class TablePlace:
    """Takes a table; nothing of the document changes."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._table: Table | None = None

    def prepare(self, result: Table) -> None:
        """Keep the table."""
        self._table = result

    def commit(self) -> None:
        """Hand it over."""
        self._session.running.answered.emit(self._table)


class RowsPlace:
    """Takes rows of objects; nothing of the document changes."""

    def __init__(self, session: Session, step: Step) -> None:
        self._session, self._step = session, step
        self._rows: Rows | None = None

    def prepare(self, result: Rows) -> None:
        """Keep the rows."""
        self._rows = result

    def commit(self) -> None:
        """Hand them over, with the step that made them."""
        self._session.running.tabled.emit(self._rows, self._step)


class PointsPlace:
    """Takes points as annotations of the layer, as one step: a circle where a place has a size."""

    def __init__(self, session: Session, target: ImageLayer | LabelLayer, step: Step) -> None:
        self._session, self._target, self._step = session, target, step
        self._placement = target.placement
        self._made: list[Annotation] = []
        self._count = 0

    def prepare(self, result: Points) -> None:
        """Make the annotations, of the strongest points first."""
        self._count = len(result)
        columns = np.array(self._target.own_geometry.direction).reshape(3, 3).T
        axes = [_vector(column) for column in columns]
        kept = zip(result.positions[:MOST_POINTS], result.radii, range(1, MOST_POINTS + 1), strict=False)
        made = [self._annotation(position, float(radius), f"{result.name} {n}", axes) for position, radius, n in kept]
        self._made = [moved(one, None, self._placement) for one in made]

    def _annotation(self, position: np.ndarray, radius: float, name: str, axes: list[Vector]) -> Annotation:
        right, down = np.array(axes[0]), np.array(axes[1])
        corner = radius * (right + down)
        points = (position - corner, position + corner) if radius > 0 else (position,)
        return Annotation(
            Kind.ELLIPSE if radius > 0 else Kind.POINT,
            tuple(_vector(point) for point in points),
            normal=_vector(np.cross(right, down)),
            right=axes[0],
            down=axes[1],
            layer=self._target.id,
            frame=self._target.frame if isinstance(self._target, ImageLayer) else 0,
            name=name,
            frame_of_reference=self._target.own_geometry.frame_of_reference,
        )

    def commit(self) -> None:
        """Add them as one step, and say how many there are."""
        history, notice = self._session.history, self._session.notice
        with history.group(self._step.title):
            for annotation in self._made:
                history.do(AddAnnotation(annotation, self._step.title))
        title = self._step.name
        if not self._count:
            notice.emit(tr("{title} found nothing.", title=title), "info")
        elif self._count > MOST_POINTS:
            notice.emit(
                tr(
                    "{title} found {count} places; the {most} strongest became annotations.",
                    title=title,
                    count=self._count,
                    most=MOST_POINTS,
                ),
                "info",
            )


def _vector(values: np.ndarray) -> Vector:
    x, y, z = (float(value) for value in values)
    return x, y, z
