"""The large surfaces of the demo phantom: skin, fat, muscle, chest, lungs and the organs under the
diaphragm.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.files.phantom import tissues as t
from pellucid.files.phantom.scene import Field, Scene, common, cover, ellipsoid, union
from pellucid.files.phantom.tissues import Tissue

CAGE_Y = 4.0
"""Where the middle of the chest lies from front to back."""
_LEVELS = (-180.0, -110.0, -60.0, 0.0, 50.0, 85.0, 110.0, 130.0, 145.0, 156.0, 164.0, 180.0)
_WIDE = (128.0, 129.0, 129.0, 125.0, 115.0, 101.0, 85.0, 67.0, 49.0, 33.0, 18.0, 4.0)
_DEEP = (86.0, 88.0, 88.0, 84.0, 77.0, 68.0, 58.0, 47.0, 36.0, 26.0, 16.0, 4.0)


def wide(z: Any) -> NDArray[np.float64]:
    """Return the half width of the chest's inner wall at heights z."""
    return np.asarray(np.interp(z, _LEVELS, _WIDE))


def deep(z: Any) -> NDArray[np.float64]:
    """Return the half depth of the chest's inner wall at heights z."""
    return np.asarray(np.interp(z, _LEVELS, _DEEP))


class Slab:
    """A few slices of a scene, few enough for the processor's cache: painting is several times faster."""

    def __init__(self, scene: Scene, slices: slice) -> None:
        self.scene, self.slices = scene, slices
        self.x, self.y, self.z = scene.grid.coordinates((slices, slice(None), slice(None)))
        self.rough, self.fine = scene.rough.at(slices), scene.fine.at(slices)
        self.values = scene.values[slices]
        self.chest = oval(self.x, self.y - CAGE_Y, wide(self.z), deep(self.z), square=0.2) + self.rough * 1.2
        self.above = _above_diaphragm(self.x, self.y, self.z, self.rough)

    def paint(self, distance: Field, tissue: Tissue, *, soft: float | None = None) -> None:
        """Paint the inside of a surface with a tissue."""
        cover(self.values, distance, self.scene.value(tissue), soft or self.scene.soft)


def oval(x: Field, y: Field, a: Any, b: Any, square: float = 0.0) -> Field:
    """Return the distance to an upright cylinder, from an ellipse (``square`` 0) to nearly a box (1)."""
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    u, v = (x / a) ** 2, (y / b) ** 2
    radius = np.sqrt(u + v)
    if square:
        radius = radius * np.float32(1 - square) + np.sqrt(np.sqrt(u * u + v * v)) * np.float32(square)
    return np.asarray((radius - 1) * np.minimum(a, b))


def ball(x: Field, y: Field, z: Field, size: float) -> Field:
    """Return the distance to a ball of radius ``size`` in coordinates divided by its half axes."""
    return np.asarray((np.sqrt(x * x + y * y + z * z) - 1) * np.float32(size))


def step(z: Field, low: float, high: float) -> Field:
    """Return 0 below ``low``, 1 above ``high`` and a smooth rise between."""
    s = np.clip((z - low) / (high - low), 0, 1)
    return s * s * (3 - 2 * s)


def _above_diaphragm(x: Field, y: Field, z: Field, rough: Field) -> Field:
    """Return the distance to the space above both domes."""
    sunk = 0.18 * np.maximum(y - 20, 0)
    right = -44 - 62 * (((x + 62) / 72) ** 2 + ((y + 8) / 84) ** 2) - sunk
    left = -60 - 58 * (((x - 62) / 70) ** 2 + ((y + 4) / 84) ** 2) - sunk
    return np.asarray((right + (left - right) * step(x, -28, 28) - z) * np.float32(0.75) + rough)


