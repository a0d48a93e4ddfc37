"""Landmarks from files and into them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from pellucid.history.annotations import AddAnnotation, RemoveAnnotation
from pellucid.language import tr
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.findings import Refused
from pellucid.model.geometry import Floats
from pellucid.model.landmark_pairs import LANDMARK, LEFT_OUT, Pair
from pellucid.model.layer import ImageLayer
from pellucid.model.planes import plane_frame
from pellucid.model.shapes import on_plane, vector
from pellucid.model.view import Plane
from pellucid.session.text_files import write_in_job

if TYPE_CHECKING:
    from pellucid.files.landmark_tables import LandmarkTable
    from pellucid.jobs.job import Job
    from pellucid.session.session import Session

Side = Literal["fixed", "moving"]


def load_landmarks(session: Session, path: Path, side: Side, unit: str = "") -> int:
    """Take the landmarks of a file as one step and return how many points came.

    A table of one side gives that side other points, a table of pairs both. ``unit`` (``px`` or ``mm``) holds where
    the file says none; else pictures are taken in pixels. Points without a partner of their name are paired by row.
    """
    from pellucid.files.landmark_tables import read_landmarks

    images = session.hand_placing.fixed_and_moving()
    layers: dict[Side, ImageLayer] = {"fixed": images[0], "moving": images[1]}
    table = read_landmarks(path)
    came: list[Annotation] = []
    sides: list[tuple[Side, Floats]] = [(one, table.points[one]) for one in layers if one in table.points]
    sides = sides or [(side, table.points[""])]
    names = _names(table, session.landmarks.pairs(), side, len(sides) == 2)
    for one, points in sides:
        places = _to_common(layers[one], points, table.unit or unit)
        came += _points(session, layers[one], names, places)
    if not came:
        raise Refused(tr("“{name}” has no landmarks.", name=path.name))
    replaced = {layers[one].id for one, _ in sides}
    with session.history.group(tr("Landmarks from {name}", name=path.name)):
        for pair in session.landmarks.pairs():
            for point in pair.points:
                if point.layer in replaced:
                    session.history.do(RemoveAnnotation(point, ""))
        for point in came:
            session.history.do(AddAnnotation(point, ""))
    return len(came)


def save_landmarks(session: Session, path: Path) -> Job:
    """Write the landmarks with their distances after the fit to a CSV file, in the background and verified."""
    columns, rows = landmark_rows(session)
    if not rows:
        raise Refused(tr("There are no landmarks to export yet."))

    def text() -> str:
        from pellucid.files.landmark_tables import landmarks_csv

        return landmarks_csv(columns, rows)

    written = tr("The landmarks were written to “{name}” and read back.", name=path.name)
    return write_in_job(session, path, text, written)


def landmark_rows(session: Session) -> tuple[list[str], list[list[object]]]:
    """Return the titles and the rows of the table: each point in the own world of its image, or in its pixels."""
    images, landmarks = session.landmarks.images(), session.landmarks
    if images is None:
        return [], []
    known = all(image.volume.geometry.has_lengths for image in images)
    unit, fit = "mm" if known else "px", landmarks.fit()
    columns = ["name", *(f"{side}_{axis}_{unit}" for side in ("fixed", "moving") for axis in "xyz"),
               "used", f"residual_{fit.unit}", f"predicted_{fit.unit}"]  # fmt: skip
    rows: list[list[object]] = []
    for pair in landmarks.pairs():
        places: list[object] = []
        for point, image in zip((pair.fixed, pair.moving), images, strict=True):
            place = None if point is None else np.array(landmarks.place_of(point))
            if place is not None and not known:
                place = image.volume.geometry.world_to_index(place)
            places += [None] * 3 if place is None else [float(n) for n in np.round(place, 6)]
        rows.append([pair.name, *places, int(pair.is_used), fit.away.get(pair.name), fit.predicted.get(pair.name)])
    return columns, rows


def _names(table: LandmarkTable, there: tuple[Pair, ...], side: Side, both: bool) -> list[str]:
    """Return the names of the points that come: those of their partners by row where they share none."""
    names = [name or str(number) for number, name in enumerate(table.names, 1)]
    if len(set(names)) < len(names):
        names = [str(number) for number in range(1, len(names) + 1)]
    partners = [pair.name for pair in there if (pair.moving if side == "fixed" else pair.fixed) is not None]
    if not both and len(partners) == len(names) and not set(partners) & set(names):
        return partners
    return names


def _to_common(layer: ImageLayer, points: Floats, unit: str) -> Floats:
    """Return points of a file, in pixels or in the own world of an image, where they lie."""
    own = layer.volume.geometry
    pixels = unit == "px" or (not unit and int(layer.volume.image.GetDimension()) == 2)
    places = own.index_to_world(points) if pixels else points
    return places if layer.placement is None else layer.placement.to_common(places)


def _points(session: Session, layer: ImageLayer, names: list[str], places: Floats) -> list[Annotation]:
    frame = plane_frame(layer.geometry.straight, Plane.ACQUIRED)
    left_out = {pair.name for pair in session.landmarks.pairs() if not pair.is_wanted}
    return [
        on_plane(
            Kind.POINT, (vector(place),), frame, layer=layer.id, frame=layer.frame, name=name,
            color=session.landmarks.color(layer), text=LEFT_OUT if name in left_out else LANDMARK,
        )
        for name, place in zip(names, places, strict=True) if np.isfinite(place).all()
    ]  # fmt: skip
