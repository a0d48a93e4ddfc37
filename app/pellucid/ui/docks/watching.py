"""Following one layer at a time: connect to the new one, let go of the old one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pellucid.model.labels import LabelMap
from pellucid.model.layer import LabelLayer, Layer


class LayerWatch:
    """Tells which field of a layer or its display changed; ``table`` and ``voxels`` stand for its labels."""

    def __init__(self, changed: Callable[[str], None]) -> None:
        self._changed = changed
        self._layer: Layer | None = None
        self._labels: LabelMap | None = None

    def on(self, layer: Layer | None) -> None:
        """Watch this layer from now on, or none."""
        if layer is not self._layer:
            if self._layer is not None:
                self._layer.events.disconnect(self._event)
            self._layer = layer
            if layer is not None:
                layer.events.connect(self._event)
            self._follow_labels()

    def _follow_labels(self) -> None:
        if self._labels is not None:
            self._labels.table_changed.disconnect(self._table)
            self._labels.changed.disconnect(self._voxels)
        self._labels = self._layer.labels if isinstance(self._layer, LabelLayer) else None
        if self._labels is not None:
            self._labels.table_changed.connect(self._table)
            self._labels.changed.connect(self._voxels)

    def _event(self, info: Any) -> None:
        if info.signal.name == "labels":
            self._follow_labels()
        self._changed(info.signal.name)

    def _table(self) -> None:
        self._changed("table")

    def _voxels(self, _box: object) -> None:
        self._changed("voxels")
