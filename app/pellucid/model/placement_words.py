"""What a placement does to a layer, in words: how far it moves, turns, scales and bends it."""

from __future__ import annotations

import numpy as np

from pellucid.language import tr
from pellucid.model.geometry import Floats, Geometry
from pellucid.model.layer import Layer
from pellucid.model.placement import Placement

_NOTHING = 0.005
"""Degrees, and shares of 1, below which nothing is said."""


def said(layer: Layer) -> str:
    """Return which transform a layer has and what it does, ``""`` without one: ``Rigid: moved 5.2 mm, turned 3.1°``."""
    placement = layer.placement
    if placement is None:
        return ""
    words = described(placement, layer.own_geometry)
    return f"{placement.title}: {words}" if placement.title else words


def described(placement: Placement, own: Geometry) -> str:
    """Return what a placement does to a layer on the grid ``own``, at the middle of it."""
    unit = "mm" if own.has_lengths and placement.onto.has_lengths else tr("px")
    straight, middle = np.asarray(np.linalg.inv(placement.matrix), np.float64), own.centre()
    moved = float(np.linalg.norm(straight[:3, :3] @ middle + straight[:3, 3] - middle))
    words = [tr("moved {length} {unit}", length=_short(moved), unit=unit), *_turned(straight[:3, :3])]
    if placement.warp is not None:
        words.append(tr("bent up to {length} {unit}", length=_short(placement.warp.reach), unit=unit))
    return ", ".join(words)


def _turned(linear: Floats) -> list[str]:
    """Return what a 3 × 3 matrix does: the turn that is nearest to it, and how it stretches."""
    left, sizes, right = np.linalg.svd(linear)
    mirrors = float(np.linalg.det(left @ right)) < 0
    nearest = left @ np.diag([1, 1, -1 if mirrors else 1]) @ right
    angle = float(np.degrees(np.arccos(np.clip((np.trace(nearest) - 1) / 2, -1, 1))))
    words = [tr("turned {angle}°", angle=_short(angle))] if angle >= _NOTHING else []
    if mirrors:
        words.append(tr("mirrored"))
    if sizes[0] > sizes[2] * (1 + _NOTHING):
        words.append(tr("stretched {least} to {most}×", least=f"{sizes[2]:.3g}", most=f"{sizes[0]:.3g}"))
    elif abs(sizes[0] - 1) > _NOTHING:
        words.append(tr("scaled {scale}×", scale=f"{sizes[0]:.3g}"))
    return words


def _short(value: float) -> str:
    return f"{value:.1f}" if value >= 0.1 or value == 0 else f"{value:.2f}"
