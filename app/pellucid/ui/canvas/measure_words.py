"""What the plate beside an annotation says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pellucid.language import mark, tr
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.gaps import ACROSS
from pellucid.model.layer import ImageLayer
from pellucid.model.measuring import written
from pellucid.model.reading import Reading
from pellucid.model.regions import RegionStatistics
from pellucid.session.looking import format_value

NO_VOXEL = mark("No voxel in the region")
COUNTING = mark("Counting …")
NOTHING = "–"
_SHORT = 12


def plate_lines(
    annotation: Annotation, reading: Reading, fused: Sequence[tuple[ImageLayer, Reading]] = (),
    own: ImageLayer | None = None,
) -> tuple[str, ...]:  # fmt: skip
    """Return the lines of a plate: the name if there is one, then what was measured with its unit.

    What it says about the images that are ``fused`` with its ``own`` comes after that; then each has its modality.
    """
    before = f"{_short(own)} " if fused and own is not None else ""
    lines = [annotation.name] if annotation.name else []
    if annotation.kind in (Kind.TEXT, Kind.ARROW) and annotation.text:
        lines.append(annotation.text)
    elif annotation.kind is Kind.POINT:
        lines.append(f"{before}{format_value(reading.value, reading.unit)}")
        lines += [f"{_short(layer)} {format_value(other.value, other.unit)}" for layer, other in fused]
    elif annotation.kind is Kind.COBB and reading.measures:
        lines.append(tr("Cobb {angle}", angle=reading.measures[0].text))
    elif annotation.is_region:
        first, *rest = _region_lines(reading) or [""]
        lines += [f"{before}{first}", *rest] if first else []
        for layer, other in fused:
            first, *rest = _region_lines(replace(other, measures=())) or [NOTHING]
            lines += [f"{_short(layer)} {first}", *rest]
    elif reading.measures:
        lines.append(reading.measures[0].text)
    if any(one.note == ACROSS for one in reading.measures):
        lines.append(tr("across a gap"))
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
    peak = tr(" · peak {peak}", peak=number(row.peak)) if row.peak is not None else ""
    ends = tr("min {low} · max {high}", low=low, high=high)
    return [f"{number(row.mean)} ± {number(row.std)} {unit}".rstrip(), f"{ends}{peak}"]


def _short(layer: ImageLayer) -> str:
    """Return what an image is called where there is little room: its modality, else the beginning of its name."""
    return layer.volume.acquisition.modality or layer.name[:_SHORT]


def number(value: float) -> str:
    """Write a voxel value or a statistic of voxel values: whole numbers whole, else as a measured number."""
    if value == round(value) and abs(value) < 1e6:
        return f"{value:.0f}".replace("-", "\N{MINUS SIGN}")
    return written(value)
