"""The engine of stitching: where tiles lie by what they show in common, and how they become one picture.

Positions and shifts are (y, x) in voxels of the first tile. Scripts carry these functions along.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import SimpleITK as sitk

from pellucid.operations.pixels import Array, view, work_type
from pellucid.operations.plain import stored

_DOUBTFUL = 0.3
_LEAST_PIXELS = 16
_LEAST_SHARE = 0.05  # of a strip: less may look alike by chance
_BY_EXPECTATION = 1e-3  # weight of a pair that was not matched, against a correlation of 1


@dataclass(frozen=True)
class Match:
    """How far tile ``second`` lies from tile ``first``, and the correlation of what both show."""

    first: int
    second: int
    expected: tuple[float, float]
    found: tuple[float, float]
    correlation: float

    @property
    def is_doubtful(self) -> bool:
        """Return whether both tiles have too little in common to tell."""
        return self.correlation < _DOUBTFUL

    @property
    def way(self) -> tuple[float, float]:
        """Return the shift that counts: the expected one where the found one is doubtful."""
        return self.expected if self.is_doubtful else self.found


@dataclass(frozen=True, eq=False)
class Located:
    """Where tiles lie, shape (n, 2), and how each pair of neighbours was matched."""

    places: Array
    matches: tuple[Match, ...]

    def residual(self, match: Match) -> float:
        """Return how far, in voxels, two tiles came to lie from where their own match wanted them."""
        way = self.places[match.second] - self.places[match.first]
        return float(np.linalg.norm(way - np.array(match.found)))


def expected_places(images: Sequence[sitk.Image], layout: str, count: int, overlap: float) -> Array:
    """Return where tiles should lie, shape (n, 2): by their number in a grid, or as they say themselves."""
    first = images[0]
    if layout == "places":
        steps = np.reshape(first.GetDirection(), (first.GetDimension(), -1)) * first.GetSpacing()
        ways = [np.linalg.solve(steps, np.subtract(one.GetOrigin(), first.GetOrigin())) for one in images]
        return np.array([[way[1], way[0]] for way in ways])
    places = []
    for n in range(len(images)):
        major, minor = divmod(n, count)
        minor = count - 1 - minor if layout == "snake" and major % 2 else minor
        places.append((minor, major) if layout == "columns" else (major, minor))
    x, y = first.GetSize()[:2]
    return np.array(places) * (np.array([y, x]) * (1 - overlap / 100))


def is_padding(array: Array, padding: tuple[float, float] | None) -> Array | None:
    """Return where values are padding, None where there can be none."""
    return None if padding is None else np.asarray((array >= padding[0]) & (array <= padding[1]))


def neighbours(places: Array, sizes: Array) -> list[tuple[int, int]]:
    """Return the pairs of tiles that should share more than a corner."""
    pairs = []
    for a in range(len(places)):
        for b in range(a + 1, len(places)):
            low = np.maximum(places[a], places[b])
            shared = np.minimum(places[a] + sizes[a], places[b] + sizes[b]) - low
            least = np.minimum(sizes[a], sizes[b])
            if (shared > 0).all() and (shared > 0.5 * least).any():
                pairs.append((a, b))
    return pairs


def flat(array: Array, padding: tuple[float, float] | None = None) -> Array:
    """Return a tile (z, y, x[, c]) as one plane of floats for matching: the mean of slices and channels.

    Padding counts as the mean of the tile: its edge lies in the tile, not in the picture.
    """
    outside = is_padding(array, padding)
    if outside is not None and outside.any() and not outside.all():
        array = np.where(outside, np.nanmean(array, where=~outside, dtype=np.float64), array)
    values = array.mean(axis=0, dtype=np.float64)
    values = values.mean(axis=-1) if values.ndim == 3 else values
    return np.where(np.isfinite(values), values, 0.0).astype(np.float32)


def matched(
    one: Array, other: Array, expected: Array, reach: float, subvoxel: bool, check: Callable[[], None]
) -> tuple[tuple[float, float], float]:
    """Return how far a tile lies from another and the correlation of what they share; as expected where none fits.

    The strips that both must show, ``reach`` voxels more than expected, are compared by phase correlation. It knows
    a shift only up to the size of the strip, so all that it may mean are tried; from the best one the correlation of
    what both strips show is climbed to its top.
    """
    starts, lengths = [], []
    for n, m, way in zip(one.shape, other.shape, expected, strict=True):
        shared = min(n, m + way) - max(0.0, way)
        length = int(min(n, m, np.ceil(shared + reach)))
        starts.append((n - length if way > 0 else 0, 0 if way > 0 else m - length))
        lengths.append(length)
    a, b = (
        tile[tuple(slice(start[k], start[k] + n) for start, n in zip(starts, lengths, strict=True))]
        for k, tile in enumerate((one, other))
    )
    if min(lengths) < 4 or a.std() == 0 or b.std() == 0:
        return (float(expected[0]), float(expected[1])), -1.0
    base = np.array([first - second for first, second in starts])

    @cache
    def score(place: tuple[int, int]) -> float:
        check()
        allowed = np.abs(base + place - expected).max() <= reach
        return _correlation(a, b, *place) if allowed else -1.0

    best = max(_candidates(a - a.mean(), b - b.mean()), key=score)
    best = _climbed(best, score)
    found = base + (_between_voxels(best, score) if subvoxel else np.array(best, float))
    return (float(found[0]), float(found[1])), score(best)


def _candidates(one: Array, other: Array) -> list[tuple[int, int]]:
    """Return the shifts that phase correlation may mean: it counts round the strip."""
    from skimage.registration import phase_cross_correlation

    found = []
    for normalization in ("phase", None):  # the first is sharper, the second bears smooth pictures
        shift = phase_cross_correlation(one, other, normalization=normalization)[0]
        for turns in np.ndindex(3, 3):
            y, x = shift + (np.array(turns) - 1) * one.shape
            found.append((round(float(y)), round(float(x))))
    return found


def _climbed(place: tuple[int, int], score: Callable[[tuple[int, int]], float]) -> tuple[int, int]:
    """Return the place from which every step of a voxel goes down."""
    while True:
        around = [(place[0] + y, place[1] + x) for y in (-1, 0, 1) for x in (-1, 0, 1)]
        best = max(around, key=score)
        if score(best) <= score(place):
            return place
        place = best


def _between_voxels(place: tuple[int, int], score: Callable[[tuple[int, int]], float]) -> Array:
    """Return where the parabola through a top and its neighbours is highest, along each axis."""
    found, top = np.array(place, float), score(place)
    for axis in (0, 1):
        step = np.eye(2, dtype=int)[axis]
        before, after = (score((place[0] + k * int(step[0]), place[1] + k * int(step[1]))) for k in (-1, 1))
        bend = before - 2 * top + after
        if min(before, after) > -1.0 and bend < 0:
            found[axis] += 0.5 * (before - after) / bend
    return found


def _correlation(one: Array, other: Array, y: int, x: int) -> float:
    """Return the correlation of two strips where they overlap after a shift, -1 where that is too little."""
    rows, columns = one.shape
    shared = max(0, rows - abs(y)) * max(0, columns - abs(x))
    if shared < max(_LEAST_PIXELS, _LEAST_SHARE * one.size):
        return -1.0
    a = one[max(0, y) : rows + min(0, y), max(0, x) : columns + min(0, x)]
    b = other[max(0, -y) : rows + min(0, -y), max(0, -x) : columns + min(0, -x)]
    a, b = a - a.mean(), b - b.mean()
    power = np.sqrt(float((a * a).sum()) * float((b * b).sum()))
    return float((a * b).sum()) / power if power > 0 else -1.0


def settled(count: int, matches: Sequence[Match], places: Array) -> Array:
    """Return the places, shape (n, 2), that fit all matches best by least squares; the first tile stays at 0, 0.

    A tile that is matched to none keeps its expected place.
    """
    rows, ways = [], []
    for match in matches:
        weight = _BY_EXPECTATION if match.is_doubtful else match.correlation
        row = np.zeros(count)
        row[match.second], row[match.first] = weight, -weight
        rows.append(row)
        ways.append(np.array(match.way) * weight)
    for n in range(count):  # what nothing else tells is told by the expectation
        row = np.zeros(count)
        row[n] = 1e-6 if n else 1.0
        rows.append(row)
        ways.append((places[n] - places[0]) * row[n])
    return np.asarray(np.linalg.lstsq(np.array(rows), np.array(ways), rcond=None)[0])


def blended(
    arrays: Sequence[Array], places: Array, blend: str, background: float, padding: tuple[float, float] | None,
    check: Callable[[], None],
) -> tuple[Array, Array]:  # fmt: skip
    """Return tiles (z, y, x[, c]) as one array, and the place of its first voxel; fractions are interpolated.

    Padding is left out, and stands where a tile has nothing else.
    """
    placed = [_on_whole_voxels(one, place, padding) for one, place in zip(arrays, places, strict=True)]
    low = np.min([start for _, start in placed], axis=0)
    high = np.max([np.add(start, one.shape[1:3]) for one, start in placed], axis=0)
    rows, columns = (int(n) for n in high - low)
    first = arrays[0]
    total = np.zeros((len(first), rows, columns, *first.shape[3:]), work_type(first.dtype))
    weight = np.zeros((len(first), rows, columns) + (1,) * (first.ndim - 3), np.float32)
    padded = np.zeros(total.shape, bool) if padding is not None else None
    for values, start in placed:
        check()
        y, x = (int(n) for n in start - low)
        part = (slice(None), slice(y, y + values.shape[1]), slice(x, x + values.shape[2]))
        outside = is_padding(values, padding)
        if padded is not None and outside is not None:
            padded[part] |= outside
        _add(values, total[part], weight[part], blend, outside)
    empty = np.broadcast_to(weight == 0, total.shape)
    if blend == "linear":
        np.divide(total, weight, out=total, where=~empty)
    out = stored(total, first.dtype)
    out[empty] = stored(np.array(background, np.float64), first.dtype)
    if padded is not None and padding is not None:
        out[empty & padded] = stored(np.array(padding[0], np.float64), first.dtype)
    return out, low


def _add(values: Array, total: Array, weight: Array, blend: str, outside: Array | None) -> None:
    """Add one tile to its part of the picture; NaN and what lies outside are left out."""
    known: Array = np.isfinite(values) if outside is None else np.isfinite(values) & ~outside
    known = np.asarray(known.all(axis=tuple(range(3, values.ndim)), keepdims=True)).reshape(weight.shape)
    if blend == "linear":
        y, x = (np.minimum(np.arange(1, n + 1), np.arange(n, 0, -1)) for n in values.shape[1:3])
        share = known * (y[:, np.newaxis] * x).astype(np.float32).reshape(1, len(y), len(x), *weight.shape[3:])
        total += np.where(known, values, 0) * share
        weight += share
        return
    taken = known & (weight == 0)
    if blend == "maximum":
        np.copyto(total, np.maximum(total, values), where=known & (weight > 0))
    np.copyto(total, values, where=taken, casting="same_kind")
    weight[taken] = 1


def _on_whole_voxels(array: Array, place: Array, padding: tuple[float, float] | None) -> tuple[Array, Array]:
    """Return a tile on the voxels of the picture and the place of its first one; between voxels it loses a border.

    What is interpolated from padding is padding.
    """
    whole = np.floor(place + 1e-6)
    values = array.astype(work_type(array.dtype))
    for axis, rest in zip((1, 2), place - whole, strict=True):
        if rest > 1e-3 and values.shape[axis] > 1:
            lower, upper = np.split(np.arange(values.shape[axis]), [-1])[0], np.arange(1, values.shape[axis])
            outside = is_padding(values, padding)
            values = values.take(upper, axis) * (1 - rest) + values.take(lower, axis) * rest
            if padding is not None and outside is not None:
                values[outside.take(upper, axis) | outside.take(lower, axis)] = padding[0]
            whole[axis - 1] += 1
    return values, whole


def located(
    images: Sequence[sitk.Image],
    layout: str,
    count: int,
    overlap: float,
    reach: float,
    subvoxel: bool,
    check: Callable[[], None] = lambda: None,
    progress: Callable[[float], None] = lambda fraction: None,
    padding: tuple[float, float] | None = None,
) -> Located:
    """Return where tiles lie by what they show in common."""
    sizes = np.array([view(one).shape[1:3] for one in images])
    places = expected_places(images, layout, count, overlap)
    far = reach / 100 * float(sizes.max())
    planes = [flat(view(one), padding) for one in images]
    pairs, matches = neighbours(places, sizes), []
    for n, (a, b) in enumerate(pairs):
        check()
        expected = places[b] - places[a]
        found, correlation = matched(planes[a], planes[b], expected, far, subvoxel, check)
        matches.append(Match(a, b, (float(expected[0]), float(expected[1])), found, correlation))
        progress((n + 1) / len(pairs))
    settled_places = settled(len(images), matches, places)
    return Located(settled_places if subvoxel else np.floor(settled_places + 0.5), tuple(matches))


def stitched(
    images: Sequence[sitk.Image],
    layout: str,
    count: int,
    overlap: float,
    reach: float,
    subvoxel: bool,
    blend: str,
    background: float,
    padding: tuple[float, float] | None = None,
    check: Callable[[], None] = lambda: None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> tuple[sitk.Image, Located]:
    """Return tiles as one image on the grid of the first one, and how they were matched."""
    found = located(
        images, layout, count, overlap, reach, subvoxel, check, lambda fraction: progress(0.7 * fraction),
        padding,
    )
    array, low = blended([view(one) for one in images], found.places, blend, background, padding, check)
    return _placed(array, images[0], low), found


def _placed(array: Array, first: sitk.Image, low: Array) -> sitk.Image:
    """Return an array as an image whose voxels lie where those of the first tile lie."""
    planar = first.GetDimension() == 2
    image = sitk.GetImageFromArray(array[0] if planar else array, isVector=array.ndim == 4)
    image.SetSpacing(first.GetSpacing())
    image.SetDirection(first.GetDirection())
    index = [float(low[1]), float(low[0]), 0.0][: first.GetDimension()]
    image.SetOrigin(first.TransformContinuousIndexToPhysicalPoint(index))
    return image
