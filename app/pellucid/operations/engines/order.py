"""Exact quantiles of large images: digit by digit of the bit patterns, without sorting or copying the voxels."""

from __future__ import annotations

from threading import Lock
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from pellucid.language import tr
from pellucid.operations.context import Context, Refused, Region
from pellucid.operations.pixels import Array, blocks, view

_DIGIT = 16
_BLOCK = 1 << 20  # voxels counted at a time


def counted(array: Any, inside: Any) -> Any:
    """Return the finite values as one row, with ``inside`` those where it is not 0."""
    values = array.ravel() if inside is None else array[inside > 0].ravel()
    return values[np.isfinite(values)] if values.dtype.kind == "f" else values


def nothing_counted() -> Refused:
    """Return the refusal of an image that has nothing to learn from."""
    return Refused(tr("There is no value to count: the image has no finite value, or the mask is empty."))


def quantiles(image: sitk.Image, shares: Any, mask: sitk.Image | None, context: Context) -> NDArray[np.float64]:
    """Return quantiles of the finite values (all channels together), as numpy.quantile of 64-bit floats.

    Raises Refused when nothing is counted.
    """
    array, inside = view(image), None if mask is None else view(mask)
    digits = max(1, 8 * array.dtype.itemsize // _DIGIT)
    width = min(_DIGIT, 8 * array.dtype.itemsize)
    prefixes, counts = np.zeros(1, np.uint64), np.zeros((1, 0), np.int64)
    sought, rest, places = np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0)
    for digit in range(digits):
        part = context.part(digit / digits, (digit + 1) / digits)
        counts = _digit_counts(array, inside, prefixes, width * (digits - 1 - digit), width, part)
        if digit == 0:
            places = (counts.sum() - 1) * np.asarray(shares, np.float64)
            rest = _ranks(places, int(counts.sum()))
            sought = np.zeros(len(rest), np.uint64)
        sought, rest = _next_digit(counts, prefixes, sought, rest, width)
        prefixes = np.unique(sought)
    values = _from_keys(sought, array.dtype).astype(np.float64)
    return _between(values[: len(places)], values[len(places) :], places - np.floor(places))


def _ranks(places: Array, total: int) -> Array:
    """Return the ranks below and above each place in the sorted values."""
    if total == 0:
        raise nothing_counted()
    below = np.floor(places).astype(np.int64)
    return np.concatenate([below, np.minimum(below + 1, total - 1)])


def _between(below: Array, above: Array, share: Array) -> Array:
    """Interpolate as numpy does: from the nearer end."""
    step = above - below
    return np.where(share < 0.5, below + step * share, above - step * (1 - share))


def _digit_counts(
    array: Array, inside: Array | None, prefixes: Array, shift: int, width: int, context: Context
) -> NDArray[np.int64]:
    """Count, for each prefix, the next digit of the keys that begin with it."""
    total, lock = np.zeros((len(prefixes), 1 << width), np.int64), Lock()

    def work(block: Region) -> None:
        keys = _keys(counted(array[block], None if inside is None else inside[block]))
        part = np.bincount(_bins(keys, prefixes, shift, width), minlength=total.size)
        with lock:
            np.add(total, part.reshape(total.shape), out=total)

    z, y, x = (slice(0, n) for n in array.shape[:3])
    context.each(work, blocks((z, y, x), array.shape, _BLOCK))
    return total


def _bins(keys: Array, prefixes: Array, shift: int, width: int) -> Array:
    """Return prefix number and digit as one number for each key that begins with one of the prefixes."""
    if shift + width >= 8 * keys.dtype.itemsize:
        return np.asarray(keys >> keys.dtype.type(shift))
    known = prefixes.astype(keys.dtype)
    begin = keys >> keys.dtype.type(shift + width)
    if shift + 2 * width == 8 * keys.dtype.itemsize:  # a prefix of one digit is found in a table
        table = np.full(1 << width, -1)
        table[known] = np.arange(len(known))
        slot = table.take(begin)
        hit = slot >= 0
    else:
        slot = np.searchsorted(known, begin).clip(0, len(known) - 1)
        hit = known[slot] == begin
    digit = (keys[hit] >> keys.dtype.type(shift)).astype(np.intp) & ((1 << width) - 1)
    return np.asarray((slot[hit] << width) + digit)


def _next_digit(counts: Array, prefixes: Array, sought: Array, rest: Array, width: int) -> tuple[Array, Array]:
    """Return each sought key with one digit more, and its rank among the keys that begin so."""
    rows = np.searchsorted(prefixes, sought)
    longer, left = np.empty_like(sought), np.empty_like(rest)
    for n, (row, rank) in enumerate(zip(rows, rest, strict=True)):
        cumulative = np.cumsum(counts[row])
        digit = int(np.searchsorted(cumulative, rank, side="right"))
        longer[n] = (int(sought[n]) << width) + digit
        left[n] = rank - (cumulative[digit - 1] if digit else 0)
    return longer, left


def _keys(values: Array) -> Array:
    """Return unsigned numbers in the order of the values."""
    pattern = np.dtype(f"u{values.dtype.itemsize}")
    if values.dtype.kind == "u":
        return values
    bits, sign = values.view(pattern), pattern.type(1 << (8 * pattern.itemsize - 1))
    return np.asarray(bits ^ sign if values.dtype.kind == "i" else np.where(bits & sign, ~bits, bits | sign))


def _from_keys(keys: Array, dtype: np.dtype[Any]) -> Array:
    """Return the values that belong to keys."""
    pattern = np.dtype(f"u{dtype.itemsize}")
    bits, sign = keys.astype(pattern), pattern.type(1 << (8 * pattern.itemsize - 1))
    if dtype.kind == "u":
        return bits
    return np.asarray(bits ^ sign if dtype.kind == "i" else np.where(bits & sign, bits ^ sign, ~bits)).view(dtype)
