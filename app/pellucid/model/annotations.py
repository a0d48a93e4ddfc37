"""What people draw on an image: lines, angles, regions and texts, in world coordinates on the plane they lie in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import uuid4

from psygnal import Signal

from pellucid.model.geometry import Vector

DEFAULT_COLOR = "#ffd34e"


class Kind(StrEnum):
    """What an annotation is; each has a tool of the same name."""

    LENGTH = "length"
    POLYLINE = "polyline"
    ANGLE = "angle"
    COBB = "cobb"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    POLYGON = "polygon"
    FREEHAND = "freehand"
    POINT = "point"
    ARROW = "arrow"
    TEXT = "text"


LINES = frozenset({Kind.LENGTH, Kind.POLYLINE})
"""Kinds that have a length and a profile."""
REGIONS = frozenset({Kind.RECTANGLE, Kind.ELLIPSE, Kind.POLYGON, Kind.FREEHAND})
"""Kinds that have an area and statistics."""
BOXED = frozenset({Kind.RECTANGLE, Kind.ELLIPSE})
"""Kinds that two opposite corners describe."""
POINT_COUNTS: dict[Kind, tuple[int, int | None]] = {
    Kind.LENGTH: (2, 2), Kind.POLYLINE: (2, None), Kind.ANGLE: (3, 3), Kind.COBB: (4, 4), Kind.RECTANGLE: (2, 2),
    Kind.ELLIPSE: (2, 2), Kind.POLYGON: (3, None), Kind.FREEHAND: (3, None), Kind.POINT: (1, 1), Kind.ARROW: (2, 2),
    Kind.TEXT: (1, 1),
}  # fmt: skip
"""The fewest and the most points of each kind; None: any number."""


def _new_id() -> str:
    return uuid4().hex[:12]


@dataclass(frozen=True)
class Annotation:
    """One drawn thing; it never changes, an edit makes another with the same ``id``.

    ``points`` are world points (LPS, mm) on one plane, which ``normal`` is perpendicular to; ``right`` and
    ``down`` are the screen's axes in it, so that a rectangle on an oblique slice stays one. The three are
    orthonormal. A rectangle or ellipse has two opposite corners of its box, an angle its vertex in the middle,
    a Cobb angle the ends of both lines, an arrow its tip first. ``layer`` is the id of the layer it measures
    and ``frame`` the frame in time.
    """

    kind: Kind
    points: tuple[Vector, ...]
    normal: Vector = (0.0, 0.0, 1.0)
    right: Vector = (1.0, 0.0, 0.0)
    down: Vector = (0.0, 1.0, 0.0)
    layer: str = ""
    frame: int = 0
    name: str = ""
    text: str = ""
    color: str = DEFAULT_COLOR
    frame_of_reference: str = ""
    id: str = field(default_factory=_new_id)

    @property
    def is_complete(self) -> bool:
        """Return whether it has as many points as its kind needs."""
        fewest, most = POINT_COUNTS[self.kind]
        return len(self.points) >= fewest and (most is None or len(self.points) <= most)

    @property
    def is_region(self) -> bool:
        """Return whether it encloses an area."""
        return self.kind in REGIONS

    @property
    def is_line(self) -> bool:
        """Return whether it has a length."""
        return self.kind in LINES


class Annotations:
    """The annotations of a document in the order they were made. Only commands change them; views listen."""

    inserted = Signal(object)
    """Emitted with an annotation after it came in."""
    removed = Signal(object)
    """Emitted with an annotation after it left."""
    changed = Signal(object)
    """Emitted with the new version of an annotation after it took the place of the old one."""

    def __init__(self) -> None:
        self._all: list[Annotation] = []
        self.version = 0
        """Counts the changes: the same number means the same annotations."""

    def __iter__(self) -> Iterator[Annotation]:
        return iter(tuple(self._all))

    def __len__(self) -> int:
        return len(self._all)

    def __getitem__(self, position: int) -> Annotation:
        return self._all[position]

    def find(self, annotation_id: str | None) -> Annotation | None:
        """Return the annotation with an id, or None."""
        return next((one for one in self._all if one.id == annotation_id), None)

    def position(self, annotation_id: str) -> int:
        """Return the position of an annotation; raise ValueError if it is not there."""
        for n, one in enumerate(self._all):
            if one.id == annotation_id:
                return n
        raise ValueError(f"there is no annotation {annotation_id}")

    def of_layer(self, layer_id: str) -> tuple[Annotation, ...]:
        """Return the annotations that measure a layer."""
        return tuple(one for one in self._all if one.layer == layer_id)

    def insert(self, position: int, annotation: Annotation) -> None:
        """Put an annotation in at a position; raise ValueError when its id is taken."""
        if self.find(annotation.id) is not None:
            raise ValueError(f"the annotation {annotation.id} is there already")
        self._all.insert(position, annotation)
        self.version += 1
        self.inserted.emit(annotation)

    def remove(self, annotation_id: str) -> int:
        """Take an annotation out and return the position it had."""
        position = self.position(annotation_id)
        gone = self._all.pop(position)
        self.version += 1
        self.removed.emit(gone)
        return position

    def replace(self, annotation: Annotation) -> Annotation:
        """Put a new version in the place of the old one, which is returned."""
        position = self.position(annotation.id)
        old, self._all[position] = self._all[position], annotation
        self.version += 1
        self.changed.emit(annotation)
        return old

    def take(self, layer_id: str) -> list[tuple[int, Annotation]]:
        """Take out everything that measures a layer and return it with the positions it had, ascending."""
        taken = [(n, one) for n, one in enumerate(self._all) if one.layer == layer_id]
        for _, one in reversed(taken):
            self.remove(one.id)
        return taken

    def put_back(self, taken: Iterable[tuple[int, Annotation]]) -> None:
        """Put what ``take`` took back in its place."""
        for position, one in taken:
            self.insert(position, one)

    def clear(self) -> None:
        """Take everything out."""
        for one in reversed(tuple(self._all)):
            self.remove(one.id)
