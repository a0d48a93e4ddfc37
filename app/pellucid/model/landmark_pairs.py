"""Landmarks: points of equal names on two layers are pairs, the same place in both images."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pellucid.model.annotations import Annotation, Kind

LANDMARK = "landmark"
"""The text of points that were set as landmarks: they are waited for a partner."""
LEFT_OUT = "left out"
"""The text of landmarks that are kept but not used in a fit."""
FIXED_COLOR, MOVING_COLOR = "#f0a830", "#56b4e9"


@dataclass(frozen=True)
class Pair:
    """One landmark: its point on the fixed and on the moving layer, or on one of them as yet."""

    name: str
    fixed: Annotation | None = None
    moving: Annotation | None = None

    @property
    def is_complete(self) -> bool:
        """Return whether there are both points."""
        return self.fixed is not None and self.moving is not None

    @property
    def points(self) -> tuple[Annotation, ...]:
        """Return the points there are."""
        return tuple(point for point in (self.fixed, self.moving) if point is not None)

    @property
    def is_used(self) -> bool:
        """Return whether it takes part in a fit: both points are there and none is left out."""
        return self.is_complete and self.is_wanted

    @property
    def is_wanted(self) -> bool:
        """Return whether it is to take part in a fit once it is complete."""
        return all(point.text != LEFT_OUT for point in self.points)


def pairs_of(annotations: Iterable[Annotation], fixed: str, moving: str) -> tuple[Pair, ...]:
    """Return the landmarks of two layers, by their ids, in the order in which their first points were made.

    A point without a name is no landmark, nor is one without a partner that was not set as one; of several with one
    name on a layer the first counts.
    """
    found: dict[str, dict[str, Annotation]] = {}
    for one in annotations:
        if one.kind is Kind.POINT and one.name and one.layer in (fixed, moving):
            found.setdefault(one.name, {}).setdefault(one.layer, one)
    pairs = (Pair(name, points.get(fixed), points.get(moving)) for name, points in found.items())
    return tuple(pair for pair in pairs if pair.is_complete or any(map(_was_set, pair.points)))


def _was_set(point: Annotation) -> bool:
    return point.text in (LANDMARK, LEFT_OUT)


def free_name(taken: Iterable[str]) -> str:
    """Return the next number that no landmark has as its name."""
    names = set(taken)
    return next(str(n) for n in range(1, len(names) + 2) if str(n) not in names)