def body(slab: Slab) -> None:
    """Paint table, skin, fat and muscle, and the fat that fills chest and belly."""
    x, y, z = slab.x, slab.y, slab.z
    slab.values[...] = slab.scene.value(t.AIR)
    if slab.scene.is_ct:
        below = np.abs(y - 136.0 + np.float32(0.0011) * x * x)
        slab.paint(np.maximum(below - 9, np.abs(x) - 168), t.SHELL)
        slab.paint(np.maximum(below - 7.2, np.abs(x) - 166), t.FOAM)
    half_x = 152 + 10 * step(z, 60, 130) + 3 * step(-z, 90, 170)
    half_y = 106 - 10 * step(z, 80, 170) + 4 * step(-z, 60, 170)
    outside = oval(x, y - 8 - 6 * step(z, 80, 170), half_x, half_y, square=0.3) + slab.rough * 2.5
    outside = common(outside, y - 114, 26)  # the back is flat where it lies on the table
    breast = ball((np.abs(x) - 66) / 52, (y + 86) / 24, (z - 8) / 58, 22)
    outside = union(outside, breast, 16)
    slab.paint(outside, t.SKIN)
    slab.paint(outside + 2.4, t.FAT)
    wall = slab.chest - 15 - np.abs(x) * np.float32(0.05) + slab.rough * 1.5
    wall = common(union(wall, _muscles(x, y, z), 8), outside + 7, 6)
    slab.paint(wall, t.MUSCLE)
    slab.paint(np.maximum(np.abs(wall + 6.5 + 2 * slab.rough) - 0.4, wall + 1.5), t.FAT)  # between muscles
    slab.paint(slab.chest + 1.0, t.FAT)


def _muscles(x: Field, y: Field, z: Field) -> Field:
    """Return the distance to the big muscles outside the ribs: back, breast, shoulder blade, arm."""
    side = np.abs(x)
    back = oval(side - 30, y - 92, 26, 15)
    breast = ball((side - 62) / 58, (y + 70) / 22, (z - 70) / 62, 20)
    blade = ball((side - 104) / 42, (y - 66) / 32, (z - 84) / 70, 28)
    arm = ball((side - 128) / 30, (y - 18) / 52, (z - 132) / 60, 26)
    return union(union(breast, back, 6), union(blade, arm, 8), 6)


def lungs(slab: Slab) -> None:
    """Paint the tissue of both lungs and keep the distance to them."""
    scene, x, y, z = slab.scene, slab.x, slab.y, slab.z
    inside = common(slab.chest + 6.5, slab.above, 7)
    inside = common(inside, -_between(x, y, z), 9) + 0.5 * slab.fine
    scene.lungs[slab.slices] = inside
    if not scene.is_ct:
        slab.paint(inside, t.LUNG)
        return
    # Blood sinks: the back of the lung is denser; and its texture is never flat.
    shade = scene.value(t.LUNG) + 0.34 * y + 9 * slab.rough + 12 * slab.fine
    cover(slab.values, inside, shade, scene.soft)
    fissure = np.abs(0.72 * (y + 4) + 0.69 * (z + 14) + 3 * slab.rough) - 0.35
    slab.paint(np.maximum(fissure, inside + 1.5), t.FISSURE, soft=2.2)


def _between(x: Field, y: Field, z: Field) -> Field:
    """Return the distance to what lies between the lungs."""
    low = step(-z, -60, 40)
    spine = oval(x, y - 70, 27 + 4 * np.cos(z * np.float32(0.2417)), 27)
    great = oval(x - 2, y - 2, 28 + 4 * low, 42)
    front = oval(x - 6, y + 60, 7, 30)
    heart = ball((x - 20) / 60, (y + 24) / 47, (z + 42) / 60, 48)
    root = ball((np.abs(x) - 30) / 20, (y - 8) / 17, (z - 2) / 28, 17)
    return union(union(union(spine, great, 14), front, 10), union(heart, root, 8), 9)


def abdomen(slab: Slab) -> None:
    """Paint liver, spleen and stomach, all below the diaphragm; keep the distance to the liver."""
    x, y, z = slab.x, slab.y, slab.z
    if z.min() > -20:
        slab.scene.liver[slab.slices] = 99.0
        return
    below = 3.5 - slab.above
    edge = 0.56 * (x - 4) - 0.42 * (z + 116) + 0.34 * (y - 4) + 20 * np.tanh((y + 34) / 34) - 20
    liver = common(common(below, slab.chest + 7, 8), edge + 4 * slab.rough, 14) + slab.rough * 1.5
    slab.scene.liver[slab.slices] = liver
    slab.paint(liver, t.LIVER)
    spleen = common(ellipsoid((90, 40, -112), (25, 44, 42), -32)[1](x, y, z), below, 6)
    slab.paint(common(spleen, slab.chest + 6, 6) + slab.rough, t.SPLEEN)
    stomach = common(ellipsoid((54, -16, -112), (44, 40, 44), 20)[1](x, y, z), below, 8) + slab.rough * 3
    slab.paint(stomach, t.STOMACH)
    inner = stomach + 4.5 + slab.fine
    slab.paint(inner, t.JUICE)
    slab.paint(np.maximum(inner, y + 22), t.AIR)  # gas rises to the front
