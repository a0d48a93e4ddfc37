"""Resample to grid: a layer gets the voxels it shows where its transform puts it, and the transform is taken off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pellucid.history.annotations import ReplaceLabelMap
from pellucid.history.layers import ReplaceVolume
from pellucid.history.placing import PlaceLayers
from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry, same_world
from pellucid.model.labels import LabelMap, Snapshot
from pellucid.model.layer import ImageLayer, LabelLayer, Layer, Provenance
from pellucid.model.placement import Placement
from pellucid.model.planes import outer_corners
from pellucid.model.volume import Volume
from pellucid.recipes.hardened import like, not_in_plane, on_grid, value_beyond
from pellucid.session.chains import is_fixed
from pellucid.session.hardening_steps import found_again, label_steps, steps_of
from pellucid.session.results import add_layer, image_like

if TYPE_CHECKING:
    from pellucid.session.session import Session

Way = Literal["nearest", "linear", "bspline"]


@dataclass(frozen=True, eq=False)
class Asked:
    """What is to be resampled and how; ``fixed`` is the image whose voxels are taken, None for a grid of its own."""

    layer: Layer
    labels: tuple[LabelLayer, ...]
    placement: Placement
    grid: Geometry
    fixed: ImageLayer | None
    way: Way
    background: float | None
    as_new: bool
    found: Provenance | None
    """The registration that finds the transform again from the images as they are, if one does."""


@dataclass(frozen=True, eq=False)
class _Made:
    """What came of it: frames of the image, arrays of the label layers, the background that was taken."""

    frames: tuple[Volume, ...]
    maps: tuple[LabelMap, ...]
    background: float


class Hardening:
    """Makes voxels of what a transform shows, in jobs; each is one step."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def grids(self, layer: Layer) -> tuple[ImageLayer, ...]:
        """Return the images whose voxels a placed layer can be resampled onto: they lie in its world, unmoved."""
        return tuple(
            image for image in self._session.document.images
            if image is not layer and image.placement is None and same_world(image.geometry, layer.geometry)
            and not self._session.loading.is_placeholder(image)
        )  # fmt: skip

    def why_not(self, layer: Layer | None) -> str:
        """Return the sentence that says why a layer cannot be resampled, or ``""`` when it can."""
        said = self._session.transforms.why_not(layer)
        if said or layer is None:
            return said
        if not layer.own_geometry.is_even:
            return tr("The slices of “{name}” are not evenly spaced. Use Image ▸ Make spacing even first.",
                      name=layer.name)  # fmt: skip
        return ""

    def harden(
        self, layer: Layer, fixed: ImageLayer | None = None, *, interpolation: Way = "linear",
        background: float | None = None, as_new: bool = False,
    ) -> Job:  # fmt: skip
        """Resample a placed layer, with the label layers on its voxels, onto the grid of an image of its world.

        Without ``fixed`` it gets a grid along the axes of that world with its own spacing. Labels take the nearest
        voxel. ``background`` is the value beyond the layer: its lowest unless given. Raises Refused with a sentence.
        """
        why = self.why_not(layer)
        if why or layer.placement is None:
            raise Refused(why)
        if fixed is not None and not fixed.own_geometry.is_even:
            raise Refused(tr("The slices of “{name}” are not evenly spaced. Use Image ▸ Make spacing even first.",
                             name=fixed.name))  # fmt: skip
        grid = fixed.own_geometry if fixed is not None else own_grid(layer)
        labels = (layer,) if isinstance(layer, LabelLayer) else self._session.placing.followers(layer)
        found = found_again(layer, fixed)
        asked = Asked(layer, labels, layer.placement, grid, fixed, interpolation, background, as_new, found)
        return self._start(asked)

    def _start(self, asked: Asked) -> Job:
        session, layer = self._session, asked.layer
        frames = layer.frames if isinstance(layer, ImageLayer) else ()
        taken = [one.labels.snapshot() for one in asked.labels]
        state = self._state(asked)
        title = tr("Resample {name} to grid", name=layer.name)
        steps: dict[str, Provenance] = {}

        def work(job: Job) -> _Made:
            made = _resampled(asked, frames, taken, job)
            steps.update(steps_of(asked, made.background))
            return made

        def done(made: _Made) -> None:
            if layer not in session.document:
                return
            if self._state(asked) != state:
                session.notice.emit(tr("“{name}” has changed meanwhile and was not resampled. Try again.",
                                       name=layer.name), "warning")  # fmt: skip
                return
            with session.history.group(title):
                (self._add if asked.as_new else self._replace)(asked, made, steps, title)
            session.linking.settle()

        return session.running.edit(title, work, done, lambda text: session.notice.emit(text, "error"))

    @staticmethod
    def _state(asked: Asked) -> tuple[object, ...]:
        frames = asked.layer.frames if isinstance(asked.layer, ImageLayer) else ()
        return asked.layer.placement, frames, tuple((one.labels, one.labels.version) for one in asked.labels)

    def _replace(self, asked: Asked, made: _Made, steps: dict[str, Provenance], title: str) -> None:
        """Swap the voxels, then take the transform off; what is drawn stays where it is seen."""
        history, layer = self._session.history, asked.layer
        there = [one for one in asked.labels if one in self._session.document]
        if isinstance(layer, ImageLayer):
            step = steps[layer.id]
            history.do(ReplaceVolume(layer, made.frames, (*layer.provenance, step), title,
                                     begins_anew=is_fixed(step)))  # fmt: skip
        for one, labels in zip(asked.labels, made.maps, strict=True):
            if one in there:
                history.do(ReplaceLabelMap(one, labels, title, label_steps(one, steps)))
        history.do(PlaceLayers(tuple(dict.fromkeys((layer, *there))), None, title))

    def _add(self, asked: Asked, made: _Made, steps: dict[str, Provenance], title: str) -> None:
        session, layer = self._session, asked.layer
        belongs = layer.made_for if isinstance(layer, LabelLayer) else ""
        if isinstance(layer, ImageLayer):
            whole, base = (*layer.provenance, steps[layer.id]), layer.base if layer.provenance else layer.frames
            base = made.frames if is_fixed(steps[layer.id]) else base
            new = image_like(layer, made.frames[0], whole, base, tr("{name}, resampled", name=layer.name))
            new.frames, new.frame, new.placement = made.frames, layer.frame, None
            add_layer(session, new, title)
            belongs = new.id
        for one, labels in zip(asked.labels, made.maps, strict=True):
            copy = LabelLayer(tr("{name}, resampled", name=one.name), labels, one.active_label,
                              provenance=label_steps(one, steps), made_for=belongs)  # fmt: skip
            add_layer(session, copy, title)


