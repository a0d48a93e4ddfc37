"""DICOM structure sets: contours of organs and targets with their names and colours, as they are drawn.

Source: PS3.3 A.19, C.8.8.5 and C.8.8.6. A file is parsed in a worker (``structure_contours``);
``contour_filling`` makes labels of contours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.model.drawn_contours import Contour
from pellucid.model.findings import Finding
from pellucid.model.geometry import Floats
from pellucid.model.label_colors import color_for

if TYPE_CHECKING:
    from pellucid.dicom.child import Pool

__all__ = ["Contour", "Structure", "StructureSet", "read_structures"]

_READ = "pellucid.dicom.structure_contours:read_plain"


@dataclass(frozen=True, eq=False)
class Structure:
    """A region of interest; ``role`` is what it is for, such as GTV or ORGAN, where that is stated."""

    number: int
    name: str
    color: str
    contours: tuple[Contour, ...] = ()
    frame_of_reference: str = ""
    role: str = ""


@dataclass(frozen=True, eq=False)
class StructureSet:
    """The structures of a file; ``series`` are the UIDs of the series that they were drawn on."""

    title: str
    structures: tuple[Structure, ...]
    findings: tuple[Finding, ...] = ()
    series: tuple[str, ...] = ()

    @property
    def frames_of_reference(self) -> tuple[str, ...]:
        """Return the frames of reference the structures lie in, each once; none where none is stated."""
        return tuple(dict.fromkeys(one.frame_of_reference for one in self.structures if one.frame_of_reference))


def read_structures(
    path: Path, pool: Pool | None = None, *, cancelled: Callable[[], bool] = lambda: False
) -> StructureSet:
    """Read a structure set in a worker; raise Refused with a sentence for what is none, or cannot be read."""
    from pellucid.dicom.child import deadline_for, default_pool

    pool = pool or default_pool()
    answer, (points,) = pool.call(_READ, {"path": str(path)}, deadline=deadline_for(path), cancelled=cancelled)
    ends = np.cumsum([count for plain in answer["structures"] for count in plain["counts"]], dtype=int)
    pieces = iter(np.split(np.array(points), ends[:-1]))
    structures = tuple(_structure(plain, pieces) for plain in answer["structures"])
    findings = tuple(Finding(*found) for found in answer["findings"])
    return StructureSet(answer["title"], structures, findings, tuple(answer["series"]))


def _structure(plain: dict[str, Any], pieces: Iterator[Floats]) -> Structure:
    number = int(plain["number"])
    contours = tuple(Contour(kind, next(pieces)) for kind in plain["kinds"])
    color = plain["color"] or color_for(max(number, 1))
    return Structure(number, plain["name"], color, contours, plain["frame"], plain["role"])
