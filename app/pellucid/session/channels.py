"""Colour images into one layer per channel, and layers of one channel into a colour image; each is one step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.history.layers import AddLayer, SetLayerField
from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.channels import NAMES
from pellucid.model.display import Blending
from pellucid.model.findings import Refused
from pellucid.model.histogram import auto_limits, color_range, histogram
from pellucid.model.layer import ImageLayer, Provenance, on_same_voxels, unique_name
from pellucid.model.timing import NOWHEN
from pellucid.model.volume import Volume, image_from_array
from pellucid.recipes import own_steps
from pellucid.session.chains import Begun

if TYPE_CHECKING:
    from pellucid.session.session import Session

_COLOURS = ("red", "green", "blue", "cyan", "magenta", "yellow", "grey")
"""Colour maps of channels in their order."""
_MOST = 24
"""Frames beyond which a stack is not taken for channels."""


@dataclass(frozen=True, eq=False)
class _Part:
    """One channel on its way to a layer: its name, what it shows, and how."""

    name: str
    volume: Volume
    limits: tuple[float, float]
    colormap: str


class Channels:
    """Splits and merges channels in the background and commits the layers on the main thread."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def why_not_split(self, layer: ImageLayer | None) -> str:
        """Return the sentence that says why an image has no channels to split, or ``""`` when it has."""
        if layer is None:
            return tr("Open an image first.")
        if self._session.loading.is_placeholder(layer):
            return tr("The series is still being opened.")
        if layer.volume.is_colour and len(layer.frames) > 1:
            return tr(
                "“{name}” has colours and several frames. Only single colour images can be split.", name=layer.name
            )
        if layer.volume.is_colour:
            return ""
        if len(layer.frames) == 1:
            return tr("“{name}” has a single channel.", name=layer.name)
        if len(layer.frames) > _MOST or any(frame.acquisition.moment != NOWHEN for frame in layer.frames):
            return tr("The frames of “{name}” are not channels.", name=layer.name)
        return ""

    def split(self, layer: ImageLayer) -> Job:
        """Add a layer for every channel of a colour image, or for every frame that is a channel, as one step.

        The layers are seen in the colours of their channels and add up to the picture, which is hidden. Raises Refused
        when there are no channels.
        """
        why_not = self.why_not_split(layer)
        if why_not:
            raise Refused(why_not)
        frames, name = layer.frames, layer.name

        def work(job: Job) -> list[_Part]:
            return _colour_parts(frames[0], name, job) if frames[0].is_colour else _frame_parts(frames, name, job)

        def done(parts: list[_Part]) -> None:
            if layer in self._session.document and layer.frames == frames:
                self._add_parts(layer, parts)

        return self._edit(tr("Splitting channels of {name}", name=name), work, done)

    def merge(self, layers: Sequence[ImageLayer], name: str = "") -> Job:
        """Add a colour image of three or four layers, red, green, blue and alpha in this order, as one step.

        Raises Refused unless all are single images of one value per voxel, on one grid and of one type.
        """
        _check(layers)
        document = self._session.document
        volumes = [layer.volume for layer in layers]
        windows = [layer.display.limits for layer in layers[:3]]
        inputs = tuple(layer.name for layer in layers)
        title = unique_name(name or tr("{name} in colour", name=inputs[0]), {layer.name for layer in document.layers})

        def work(_job: Job) -> tuple[Volume, tuple[float, float]]:
            array = np.stack([volume.array for volume in volumes], axis=-1)
            image = image_from_array(array, volumes[0].geometry, colour=True)
            volume = replace(volumes[0], image=image, unit="", padding=None, findings=())
            return volume, _merged_range(volume, windows)

        def done(merged: tuple[Volume, tuple[float, float]]) -> None:
            volume, limits = merged
            step_made = Provenance(own_steps.MERGE, {}, inputs)
            layer = ImageLayer(
                title, (volume,), provenance=(step_made,), base=(volume,), placement=layers[0].placement
            )
            layer.display.set_limits(*limits)
            layer.first_limits = limits
            step = tr("Merge channels into {title}", title=title)
            with self._session.history.group(step):
                for source in layers:
                    if source in document:
                        self._session.history.do(SetLayerField(source, "visible", False, step))
                self._session.history.do(AddLayer(layer, label=step))

        return self._edit(tr("Merging channels into {title}", title=title), work, done)

    def _add_parts(self, layer: ImageLayer, parts: list[_Part]) -> None:
        history, step = self._session.history, tr("Split channels of {name}", name=layer.name)
        place = self._session.document.position(layer)
        with history.group(step):
            history.do(SetLayerField(layer, "visible", False, step))
            for number, part in enumerate(parts):
                made = self._layer(layer, part, number)
                history.do(AddLayer(made, place + 1 + number, label=step))

    def _layer(self, layer: ImageLayer, part: _Part, number: int) -> ImageLayer:
        names = {other.name for other in self._session.document.layers}
        is_frame = not layer.volume.is_colour
        step = Provenance(own_steps.ONE_FRAME if is_frame else own_steps.SPLIT, {"channel": number}, (layer.name,))
        begun = Begun.at(layer, number if is_frame else 0)
        made = ImageLayer(
            unique_name(part.name, names), (part.volume,), source=layer.source, provenance=begun.then(step),
            base=(part.volume,) if is_frame else begun.base, placement=layer.placement,
        )  # fmt: skip
        made.display.set_limits(*part.limits)
        made.first_limits = part.limits
        made.display.colormap, made.display.blending = part.colormap, Blending.ADD
        made.display.interpolate = layer.display.interpolate
        made.visible = part.colormap != "grey"
        return made

    def _edit(self, title: str, work: Callable[[Job], Any], done: Callable[[Any], None]) -> Job:
        notice = self._session.notice
        return self._session.running.edit(title, work, done, lambda text: notice.emit(text, "error"))


