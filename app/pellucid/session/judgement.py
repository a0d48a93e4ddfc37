"""What judges a registration, computed on a worker: likeness, overlap of labels, landmarks, stretch, way back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model.channels import luminance
from pellucid.model.geometry import Floats, Geometry
from pellucid.model.labels import LabelMap, Snapshot
from pellucid.model.placement import Placement
from pellucid.model.volume import Volume

if TYPE_CHECKING:
    from pellucid.operations.context import Context
    from pellucid.operations.engines.registration.consistency import Errors, Way
    from pellucid.operations.engines.registration.jacobians import Lattice, Stretch
    from pellucid.operations.engines.registration.likeness import Likeness

_BATCH = 8
"""Slices that are worked on together while the next ones are still to come."""


@dataclass(frozen=True)
class LabelPair:
    """A label of the fixed and one of the moving image that mean the same: a snapshot and a value of each."""

    name: str
    fixed: Snapshot
    fixed_value: int
    moving: Snapshot
    moving_value: int


@dataclass(frozen=True, eq=False)
class Asked:
    """What is judged, as it was when asked: the grid of ``fixed`` is where it lies, that of ``moving`` its own.

    ``marks`` are landmarks (n, 3) in the common world and, in the same order, those of the moving image in its own.
    ``back`` takes points of the moving image's own world to the common one: a registration the other way round.
    """

    fixed: Volume
    moving: Volume
    before: Placement | None
    after: Placement | None
    labels: tuple[LabelPair, ...] = ()
    marks: tuple[Floats, Floats] = field(default_factory=lambda: (np.zeros((0, 3)), np.zeros((0, 3))))
    back: tuple[Placement, Placement | None] | None = None


@dataclass(frozen=True, eq=False)
class State:
    """The numbers of one placement; ``determinants`` is the map on the grid of the fixed image, where it bends."""

    likeness: Likeness
    dice: tuple[float, ...]
    marks: Errors | None
    stretch: Stretch | None = None
    constant: float | None = None
    determinants: NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class Judgement:
    """All numbers: before and after, and how far from each place one comes back to.

    ``way_back`` says how: ``"reverse"`` by a registration the other way round, ``"inverse"`` by the inverse.
    """

    asked: Asked
    before: State
    after: State
    inverse: Errors | None
    way_back: str


def judge(asked: Asked, context: Context) -> Judgement:
    """Return everything that is known of a registration; the moving image must be on a grid of its own."""
    same = asked.before is asked.after
    after = _state(asked, asked.after, context.part(0.0, 0.9 if same else 0.6), stretched=True)
    before = after if same else _state(asked, asked.before, context.part(0.6, 0.9))
    inverse, way_back = _there_and_back(asked, context.part(0.9, 1.0))
    return Judgement(asked, before, after, inverse, way_back)


def lattice_of(geometry: Geometry) -> Lattice:
    """Return where the voxels of a grid lie, for the engine."""
    from pellucid.operations.engines.registration.jacobians import Lattice

    width, height, depth = geometry.size
    first = np.column_stack([np.zeros((depth, 2)), np.arange(depth)])
    return Lattice((depth, height, width), geometry.axes, geometry.spacing, geometry.index_to_world(first))


def _state(asked: Asked, placement: Placement | None, context: Context, *, stretched: bool = False) -> State:
    from pellucid.operations.engines.registration import consistency, jacobians

    lattice = lattice_of(asked.fixed.geometry)
    numbers = _Numbers(asked)
    bends = placement is not None and not placement.is_linear
    found = jacobians.Determinants(lattice) if bends and stretched else None
    batch: list[tuple[int, Floats]] = []
    for k, own in enumerate(_own_slices(placement, lattice, context, found)):
        batch.append((k, own))
        if len(batch) == _BATCH or k + 1 == len(lattice.origins):
            _quiet(context).each(lambda item: numbers.take(*item), batch)
            batch = []
    forward = _forward(placement)
    here, there = asked.marks
    marks = consistency.errors(np.linalg.norm(forward(here) - there, axis=1)) if len(here) else None
    likeness, dice = numbers.results()
    if found is not None:
        return State(likeness, dice, marks, jacobians.stretch(found.values), None, found.values)
    constant = 1.0 if placement is None else jacobians.constant(placement.transform) if not bends else None
    return State(likeness, dice, marks, constant=constant)


def _quiet(context: Context) -> Context:
    from dataclasses import replace

    return replace(context, progress=lambda _fraction: None)


def _own_slices(
    placement: Placement | None, lattice: Lattice, context: Context, found: Any
) -> Iterator[Floats]:
    """Yield the points (y, x, 3) of the moving image's own world at the voxels of each slice of the fixed one."""
    from pellucid.operations.engines.registration.jacobians import displacements

    if placement is None or placement.is_linear:
        for k in range(len(lattice.origins)):
            context.check()
            context.progress(k / len(lattice.origins))
            points = lattice.points(k)
            yield points if placement is None else placement.to_own(points)
        return
    for k, moved in enumerate(displacements(placement.transform, lattice, context)):
        if found is not None:
            found.take(moved)
        yield lattice.points(k) + moved


