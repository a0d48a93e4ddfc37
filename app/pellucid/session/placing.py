"""Where layers lie: placements are put on layers here, with the labels and annotations that belong to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.history.placing import PlaceLayers
from pellucid.language import tr
from pellucid.model.annotations import Annotation
from pellucid.model.geometry import Floats, Vector, same_world
from pellucid.model.layer import ImageLayer, LabelLayer, Layer, on_same_voxels
from pellucid.model.placement import Placement
from pellucid.session.chains import start_of

if TYPE_CHECKING:
    from pellucid.session.session import Session


class Placing:
    """Puts layers in their places; every change is one undoable step."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, layer: Layer, placement: Placement | None, title: str = "", *, merge_key: str = "") -> None:
        """Place a layer, the label layers on its voxels and everything drawn on them; None takes it back."""
        step = self.step((layer, *self.followers(layer)), placement, title or tr("Place {name}", name=layer.name),
                         merge_key)  # fmt: skip
        self._session.history.do(step)
        self._session.linking.settle()

    def step(
        self, layers: Sequence[Layer], placement: Placement | None, title: str, merge_key: str = ""
    ) -> PlaceLayers:
        """Return the step that places layers, with what is drawn on them."""
        by_id = {layer.id: layer for layer in layers}
        drawn = [(one, by_id[one.layer]) for one in self._session.document.annotations if one.layer in by_id]
        annotations = [(one, _drawn_on(layer, one, placement)) for one, layer in drawn]
        return PlaceLayers(layers, placement, title, annotations=annotations, merge_key=merge_key)

    def followers(self, layer: Layer) -> tuple[LabelLayer, ...]:
        """Return the label layers that lie on the voxels of a layer and belong to it: they go where it goes."""
        labels = self._session.document.label_layers
        return tuple(one for one in labels if one is not layer and self.owner(one) is self.owner(layer)
                     and on_same_voxels(one, layer))  # fmt: skip

    def owner(self, layer: Layer) -> Layer:
        """Return the image that labels belong to, where it is open: they go together.

        That is the image they were made for or from; of several on their voxels the lowest where neither is known. Of
        an image that has other voxels by now they follow none: they are not those of another image on their grid.
        """
        if isinstance(layer, ImageLayer):
            return layer
        document, start = self._session.document, start_of(layer.provenance)
        for known in (layer.made_for, start.layer if start is not None else ""):
            if isinstance(image := document.find(known), ImageLayer):
                return image if on_same_voxels(image, layer) else layer
        return next((image for image in document.images if on_same_voxels(image, layer)), layer)

    def reset(self, layer: Layer) -> None:
        """Take the transform of a layer off, so that it lies where its source says."""
        if layer.placement is not None:
            self.put(layer, None, tr("Reset the transform of {name}", name=layer.name))

    def copy(self, layer: Layer, other: Layer) -> None:
        """Put another layer of the same source world by the transform of a layer: a dose goes along with its CT."""
        if layer.placement is not None:
            self.put(other, layer.placement, tr("Copy the transform of {name} to {other}", name=layer.name,
                                                other=other.name))  # fmt: skip

    def companions(self, layer: Layer) -> tuple[Layer, ...]:
        """Return the layers a transform can be copied to: their voxels lie in the layer's own world, and not there."""
        mine = (self.owner(layer), *self.followers(self.owner(layer)))
        return tuple(
            other for other in self._session.document.layers
            if other not in mine and other.placement is not layer.placement and self.owner(other) is other
            and same_world(other.own_geometry, layer.own_geometry)
        )  # fmt: skip


def _drawn_on(layer: Layer, annotation: Annotation, after: Placement | None) -> Annotation:
    found = moved(annotation, layer.placement, after)
    if after is None:
        return replace(found, frame_of_reference=layer.own_geometry.frame_of_reference)
    return found


def moved(annotation: Annotation, before: Placement | None, after: Placement | None) -> Annotation:
    """Return an annotation that lies on the same voxels after a layer went from one placement to another."""
    if before is after:
        return annotation

    def there(points: Floats) -> Floats:
        own = points if before is None else before.to_own(points)
        return own if after is None else after.to_common(own)

    points = there(np.array(annotation.points))
    middle = np.array(annotation.points).mean(axis=0)
    right, down = (there(middle + 0.5 * np.array(v)) - there(middle - 0.5 * np.array(v))
                   for v in (annotation.right, annotation.down))  # fmt: skip
    right = right / np.linalg.norm(right)
    down = down - (down @ right) * right
    down = down / np.linalg.norm(down)
    side = np.sign(np.cross(annotation.right, annotation.down) @ np.array(annotation.normal)) or 1.0
    normal = np.cross(right, down) * side
    return replace(
        annotation, points=tuple(_vector(point) for point in points), right=_vector(right), down=_vector(down),
        normal=_vector(normal),
        frame_of_reference=after.onto.frame_of_reference if after is not None else annotation.frame_of_reference,
    )  # fmt: skip


def _vector(values: Floats) -> Vector:
    x, y, z = (float(n) for n in values)
    return x, y, z
