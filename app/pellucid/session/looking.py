"""What the user reads off an image: windows, histograms, the values under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

import numpy as np

from pellucid.jobs.job import Job
from pellucid.model.colormaps import Group, group_of
from pellucid.model.display import Channel
from pellucid.model.histogram import Histogram, auto_limits, histogram, spread
from pellucid.model.layer import ImageLayer, LabelLayer, Layer
from pellucid.model.transfer import Kind, Spread, Transfer, shares
from pellucid.model.volume import Volume
from pellucid.session.window_memory import WindowMemory

if TYPE_CHECKING:
    from pellucid.session.session import Session

Scope = Literal["volume", "slice", "mask"]


class Looking:
    """Windows and histograms of image layers; nothing here changes a voxel or the history."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: WeakKeyDictionary[Volume, Histogram] = WeakKeyDictionary()
        self._counting: tuple[Volume, Job, list[Callable[[Histogram], None]]] | None = None
        self._spreads: WeakKeyDictionary[Volume, Spread] = WeakKeyDictionary()
        self.memory = WindowMemory(session.document)
        session.document.inserted.connect(self._came)
        session.document.removed.connect(self._went)

    def histogram(self, layer: ImageLayer, scope: Scope, done: Callable[[Histogram], None]) -> Job | None:
        """Compute the exact histogram of a layer in the background and hand it over on the main thread.

        The histogram of a whole volume is remembered as long as the volume lives, and several who ask for it
        while it is being counted share one count. Of a colour image the channel that is seen counts.
        """
        volume, channel, asking = layer.volume, layer.display.channel, [done]
        shared = scope == "volume" and channel is Channel.ALL
        if shared:
            if (known := self._known.get(volume)) is not None:
                done(known)
                return None
            if self._counting is not None and self._counting[0] is volume and not self._counting[1].cancelled():
                self._counting[2].append(done)
                return self._counting[1]
        region = self._region(layer) if scope == "slice" else None
        mask = self._session.labelling.active_mask_for(layer.geometry) if scope == "mask" else None

        def work(job: Job) -> Histogram:
            return histogram(volume, mask=mask, region=region, channel=channel, cancelled=job.cancelled)

        def finish(result: Histogram) -> None:
            if shared:
                self._known[volume], self._counting = result, None
            for answer in asking:
                answer(result)

        def failed(_sentence: str) -> None:
            self._counting = None

        job = self._session.jobs.query(f"histogram {scope}", f"Histogram of {layer.name}", work, finish, failed)
        if shared:
            self._counting = (volume, job, asking)
        return job

    def cancel(self) -> None:
        """Give up what is being counted."""
        if self._counting is not None:
            self._counting[1].cancel()
            self._counting = None

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
        self.histogram(layer, "volume", lambda h: layer.display.set_limits(*auto_limits(h)))

    def auto_slice(self, layer: ImageLayer) -> None:
        """Set the window to 0.1–99.9 % of the values of the slice the user is at."""
        self.histogram(layer, "slice", lambda h: layer.display.set_limits(*auto_limits(h)))

    def reset_window(self, layer: ImageLayer) -> None:
        """Return to the window and the curve first shown."""
        if layer.first_limits is not None:
            layer.display.set_limits(*layer.first_limits)
        layer.display.transfer = layer.first_transfer
        layer.display.invert = layer.volume.acquisition.monochrome1

    # ---------------------------------------------------------------- curves and colours

    def equalise(self, layer: ImageLayer) -> None:
        """Show equal numbers of values in every step of brightness; the voxels stay as they are."""
        volume = layer.volume
        layer.display.transfer = Transfer(Kind.EQUALISED, spread=layer.display.transfer.spread)

        def done(counted: Histogram) -> None:
            if layer.display.transfer.kind is Kind.EQUALISED:
                whole = layer.display.channel is Channel.ALL
                known = self._spreads.setdefault(volume, spread(counted)) if whole else spread(counted)
                layer.display.transfer = Transfer(Kind.EQUALISED, spread=known)

        self.histogram(layer, "volume", done)

    def _came(self, layer: Layer) -> None:
        if isinstance(layer, ImageLayer):
            layer.events.connect(self._changed)
            if layer.display.transfer == Transfer(Kind.EQUALISED):
                self.equalise(layer)

    def _went(self, layer: Layer) -> None:
        layer.events.disconnect(self._changed, missing_ok=True)

    def _changed(self, info: Any) -> None:
        """Count again what an equalised display follows when its layer got other voxels."""
        if info.signal.name in ("frames", "channel"):
            for layer in self._session.document.images:
                if layer.display.transfer.kind is Kind.EQUALISED:
                    self.equalise(layer)

    def choose_colormap(self, layer: ImageLayer, name: str) -> None:
        """Show a layer in other colours, and let the window suit them where they mean something.

        Diverging colours on values of both signs: the window is centred on zero. Cyclic colours: the window spans
        all values, so that both ends of the period meet.
        """
        layer.display.colormap = name
        group = group_of(name)
        if group not in (Group.DIVERGING, Group.CYCLIC) or layer.volume.is_colour:
            return

        def done(counted: Histogram) -> None:
            if layer.display.colormap != name or not counted.total:
                return
            low, high = layer.display.limits
            if group is Group.CYCLIC:
                wanted = (counted.minimum, counted.maximum)
                said = "The window now spans all values of “{layer}”, so that the colours close. Reset brings it back."
            elif counted.minimum < 0 < counted.maximum:
                reach = max(abs(low), abs(high))
                wanted = (-reach, reach)
                said = "The window of “{layer}” is now centred on zero: the middle colour is 0. Reset brings it back."
            else:
                return
            if wanted[0] < wanted[1] and wanted != (low, high):
                layer.display.set_limits(*wanted)
                self._session.notice.emit(said.format(layer=layer.name), "info")

        self.histogram(layer, "volume", done)

    def values_at(
        self, world: Any, projected: Mapping[str, tuple[Any, str]] = MappingProxyType({})
    ) -> list[tuple[str, str]]:
        """Return (layer name, value with unit) of every visible layer at a world point, top layer first.

        ``projected`` holds by layer id the value of a thick slab to tell instead, and the name of its projection.
        """
        rows = []
        for layer in reversed(self._session.document.layers):
            if not layer.visible:
                continue
            if isinstance(layer, LabelLayer):
                value = layer.labels.value_at(world)
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
    plain = tuple(value.tolist()) if np.ndim(value) else value.item()
    return format_value(plain, layer.volume.unit if np.ndim(value) == 0 else "")


