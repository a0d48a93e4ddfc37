"""Steps that change which layers there are, their order, their fields and their volumes."""

from __future__ import annotations

from typing import Any

from pellucid.history.command import SMALL, Command
from pellucid.history.hand_steps import hand_bytes
from pellucid.language import tr
from pellucid.model.annotations import Annotation
from pellucid.model.document import Document
from pellucid.model.layer import ImageLayer, LabelLayer, Layer, Provenance
from pellucid.model.transfer import STRAIGHT, Transfer
from pellucid.model.volume import Volume


class AddLayer(Command):
    """Put a layer on top, or at a position, and make it active."""

    def __init__(self, layer: Layer, position: int | None = None, label: str = "") -> None:
        self.label = label or tr("Add {name}", name=layer.name)
        self._layer = layer
        self._position = position
        self._active: Layer | None = None

    def do(self, document: Document) -> None:
        """Insert the layer."""
        if self._layer in document:
            raise ValueError(f"the layer {self._layer.name!r} is already in the document")
        self._active = document.active
        document.insert(len(document) if self._position is None else self._position, self._layer)
        document.active = self._layer

    def undo(self, document: Document) -> None:
        """Remove the layer; if it is active, the one that was active before becomes active again."""
        was_active = document.active is self._layer
        document.remove(self._layer)
        if was_active and (self._active is None or self._active in document):
            document.active = self._active


class RemoveLayer(Command):
    """Take a layer out, and the annotations that measure it with it."""

    def __init__(self, layer: Layer, label: str = "") -> None:
        self.label = label or tr("Remove {name}", name=layer.name)
        self._layer = layer
        self._position = 0
        self._was_active = False
        self._annotations: list[tuple[int, Annotation]] = []

    @property
    def nbytes(self) -> int:
        """Return the bytes of the layer, which only this step keeps."""
        return SMALL + layer_bytes(self._layer)

    def do(self, document: Document) -> None:
        """Remove the layer and remember its place."""
        self._position = document.position(self._layer)
        self._was_active = document.active is self._layer
        self._annotations = document.annotations.take(self._layer.id)
        document.remove(self._layer)

    def undo(self, document: Document) -> None:
        """Put the layer and its annotations back in their places."""
        document.insert(self._position, self._layer)
        if self._was_active:
            document.active = self._layer
        document.annotations.put_back(self._annotations)


class MoveLayer(Command):
    """Move a layer to another position; 0 is the bottom."""

    def __init__(self, layer: Layer, position: int, label: str = "") -> None:
        self.label = label or tr("Move {name}", name=layer.name)
        self._layer = layer
        self._to = position
        self._from = 0

    def do(self, document: Document) -> None:
        """Move the layer."""
        self._from = document.position(self._layer)
        document.move(self._layer, self._to)

    def undo(self, document: Document) -> None:
        """Move the layer back."""
        document.move(self._layer, self._from)


class SetLayerField(Command):
    """Set one field of a layer, such as its name.

    Steps with the same ``merge_key`` on the same field that follow each other become one: a drag is one step.
    """

    def __init__(self, layer: Layer, field: str, value: Any, label: str, *, merge_key: str = "") -> None:
        self.label = label
        self._layer = layer
        self._field = field
        self._merge_key = merge_key
        self._before = getattr(layer, field)
        self._after = value

    @property
    def is_empty(self) -> bool:
        """Return whether the field has that value already."""
        return bool(self._before == self._after)

    def do(self, document: Document) -> None:
        """Set the new value."""
        self._before = getattr(self._layer, self._field)
        setattr(self._layer, self._field, self._after)

    def undo(self, document: Document) -> None:
        """Set the value that was there before."""
        setattr(self._layer, self._field, self._before)

    def merge(self, following: Command) -> Command | None:
        """Merge with a later step of the same drag."""
        if not (isinstance(following, SetLayerField) and self._merge_key and self._key() == following._key()):
            return None
        merged = SetLayerField(self._layer, self._field, following._after, following.label)
        merged._merge_key, merged._before = self._merge_key, self._before
        return merged

    def _key(self) -> tuple[int, str, str]:
        return id(self._layer), self._field, self._merge_key


class ReplaceVolume(Command):
    """Give an image layer new frames, and the steps that made them.

    With the first step the frames before it are kept as the layer's base, without any step they are let go; a last
    step that can never be taken again ``begins_anew``: what it made is the base of those that follow. With
    ``limits`` the window follows, with a straight curve, because the values mean something else now; undo brings the
    old one back.
    """

    def __init__(
        self,
        layer: ImageLayer,
        frames: tuple[Volume, ...],
        provenance: tuple[Provenance, ...],
        label: str,
        *,
        limits: tuple[float, float] | None = None,
        begins_anew: bool = False,
    ) -> None:
        self.label = label
        self._layer = layer
        self._before = (layer.frames, layer.provenance, layer.base)
        self._after = (frames, provenance, frames if begins_anew else _base_after(layer, provenance))
        self._limits_after = limits
        self._look_before = _look(layer)

    @property
    def layer(self) -> ImageLayer:
        """Return the layer it is about."""
        return self._layer

    @property
    def frames_before(self) -> tuple[Volume, ...]:
        """Return the frames the layer had before."""
        return self._before[0]

    @property
    def nbytes(self) -> int:
        """Return the bytes of the old volumes that the layer does not use any more, as frames or as its base."""
        kept = {id(volume) for volume in (*self._after[0], *self._after[2])}
        old = {id(volume): volume.nbytes for volume in (*self._before[0], *self._before[2])}
        return SMALL + sum(nbytes for key, nbytes in old.items() if key not in kept)

    @property
    def is_empty(self) -> bool:
        """Return whether the layer has these frames and steps already."""
        return self._before[:2] == self._after[:2]

    def do(self, document: Document) -> None:
        """Swap the new frames in."""
        self._before = (self._layer.frames, self._layer.provenance, self._layer.base)
        self._set(self._after)
        if self._limits_after is not None:
            self._look_before = _look(self._layer)
            _show(self._layer, (self._limits_after, self._limits_after, STRAIGHT, STRAIGHT))

    def undo(self, document: Document) -> None:
        """Swap the old frames back in."""
        self._set(self._before)
        if self._limits_after is not None:
            _show(self._layer, self._look_before)

    def _set(self, state: tuple[tuple[Volume, ...], tuple[Provenance, ...], tuple[Volume, ...]]) -> None:
        frames, self._layer.provenance, self._layer.base = state  # listeners of the frames find these in place
        self._layer.frames = frames


def _base_after(layer: ImageLayer, provenance: tuple[Provenance, ...]) -> tuple[Volume, ...]:
    """Return the frames before the first of some steps; of a layer whose steps came without a base it is unknown."""
    if not provenance:
        return ()
    return layer.base if layer.provenance else layer.frames


_Look = tuple[tuple[float, float], tuple[float, float] | None, Transfer, Transfer]


def _look(layer: ImageLayer) -> _Look:
    """Return window and first window, curve and first curve."""
    return layer.display.limits, layer.first_limits, layer.display.transfer, layer.first_transfer


def _show(layer: ImageLayer, look: _Look) -> None:
    limits, layer.first_limits, layer.display.transfer, layer.first_transfer = look
    layer.display.set_limits(*limits)


def layer_bytes(layer: Layer) -> int:
    """Return the bytes of all voxels of a layer, of those before its first step and of its hand edits."""
    if isinstance(layer, LabelLayer):
        return int(layer.labels.array.nbytes) + hand_bytes(layer.provenance, ())
    return sum({id(volume): volume.nbytes for volume in (*layer.frames, *layer.base)}.values())
