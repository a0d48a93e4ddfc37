"""What lies inside the large surfaces of the demo phantom: vessels, airways, heart, kidneys, bowel."""

from __future__ import annotations

import numpy as np

from pellucid.files.phantom import tissues as t
from pellucid.files.phantom.scene import Scene, ellipsoid
from pellucid.files.phantom.trees import bent, tree, tube


def belly(scene: Scene) -> None:
    """Paint vessels and gall bladder of the liver, kidneys and bowel."""
    for root, count, radius in (((-22, 12, -142), 60, 6.5), ((-20, 26, -84), 40, 6.0)):
        targets = scene.places(scene.liver, count, deeper=7)
        scene.chain(tree(root, targets, radius, scene.rng), t.LIVER_VESSEL, within=scene.liver)
    scene.paint(ellipsoid((-30, -34, -160), (15, 22, 20)), t.JUICE)
    for side, height in ((-1, -172), (1, -160)):
        scene.paint(ellipsoid((side * 58, 56, height), (22, 25, 46), side * 30), t.KIDNEY)
        scene.paint(ellipsoid((side * 48, 50, height), (10, 8, 24), side * 30), t.FAT, soft=6)
    for place, radii in (
        ((20, -62, -166), (22, 17, 15)), ((72, -48, -168), (20, 22, 13)), ((-14, -72, -172), (20, 12, 12)),
    ):  # fmt: skip
        scene.paint(ellipsoid(place, radii), t.STOMACH)
        scene.paint(ellipsoid(place, [r - 4 for r in radii]), t.JUICE, soft=5)


def lung_trees(scene: Scene) -> None:
    """Grow arteries, veins and airways of both lungs towards places spread over them."""
    arteries, veins, airs = (420, 280, 60) if scene.is_ct else (40, 30, 0)
    for side in (-1, 1):
        hilum = np.array([side * 34.0, 8.0, 4.0])
        for start, count, radius in (((0, 4, 6), arteries, 7.5), ((-side * 2, -8, -14), veins, 6.5)):
            targets = scene.places(scene.lungs, count, deeper=4, side=side)
            grown = tree(hilum + np.array(start), targets, radius, scene.rng)
            scene.chain(grown, t.VESSEL, within=scene.lungs)
        if airs:
            targets = scene.places(scene.lungs, airs, deeper=9, side=side)
            centres, radii = tree(hilum + np.array([0, 2, 8]), targets, 5.6, scene.rng)
            broad = radii[:, 0] > 1.5
            scene.chain((centres[broad], radii[broad] + 1.0), t.VESSEL, within=scene.lungs)
            scene.chain((centres[broad], radii[broad]), t.AIR)


def heart(scene: Scene) -> None:
    """Paint muscle, two ventricles and two atria in a bed of fat."""
    for place, radii, turn, tissue in (
        ((26, -26, -46), (44, 34, 46), 35, t.HEART_WALL),
        ((38, -20, -48), (22, 17, 32), 35, t.CHAMBER),
        ((10, -42, -44), (34, 14, 34), 28, t.CHAMBER),
        ((-24, -20, -38), (22, 24, 32), 0, t.CHAMBER),
        ((6, 14, -22), (32, 17, 22), 0, t.CHAMBER),
        ((24, -34, -46), (4, 17, 30), 60, t.HEART_WALL),
    ):
        scene.paint(ellipsoid(place, radii, turn), tissue)


def vessels(scene: Scene) -> None:
    """Paint the great arteries and veins of the chest."""
    down = [(24, 46, 60), (25, 50, 30), (24, 51, -20), (20, 51, -70), (12, 50, -120), (6, 48, -175)]
    arch = [(-10, -26, -6), (-14, -28, 24), (-10, -20, 50), (2, 2, 66), (16, 28, 68), *down]
    scene.chain(tube(bent(arch, 120), np.linspace(15.5, 11.0, 120)), t.ARTERY)
    for path, radius, tissue in (
        ([(-8, -12, 62), (-16, -12, 92), (-22, -6, 122), (-26, 0, 172)], 6.0, t.ARTERY),
        ([(4, 6, 68), (8, 8, 98), (20, 6, 126), (24, 4, 172)], 4.2, t.ARTERY),
        ([(14, 22, 72), (24, 22, 102), (36, 20, 128), (62, 10, 150)], 4.6, t.ARTERY),
        ([(-28, -10, -26), (-31, -14, 20), (-31, -16, 60), (-30, -22, 92)], 9.5, t.BLOOD),
        ([(-30, -22, 90), (-12, -32, 96), (16, -34, 104), (34, -26, 122), (40, -18, 172)], 6.2, t.BLOOD),
        ([(-30, -22, 90), (-36, -22, 116), (-40, -16, 172)], 6.5, t.BLOOD),
        ([(-26, 18, -58), (-24, 24, -90), (-22, 30, -130), (-20, 34, -176)], 11.0, t.BLOOD),
        ([(16, -42, -8), (14, -36, 14), (10, -14, 24)], 12.5, t.ARTERY),
        ([(10, -14, 24), (-8, -2, 18), (-34, 6, 10), (-46, 10, 8)], 8.5, t.ARTERY),
        ([(10, -14, 24), (26, 2, 26), (42, 12, 18), (50, 14, 14)], 8.5, t.ARTERY),
    ):
        scene.chain(tube(bent(path), radius), tissue)


def airways(scene: Scene) -> None:
    """Paint gullet, windpipe and main bronchi."""
    gullet = tube(bent([(4, 30, 172), (6, 34, 90), (4, 38, 20), (8, 36, -60), (24, 14, -96)]), 6.5)
    scene.chain(gullet, t.GULLET)
    scene.chain((gullet[0], np.full_like(gullet[1], 1.4)), t.AIR)
    pipes = [
        tube(bent([(0, 14, 176), (0, 14, 110), (2, 14, 40)]), 9.0),
        tube(bent([(2, 14, 42), (-12, 12, 26), (-28, 10, 14), (-36, 10, 12)]), 6.8),
        tube(bent([(2, 14, 42), (16, 14, 24), (30, 12, 12), (36, 12, 11)]), 6.0),
    ]
    for centres, radii in pipes:
        scene.chain((centres, radii + 1.5), t.MUSCLE)
    for pipe in pipes:
        scene.chain(pipe, t.AIR)