def _value_text(layer: ImageLayer, world: Any) -> str:
    value = layer.volume.value_at(world)
    if isinstance(value, tuple) and layer.volume.dtype != np.uint8:
        low, high = layer.first_limits or layer.display.limits
        shown = shares(np.nan_to_num(np.array(value[:3], np.float64)), low, high)
        red, green, blue = (int(n) for n in np.floor(shown * 255 + 0.5))
        return f"{format_value(value, '')} shown #{red:02X}{green:02X}{blue:02X}"
    return format_value(value, layer.volume.unit)


def format_value(value: Any, unit: str) -> str:
    """Write a voxel value for reading: integers whole, floats with five figures, 8-bit colours as a tuple and hex."""
    if value is None:
        return "outside"
    if isinstance(value, tuple):
        text = ", ".join(format_number(v) for v in value)
        whole = all(isinstance(v, int) and 0 <= v <= 255 for v in value) and len(value) > 2
        return f"({text}) #{''.join(f'{v:02X}' for v in value[:3])}" if whole else f"({text})"
    return f"{format_number(value)} {unit}".strip()


def format_number(value: float) -> str:
    """Write one number: integers whole, floats with five significant figures, a true minus sign."""
    if isinstance(value, float) and not np.isfinite(value):
        return "not a number" if np.isnan(value) else "infinite"
    text = str(value) if isinstance(value, int) else f"{value:.5g}"
    return text.replace("-", "\N{MINUS SIGN}", 1) if text.startswith("-") else text
