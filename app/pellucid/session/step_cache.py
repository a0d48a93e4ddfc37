"""What steps made, kept by what it was made from: some of it within a budget of bytes, the rest while others use it."""

from __future__ import annotations

import json
import weakref
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from threading import Lock
from typing import Any

from pydantic_core import to_jsonable_python

from pellucid.model.layer import Provenance
from pellucid.model.volume import Volume

Owners = tuple[Any, ...]


def key_of(steps: Sequence[Provenance]) -> Hashable:
    """Return what stands for the enabled ones of some steps."""
    return tuple(
        (step.operation, json.dumps(to_jsonable_python(step.parameters, fallback=repr), sort_keys=True),
         step.inputs[1:], step.patches)
        for step in steps
        if step.enabled
    )  # fmt: skip


class StepCache:
    """Results by key and by the very images they were made from (``owners``); usable from any thread."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._lock = Lock()
        self._known: dict[Hashable, tuple[tuple[Any, ...], weakref.ref[Volume]]] = {}
        self._held: OrderedDict[Hashable, Volume] = OrderedDict()

    @property
    def nbytes(self) -> int:
        """Return how many bytes are kept for this alone."""
        with self._lock:
            return sum(volume.nbytes for volume in self._held.values())

    def find(self, key: Hashable, owners: Owners) -> Volume | None:
        """Return what was made from these owners, if it is still there."""
        whole = (key, tuple(map(id, owners)))
        with self._lock:
            refs, made = self._known.get(whole, ((), None))
            volume = made() if made is not None else None
            if volume is None or any(ref() is not owner for ref, owner in zip(refs, owners, strict=True)):
                return None
            if whole in self._held:
                self._held.move_to_end(whole)
            return volume

    def note(self, key: Hashable, owners: Owners, volume: Volume, *, keep: bool = False) -> None:
        """Remember a result as long as somebody uses it; with ``keep`` also while there is room for it."""
        whole = (key, tuple(map(id, owners)))
        with self._lock:
            self._known = {one: entry for one, entry in self._known.items() if entry[1]() is not None}
            self._known[whole] = (tuple(map(weakref.ref, owners)), weakref.ref(volume))
            if not keep or volume.nbytes > self.budget:
                return
            self._held[whole] = volume
            self._held.move_to_end(whole)
            used = sum(held.nbytes for held in self._held.values())
            while used > self.budget:
                used -= self._held.popitem(last=False)[1].nbytes

    def forget(self) -> None:
        """Keep nothing any more."""
        with self._lock:
            self._held.clear()
            self._known.clear()
