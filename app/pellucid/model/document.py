"""The document: ordered layers, which of them is active, what is drawn on them, and the grid the views follow."""

from __future__ import annotations

from psygnal import Signal

from pellucid.model.annotations import Annotations
from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer, LabelLayer, Layer


class Document:
    """Layers from bottom to top. Only commands change the structure; views listen to the signals."""

    inserted = Signal(object)
    """Emitted with a layer after it came in."""
    removed = Signal(object)
    """Emitted with a layer after it left."""
    reordered = Signal()
    active_changed = Signal(object)
    """Emitted with the active layer, or None."""

    def __init__(self) -> None:
        self._layers: list[Layer] = []
        self._active: Layer | None = None
        self.annotations = Annotations()

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Return the layers from bottom to top."""
        return tuple(self._layers)

    @property
    def active(self) -> Layer | None:
        """Return the layer that tools and operations work on."""
        return self._active

    @active.setter
    def active(self, layer: Layer | None) -> None:
        if layer is not self._active:
            self._active = layer
            self.active_changed.emit(layer)

    @property
    def images(self) -> tuple[ImageLayer, ...]:
        """Return the image layers from bottom to top."""
        return tuple(layer for layer in self._layers if isinstance(layer, ImageLayer))

    @property
    def label_layers(self) -> tuple[LabelLayer, ...]:
        """Return the label layers from bottom to top."""
        return tuple(layer for layer in self._layers if isinstance(layer, LabelLayer))

    @property
    def active_image(self) -> ImageLayer | None:
        """Return the active image layer, else the topmost on the active labels' grid, else the topmost."""
        if isinstance(self._active, ImageLayer):
            return self._active
        candidates = list(reversed(self.images))
        if isinstance(self._active, LabelLayer):
            grid = self._active.geometry
            candidates.sort(key=lambda layer: not layer.geometry.same_grid(grid))
        return candidates[0] if candidates else None

    @property
    def active_labels(self) -> LabelLayer | None:
        """Return the active label layer, else the topmost one on the active image's grid, else None."""
        if isinstance(self._active, LabelLayer):
            return self._active
        image = self.active_image
        for layer in reversed(self.label_layers):
            if image is None or layer.geometry.same_grid(image.geometry):
                return layer
        return None

    @property
    def reference(self) -> Geometry | None:
        """Return the grid whose planes are shown: that of the lowest image, else of the lowest layer.

        An image that registration put where it lies follows the one it was put onto.
        """
        layers = self.images or self.layers
        layer = next((layer for layer in layers if layer.lies is None), layers[0] if layers else None)
        return layer.geometry if layer is not None else None

    def insert(self, position: int, layer: Layer) -> None:
        """Put a layer in at a position (0 is the bottom) and make it active if none is."""
        self._layers.insert(position, layer)
        self.inserted.emit(layer)
        if self._active is None:
            self.active = layer

    def remove(self, layer: Layer) -> int:
        """Take a layer out and return the position it had; a neighbour becomes active if it was."""
        position = self.position(layer)
        del self._layers[position]
        if self._active is layer:
            self.active = self._layers[min(position, len(self._layers) - 1)] if self._layers else None
        self.removed.emit(layer)
        return position

    def move(self, layer: Layer, position: int) -> None:
        """Move a layer to another position."""
        self._layers.remove(layer)
        self._layers.insert(position, layer)
        self.reordered.emit()

    def position(self, layer: Layer) -> int:
        """Return the position of a layer; raise ValueError if it is not in the document."""
        for n, other in enumerate(self._layers):
            if other is layer:
                return n
        raise ValueError(f"the layer {layer.name!r} is not in the document")

    def find(self, layer_id: str) -> Layer | None:
        """Return the layer with an id, or None."""
        return next((layer for layer in self._layers if layer.id == layer_id), None)

    def __contains__(self, layer: object) -> bool:
        return any(other is layer for other in self._layers)

    def __len__(self) -> int:
        return len(self._layers)
