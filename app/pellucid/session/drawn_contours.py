"""Says when the contours of a structure set no longer hold for a label, because its voxels were changed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakSet

from pellucid.language import quoted, tr_count
from pellucid.model.labels import LabelMap
from pellucid.model.layer import LabelLayer, Layer

if TYPE_CHECKING:
    from pellucid.session.session import Session

_MOST_NAMES = 3


class DrawnContours:
    """Watches label layers that have contours, step by step; what is lost is said once for each layer."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: WeakKeyDictionary[LabelLayer, tuple[LabelMap, frozenset[int]]] = WeakKeyDictionary()
        self._said: WeakSet[LabelLayer] = WeakSet()
        session.document.inserted.connect(self._came)
        session.history.changed.connect(self._look)

    def _came(self, layer: Layer) -> None:
        if isinstance(layer, LabelLayer) and layer.labels.contours is not None:
            self._known[layer] = layer.labels, layer.labels.drawn

    def _look(self) -> None:
        for layer, (before, held) in tuple(self._known.items()):
            now = layer.labels.drawn if layer.labels.contours is not None else frozenset()
            if layer.labels is not before or now != held:
                self._known[layer] = layer.labels, now
                self._say(layer, before, held - now)

    def _say(self, layer: LabelLayer, before: LabelMap, lost: frozenset[int]) -> None:
        lost = frozenset(value for value in lost if layer.labels.has(value))
        if not lost or layer in self._said or layer not in self._session.document:
            return
        self._said.add(layer)
        names = ", ".join(quoted(before.label(value).name) for value in sorted(lost)[:_MOST_NAMES])
        names += " …" if len(lost) > _MOST_NAMES else ""
        said = tr_count(
            "{names} was changed: its outline is now that of the voxels, no longer the contours that were drawn. Undo "
            "brings them back.",
            "{names} were changed: their outlines are now those of the voxels, no longer the contours that were drawn. "
            "Undo brings them back.", len(lost), names=names)  # fmt: skip
        self._session.notice.emit(said, "info")
