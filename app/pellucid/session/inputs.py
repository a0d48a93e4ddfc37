"""What an operation works on: the active image or label, and the layers chosen beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.language import tr, within
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.label_snapshots import KeptVoxels
from pellucid.model.labels import Label
from pellucid.model.layer import ImageLayer, LabelLayer, on_same_voxels
from pellucid.model.volume import Volume, image_from_array

if TYPE_CHECKING:
    import SimpleITK as sitk

    from pellucid.operations.operation import Operation, Port
    from pellucid.session.session import Session

Choice = tuple[str, int]
"""A further input: the id of a layer, and the value of a label in it (0 for an image, or for all labels)."""


@dataclass(frozen=True, eq=False)
class LabelVoxels:
    """One label of a snapshot of a label layer, or all of them (``value`` 0), as an input of an operation.

    Its voxels are for workers: the first who asks for them copies the whole map.
    """

    kept: KeptVoxels
    value: int
    geometry: Geometry

    @property
    def array(self) -> NDArray[Any]:
        """Return the values of all labels as they were."""
        return self.kept.array

    @cached_property
    def image(self) -> sitk.Image:
        """Return the voxels of the label as an image of 0 and 1, or the values of all labels."""
        if self.value == 0:
            return image_from_array(self.array, self.geometry)
        return image_from_array((self.array == self.value).view(np.uint8), self.geometry)

    @cached_property
    def volume(self) -> Volume:
        """Return the same as a volume."""
        return Volume(self.image, self.geometry)


class Inputs:
    """Finds and checks the images and labels of an operation; keeps snapshots of labels while there is a preview."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._snapshots: dict[str, tuple[int, KeptVoxels, dict[int, LabelVoxels]]] = {}

    def target(self, operation: Operation) -> ImageLayer | LabelLayer:
        """Return the layer an operation is about; raise Refused when none is active."""
        document = self._session.document
        if operation.inputs[0] != "image":
            labels = document.active_labels
            if labels is None:
                raise Refused(
                    tr(
                        "{title} works on a label. Make one with a threshold or the brush first.",
                        title=tr(operation.title),
                    )
                )
            return labels
        image = document.active_image
        if image is None:
            raise Refused(tr("{title} works on an image. Open one first.", title=tr(operation.title)))
        return image

    def choices(self, operation: Operation, port: Port) -> tuple[tuple[str, Choice], ...]:
        """Return (title, choice) of everything that can be a further input of an operation now."""
        try:
            target = self.target(operation)
        except Refused:
            return ()
        find = {"image": self._images, "mask": self._labels, "labels": self._maps}[port.kind]
        return tuple(find(target, operation))

    def _maps(self, target: ImageLayer | LabelLayer, operation: Operation) -> Iterator[tuple[str, Choice]]:
        """Yield the label layers, that being edited first."""
        current = self._session.document.active_labels
        for layer in sorted(self._session.document.label_layers, key=lambda layer: layer is not current):
            if layer is not target and (operation.grids != "same" or on_same_voxels(layer, target)):
                yield layer.name, (layer.id, 0)

    def _labels(self, target: ImageLayer | LabelLayer, operation: Operation) -> Iterator[tuple[str, Choice]]:
        for layer in self._session.document.label_layers:
            if operation.grids != "same" or on_same_voxels(layer, target):
                for label in layer.labels.labels:
                    if layer is not target or label.value != layer.active_label:
                        yield f"{label.name} – {layer.name}", (layer.id, label.value)

    def _images(self, target: ImageLayer | LabelLayer, operation: Operation) -> Iterator[tuple[str, Choice]]:
        for layer in self._session.document.layers:
            if not isinstance(layer, ImageLayer) or layer is target or self._session.loading.is_placeholder(layer):
                continue
            here = on_same_voxels(layer, target)
            if here or operation.grids != "same":
                yield layer.name if here else _elsewhere(layer, target), (layer.id, 0)

    def check(self, operation: Operation, target: ImageLayer | LabelLayer, others: Sequence[Choice],
              *, complete: bool = True) -> None:  # fmt: skip
        """Raise Refused with the sentence that says why an operation cannot run on these layers."""
        if isinstance(target, ImageLayer) and self._session.loading.is_placeholder(target):
            raise Refused(tr("The series is still being opened."))
        if not target.geometry.is_even and not operation.pointwise:
            raise Refused(
                tr(
                    "The slices of “{name}” are not evenly spaced, so {operation} would mix up distances. "
                    "Use Image ▸ Make spacing even first.",
                    name=target.name,
                    operation=within(operation.title),
                )
            )
        labels = self._session.document.active_labels
        if operation.output == "mask" and labels is not None and on_same_voxels(labels, target):
            row = labels.labels.label(labels.active_label)
            if row.locked:
                raise Refused(tr("The label “{name}” is locked. Unlock it in the label table first.", name=row.name))
        self._check_others(operation, target, others, complete=complete)

    def _check_others(self, operation: Operation, target: ImageLayer | LabelLayer, others: Sequence[Choice],
                      *, complete: bool) -> None:  # fmt: skip
        for port in operation.ports[1 : len(operation.inputs)]:
            if not self.choices(operation, port):
                sentence = (
                    tr("{title} needs a second label on the same grid.", title=tr(operation.title))
                    if port.kind != "image"
                    else tr("{title} needs a second image. Open another one first.", title=tr(operation.title))
                )
                raise Refused(sentence)
        if complete and len(others) < len(operation.inputs) - 1:
            port = operation.ports[len(others) + 1]
            raise Refused(
                tr("Choose the other label for {operation}.", operation=within(operation.title))
                if port.kind != "image"
                else tr("Choose the other image for {operation}.", operation=within(operation.title))
            )
        for choice in others:
            layer = self._layer(choice)
            if layer is not None:
                check_places(target, layer)
                if operation.grids == "aligned":
                    _check_frames(target, layer)

    def volumes(self, operation: Operation, target: ImageLayer | LabelLayer,
                others: Sequence[Choice]) -> tuple[Volume | LabelVoxels, ...]:  # fmt: skip
        """Return the images and labels in the order of the ports; each has an ``image``."""
        if isinstance(target, ImageLayer):
            found: list[Volume | LabelVoxels] = [target.volume]
        else:
            whole = operation.inputs[0] == "labels"
            found = [self._snapshot(target, 0 if whole else target.active_label)]
        for choice in others:
            layer = self._layer(choice)
            if isinstance(layer, LabelLayer):
                found.append(self._snapshot(layer, choice[1]))
            elif layer is not None:
                found.append(layer.volume)
            else:
                raise Refused(tr("The other layer is no longer there."))
        return tuple(found)

    def names(self, target: ImageLayer | LabelLayer, others: Sequence[Choice]) -> tuple[str, ...]:
        """Return the names by which a recipe knows the inputs."""
        said = [target.name]
        for choice in others:
            layer = self._layer(choice)
            if isinstance(layer, LabelLayer) and choice[1]:
                said.append(f"{layer.labels.label(choice[1]).name} – {layer.name}")
            elif layer is not None:
                said.append(layer.name)
        return tuple(said)

    def rows(self, operation: Operation, others: Sequence[Choice]) -> tuple[Label, ...]:
        """Return the table of the first label layer among the further inputs, none when there is no such."""
        for port, choice in zip(operation.ports[1:], others, strict=False):
            layer = self._layer(choice)
            if port.kind == "labels" and isinstance(layer, LabelLayer):
                return layer.labels.labels
        return ()

    def by_name(self) -> dict[str, Choice]:
        """Return every image and label there is by the name under which a recipe knows it."""
        found: dict[str, Choice] = {}
        for layer in self._session.document.layers:
            found.setdefault(layer.name, (layer.id, 0))
            if isinstance(layer, LabelLayer):
                for label in layer.labels.labels:
                    found.setdefault(f"{label.name} – {layer.name}", (layer.id, label.value))
        return found

    def taken(self, choice: Choice) -> Volume | LabelVoxels | None:
        """Return the image or label of a choice as it is now, or None when it is no longer there."""
        layer = self._layer(choice)
        if isinstance(layer, LabelLayer):
            return self._snapshot(layer, choice[1])
        return layer.volume if layer is not None else None

    def forget(self) -> None:
        """Drop the snapshots."""
        self._snapshots.clear()

    def _layer(self, choice: Choice) -> ImageLayer | LabelLayer | None:
        return self._session.document.find(choice[0])

    def _snapshot(self, layer: LabelLayer, value: int) -> LabelVoxels:
        """Return the voxels so that painting cannot change them under a worker; copied there, once per change.

        Copies are kept while there is a preview: it learns from the whole label only once.
        """
        known = self._snapshots.get(layer.id)
        if known is None or known[0] != layer.labels.version:
            known = self._snapshots[layer.id] = (layer.labels.version, layer.labels.snapshot().kept, {})
        return known[2].setdefault(value, LabelVoxels(known[1], value, layer.own_geometry))


