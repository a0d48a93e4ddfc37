"""What the user reads off an image: windows, histograms, the values under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

import numpy as np

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.display import Channel
from pellucid.model.findings import Refused
from pellucid.model.histogram import Histogram, auto_limits, histogram
from pellucid.model.layer import ImageLayer, LabelLayer, Layer
from pellucid.model.transfer import shares
from pellucid.model.volume import Volume

if TYPE_CHECKING:
    from pellucid.session.session import Session

Scope = Literal["volume", "slice", "mask"]


@dataclass(eq=False)
class _Count:
    """A count that is going on: of what, whether others may have its answer too, and who waits for it."""

    volume: Volume
    shared: bool
    asking: list[tuple[str, Callable[[Histogram], None]]]
    job: Job | None = field(default=None)


class Looking:
    """Windows and histograms of image layers; nothing here changes a voxel or the history."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: WeakKeyDictionary[Volume, Histogram] = WeakKeyDictionary()
        self._counts: list[_Count] = []

    def histogram(
        self, layer: ImageLayer, scope: Scope, done: Callable[[Histogram], None], who: str = ""
    ) -> Job | None:
        """Compute the exact histogram of a layer in the background and hand it over on the main thread.

        The histogram of a whole volume is remembered as long as the volume lives, and several who ask for it
        while it is being counted share one count. Of a colour image the channel that is seen counts. Whoever says
        ``who`` asks hears the answer to the latest question only; nobody takes the answer of another away.
        """
        volume, channel = layer.volume, layer.display.channel
        shared = scope == "volume" and channel is Channel.ALL
        self.forget(who)
        if shared:
            if (known := self._known.get(volume)) is not None:
                done(known)
                return None
            for count in self._counts:
                if count.shared and count.volume is volume:
                    count.asking.append((who, done))
                    return count.job
        region = self._region(layer) if scope == "slice" else None
        mask = self._session.labelling.active_mask_for(layer) if scope == "mask" else None

        def work(job: Job) -> Histogram:
            return histogram(volume, mask=mask, region=region, channel=channel, cancelled=job.cancelled)

        def finish(result: Histogram) -> None:
            self._counts.remove(mine)
            if shared:
                self._known[volume] = result
            for _who, answer in mine.asking:
                answer(result)

        mine = _Count(volume, shared, [(who, done)])
        mine.job = self._session.jobs.query(
            mine, tr("Histogram of {name}", name=layer.name), work, finish, lambda _why: self._counts.remove(mine),
            quiet=True,
        )  # fmt: skip
        self._counts.append(mine)
        return mine.job

    def forget(self, who: str) -> None:
        """Give somebody who asked no answer any more; what nobody waits for is not counted."""
        for count in tuple(self._counts) if who else ():
            count.asking = [one for one in count.asking if one[0] != who]
            if not count.asking:
                self._give_up(count)

    def cancel(self) -> None:
        """Give up what is being counted."""
        for count in tuple(self._counts):
            self._give_up(count)

    def _give_up(self, count: _Count) -> None:
        self._counts.remove(count)
        if count.job is not None:
            count.job.cancel()

    def _region(self, layer: ImageLayer) -> tuple[slice, slice, slice] | None:
        place = self._session.slice_in_use()
        if place is None:
            return None
        axis, index = place
        region = [slice(0, n) for n in layer.geometry.size]
        region[axis] = slice(index, index + 1)
        return region[2], region[1], region[0]

    def auto_window(self, layer: ImageLayer) -> None:
        """Set the window to 0.1–99.9 % of the values of the volume."""
        self._window(layer, "volume", auto_limits)

    def window_from(self, layer: ImageLayer, limits: Callable[[Histogram], tuple[float, float] | None]) -> None:
        """Set the window to what follows from the histogram of the volume, unless another is set meanwhile."""
        self._window(layer, "volume", limits)

    def _window(
        self, layer: ImageLayer, scope: Scope, limits: Callable[[Histogram], tuple[float, float] | None]
    ) -> None:
        before = layer.display.limits

        def done(counted: Histogram) -> None:
            found = limits(counted)
            if found is not None and layer.display.limits == before:
                layer.display.set_limits(*found)

        self.histogram(layer, scope, done, f"window {layer.id}")

    def auto_slice(self, layer: ImageLayer) -> None:
        """Set the window to 0.1–99.9 % of the values of the slice the user is at; raise Refused when there is none."""
        if self._session.slice_in_use() is None:
            raise Refused(tr("This pane cuts across slices. Choose Auto, which takes the whole volume."))
        self._window(layer, "slice", auto_limits)

    def reset_window(self, layer: ImageLayer) -> None:
        """Return to the window and the curve first shown."""
        if layer.first_limits is not None:
            layer.display.set_limits(*layer.first_limits)
        layer.display.transfer = layer.first_transfer
        layer.display.invert = layer.volume.acquisition.monochrome1

    def values_at(
        self, world: Any, projected: Mapping[str, tuple[Any, str]] = MappingProxyType({}),
        layers: Sequence[Layer] | None = None,
    ) -> list[tuple[str, str]]:  # fmt: skip
        """Return (layer name, value with unit) of every visible layer at a world point, top layer first.

        ``layers`` are those whose values may be told together there; without them all.
        ``projected`` holds by layer id the value of a thick slab to tell instead, and the name of its projection.
        """
        rows = []
        for layer in reversed(self._session.document.layers if layers is None else layers):
            if not layer.visible:
                continue
            if isinstance(layer, LabelLayer):
                value = layer.value_at(world)
                if value:
                    rows.append((layer.name, f"{layer.labels.label(value).name} ({value})"))
            elif layer.id in projected:
                value, way = projected[layer.id]
                rows.append((layer.name, f"{_projected_text(layer, value)} ({way})"))
            else:
                rows.append((layer.name, _value_text(layer, world)))
        return rows


