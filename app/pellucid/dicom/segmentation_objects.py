"""DICOM segmentations: binary, fractional and label map, as label maps with the names and colours of their segments.

Source: PS3.3 A.51, A.91 and C.8.20. A file is parsed and its frames are decoded in a worker (``segmentation_frames``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.dicom.label_sheets import overlap_findings
from pellucid.model.findings import Finding
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Code, Label, LabelMap, color_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.dicom.child import Pool

__all__ = ["Segmentation", "read_segmentation"]

_READ = "pellucid.dicom.segmentation_frames:read_plain"


@dataclass(frozen=True, eq=False)
class Segmentation:
    """The segments of a DICOM segmentation on the grid of their own.

    ``kind`` is BINARY, FRACTIONAL or LABELMAP. There are several ``maps`` where segments overlap: each holds the rows
    of its own segments, whose values are the numbers of the segments. ``series`` are the UIDs of the series that the
    object says it was made from.
    """

    title: str
    kind: str
    maps: tuple[LabelMap, ...]
    findings: tuple[Finding, ...] = ()
    series: tuple[str, ...] = ()

    @property
    def geometry(self) -> Geometry:
        """Return the grid that all maps lie on."""
        return self.maps[0].geometry


def read_segmentation(
    path: Path, pool: Pool | None = None, *, cancelled: Callable[[], bool] = lambda: False
) -> Segmentation:
    """Read a segmentation in a worker; raise Refused with a sentence for what is none, or cannot be read."""
    from pellucid.dicom.child import deadline_for, default_pool

    pool = pool or default_pool()
    answer, arrays = pool.call(_READ, {"path": str(path)}, deadline=deadline_for(path), cancelled=cancelled)
    geometry = geometry_of(answer["geometry"])
    rows = {row.value: row for row in map(_label, answer["segments"])}
    maps = tuple(
        LabelMap(geometry, _writable(array), tuple(rows[value] for value in values))
        for array, values in zip(arrays, answer["maps"], strict=True)
    )
    findings = (*(Finding(*found) for found in answer["findings"]), *overlap_findings(len(maps)))
    return Segmentation(answer["title"], answer["kind"], maps, findings, tuple(answer["series"]))


def geometry_of(plain: dict[str, Any]) -> Geometry:
    """Return the grid that a worker answered as plain data."""
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in plain.items()}
    return Geometry(**fields)


def _label(plain: dict[str, Any]) -> Label:
    value = int(plain["number"])
    code = Code(*plain["code"]) if plain["code"] else None
    return Label(value, plain["name"], plain["color"] or color_for(value), code=code)


def _writable(array: NDArray[Any]) -> NDArray[Any]:
    return array if array.flags.writeable else array.copy()
