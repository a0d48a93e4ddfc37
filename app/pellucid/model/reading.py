"""Everything an annotation says about the layer it measures: shape, statistics, the value of a point."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pellucid.model.annotations import Annotation, Kind
from pellucid.model.geometry import Geometry
from pellucid.model.measuring import Measurement, measure
from pellucid.model.peak import region_peak
from pellucid.model.regions import RegionStatistics, region_statistics, region_voxels
from pellucid.model.volume import Volume


@dataclass(frozen=True)
class Reading:
    """What was measured: numbers of the shape, one row of statistics per channel, the value under a point.

    ``unit`` is that of the values. ``step`` is the distance in mm at which an oblique plane was sampled, else
    None. ``pending`` says that the statistics are still being computed.
    """

    measures: tuple[Measurement, ...] = ()
    statistics: tuple[RegionStatistics, ...] = ()
    value: Any = None
    unit: str = ""
    step: float | None = None
    pending: bool = False

    @property
    def has_voxels(self) -> bool:
        """Return whether a region holds any voxel."""
        return any(row.voxels for row in self.statistics)

    def measured(self, quantity: str) -> Measurement | None:
        """Return one of the numbers of the shape, or None."""
        return next((one for one in self.measures if one.quantity == quantity), None)


def read_shape(annotation: Annotation, geometry: Geometry, *, pending: bool = False) -> Reading:
    """Return what the shape alone says."""
    return Reading(measure(annotation, geometry), pending=pending)


def read(annotation: Annotation, volume: Volume) -> Reading:
    """Return everything an annotation says about an image; PET is told in SUV where that is known."""
    measures = measure(annotation, volume.geometry)
    factor, unit = volume.told_in
    if annotation.is_region and annotation.is_complete:
        found = region_voxels(annotation, volume)
        rows = region_statistics(found, volume)
        if volume.suv_factor is not None and rows[0].voxels:
            rows = (replace(rows[0], peak=region_peak(annotation, volume)),)
        rows = tuple(_scaled(row, factor) for row in rows)
        return Reading(measures, rows, unit=unit, step=found.step)
    if annotation.kind is Kind.POINT:
        value = volume.value_at(annotation.points[0])
        return Reading(measures, value=value if factor == 1 or value is None else value * factor, unit=unit)
    return Reading(measures, unit=unit)


def _scaled(row: RegionStatistics, factor: float) -> RegionStatistics:
    """Return statistics of values that are told in another unit than they are stored in."""
    if factor == 1 or not row.voxels:
        return row
    fields = ("mean", "std", "minimum", "maximum", "median", "peak")
    known = {name: value for name in fields if (value := getattr(row, name)) is not None}
    return replace(row, **{name: value * factor for name, value in known.items()})