def _elsewhere(layer: ImageLayer, target: ImageLayer | LabelLayer) -> str:
    if layer.placement is target.placement:
        return tr("{name} (another grid)", name=layer.name)
    return tr("{name} (another place)", name=layer.name)


def check_places(target: ImageLayer | LabelLayer, other: ImageLayer | LabelLayer) -> None:
    """Raise Refused when registration put two layers differently: what is computed goes by their own grids."""
    if target.placement is other.placement:
        return
    moved = other if other.placement is not None else target
    raise Refused(
        tr(
            "“{first}” and “{second}” lie together by a registration only, and this is computed from their voxels. "
            "Use Transform ▸ Resample to grid on “{moved}” first.",
            first=target.name,
            second=other.name,
            moved=moved.name,
        )
    )


def _check_frames(target: ImageLayer | LabelLayer, other: ImageLayer | LabelLayer) -> None:
    """Raise Refused when two layers are placed in different spaces: their voxels cannot be matched by position."""
    one, two = target.own_geometry, other.own_geometry
    here, there = one.frame_of_reference, two.frame_of_reference
    if here and there and here != there and not one.same_grid(two):
        raise Refused(
            tr(
                "“{first}” and “{second}” have different frames of reference, so their places cannot be compared. "
                "Register them first.",
                first=target.name,
                second=other.name,
            )
        )
