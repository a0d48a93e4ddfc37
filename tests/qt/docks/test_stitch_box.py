"""Stitching in the panel Series: every open image is a tile, its place is seen before, and one step joins them."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from scipy import ndimage

from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer
from pellucid.model.volume import Volume, image_from_array
from pellucid.ui.docks.stitch_box import StitchBox

GRID = Geometry((60, 60, 1), (0.5, 0.5, 1.0))
STARTS = ((0, 0), (3, 48), (49, 2), (47, 50))


@pytest.fixture
def box(qtbot, empty_session):
    whole = ndimage.gaussian_filter(np.random.default_rng(0).random((130, 130)), 1.5) * 20000
    for n, (y, x) in enumerate(STARTS):
        tile = whole[5 + y : 65 + y, 5 + x : 65 + x].astype(np.int16)
        layer = ImageLayer(f"tile {n + 1}", (Volume(image_from_array(tile[np.newaxis], GRID), GRID),))
        empty_session.document.insert(n, layer)
    box = StitchBox(empty_session)
    qtbot.addWidget(box)
    box.resize(340, 700)
    box.show()
    qtbot.waitExposed(box)
    return box


def test_all_open_images_are_tiles_whose_places_are_seen_first(qtbot, box, empty_session):
    assert len(box.chosen()) == 4
    qtbot.waitUntil(lambda: box.map.isVisible(), timeout=20_000)
    assert "4 pairs fit" in box.said.text() and not empty_session.history.can_undo
    QTest.mouseClick(box.begin, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(empty_session.document) == 5, timeout=20_000)
    made = empty_session.document.layers[-1].volume
    assert made.array.shape == (1, 109, 110)
    empty_session.undo()
    assert len(empty_session.document) == 4


def test_the_picture_that_was_made_is_no_tile_of_the_next(qtbot, box, empty_session):
    QTest.mouseClick(box.begin, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: box.list.count() == 5, timeout=20_000)
    assert len(box.chosen()) == 4


def test_too_few_tiles_are_said_on_the_button(box):
    QTest.mouseClick(box.none, Qt.MouseButton.LeftButton)
    assert not box.begin.isEnabled() and "two tiles" in box.begin.toolTip()
    QTest.mouseClick(box.all, Qt.MouseButton.LeftButton)
    assert box.begin.isEnabled()


def test_what_cannot_be_joined_is_said_before(qtbot, box, empty_session):
    other = Geometry((20, 20, 1), (0.5, 0.5, 1.0))
    volume = Volume(image_from_array(np.zeros((1, 20, 20), np.int16), other), other)
    empty_session.document.insert(4, ImageLayer("small", (volume,)))
    qtbot.waitUntil(lambda: "tiles of one size" in box.said.text(), timeout=20_000)
