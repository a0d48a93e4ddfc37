"""Ways to align a time series or a stack of sections that need no further choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pellucid.language import mark


@dataclass(frozen=True)
class SeriesPreset:
    """Settings with a name; ``help`` says in one sentence when to take them."""

    title: str
    help: str
    values: Mapping[str, Any] = field(default_factory=dict)


FRAMES: dict[str, SeriesPreset] = {
    "rigid": SeriesPreset(
        mark("Breathing, heart or head, rigid"),
        mark("Frames that shifted and turned a little, planes or volumes: cardiac phases, perfusion, fMRI."),
        {"motion": "rigid", "reference": "mean"},
    ),
    "drift": SeriesPreset(
        mark("Microscopy drift"),
        mark("A stage or a specimen that drifted: a shift only, to a part of a pixel."),
        {"motion": "translation", "reference": "mean"},
    ),
    "breathing": SeriesPreset(
        mark("Breathing, deformable"),
        mark("Organs that bend as the chest breathes: a B-spline of 40 mm after the linear motion. Takes long."),
        {"motion": "bspline", "reference": "mean"},
    ),
    "contrast": SeriesPreset(
        mark("Contrast medium, edges"),
        mark("Frames that brighten and fade: outlines are compared, with the frame in the middle."),
        {"motion": "rigid", "reference": "middle", "match": "edges"},
    ),
    "changing": SeriesPreset(
        mark("Changing object, neighbours"),
        mark("Growth or long time-lapses: each frame is compared with the one before it."),
        {"motion": "translation", "reference": "neighbours"},
    ),
}
SECTIONS: dict[str, SeriesPreset] = {
    "histology": SeriesPreset(
        mark("Histology sections, rigid"),
        mark("Sections that were laid down shifted and turned, up to 45°: each is compared with its neighbour."),
        {"motion": "rigid", "reference": "neighbours", "turn": 45.0},
    ),
    "stains": SeriesPreset(
        mark("Sections in different stains"),
        mark("Outlines are compared, and sections may be stretched and sheared."),
        {"motion": "affine", "reference": "neighbours", "match": "edges", "turn": 45.0},
    ),
    "drift": SeriesPreset(
        mark("Microscopy drift"),
        mark("Serial block-face, confocal or tilt stacks whose slices only shifted."),
        {"motion": "translation", "reference": "neighbours"},
    ),
    "jitter": SeriesPreset(
        mark("Slices that jumped"),
        mark("Slices of an object that hardly changes through the stack, compared with the mean of all."),
        {"motion": "rigid", "reference": "mean", "turn": 0.0},
    ),
}
