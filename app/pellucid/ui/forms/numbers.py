"""Numbers as people write and read them: parsing, formatting, steps and slider positions. No Qt here."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pellucid.language import tr

MINUS = "\N{MINUS SIGN}"
_WHOLE = 1e7
"""Numbers below are never written as powers of ten, however few figures are wanted."""
_BLANKS = dict.fromkeys(map(ord, " \N{NO-BREAK SPACE}\N{THIN SPACE}\N{NARROW NO-BREAK SPACE}"))


def parse_number(text: str) -> float | None:
    """Return the finite number a text says, or None; comma and point mark decimals, blanks group."""
    plain = text.translate(_BLANKS).replace(MINUS, "-")
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    try:
        value = float(plain)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def format_number(value: float, digits: int = 7) -> str:
    """Write a number with at most ``digits`` significant figures, no trailing zeros and a true minus sign."""
    if isinstance(value, int) or value == 0:
        text = str(int(value))
    elif 1e-4 <= abs(value) < max(10**digits, _WHOLE):
        decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        text = f"{value:.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        text = f"{value:.{digits}g}"
    return text.replace("-", MINUS, 1) if text.startswith("-") else text


def short_number(value: float) -> str:
    """Write a number for a tight place: five significant figures."""
    return format_number(value, 5) if not isinstance(value, int) else format_number(value)


def file_size(count: float) -> str:
    """Write a number of bytes in the largest unit that keeps it above one."""
    for unit in ("bytes", "KB", "MB"):
        if abs(count) < 1024:
            return f"{count:.0f} {unit}" if unit in ("bytes", "KB") or count >= 10 else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GB"


def nice_step(span: float) -> float:
    """Return the power of ten that divides a span into roughly a hundred steps."""
    return float(10 ** math.floor(math.log10(span / 50))) if span > 0 and math.isfinite(span) else 1.0


@dataclass(frozen=True)
class Bounds:
    """What a number may be; None leaves a side open."""

    minimum: float | None = None
    maximum: float | None = None
    whole: bool = False

    def complaint(self, value: float | None, unit: str = "") -> str:
        """Return the sentence that says why a value is not allowed, or ``""`` when it is."""
        unit = f" {unit}" if unit and unit != "%" else unit
        if value is None:
            return tr("Type a number.")
        if self.whole and value != round(value):
            return tr("Type a whole number.")
        low, high = self.minimum, self.maximum
        if low is not None and high is not None and not low <= value <= high:
            return tr(
                "Must be from {low} to {high}{unit}.",
                low=short_number(low),
                high=short_number(high),
                unit=unit,
            )
        if low is not None and value < low:
            return tr("Must be at least {low}{unit}.", low=short_number(low), unit=unit)
        if high is not None and value > high:
            return tr("Must be at most {high}{unit}.", high=short_number(high), unit=unit)
        return ""

    def clamp(self, value: float) -> float:
        """Return the nearest allowed value."""
        value = float(round(value)) if self.whole else value
        value = value if self.minimum is None else max(value, self.minimum)
        return value if self.maximum is None else min(value, self.maximum)


@dataclass(frozen=True)
class Scale:
    """How the positions of a slider stand for values: evenly, or by ratios when the range spans decades."""

    low: float
    high: float
    whole: bool = False
    ticks: int = 1000

    @property
    def by_ratio(self) -> bool:
        """Return whether equal distances on the slider are equal ratios."""
        return self.low > 0 and self.high / self.low >= 100

    @property
    def count(self) -> int:
        """Return the number of steps between both ends."""
        return max(1, min(self.ticks, round(self.high - self.low))) if self.whole else self.ticks

    def position(self, value: float) -> int:
        """Return the slider position nearest to a value; values outside stand at the ends."""
        if self.high <= self.low:
            return 0
        value = min(max(value, self.low), self.high)
        share = (value - self.low) / (self.high - self.low)
        if self.by_ratio:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        return round(share * self.count)

    def value(self, position: int) -> float:
        """Return the value of a slider position, rounded to what the slider can tell apart."""
        share = position / self.count
        if self.by_ratio:
            ratio = self.high / self.low
            raw = self.low * ratio**share
            return self._rounded(raw, raw * math.log(ratio) / self.count)
        return self._rounded(self.low + share * (self.high - self.low), (self.high - self.low) / self.ticks)

    def _rounded(self, value: float, grain: float) -> float:
        if self.whole:
            return float(round(value))
        decimals = -math.floor(math.log10(grain)) if grain > 0 else 0
        return min(max(round(value, decimals), self.low), self.high)
