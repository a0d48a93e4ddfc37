"""What the plate beside an annotation says."""

from __future__ import annotations

from pellucid.language import mark, tr
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.measuring import written
from pellucid.model.reading import Reading
from pellucid.model.regions import RegionStatistics
from pellucid.session.looking import format_value

NO_VOXEL = mark("No voxel in the region")
COUNTING = mark("Counting …")


def plate_lines(annotation: Annotation, reading: Reading) -> tuple[str, ...]:
    """Return the lines of a plate: the name if there is one, then what was measured with its unit."""
    lines = [annotation.name] if annotation.name else []
    if annotation.kind in (Kind.TEXT, Kind.ARROW) and annotation.text:
        lines.append(annotation.text)
    elif annotation.kind is Kind.POINT:
        lines.append(format_value(reading.value, reading.unit))
    elif annotation.kind is Kind.COBB and reading.measures:
        lines.append(tr("Cobb {angle}", angle=reading.measures[0].text))
    elif annotation.is_region:
        lines += _region_lines(reading)
    elif reading.measures:
        lines.append(reading.measures[0].text)
    return tuple(lines)


def _region_lines(reading: Reading) -> list[str]:
    area = [one.text for one in reading.measures if one.quantity == "area"]
    if reading.pending:
        return [*area, tr(COUNTING)]
    if reading.statistics and not reading.has_voxels:
        return [*area, tr(NO_VOXEL)]
    return [*(line for row in reading.statistics for line in _statistics_lines(row, reading.unit)), *area]


def _statistics_lines(row: RegionStatistics, unit: str) -> list[str]:
    if row.mean is None or row.std is None or row.minimum is None or row.maximum is None:
        return []
    low, high = number(row.minimum), number(row.maximum)
    if row.channel:
        return [f"{row.channel} {number(row.mean)} ± {number(row.std)} ({low}–{high})"]
    return [f"{number(row.mean)} ± {number(row.std)} {unit}".rstrip(), tr("min {low} · max {high}", low=low, high=high)]


def number(value: float) -> str:
    """Write a voxel value or a statistic of voxel values: whole numbers whole, else as a measured number."""
    if value == round(value) and abs(value) < 1e6:
        return f"{value:.0f}".replace("-", "\N{MINUS SIGN}")
    return written(value)
