"""The bones of the demo phantom: ribs, breast bone, collar bones, shoulder blades, spine."""

from __future__ import annotations

import numpy as np

from pellucid.files.phantom import tissues as t
from pellucid.files.phantom.scene import Bounds, Chain, Distance, Field, Scene, cover
from pellucid.files.phantom.surfaces import CAGE_Y, deep, oval, wide
from pellucid.files.phantom.trees import Floats, bent, joined, tube

_FALL = (20.0, 40.0, 52.0, 60.0, 64.0, 66.0, 66.0, 64.0, 58.0, 50.0, 40.0, 28.0)
_SWEEP = (160.0, 168.0, 170.0, 172.0, 172.0, 170.0, 162.0, 150.0, 136.0, 122.0, 86.0, 60.0)
_BONY = 138.0
"""How far round from the back (degrees) a rib is bone; from there it is cartilage."""
_VERTEBRA, _DISC = 26.0, 5.0


def skeleton(scene: Scene) -> None:
    """Paint all bones."""
    _rib_cage(scene)
    _spine(scene)
    for side in (-1, 1):
        scene.paint(_blade(side), t.BONE)
        path = [(side * 16, -62, 112), (side * 60, -66, 128), (side * 110, -34, 142), (side * 140, -8, 140)]
        centres, radii = tube(bent(path), 6)
        scene.chain((centres, radii), t.BONE)
        scene.chain((centres, radii * 0.6), t.MARROW)


def _rib_cage(scene: Scene) -> None:
    bone: list[Chain] = []
    gristle: list[Chain] = []
    for number in range(12):
        for side in (-1, 1):
            curve, split = _rib(number, side)
            for part, chains in ((curve[:split], bone), (curve[split - 1 :], gristle)):
                if len(part) > 2:
                    centres, radii = tube(part, 4.2)
                    chains.append((centres, radii * (1.0, 1.0, 1.55)))
    centres, radii = tube(bent([(0, -74, 98), (0, -82, 60), (0, -87, 10), (0, -86, -30)]), 5.5)
    bone.append((centres, radii * (2.6, 1.0, 1.0)))
    centres, radii = joined(bone)
    scene.chain(joined(gristle), t.CARTILAGE)
    scene.chain((centres, radii), t.BONE)
    scene.chain((centres, radii - 1.7), t.MARROW)


def _rib(number: int, side: int) -> tuple[Floats, int]:
    """Return the curve of a rib (0 to 11; side −1 right, +1 left) and where along it the cartilage begins."""
    sweep = _SWEEP[number]
    turn = np.linspace(8.0, sweep, 110)
    angle = np.radians(90.0 - turn)  # 90° is the back, −90° the front
    share = (turn - 8.0) / (sweep - 8.0)
    hump = np.where(share < 1 / 6, np.sin(np.pi * np.minimum(1.0, share * 6)), 0.0)
    z = 138.0 - 25.0 * number + 8.0 * hump - _FALL[number] * share**1.15
    z += np.maximum(turn - 140, 0) * 0.35  # cartilage rises to the breast bone
    x = side * (wide(z) + 4.5) * np.abs(np.cos(angle)) ** 0.92
    y = CAGE_Y + (deep(z) + 4.5) * np.sin(angle) + 4.0 * (1 - share) ** 4
    return np.stack([x, y, z], axis=1), int(np.searchsorted(turn, _BONY)) if number < 10 else len(turn)


def _blade(side: int) -> tuple[Bounds, Distance]:
    """Return bounds and distance of a shoulder blade: a thin, tilted, slightly curved plate with a ridge."""

    def distance(x: Field, y: Field, z: Field) -> Field:
        u = (side * x - 104) * 0.82 - (y - 72) * 0.57
        v = (side * x - 104) * 0.57 + (y - 72) * 0.82 - 0.004 * u * u
        plate = np.maximum(np.sqrt((u / 36) ** 2 + ((z - 82) / 52) ** 2) - 1, 0) * 30 + np.abs(v) - 2.6
        ridge = np.sqrt((u / 34) ** 2 + ((v - 8) / 9) ** 2 + ((z - 112 - 0.2 * u) / 5) ** 2) - 1
        return np.asarray(np.minimum(plate, ridge * 5))

    low, high = sorted((side * 56.0, side * 152.0))
    return ((low, high), (30.0, 118.0), (24.0, 150.0)), distance


def _spine(scene: Scene) -> None:
    """Paint vertebrae every 26 mm (body, arch, processes), discs, and the cord in its canal."""
    box = scene.grid.box(((-50.0, 50.0), (40.0, 132.0), (-999.0, 999.0)))
    x, y, z = scene.grid.coordinates(box)
    part = scene.values[box]
    back = y - 66 + 6 * np.cos(z / 70)  # the natural curve of the chest's spine
    level = np.abs((z + 400) % _VERTEBRA - _VERTEBRA / 2)  # 0 in the middle of a vertebra
    waist = 1 + 1.6 * (level / (_VERTEBRA / 2)) ** 2
    ring = oval(x, back, 16 + waist, 12.5 + waist, square=0.2)
    centre = np.maximum(ring, level - (_VERTEBRA - _DISC) / 2)
    hole = np.hypot(x, back - 22)
    arch = np.abs(np.hypot(x / np.float32(1.15), back - 22) - 12) - 3.6
    spike = np.maximum(np.abs(x) - 3.2, np.abs(back - 31 - 0.6 * level) - 8)
    wings = np.hypot(np.maximum(np.abs(x) - 26, 0) / np.float32(1.4), back - 18 - 0.2 * np.abs(x)) - 4.5
    behind = np.maximum(np.minimum(np.minimum(arch, spike), wings), level - 8.5)
    for distance, tissue in (
        (ring, t.DISC), (centre, t.BONE), (centre + 2.4, t.MARROW), (behind, t.BONE),
        (behind + 2.4, t.MARROW), (hole - 8.6, t.FAT), (hole - 5.4, t.CORD),
    ):  # fmt: skip
        cover(part, distance, scene.value(tissue), scene.soft)
