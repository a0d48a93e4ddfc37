"""Where layers lie: placements are put on layers here, with the labels and annotations that belong to them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.history.placing import PlaceLayers
from pellucid.language import tr
from pellucid.model.annotations import Annotation
from pellucid.model.geometry import Floats, Vector
from pellucid.model.layer import ImageLayer, LabelLayer, Layer
from pellucid.model.placement import Placement

if TYPE_CHECKING:
    from pellucid.session.session import Session


class Placing:
    """Puts layers in their places; every change is one undoable step."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, layer: ImageLayer, placement: Placement | None, title: str = "", *, merge_key: str = "") -> None:
        """Place an image, the label layers that were made for it and everything drawn on them; None takes it back."""
        together: tuple[Layer, ...] = (layer, *self.followers(layer))
        step = PlaceLayers(
            together, placement, title or tr("Place {name}", name=layer.name),
            annotations=self._annotations(together, layer.placement, placement), merge_key=merge_key,
        )  # fmt: skip
        self._session.history.do(step)
        self._session.linking.settle()

    def followers(self, layer: ImageLayer) -> tuple[LabelLayer, ...]:
        """Return the label layers that lie on the voxels of an image: they go where it goes."""
        own = layer.volume.geometry
        return tuple(
            labels for labels in self._session.document.label_layers
            if labels.placement is layer.placement and labels.labels.geometry.same_grid(own)
        )  # fmt: skip

    def _annotations(
        self, layers: tuple[Layer, ...], before: Placement | None, after: Placement | None
    ) -> list[tuple[Annotation, Annotation]]:
        ids = {layer.id for layer in layers}
        drawn = [one for one in self._session.document.annotations if one.layer in ids]
        return [(one, moved(one, before, after)) for one in drawn]


def moved(annotation: Annotation, before: Placement | None, after: Placement | None) -> Annotation:
    """Return an annotation that lies on the same voxels after a layer went from one placement to another."""

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
