"""Comparing two layers: which ones, and how."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CompareMode(StrEnum):
    """How two layers are shown against each other."""

    SWIPE = "swipe"
    CHECKERBOARD = "checkerboard"
    FLICKER = "flicker"
    DIFFERENCE = "difference"
    RED_GREEN = "red green"


@dataclass(frozen=True)
class Compare:
    """Two layers, by their ids, and how they are compared.

    ``position`` is the share of the pane left of the divider, or above it where the divider lies ``level``;
    ``square`` the side of a square of the checkerboard in mm (px where no lengths are known); ``rate`` how often a
    second flicker changes; ``span`` the difference that gets the full colour, 0 for half of the wider window;
    ``cyan`` shows the second layer of red–green in green and blue, so that equal light is grey.
    """

    mode: CompareMode
    first: str
    second: str
    position: float = 0.5
    level: bool = False
    square: float = 20.0
    rate: float = 2.0
    paused: bool = False
    span: float = 0.0
    cyan: bool = False