def _colour_parts(volume: Volume, name: str, job: Job) -> list[_Part]:
    limits, parts = color_range(volume), []
    for number in range(volume.components):
        channel = NAMES[number] if volume.components > 2 else str(number + 1)
        colormap = _COLOURS[number] if number < 3 else "grey"
        own = limits if number < 3 else _whole_range(volume)
        parts.append(_Part(f"{name}, {channel}", own_steps.channel(volume, number), own, colormap))
        job.report((number + 1) / volume.components)
    return parts


def _frame_parts(frames: tuple[Volume, ...], name: str, job: Job) -> list[_Part]:
    parts = []
    for number, volume in enumerate(frames):
        limits = auto_limits(histogram(volume, cancelled=job.cancelled))
        colormap = _COLOURS[number % 6]
        parts.append(_Part(tr("{name}, channel {number}", name=name, number=number + 1), volume, limits, colormap))
        job.report((number + 1) / len(frames))
    return parts


def _whole_range(volume: Volume) -> tuple[float, float]:
    """Return the values of no and of full coverage."""
    return (0.0, float(np.iinfo(volume.dtype).max)) if volume.dtype.kind in "iu" else (0.0, 1.0)


def _merged_range(volume: Volume, windows: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the values of black and of full light: of the type for whole numbers from 0, else all windows together."""
    if volume.dtype.kind == "u":
        return color_range(volume)
    return min(low for low, _ in windows), max(high for _, high in windows)


def _check(layers: Sequence[ImageLayer]) -> None:
    if len(layers) not in (3, 4):
        raise Refused(tr("Merging needs three layers, for red, green and blue, or four with alpha."))
    first = layers[0]
    for layer in layers:
        if layer.volume.is_colour or len(layer.frames) > 1:
            raise Refused(
                tr("“{name}” has colours or several frames. Merge single images of one channel.", name=layer.name)
            )
        if not on_same_voxels(layer, first):
            raise Refused(
                tr(
                    "“{first}” and “{second}” lie on different grids. Resample one onto the other first.",
                    first=first.name,
                    second=layer.name,
                )
            )
        if layer.volume.dtype != first.volume.dtype:
            raise Refused(
                tr(
                    "“{first}” holds {first_type} values and “{second}” {second_type} values. "
                    "Merge layers of one type.",
                    first=first.name,
                    first_type=first.volume.dtype.name,
                    second=layer.name,
                    second_type=layer.volume.dtype.name,
                )
            )
