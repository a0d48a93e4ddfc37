"""What the table of contents of a saved work is made of: frozen, checked entries, numbers, texts and arrays."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from pellucid.model.geometry import Geometry

Number = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Point = tuple[Number, Number, Number]
Text = Annotated[str, Field(max_length=100_000)]
Type = Literal["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]
_LARGEST_AXIS = 1 << 24


class Entry(BaseModel):
    """Frozen, and nothing unknown is let in."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


class ArrayEntry(Entry):
    """Raw little-endian numbers in a member of the file: type, shape (z, y, x[, c]) and SHA-256."""

    member: Annotated[str, Field(pattern=r"^arrays/\d{4,6}$")]
    dtype: Type
    shape: Annotated[tuple[Annotated[int, Field(ge=1, le=_LARGEST_AXIS)], ...], Field(min_length=3, max_length=4)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    @property
    def nbytes(self) -> int:
        """Return the size of the numbers in bytes."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


def check_grid(geometry: Geometry, array: ArrayEntry) -> None:
    """Raise ValueError unless a geometry is a real grid and the array has its shape."""
    numbers: list[Any] = [
        *geometry.spacing,
        *geometry.origin,
        *geometry.direction,
        *(geometry.slice_positions or ()),
    ]
    if not all(math.isfinite(n) for n in numbers) or min(geometry.spacing) <= 0:
        raise ValueError("the geometry holds numbers that are no lengths")
    if abs(np.linalg.det(geometry.axes)) < 1e-6 or array.shape[:3] != geometry.size[::-1]:
        raise ValueError("the geometry does not fit the array")
    positions = geometry.slice_positions
    if positions is not None and (len(positions) != geometry.size[2] or np.any(np.diff(positions) <= 0)):
        raise ValueError("slice positions must rise, one per slice")
