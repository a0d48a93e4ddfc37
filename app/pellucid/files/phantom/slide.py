"""A stained tissue section that never was anybody's: glands in loose tissue, haematoxylin and eosin.

Dye amounts are painted and turned into colour by absorption (Beer and Lambert), as in a real slide; the
absorption of both dyes is close to that of Ruifrok and Johnston (2001).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.files.phantom.scene import Grid, Waves

WIDTH, HEIGHT = 1024, 768
PIXEL_MM = 0.0005
_HAEMATOXYLIN = np.array([0.65, 0.70, 0.29])
_EOSIN = np.array([0.07, 0.97, 0.21])
Plane = NDArray[np.float32]


def slide(seed: int = 7) -> NDArray[np.uint8]:
    """Return the picture, (768, 1024, 3) uint8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    blue, red = np.zeros((HEIGHT, WIDTH), np.float32), _loose_tissue(rng)
    taken = np.zeros((HEIGHT, WIDTH), bool)
    nuclei: list[tuple[float, ...]] = []
    for centre in _spread(rng, 30, 165):
        nuclei += _gland(x, y, centre, red, taken, rng)
    nuclei += _scattered(taken, rng)
    for nucleus in nuclei:
        _nucleus(blue, nucleus, rng)
    speckle = _waves((120, 90), rng)
    blue *= 1 + 0.16 * speckle
    red = np.maximum(red * (1 - 0.55 * np.minimum(blue, 1)), 0)
    density = blue[..., None] * _HAEMATOXYLIN * 1.25 + red[..., None] * _EOSIN * 0.62 + 0.035
    light = 246 * np.exp(-density) + rng.normal(0, 1.6, (HEIGHT, WIDTH, 3))
    return np.asarray(np.clip(np.rint(light), 0, 255), np.uint8)


def _waves(knots: tuple[int, int], rng: np.random.Generator) -> Plane:
    grid = Grid((WIDTH, HEIGHT, 1), (1, 1, 1), (0, 0, 0))
    return np.asarray(Waves(grid, (*knots, 1), rng).at(slice(0, 1))[0])


def _loose_tissue(rng: np.random.Generator) -> Plane:
    """Return eosin of wavy fibres with clefts between them."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    phase = (0.11 * x + 0.19 * y) * 0.55 + 3.2 * _waves((9, 7), rng) + 1.1 * _waves((40, 30), rng)
    fibres = 0.62 + 0.26 * np.sin(phase) + 0.10 * _waves((150, 40), rng)
    clefts = np.clip(_waves((22, 20), rng) + 0.7 * np.sin(phase) - 1.1, 0, 1)
    return np.asarray(np.clip(fibres - 0.8 * clefts, 0.03, 1.2), np.float32)


def _spread(rng: np.random.Generator, tries: int, apart: float) -> list[NDArray[np.float64]]:
    """Return places that are not closer than ``apart`` pixels to each other."""
    found: list[NDArray[np.float64]] = []
    for _ in range(tries * 8):
        place = rng.uniform((-30, -30), (WIDTH + 30, HEIGHT + 30))
        if all(np.linalg.norm(place - other) > apart for other in found):
            found.append(place)
    return found


def _gland(
    x: Plane, y: Plane, centre: NDArray[np.float64], red: Plane, taken: NDArray[np.bool_], rng: Any
) -> list[tuple[float, ...]]:
    """Paint a ring of tall cells round an opening; return its nuclei (x, y, half axes, turn, darkness)."""
    size, flat, turn = rng.uniform(50, 72), rng.uniform(0.72, 1.0), rng.uniform(0, np.pi)
    box = tuple(slice(max(0, int(c) - 110), max(0, int(c) + 110)) for c in centre[::-1])
    u, v = x[box] - centre[0], y[box] - centre[1]
    if not u.size:
        return []
    a, b = u * np.cos(turn) + v * np.sin(turn), (v * np.cos(turn) - u * np.sin(turn)) / flat
    angle = np.arctan2(b, a)
    ripple = sum(rng.uniform(0.01, 0.05) * np.sin(k * angle + rng.uniform(0, 6.3)) for k in (2, 3, 5))
    radius = np.hypot(a, b) / size / (1 + ripple)
    cell = 0.5 + 0.12 * np.sin(angle * 34) * (radius > 0.45)
    opening = np.clip((radius - 0.40) * 14, 0, 1)
    outside = np.clip((radius - 1.0) * 22, 0, 1)
    rim = np.exp(-(((radius - 1.03) / 0.035) ** 2))
    inner = cell * opening + 0.10 * (1 - opening)
    red[box] = red[box] * outside + inner * (1 - outside) + 0.35 * rim
    taken[box] |= radius < 1.06
    count = int(size * 0.62)
    nuclei = []
    for k in range(count):
        way = 2 * np.pi * (k + rng.uniform(-0.25, 0.25)) / count
        out = size * rng.normal(0.83, 0.035)
        p, q = out * np.cos(way), out * np.sin(way) * flat
        offset = [p * np.cos(turn) - q * np.sin(turn), p * np.sin(turn) + q * np.cos(turn)]
        place = centre + np.array(offset)
        heading = np.arctan2(place[1] - centre[1], place[0] - centre[0])
        nuclei.append((*place, rng.uniform(6.4, 8.4), rng.uniform(3.6, 4.8), heading, rng.uniform(0.75, 1.05)))
    return nuclei


def _scattered(taken: NDArray[np.bool_], rng: Any) -> list[tuple[float, ...]]:
    """Return spindle and round nuclei of the loose tissue."""
    nuclei: list[tuple[float, ...]] = []
    for x, y in rng.uniform((0, 0), (WIDTH - 1, HEIGHT - 1), (620, 2)):
        if not taken[int(y), int(x)]:
            long, turn = rng.uniform(4, 10), -0.53 + rng.normal(0, 0.35)
            thin = rng.uniform(2.2, 3.0) if long > 6 else long * rng.uniform(0.8, 1)
            nuclei.append((x, y, long, thin, turn, rng.uniform(0.7, 1.15)))
    return nuclei


def _nucleus(blue: Plane, nucleus: tuple[float, ...], rng: Any) -> None:
    """Paint one nucleus: a darker rim, a paler inside with a few grains."""
    cx, cy, long, thin, turn, dark = nucleus
    x0, x1 = max(0, int(cx) - 13), min(WIDTH, int(cx) + 14)
    y0, y1 = max(0, int(cy) - 13), min(HEIGHT, int(cy) + 14)
    if x0 >= x1 or y0 >= y1:
        return
    u = np.arange(x0, x1, dtype=np.float32)[None] - cx
    v = np.arange(y0, y1, dtype=np.float32)[:, None] - cy
    a = (u * np.cos(turn) + v * np.sin(turn)) / long
    b = (v * np.cos(turn) - u * np.sin(turn)) / thin
    radius = np.sqrt(a * a + b * b)
    inside = np.clip((1 - radius) * thin / 1.6 + 0.5, 0, 1)
    rim = 0.26 * np.exp(-(((radius - 0.85) / 0.18) ** 2))
    grain = 0.3 * np.exp(-((a - rng.uniform(-0.5, 0.5)) ** 2 + (b - rng.uniform(-0.5, 0.5)) ** 2) / 0.05)
    part = blue[y0:y1, x0:x1]
    np.maximum(part, inside * (0.66 + rim + grain) * dark, out=part)
