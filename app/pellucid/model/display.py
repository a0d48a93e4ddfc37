"""How a layer is drawn: window, colour map, opacity. Nothing here touches a voxel or is undoable."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from pellucid.model.transfer import STRAIGHT, Transfer


class Blending(StrEnum):
    """How a layer joins what lies below it: laid over it, or its light added to it."""

    OVER = "over"
    ADD = "add"


class Channel(StrEnum):
    """What is seen of a colour image: its colours, or one channel as grey values."""

    ALL = "all"
    RED = "red"
    GREEN = "green"
    BLUE = "blue"
    ALPHA = "alpha"
    LUMINANCE = "luminance"


@dataclass
class ImageDisplay:
    """The look of an image layer; ``level`` and ``width`` are in modality values, ``transfer`` bends the window."""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    level: float = 0.5
    width: float = 1.0
    colormap: str = "grey"
    invert: bool = False
    interpolate: bool = True
    blending: Blending = Blending.OVER
    channel: Channel = Channel.ALL
    transfer: Transfer = STRAIGHT

    @property
    def limits(self) -> tuple[float, float]:
        """Return the lowest and highest value of the window."""
        return self.level - self.width / 2, self.level + self.width / 2

    def set_limits(self, low: float, high: float) -> None:
        """Set the window by its two ends; the order does not matter."""
        low, high = min(low, high), max(low, high)
        self.level, self.width = (low + high) / 2, high - low


@dataclass
class LabelDisplay:
    """The look of a label layer: tinted fill, outline or both; ``outline_width`` is in logical pixels.

    With ``as_drawn`` the outlines of labels that were made of contours are these contours, not the edges of voxels.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    fill: float = 0.35
    outline: bool = True
    filled: bool = True
    outline_width: float = 1.6
    as_drawn: bool = True
