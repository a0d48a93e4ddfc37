"""Contours of labels in a saved work: their points are an array of the file, the rest stands in the contents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from pellucid.files.entries import ArrayEntry
from pellucid.files.manifest import ContoursEntry, LabelEntry
from pellucid.model.drawn_contours import Contours


def with_contours(
    entry: LabelEntry, contours: Contours | None, keep: Callable[[NDArray[Any]], ArrayEntry]
) -> LabelEntry:
    """Return the entry of a label layer with its contours, if it has any."""
    if contours is None:
        return entry
    points = keep(contours.points[:, None, :])
    held = ContoursEntry(values=contours.values, kinds=contours.kinds, counts=contours.counts, points=points)
    return entry.model_copy(update={"contours": held})


def contours_of(entry: LabelEntry, arrays: Mapping[str, NDArray[Any]]) -> Contours | None:
    """Return the contours of a label layer; raise ValueError when they are none."""
    held = entry.contours
    if held is None:
        return None
    return Contours.counted(held.values, held.kinds, held.counts, arrays[held.points.member][:, 0])
