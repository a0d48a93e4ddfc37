"""Which frame of a time series is shown."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer
from pellucid.model.volume import Volume, image_from_array
from pellucid.ui.docks.frame_box import FrameBox

GRID = Geometry((5, 4, 3))


def series(count):
    frames = (Volume(image_from_array(np.full((3, 4, 5), n, np.int16), GRID), GRID) for n in range(count))
    return ImageLayer("fMRI", tuple(frames))


def test_the_box_is_there_only_for_time_series(qtbot, empty_session):
    box = FrameBox(empty_session)
    qtbot.addWidget(box)
    assert box.isHidden()
    empty_session.document.insert(0, series(1))
    assert box.isHidden()
    layer = series(300)
    empty_session.document.insert(1, layer)
    empty_session.document.active = layer
    assert not box.isHidden()
    assert box.count.text() == "of 300"


def test_number_slider_and_layer_agree(qtbot, empty_session):
    layer = series(300)
    empty_session.document.insert(0, layer)
    box = FrameBox(empty_session)
    qtbot.addWidget(box)
    box.show()
    box.box.setFocus()
    QTest.keyClick(box.box, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(box.box, "120")
    assert layer.frame == 119
    assert layer.volume.array[0, 0, 0] == 119
    assert box.slider.value() == 119
    QTest.keyClick(box.slider, Qt.Key.Key_Right)
    assert layer.frame == 120
    assert box.box.value() == 121
    layer.frame = 5
    assert (box.slider.value(), box.box.value()) == (5, 6)
