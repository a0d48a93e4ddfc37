"""Branching and bent tubes of the demo phantom, as chains of small ellipsoids."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.files.phantom.scene import Chain

Floats = NDArray[np.float64]


def tube(path: ArrayLike, radius: ArrayLike, step: float = 1.2) -> Chain:
    """Return a tube through the points of a path; ``radius`` is one number or one per point."""
    points = np.asarray(path, float)
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    places = np.linspace(0, along[-1], max(2, int(along[-1] / step)))
    centres = np.stack([np.interp(places, along, points[:, k]) for k in range(3)], axis=1)
    radii = np.interp(places, along, np.broadcast_to(np.asarray(radius, float), along.shape))
    return centres, np.repeat(radii[:, None], 3, axis=1)


def bent(path: ArrayLike, count: int = 40) -> Floats:
    """Return points of a smooth curve through those of a path (Catmull-Rom)."""
    points = np.asarray(path, float)
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    place = np.linspace(0, len(points) - 1 - 1e-9, count)
    k, t = place.astype(int), (place % 1)[:, None]
    a, b, c, d = (padded[k + n] for n in range(4))
    curve = 2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    return np.asarray(curve / 2)


def tree(root: ArrayLike, targets: Floats, radius: float, rng: np.random.Generator) -> Chain:
    """Grow a tree from a root to all targets: go towards their middle, split them in two, go on.

    Radii follow the number of targets beyond a branch (Murray's law with exponent 2.6).
    """
    total = len(targets)
    chains: list[Chain] = []

    def width(count: int) -> float:
        return float(max(0.95, radius * (count / total) ** (1 / 2.6)))

    def grow(start: Floats, heading: Floats, group: Floats) -> None:
        here = width(len(group))
        if len(group) == 1:
            chains.append(_branch(start, heading, group[0], here, 0.75, rng))
            return
        middle = group.mean(axis=0)
        end = start + (middle - start) * rng.uniform(0.3, 0.5) + rng.normal(0, 1.5, 3)
        chains.append(_branch(start, heading, end, here, width(len(group)) * 0.9, rng))
        away = group - middle
        direction = np.linalg.eigh(away.T @ away)[1][:, -1]
        order = np.argsort(away @ direction, kind="stable")
        for part in (group[order[: len(order) // 2]], group[order[len(order) // 2 :]]):
            grow(end, end - start, part)

    grow(np.asarray(root, float), targets.mean(axis=0) - np.asarray(root, float), targets)
    return joined(chains)


def _branch(start: Floats, heading: Floats, end: Floats, first: float, last: float, rng: Any) -> Chain:
    """Return a slightly bent branch that leaves in the direction of its parent."""
    length = float(np.linalg.norm(end - start))
    lean = heading / (np.linalg.norm(heading) or 1.0) * length * 0.3
    middle = (start + lean + end) / 2 + (lean * 0.3) + rng.normal(0, 0.04 * length, 3)
    t = np.linspace(0, 1, max(3, int(length / 1.1)))[:, None]
    points = (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end
    return points, np.repeat(first + (last - first) * t, 3, axis=1)


def joined(chains: list[Chain]) -> Chain:
    """Put chains together."""
    return np.concatenate([c for c, _ in chains]), np.concatenate([r for _, r in chains])