def _forward(placement: Placement | None) -> Way:
    """Return what takes points of the common world to the moving image's own, exactly."""
    from pellucid.operations.engines.registration.consistency import way

    if placement is None:
        return lambda points: points
    return placement.to_own if placement.is_linear else way(placement.transform)


class _Numbers:
    """Adds up what the slices of the fixed image say; slices may come from several threads."""

    def __init__(self, asked: Asked) -> None:
        from pellucid.operations.engines.registration import likeness

        self._engine, self._lock = likeness, Lock()
        self._fixed, self._moving = _plain(asked.fixed), _plain(asked.moving)
        self._paddings = asked.fixed.padding, asked.moving.padding
        self._own = asked.moving.geometry
        self._likeness = likeness.Comparison(likeness.range_of(self._fixed), likeness.range_of(self._moving))
        maps: dict[int, LabelMap] = {}
        sides = [(maps.setdefault(id(s), s.map()) if id(s) not in maps else maps[id(s)])
                 for pair in asked.labels for s in (pair.fixed, pair.moving)]  # fmt: skip
        self._labels = list(zip(sides[::2], sides[1::2], asked.labels, strict=True))
        self._overlaps = [likeness.Overlaps([(pair.fixed_value, pair.moving_value)]) for pair in asked.labels]

    def take(self, k: int, own: Floats) -> None:
        """Take slice ``k``, whose voxels lie at points (y, x, 3) of the moving image's own world."""
        index = self._own.world_to_index(own.reshape(-1, 3)).reshape(own.shape)
        values, there = self._engine.values_at(self._moving, index)
        fixed = self._fixed[k].astype(np.float64)
        for side, padding in ((fixed, self._paddings[0]), (values, self._paddings[1])):
            if padding is not None:
                side[(side >= padding[0]) & (side <= padding[1])] = np.nan
        one: dict[int, NDArray[Any]] = {}
        slices = []
        for _fixed, moving, _pair in self._labels:
            if id(moving) not in one:
                one[id(moving)] = self._engine.nearest_at(moving.array, index)
            slices.append(one[id(moving)])
        with self._lock:
            self._likeness.take(fixed, values, there)
            for (labels, _moving, _pair), seen, overlap in zip(self._labels, slices, self._overlaps, strict=True):
                overlap.take(labels.array[k], seen)

    def results(self) -> tuple[Likeness, tuple[float, ...]]:
        """Return likeness and the Dice coefficients of the pairs of labels."""
        return self._likeness.result(), tuple(overlap.dice()[0] for overlap in self._overlaps)


def _plain(volume: Volume) -> NDArray[Any]:
    """Return one value for each voxel: of colours the luminance."""
    return luminance(volume.array) if volume.is_colour else volume.array


def _there_and_back(asked: Asked, context: Context) -> tuple[Errors | None, str]:
    from pellucid.operations.engines.registration import consistency

    if asked.after is None:
        return None, ""
    points = consistency.spread_points(lattice_of(asked.fixed.geometry), consistency.MOST_POINTS // 2)
    forward = _forward(asked.after)
    index = asked.moving.geometry.world_to_index(asked.after.to_own(points))
    points = points[((index >= -0.5) & (index < np.array(asked.moving.geometry.size) - 0.5)).all(axis=1)]
    if asked.back is not None:
        reverse, fixed_placement = asked.back
        through = _forward(reverse)

        def back(own: Floats) -> Floats:
            there = through(own)
            return there if fixed_placement is None else fixed_placement.to_common(there)

        return consistency.errors(consistency.there_and_back(points, forward, back, context)), "reverse"
    to_own, to_common = asked.after.to_own, asked.after.to_common
    return consistency.errors(consistency.there_and_back(points, to_own, to_common, context)), "inverse"
