"""A click on a volume meets what is seen there."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.model.geometry import Geometry
from pellucid.model.volume import Volume, image_from_array
from pellucid.session.solids import block
from pellucid.ui.three_d.presets import PRESETS, placed
from pellucid.ui.three_d.ray import met

OBLIQUE = (0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, 1.0)
GRID = Geometry((30, 30, 30), (1.0, 1.5, 2.0), (4.0, -8.0, 3.0), OBLIQUE)
BONE = next(preset for preset in PRESETS if preset.name == "bone")
MIP = next(preset for preset in PRESETS if preset.name == "mip")


@pytest.fixture
def scene():
    array = np.full((30, 30, 30), -1000, np.int16)
    array[10:20, 10:20, 10:20] = 900
    array[14:16, 14:16, 16:18] = 1200
    return block(Volume(image_from_array(array, GRID), GRID), lambda: None)


def sight(start, end):
    return GRID.index_to_world(start), GRID.index_to_world(end)


def test_the_front_of_what_is_opaque(scene):
    point = met(scene, placed(BONE, (0, 1), 0.0), 1.0, *sight((-20, 15, 15), (60, 15, 15)))
    x, y, z = GRID.world_to_index(point)
    assert 9.3 < x < 12 and (y, z) == (pytest.approx(15), pytest.approx(15))
    point = met(scene, placed(BONE, (0, 1), 0.0), 1.0, *sight((60, 15, 15), (-20, 15, 15)))
    assert 17.5 < GRID.world_to_index(point)[0] < 19.8, "from the other side the other front"
    share = np.interp(900, *zip(*BONE.opacity, strict=True)) * 0.3
    total = 1 - (1 - share) ** (10 / scene.step)
    deep = np.log(1 - total / 2) / np.log(1 - share) * scene.step
    point = met(scene, placed(BONE, (0, 1), 0.0), 0.3, *sight((-20, 15, 12), (60, 15, 12)))
    assert GRID.world_to_index(point)[0] == pytest.approx(9.5 + deep, abs=0.5), "where half of what is seen is passed"


def test_the_highest_value_of_a_mip(scene):
    point = met(scene, placed(MIP, (-1000, 1200), 0.0), 1.0, *sight((15, 15, -9), (15, 15, 50)))
    assert 9.4 < GRID.world_to_index(point)[2] < 19.6
    point = met(scene, placed(MIP, (-1000, 1200), 0.0), 1.0, *sight((-20, 15, 15), (60, 15, 15)))
    assert 15.4 < GRID.world_to_index(point)[0] < 17.6


def test_nothing_where_nothing_is_seen(scene):
    preset = placed(BONE, (0, 1), 0.0)
    assert met(scene, preset, 1.0, *sight((-20, 3, 3), (60, 3, 3))) is None
    assert met(scene, preset, 1.0, *sight((-20, 90, 3), (60, 90, 3))) is None
    assert met(scene, preset, 0.0, *sight((-20, 15, 15), (60, 15, 15))) is None
