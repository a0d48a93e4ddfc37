"""What the user chose for each series in this sitting, so that it is there again when the series comes back."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any
from weakref import WeakKeyDictionary

from pellucid.model.document import Document
from pellucid.model.layer import ImageLayer, Layer

_FIELDS = ("level", "width", "transfer", "colormap", "invert")
_MOST = 500

Choice = dict[str, Any]


class WindowMemory:
    """Remembers, by series or file, the fields of a display that differ from those first shown.

    It lives as long as the sitting and writes nothing to disk. Images that were computed are not remembered: the
    window of a filtered image need not suit the image it was made from.
    """

    def __init__(self, document: Document) -> None:
        self._choices: OrderedDict[str, Choice] = OrderedDict()
        self._shown_first: WeakKeyDictionary[ImageLayer, Choice] = WeakKeyDictionary()
        document.removed.connect(self._went)

    def __len__(self) -> int:
        return len(self._choices)

    def recall(self, layer: ImageLayer) -> None:
        """Take note of what a new layer shows first, and give it what was chosen for its series before."""
        self._shown_first[layer] = _fields(layer)
        self.apply(layer, key(layer))

    def apply(self, layer: ImageLayer, name: str) -> None:
        """Give a layer what was chosen under a key."""
        for field, value in self._choices.get(name, {}).items():
            setattr(layer.display, field, value)

    def _went(self, layer: Layer) -> None:
        if not isinstance(layer, ImageLayer) or layer.provenance or layer not in self._shown_first or not key(layer):
            return
        first = self._shown_first[layer]
        chosen = {field: value for field, value in _fields(layer).items() if value != first[field]}
        if chosen.keys() & {"level", "width"}:
            chosen |= {"level": layer.display.level, "width": layer.display.width}
        self._choices.pop(key(layer), None)
        if chosen:
            self._choices[key(layer)] = chosen
        while len(self._choices) > _MOST:
            self._choices.popitem(last=False)


def key(layer: ImageLayer) -> str:
    """Return what tells the images of one source from all others: series and volume, or the file; else nothing."""
    source = layer.source
    return source.detail or (source.paths[0] if source.paths else "")


def _fields(layer: ImageLayer) -> Choice:
    return {field: getattr(layer.display, field) for field in _FIELDS}