def _projected_text(layer: ImageLayer, value: Any) -> str:
    """Write a value of a slab: the type's own number, or the channels of a colour."""
    if value is None:
        return format_value(None, "")
    return told(value.item(), layer.volume) if np.ndim(value) == 0 else format_value(tuple(value.tolist()), "")


def _value_text(layer: ImageLayer, world: Any) -> str:
    value = layer.placed.value_at(world)
    if isinstance(value, tuple) and layer.volume.dtype != np.uint8:
        low, high = layer.first_limits or layer.display.limits
        shown = shares(np.nan_to_num(np.array(value[:3], np.float64)), low, high)
        red, green, blue = (int(n) for n in np.floor(shown * 255 + 0.5))
        color = f"#{red:02X}{green:02X}{blue:02X}"
        return tr("{values} shown {color}", values=format_value(value, ""), color=color)
    return told(value, layer.volume)


def told(value: Any, volume: Volume, *, short: bool = False) -> str:
    """Write a value of an image for reading: a PET in SUV where that is known, with its activity unless ``short``."""
    factor, unit = volume.told_in
    stored = format_value(value, volume.unit)
    if value is None or unit == volume.unit:
        return stored
    told_value = format_value(float(f"{value * factor:.3g}"), unit)
    return told_value if short or volume.unit == "g/ml" else f"{told_value} ({stored})"


def format_value(value: Any, unit: str) -> str:
    """Write a voxel value for reading: integers whole, floats with five figures, 8-bit colours as a tuple and hex."""
    if value is None:
        return tr("outside")
    if isinstance(value, tuple):
        text = ", ".join(format_number(v) for v in value)
        whole = all(isinstance(v, int) and 0 <= v <= 255 for v in value) and len(value) > 2
        return f"({text}) #{''.join(f'{v:02X}' for v in value[:3])}" if whole else f"({text})"
    return f"{format_number(value)} {unit}".strip()


def format_number(value: float) -> str:
    """Write one number: integers and large floats whole, others with five significant figures, a true minus sign."""
    if isinstance(value, float) and not np.isfinite(value):
        return tr("not a number") if np.isnan(value) else "infinite"
    whole = isinstance(value, int) or 1e5 <= abs(value) < 1e9
    text = f"{value:.0f}" if whole else f"{value:.5g}"
    return text.replace("-", "\N{MINUS SIGN}", 1) if text.startswith("-") else text
