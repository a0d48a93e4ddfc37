"""The step that puts layers where registration says they lie, with everything that belongs to them."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.history.command import SMALL, Command
from pellucid.model.annotations import Annotation
from pellucid.model.document import Document
from pellucid.model.layer import Layer
from pellucid.model.placement import Placement


class PlaceLayers(Command):
    """Give layers another placement, or none, and their annotations the places that follow from it.

    Steps with the same ``merge_key`` on the same layers that follow each other become one: a drag is one step.
    """

    def __init__(
        self, layers: Sequence[Layer], placement: Placement | None, label: str, *,
        annotations: Sequence[tuple[Annotation, Annotation]] = (), merge_key: str = "",
    ) -> None:  # fmt: skip
        self.label = label
        self._layers = tuple(layers)
        self._before = tuple(layer.placement for layer in layers)
        self._after: tuple[Placement | None, ...] = (placement,) * len(self._layers)
        self._annotations = tuple(annotations)
        self._merge_key = merge_key

    def before(self, layer: Layer) -> Placement | None:
        """Return the placement that a layer had before, None where it had none or is not among the layers."""
        return next((was for one, was in zip(self._layers, self._before, strict=True) if one is layer), None)

    @property
    def nbytes(self) -> int:
        """Return the bytes of the displacements that only this step keeps."""
        kept = {id(placement) for placement in self._after}
        gone = {id(placement): placement for placement in self._before if placement is not None}
        warps = (placement.warp for key, placement in gone.items() if key not in kept)
        return SMALL + sum(warp.nbytes for warp in warps if warp is not None)

    @property
    def is_empty(self) -> bool:
        """Return whether all layers lie there already."""
        return all(a is b for a, b in zip(self._before, self._after, strict=True))

    def do(self, document: Document) -> None:
        """Put the layers and the annotations there."""
        self._put(document, self._after, [after for _, after in self._annotations])

    def undo(self, document: Document) -> None:
        """Put them back."""
        self._put(document, self._before, [before for before, _ in self._annotations])

    def _put(
        self, document: Document, placements: tuple[Placement | None, ...], annotations: Sequence[Annotation]
    ) -> None:
        for layer, placement in zip(self._layers, placements, strict=True):
            layer.placement = placement
        for annotation in annotations:
            document.annotations.replace(annotation)

    def merge(self, following: Command) -> Command | None:
        """Merge with a later step of the same drag."""
        if not (isinstance(following, PlaceLayers) and self._merge_key == following._merge_key != ""):
            return None
        if self._layers != following._layers:
            return None
        merged = PlaceLayers(self._layers, None, following.label, merge_key=self._merge_key)
        merged._before, merged._after = self._before, following._after
        first = {before.id: before for before, _ in self._annotations}
        merged._annotations = tuple((first.get(a.id, b), a) for b, a in following._annotations)
        return merged
