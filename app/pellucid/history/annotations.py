"""Steps that draw, change and remove annotations, and the step that gives layers another grid."""

from __future__ import annotations

from pellucid.history.command import SMALL, Command
from pellucid.model.annotations import Annotation
from pellucid.model.document import Document
from pellucid.model.labels import LabelMap
from pellucid.model.layer import LabelLayer, Provenance

_POINT_BYTES = 24


class AddAnnotation(Command):
    """Put an annotation last in the list."""

    def __init__(self, annotation: Annotation, label: str) -> None:
        self.label = label
        self._annotation = annotation

    @property
    def nbytes(self) -> int:
        """Return the bytes of the points."""
        return SMALL + _POINT_BYTES * len(self._annotation.points)

    def do(self, document: Document) -> None:
        """Insert the annotation."""
        document.annotations.insert(len(document.annotations), self._annotation)

    def undo(self, document: Document) -> None:
        """Remove the annotation."""
        document.annotations.remove(self._annotation.id)


class ChangeAnnotation(Command):
    """Put another version of an annotation in its place.

    Steps with the same ``merge_key`` on one annotation that follow each other become one: a drag is one step.
    """

    def __init__(self, before: Annotation, after: Annotation, label: str, *, merge_key: str = "") -> None:
        if before.id != after.id:
            raise ValueError("a change keeps the id")
        self.label = label
        self._before, self._after = before, after
        self._merge_key = merge_key

    @property
    def nbytes(self) -> int:
        """Return the bytes of the points before and after."""
        return SMALL + _POINT_BYTES * (len(self._before.points) + len(self._after.points))

    @property
    def is_empty(self) -> bool:
        """Return whether both versions are the same."""
        return self._before == self._after

    def do(self, document: Document) -> None:
        """Set the new version."""
        self._before = document.annotations.replace(self._after)

    def undo(self, document: Document) -> None:
        """Set the old version."""
        document.annotations.replace(self._before)

    def merge(self, following: Command) -> Command | None:
        """Merge with a later step of the same drag."""
        if not isinstance(following, ChangeAnnotation) or following._after.id != self._after.id:
            return None
        if not self._merge_key or following._merge_key != self._merge_key:
            return None
        return ChangeAnnotation(self._before, following._after, following.label, merge_key=self._merge_key)


class RemoveAnnotation(Command):
    """Take an annotation out of the list."""

    def __init__(self, annotation: Annotation, label: str) -> None:
        self.label = label
        self._annotation = annotation
        self._position = 0

    @property
    def nbytes(self) -> int:
        """Return the bytes of the points."""
        return SMALL + _POINT_BYTES * len(self._annotation.points)

    def do(self, document: Document) -> None:
        """Remove the annotation and remember its place."""
        self._position = document.annotations.remove(self._annotation.id)

    def undo(self, document: Document) -> None:
        """Put the annotation back in its place."""
        document.annotations.insert(self._position, self._annotation)


class ReplaceLabelMap(Command):
    """Give a label layer another map, such as the same voxels on a calibrated grid, and the steps that made it."""

    def __init__(
        self, layer: LabelLayer, labels: LabelMap, label: str, provenance: tuple[Provenance, ...] | None = None
    ) -> None:
        self.label = label
        self._layer = layer
        self._before = (layer.labels, layer.provenance)
        self._after = (labels, layer.provenance if provenance is None else provenance)
        self._shared = layer.labels.array is labels.array

    def do(self, document: Document) -> None:
        """Set the new map."""
        self._before = (self._layer.labels, self._layer.provenance)
        if self._shared:
            self._after[0].array = self._before[0].array
        self._set(self._after)

    def undo(self, document: Document) -> None:
        """Set the old map. Maps that share their voxels still do when those of one were made wider."""
        if self._shared:
            self._before[0].array = self._after[0].array
        self._set(self._before)

    def _set(self, state: tuple[LabelMap, tuple[Provenance, ...]]) -> None:
        labels, self._layer.provenance = state  # listeners of the map find the steps in place
        self._layer.labels = labels
