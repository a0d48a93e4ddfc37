"""Curves and colours of image layers, and what the user chose for each series before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.colormaps import Group, group_of
from pellucid.model.display import Channel
from pellucid.model.histogram import Histogram, histogram, spread
from pellucid.model.layer import ImageLayer, Layer
from pellucid.model.transfer import Kind, Spread, Transfer
from pellucid.model.volume import Volume
from pellucid.session.window_memory import WindowMemory

if TYPE_CHECKING:
    from pellucid.session.session import Session


class Appearance:
    """Sets what of a display needs a look at all values first; nothing here changes a voxel or the history."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._spreads: WeakKeyDictionary[Volume, Spread] = WeakKeyDictionary()
        self.memory = WindowMemory(session.document)
        session.document.inserted.connect(self._came)
        session.document.removed.connect(self._went)

    def equalise(self, layer: ImageLayer) -> None:
        """Show equal numbers of values in every step of brightness; the voxels stay as they are."""
        volume, channel, display = layer.volume, layer.display.channel, layer.display
        known = self._spreads.get(volume) if channel is Channel.ALL else None
        display.transfer = Transfer(Kind.EQUALISED, spread=known or display.transfer.spread)
        if known is not None:
            return

        def work(job: Job) -> Spread:
            return spread(histogram(volume, channel=channel, cancelled=job.cancelled))

        def done(counted: Spread) -> None:
            if channel is Channel.ALL:
                self._spreads[volume] = counted
            if display.transfer.kind is Kind.EQUALISED and layer.volume is volume:
                display.transfer = Transfer(Kind.EQUALISED, spread=counted)

        # A key of its own: several layers of a saved work may be equalised, and none must wait for another in vain.
        title = tr("Counting the values of {name}", name=layer.name)
        failed = self._session.notice.emit
        self._session.jobs.query(f"equalise {layer.id}", title, work, done, lambda text: failed(text, "error"))

    def choose_colormap(self, layer: ImageLayer, name: str) -> None:
        """Show a layer in other colours, and let the window suit them where they mean something.

        Diverging colours on values of both signs: the window is centred on zero. Cyclic colours: the window spans
        all values, so that both ends of the period meet.
        """
        layer.display.colormap = name
        group = group_of(name)
        if group not in (Group.DIVERGING, Group.CYCLIC) or layer.shows_colour:
            return

        def done(counted: Histogram) -> None:
            if layer.display.colormap == name and counted.total:
                self._suit(layer, group, counted.minimum, counted.maximum)

        self._session.looking.histogram(layer, "volume", done, f"colours {layer.id}")

    def _suit(self, layer: ImageLayer, group: Group, least: float, most: float) -> None:
        """Set the window that colours of a group need for values from ``least`` to ``most``, and say so."""
        low, high = layer.display.limits
        if group is Group.CYCLIC:
            wanted = (least, most)
            said = tr(
                "The window now spans all values of “{name}”: the colours close. Reset brings it back.", name=layer.name
            )
        else:
            reach = max(abs(low), abs(high)) if least < 0 < most else 0.0
            wanted = (-reach, reach)
            said = tr(
                "The window of “{name}” is now centred on zero: the middle colour is 0. Reset brings it back.",
                name=layer.name,
            )
        if wanted[0] < wanted[1] and wanted != (low, high):
            layer.display.set_limits(*wanted)
            self._session.notice.emit(said, "info")

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
