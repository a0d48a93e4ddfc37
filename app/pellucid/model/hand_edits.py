"""What was done by hand to the voxels of one label: boxes of changed voxels, packed as text for JSON."""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Triple = tuple[int, int, int]


@dataclass(frozen=True)
class HandPatch:
    """Voxels of a box that were put into a label (``inside``) or taken out of it; all in the order z, y, x.

    ``grid`` is the size of the whole label map: on any other grid the patch means nothing. ``voxels`` is Base64 of
    zlib of one bit for each voxel of the box, set where it changed.
    """

    start: Triple
    shape: Triple
    grid: Triple
    inside: bool
    voxels: str

    @classmethod
    def of(cls, start: Triple, changed: NDArray[np.bool_], grid: Triple, *, inside: bool) -> HandPatch:
        """Pack a box of changed voxels."""
        packed = zlib.compress(np.packbits(changed).tobytes(), 1)
        z, y, x = (slice(first, first + length) for first, length in zip(start, changed.shape, strict=True))
        return cls.of_packed((z, y, x), packed, grid, inside=inside)

    @classmethod
    def of_packed(cls, box: tuple[slice, slice, slice], packed: bytes, grid: Triple, *, inside: bool) -> HandPatch:
        """Take the changed voxels of a box that are packed already, as zlib of one bit each."""
        (z, y, x), (d, h, w) = (part.start for part in box), (part.stop - part.start for part in box)
        return cls((z, y, x), (d, h, w), grid, inside, base64.b64encode(packed).decode("ascii"))

    @property
    def nbytes(self) -> int:
        """Return the size of the packed voxels."""
        return len(self.voxels)

    def changed(self) -> NDArray[np.bool_]:
        """Return the box of changed voxels; raise ValueError when the text does not hold one."""
        count = prod(self.shape)
        wanted = (count + 7) // 8
        if not self.lies_within():
            raise ValueError("the box lies outside the grid")
        try:
            unpacker = zlib.decompressobj()
            data = unpacker.decompress(base64.b64decode(self.voxels, validate=True), wanted + 1)
        except (zlib.error, binascii.Error) as error:
            raise ValueError("the voxels cannot be unpacked") from error
        if len(data) != wanted:
            raise ValueError("the voxels do not fill the box")
        return np.unpackbits(np.frombuffer(data, np.uint8), count=count).astype(bool).reshape(self.shape)

    def lies_within(self) -> bool:
        """Return whether the box is one of the grid."""
        parts = zip(self.start, self.shape, self.grid, strict=True)
        return all(first >= 0 and length >= 1 and first + length <= whole for first, length, whole in parts)

    def put_into(self, mask: NDArray[Any]) -> None:
        """Change a mask (z, y, x) of the grid in place."""
        z, y, x = (slice(first, first + length) for first, length in zip(self.start, self.shape, strict=True))
        mask[z, y, x][self.changed()] = self.inside
