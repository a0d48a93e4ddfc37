"""Convert values to another pixel type without wrapping round, and count what gets lost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.language import tr
from pellucid.operations.pixels import Array


@dataclass(frozen=True)
class Losses:
    """What a conversion loses: how many values of each kind, and the extremes of those outside the new type."""

    outside: int = 0
    lowest: float = math.inf
    highest: float = -math.inf
    fractions: int = 0
    nan: int = 0
    inexact: int = 0
    largest: int = 0

    def __add__(self, other: Losses) -> Losses:
        """Return the losses of two parts of an image."""
        return Losses(
            self.outside + other.outside,
            min(self.lowest, other.lowest),
            max(self.highest, other.highest),
            self.fractions + other.fractions,
            self.nan + other.nan,
            self.inexact + other.inexact,
            max(self.largest, other.largest),
        )


def converted(values: Any, dtype: Any) -> Any:
    """Return values in another pixel type: rounded, limited to what it holds, NaN as 0 in whole numbers."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            return values.astype(dtype)
    info = np.iinfo(dtype)
    if values.dtype.kind in "iu":
        own = np.iinfo(values.dtype)
        return np.clip(values, max(info.min, own.min), min(info.max, own.max)).astype(dtype)
    whole = np.rint(values)
    fits = (whole >= info.min) & (whole < float(info.max + 1))
    result = np.zeros(values.shape, dtype)
    np.copyto(result, whole, where=fits, casting="unsafe")
    result[whole < info.min] = info.min
    result[whole >= float(info.max + 1)] = info.max
    return result


def losses_of(values: Array, dtype: np.dtype[Any]) -> Losses:
    """Return what is lost when values become another pixel type."""
    if dtype.kind == "f":
        return _float_losses(values, dtype)
    info = np.iinfo(dtype)
    if values.dtype.kind in "iu":
        own = np.iinfo(values.dtype)
        if info.min <= own.min and own.max <= info.max:
            return Losses()
        beyond = (values < max(info.min, own.min)) | (values > min(info.max, own.max))
        return _outside(values[beyond]) if beyond.any() else Losses()
    whole = np.rint(values)
    nan = np.isnan(whole)
    beyond = (whole < info.min) | (whole >= float(info.max + 1))
    lost = _outside(values[beyond]) if beyond.any() else Losses()
    fractions = int(np.count_nonzero((whole != values) & ~nan & ~beyond))
    return lost + Losses(fractions=fractions, nan=int(np.count_nonzero(nan)))


def _outside(values: Array) -> Losses:
    return Losses(values.size, float(values.min()), float(values.max()))


def _float_losses(values: Array, dtype: np.dtype[Any]) -> Losses:
    """Return what floats cannot hold: whole numbers beyond their precision, and numbers beyond their range."""
    exact = 1 << (np.finfo(dtype).nmant + 1)
    if np.can_cast(values.dtype, dtype) and values.dtype.itemsize < 8:
        return Losses()
    if values.dtype.kind == "f":
        beyond = np.isfinite(values) & ~np.isfinite(converted(values, dtype))
        return _outside(values[beyond]) if beyond.any() else Losses()
    if values.size == 0 or max(int(values.max()), -int(values.min())) <= exact:
        return Losses()
    made = values.astype(dtype)
    back = converted(made, values.dtype)
    changed = (back != values) | (made >= float(np.iinfo(values.dtype).max + 1))
    return Losses(inexact=int(np.count_nonzero(changed)), largest=max(int(values.max()), -int(values.min())))


def remarks(lost: Losses, dtype: np.dtype[Any]) -> Iterator[str]:
    """Say in sentences what was lost."""
    if lost.outside:
        yield tr(
            "{count} values from {low:g} to {high:g} lie outside the type {name} and became its limits.",
            count=lost.outside, low=lost.lowest, high=lost.highest, name=dtype.name,
        )  # fmt: skip
    if lost.fractions:
        yield tr("{count} values had a fraction and were rounded.", count=lost.fractions)
    if lost.nan:
        yield tr("{count} values were NaN and became 0.", count=lost.nan)
    if lost.inexact:
        step = 1 << max(0, lost.largest.bit_length() - np.finfo(dtype).nmant - 1)
        yield tr(
            "{count} whole numbers are no longer exact: {name} holds them exactly up to {exact}, the largest here to "
            "the nearest multiple of {step}.",
            count=lost.inexact, name=dtype.name, exact=1 << (np.finfo(dtype).nmant + 1), step=step,
        )  # fmt: skip