def own_grid(layer: Layer) -> Geometry:
    """Return a grid along the axes of the common world that holds a placed layer, with about its own spacing."""
    assert layer.placement is not None
    onto, own = layer.placement.onto, layer.own_geometry
    axes, _ = np.linalg.qr(onto.axes)
    axes = axes * np.sign(np.einsum("ij,ij->j", axes, onto.axes))
    linear = np.linalg.inv(layer.placement.matrix)[:3, :3] @ own.axes
    along = np.abs(axes.T @ (linear / np.linalg.norm(linear, axis=0)))
    spacing = [float(own.spacing[int(np.argmax(along[axis]))]) for axis in range(3)]
    places = layer.placement.to_common(outer_corners(own)) @ axes
    low, high = places.min(axis=0), places.max(axis=0)
    size = [max(1, int(np.ceil((high[n] - low[n]) / spacing[n] - 1e-6))) for n in range(3)]
    if own.size[2] == 1:
        size[2], spacing[2] = 1, own.spacing[2]
    middle = (low + high) / 2 - (np.array(size) - 1) / 2 * spacing
    x, y, z = (float(n) for n in axes @ middle)
    return Geometry(
        (size[0], size[1], size[2]), (spacing[0], spacing[1], spacing[2]), (x, y, z),
        tuple(float(n) for n in axes.ravel()),  # type: ignore[arg-type]
        layer.geometry.known_spacing, onto.oriented, frame_of_reference=onto.frame_of_reference,
    )  # fmt: skip


def _resampled(asked: Asked, frames: Sequence[Volume], taken: Sequence[Snapshot], job: Job) -> _Made:
    """Compute everything on a worker."""
    from pellucid.operations.context import Context
    from pellucid.operations.engines.grids import refuse_huge
    from pellucid.operations.engines.registration.applying import in_plane, on_slice_of
    from pellucid.operations.engines.sampling import sampled
    from pellucid.operations.operation import Refused as TooLarge

    transform, n = asked.placement.transform, asked.placement.transform.GetDimension()
    parts = len(frames) + len(taken)
    background = asked.background if asked.background is not None else value_beyond(frames, job.check)

    def run(volume: Volume, way: str, value: float, part: int) -> Any:
        context = Context(lambda done: job.report((part + done) / parts), job.cancelled, padding=volume.padding)
        target = like(asked.grid, volume.image.GetDimension())
        try:
            flat, plane = in_plane(volume.image, target, transform)
        except ValueError as error:
            raise Refused(not_in_plane()) from error
        return on_slice_of(sampled(flat, plane, transform, way, value, context), target)

    made = []
    try:
        for number, volume in enumerate(frames):
            refuse_huge(asked.grid.size, volume.image)
            made.append(on_grid(volume, run(volume, asked.way, background, number), asked.grid))
    except TooLarge as error:
        raise Refused(str(error)) from error
    maps = []
    for number, one in enumerate(taken, len(frames)):
        held = one.map()
        image = _flat(held, n)
        maps.append(LabelMap(asked.grid, _array(run(image, "nearest", 0.0, number)), held.labels))
    return _Made(tuple(made), tuple(maps), background)


def _flat(labels: LabelMap, dimension: int) -> Volume:
    """Return labels as an image of as many dimensions as the transform has."""
    from pellucid.model.volume import image_from_array

    image = image_from_array(labels.array, labels.geometry)
    return Volume(image[:, :, 0] if dimension == 2 else image, labels.geometry)


def _array(image: Any) -> Any:
    import SimpleITK as sitk

    array = sitk.GetArrayFromImage(image)
    return array[np.newaxis] if array.ndim == 2 else array
