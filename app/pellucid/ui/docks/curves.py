"""What the histogram plot draws, as plain arrays. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.language import tr
from pellucid.model.transfer import STRAIGHT, Kind, Transfer, shares
from pellucid.ui.forms.numbers import format_number, short_number

if TYPE_CHECKING:
    from pellucid.model.statistics import Histogram

Floats = NDArray[np.float64]
_SAMPLES = 257


@dataclass(frozen=True)
class Cumulative:
    """The number of voxels below a value, exact at the edges of the bins and linear between them."""

    edges: Floats
    below: Floats

    @classmethod
    def of(cls, histogram: Histogram) -> Cumulative:
        """Sum up a histogram."""
        counts = np.asarray(histogram.counts, dtype=np.float64)
        return cls(histogram.edges, np.concatenate([[0.0], np.cumsum(counts)]))

    @property
    def total(self) -> float:
        """Return the number of voxels."""
        return float(self.below[-1])

    def share(self, values: Any) -> Floats:
        """Return the share of voxels below each value, 0 to 1."""
        return np.interp(values, self.edges, self.below) / (self.total or 1.0)

    def counts(self, edges: Floats) -> Floats:
        """Return the number of voxels between neighbouring edges."""
        return np.diff(np.interp(edges, self.edges, self.below))


def heights(counts: Floats, *, log: bool) -> Floats:
    """Scale counts to 0…1: by the logarithm, or evenly with the highest peak at 1."""
    scaled = np.log1p(counts) if log else counts
    top = float(scaled.max(initial=0.0))
    return scaled / top if top > 0 else np.zeros_like(counts)


def outline(cumulative: Cumulative, low: float, high: float, columns: int, *, log: bool) -> tuple[Floats, Floats]:
    """Return x and y of the histogram's outline over a range, one value per screen column."""
    edges = np.linspace(low, high, max(2, columns) + 1)
    y = heights(cumulative.counts(edges), log=log)
    return (edges[:-1] + edges[1:]) / 2, y


def view_range(histogram: Histogram, limits: tuple[float, float]) -> tuple[float, float]:
    """Return the range to show: nearly all values and the whole window, a little air, no long tails."""
    low, high = float(histogram.percentile(0.05)), float(histogram.percentile(99.95))
    air = 0.15 * max(high - low, 1e-12)
    low = max(low - air, float(histogram.minimum))
    high = min(high + air, float(histogram.maximum))
    low, high = min(low, limits[0]), max(high, limits[1])
    if not high > low:
        low, high = low - 0.5, high + 0.5
    air = 0.03 * (high - low)
    return low - air, high + air


def transfer(
    low: float, high: float, view: tuple[float, float], *, invert: bool, curve: Transfer = STRAIGHT
) -> tuple[Floats, Floats]:
    """Return x and y of the line that says which brightness a value gets."""
    if curve.is_straight:
        x, y = np.array([min(view[0], low), low, high, max(view[1], high)]), np.array([0.0, 0.0, 1.0, 1.0])
    else:
        first, last = curve.domain(low, high)
        inside = np.linspace(first, last, _SAMPLES)
        places = [low + place * (high - low) for place, _ in curve.points] if curve.kind is Kind.POINTS else []
        x = np.sort(np.concatenate([[min(view[0], first), max(view[1], last)], inside, places]))
        y = shares(x, low, high, curve)
    return x, 1 - y if invert else y


def summary(histogram: Histogram, unit: str) -> str:
    """Return one line about the values: range, mean, deviation, number of voxels."""
    if not histogram.total:
        return tr("No voxels")
    low, high, mean, std = (
        format_number(float(value), 4)
        for value in (histogram.minimum, histogram.maximum, histogram.mean, histogram.std)
    )
    span = f"{low}…{high} {unit}".strip()
    return tr("{span} · mean {mean} · SD {std}", span=span, mean=mean, std=std)


def reading(cumulative: Cumulative, value: float, unit: str, factor: float = 1.0) -> str:
    """Return one line about a value, told times a factor: how many voxels lie below."""
    here, share = f"{short_number(value * factor)} {unit}".strip(), 100 * float(cumulative.share(value))
    return tr("{value} · {share:.4g} % below", value=here, share=share)


def strip_colors(
    table: NDArray[np.uint8],
    low: float,
    high: float,
    view: tuple[float, float],
    columns: int,
    *,
    invert: bool,
    curve: Transfer = STRAIGHT,
) -> NDArray[np.uint8]:
    """Return (columns, 3) colours that values along the plot get on the screen."""
    values = np.linspace(*view, max(2, columns))
    share = shares(values, low, high, curve)
    share = 1 - share if invert else share
    return table[np.rint(share * (len(table) - 1)).astype(int)]
