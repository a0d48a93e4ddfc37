"""The seeds that a form holds and the panes show: each tells the other what the user does with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from psygnal import Signal

from pellucid.model.geometry import Geometry, Vector
from pellucid.session.showing import Showing

_DECIMALS, _MOST_DECIMALS = 3, 6
"""Places are kept to a thousandth of a millimetre, finer where voxels are small: to a hundredth of them."""


@dataclass(frozen=True)
class SeedGroup:
    """The seeds of one parameter, in LPS mm."""

    name: str
    title: str
    color: str
    places: tuple[Vector, ...]


@dataclass(frozen=True)
class Seeds:
    """The seeds of a form on an image layer; ``placing`` is the name of the group that a click adds to, if any."""

    layer: str
    geometry: Geometry
    groups: tuple[SeedGroup, ...]
    placing: str = ""

    def group(self, name: str) -> SeedGroup:
        """Return the group of a name."""
        return next(group for group in self.groups if group.name == name)


class Seeding(Showing[Seeds]):
    """Only the screen: what is kept are the parameters of the operation."""

    edited = Signal(str, object)
    """Emitted with the name of a group and its places while the user sets, moves or removes seeds on a pane."""
    stopped = Signal()
    """Emitted when the user ended placing on a pane."""

    @property
    def is_placing(self) -> bool:
        """Return whether a click on a pane sets a seed."""
        return self.shown is not None and bool(self.shown.placing)

    def snapped(self, world: ArrayLike) -> Vector | None:
        """Return a point as it is kept, or None where it lies beyond the image."""
        if self.shown is None:
            return None
        geometry = self.shown.geometry
        place = rounded(world, geometry)
        return place if geometry.contains(geometry.world_to_index(place)) else None

    def set_places(self, name: str, places: Sequence[Vector]) -> None:
        """Take the places of a group as they are on a pane."""
        shown = self.shown
        if shown is None or shown.group(name).places == tuple(places):
            return
        groups = (replace(g, places=tuple(places)) if g.name == name else g for g in shown.groups)
        self.shown = replace(shown, groups=tuple(groups))
        self.changed.emit()
        self.edited.emit(name, tuple(places))

    def stop(self) -> bool:
        """End placing; return whether it was going on."""
        if not self.is_placing:
            return False
        self.stopped.emit()
        return True


def rounded(world: ArrayLike, geometry: Geometry) -> Vector:
    """Return a point with as many digits as a seed is kept with."""
    needed = 1 - int(np.floor(np.log10(min(geometry.spacing))))
    digits = min(max(_DECIMALS, needed), _MOST_DECIMALS)
    x, y, z = (round(float(number), digits) + 0.0 for number in np.asarray(world))
    return x, y, z
