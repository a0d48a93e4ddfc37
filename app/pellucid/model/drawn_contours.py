"""The contours that labels were made of, as they were drawn, and for which labels they still hold.

Contours never change. They hold for a label as long as its voxels are those that were made of them, so every step that
changes a voxel takes them away and its undo brings them back, without knowing of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.model.geometry import Floats
from pellucid.model.label_snapshots import KeptVoxels

CLOSED = frozenset({"CLOSED_PLANAR", "CLOSEDPLANAR_XOR"})
FLAT = 0.1
"""Points of a contour may leave the plane of a slice by this share of the distance of slices."""
_ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Contour:
    """One contour: its kind as DICOM has it, and its points (n, 3) in LPS mm."""

    kind: str
    points: Floats

    @property
    def is_closed(self) -> bool:
        """Return whether it encloses anything."""
        return self.kind in CLOSED and len(self.points) >= 3


@dataclass(frozen=True, eq=False)
class Contours:
    """The contours of several labels in few arrays: the label and the kind of each, and the points of all (n, 3).

    The points of contour n are those from ``starts[n]`` to ``starts[n + 1]``.
    """

    values: tuple[int, ...]
    kinds: tuple[str, ...]
    starts: NDArray[np.intp]
    points: Floats

    @classmethod
    def of(cls, labels: Mapping[int, Sequence[Contour]]) -> Contours | None:
        """Take the contours of labels, by their values; None where there are none."""
        pairs = [(value, contour) for value, drawn in labels.items() for contour in drawn]
        if not pairs:
            return None
        counts = [len(contour.points) for _value, contour in pairs]
        return cls.counted(
            tuple(value for value, _contour in pairs), tuple(contour.kind for _value, contour in pairs), counts,
            np.concatenate([contour.points for _value, contour in pairs]),
        )  # fmt: skip

    @classmethod
    def counted(
        cls, values: Sequence[int], kinds: Sequence[str], counts: Sequence[int], points: Floats
    ) -> Contours:
        """Take contours by the ``counts`` of their points; raise ValueError where these do not fit together."""
        starts = np.concatenate([[0], np.cumsum(np.asarray(counts, np.intp), dtype=np.intp)])
        if not len(values) == len(kinds) == len(counts) > 0 or min(counts) < 1 or points.shape != (starts[-1], 3):
            raise ValueError("the contours do not have the points that they say")
        if not np.isfinite(points).all():
            raise ValueError("the points of contours are no places")
        return cls(tuple(values), tuple(kinds), starts, points)

    @property
    def counts(self) -> tuple[int, ...]:
        """Return how many points each has."""
        return tuple(np.diff(self.starts).tolist())

    @cached_property
    def labels(self) -> frozenset[int]:
        """Return the values of the labels that have contours."""
        return frozenset(self.values)

    @cached_property
    def closed(self) -> NDArray[np.bool_]:
        """Return which of them enclose anything."""
        kinds = np.fromiter((kind in CLOSED for kind in self.kinds), np.bool_, len(self.kinds))
        return kinds & (np.diff(self.starts) >= 3)

    def __getitem__(self, n: int) -> Contour:
        """Return one contour."""
        return Contour(self.kinds[n], self.points[self.starts[n] : self.starts[n + 1]])

    def of_label(self, value: int) -> tuple[Contour, ...]:
        """Return the contours of a label, in their order."""
        return tuple(self[n] for n, one in enumerate(self.values) if one == value)

    def only(self, labels: Collection[int]) -> Contours | None:
        """Return those of some labels, or None where they have none."""
        if self.labels.issubset(labels):
            return self
        return Contours.of({value: self.of_label(value) for value in self.labels.intersection(labels)})


def nearest_slice(height: ArrayLike) -> NDArray[np.intp]:
    """Return the slices of heights that are counted in slices; halfway between two it is the upper one of each pair."""
    return np.floor(np.asarray(height) + 0.5 + _ROUNDING).astype(np.intp)


class Standing:
    """For which labels contours hold: those whose voxels are still as they were when this was made.

    It is made before the first change. What is asked for is found only in slices that were changed since.
    """

    def __init__(self, labels: frozenset[int], array: NDArray[Any]) -> None:
        self._labels = labels
        self._before = KeptVoxels(array)
        self._touched: set[int] = set()
        self._changed: dict[int, frozenset[int]] = {}

    def touch(self, slices: slice) -> None:
        """Note that slices may have changed."""
        self._touched.update(range(slices.start, slices.stop))

    def among(self, array: NDArray[Any]) -> frozenset[int]:
        """Return the labels whose contours hold, ``array`` being the voxels of now."""
        for n in sorted(self._touched):
            self._changed[n] = self._changes(self._before.slice(n), array[n])
        self._touched.clear()
        self._changed = {n: changed for n, changed in self._changed.items() if changed}
        return self._labels.difference(*self._changed.values())

    def _changes(self, before: NDArray[Any], now: NDArray[Any]) -> frozenset[int]:
        differs = before != now
        if not differs.any():
            return frozenset()
        values = {*np.unique(before[differs]).tolist(), *np.unique(now[differs]).tolist()}
        return self._labels.intersection(values)
