"""Voxels of labels as they were, for work elsewhere: nobody copies a whole map while the window waits."""

from __future__ import annotations

from threading import Lock
from typing import Any
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

_SLAB = 4
"""Slices that are copied at a time: what the main thread waits for at most, or copies where it is about to paint."""


class KeptVoxels:
    """The voxels of an array as they are now, to be asked for by any thread later.

    They are copied by who asks first. Whoever changes the array calls ``keep`` before, on the main thread, and so
    copies just the slices that are about to change.
    """

    def __init__(self, array: NDArray[Any]) -> None:
        self._source: NDArray[Any] | None = array
        self._copy: NDArray[Any] | None = None
        self._kept = np.zeros(-(-len(array) // _SLAB), bool)
        self._lock = Lock()
        _waiting.add(self)

    def is_of(self, array: NDArray[Any]) -> bool:
        """Return whether these voxels may still have to be read from an array."""
        return self._source is array

    def before(self, slices: slice) -> None:
        """Copy what is about to change, unless it was copied already."""
        for n in range(slices.start // _SLAB, -(-slices.stop // _SLAB)):
            self._take(n)

    def slice(self, n: int) -> NDArray[Any]:
        """Return one slice; until it is about to change it is that of the array itself."""
        with self._lock:
            held = self._copy if self._copy is not None and self._kept[n // _SLAB] else self._source
            assert held is not None
            return np.asarray(held[n])

    @property
    def array(self) -> NDArray[Any]:
        """Return the voxels; takes time when it is the first to ask, so not for the main thread."""
        for n in range(len(self._kept)):
            self._take(n)
        with self._lock:
            self._source = None
            assert self._copy is not None
            return self._copy

    def _take(self, n: int) -> None:
        with self._lock:
            source = self._source
            if source is None or self._kept[n]:
                return
            if self._copy is None:
                self._copy = np.empty_like(source)
            part = slice(n * _SLAB, (n + 1) * _SLAB)
            self._copy[part] = source[part]
            self._kept[n] = True


_waiting: WeakSet[KeptVoxels] = WeakSet()
"""All that may not be copied yet. Two label maps may share an array, so a map alone does not know its own."""


def keep(array: NDArray[Any], slices: slice) -> None:
    """Save some slices of an array, which are about to change, for those who want them as they are."""
    for kept in tuple(_waiting):
        if kept.is_of(array):
            kept.before(slices)
