"""What the tests over the whole registry must know of one operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """How an operation is called in the tests of the registry, and what its answer looks like.

    ``values`` are parameters for which it does something on ``operation_images.noise`` (-1000 to 3000, or what the
    pixel type holds). ``pixels`` is the type of the result: ``"same"``, or the name of a type. ``components`` is
    ``"same"`` or the number of values per voxel made of a colour image; ``colour`` whether a colour image
    ``"works"``, is ``"refused"`` in a sentence, or ``"needed"``. ``slow`` are parameters that keep it busy for well
    over 50 ms on 24 × 256 × 256 voxels: a cancel is tried in the middle. ``variants`` are further parameters whose
    preview and script are compared with the whole, too. ``slab`` is the largest difference between a slice of the
    preview and the same slice of the whole, as a share of the range of values (0: equal). ``script_types`` are the
    pixel types whose scripts are compared bit for bit. ``nan`` is ``"spreads"`` where one NaN reaches every voxel,
    ``"refused"`` where it is refused. ``refused`` are shapes and pixel types that are refused in a sentence.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    pixels: str = "same"
    components: int | str = "same"
    colour: str = "works"
    slow: Mapping[str, Any] | None = None
    variants: tuple[Mapping[str, Any], ...] = ()
    slab: float = 1e-5
    script_types: tuple[str, ...] = ("int16", "float32")
    nan: str = "stays near"
    refused: tuple[str, ...] = ()

    def refuses(self, shape: str, dtype: str) -> bool:
        """Return whether a shape (``"volume"``, ``"one slice"``, ``"planar"``) or a pixel type may be refused."""
        return shape in self.refused or dtype in self.refused

