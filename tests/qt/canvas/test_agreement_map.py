"""The map of agreement over the images: its colours, what it stands for, its legend, in every plane and askew."""

from __future__ import annotations

import numpy as np
import pytest

from canvas_bench import make_layer
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import LabelLayer
from pellucid.model.oblique import turn_about
from pellucid.model.view import Plane
from pellucid.ui.canvas.agreement_legend import AGREEMENT_FILL, COLORS, agreement_labels

GRID = Geometry((24, 20, 12), (1.0, 1.5, 2.0))


def labels(name, shift):
    array = np.zeros((12, 20, 24), np.uint8)
    array[3:9, 5:15, 4 + shift : 14 + shift] = 1
    return LabelLayer(name, LabelMap(GRID, array, (Label(1, "Mass", "#ff0000"),)))


@pytest.fixture
def compared(bench):
    """Two masks over a black image, of which the first lies 4 voxels further to the left."""
    one, other = labels("A", 0), labels("B", 4)
    bench.show(make_layer(np.zeros((12, 20, 24), np.int16), GRID), one, other)
    agreeing = bench.session.agreeing
    agreeing.open = True
    agreeing.choose((one.id, 1), (other.id, 1))
    agreeing.compare()
    bench.session.jobs.drain()
    bench.area.flush()
    return bench, one, other


def at(bench, plane, index):
    """Return the colour on the screen of a voxel (x, y, z)."""
    pane = bench.pane(plane)
    place = pane.widget_at(GRID.index_to_world(index))
    return bench.rgb(plane)[int(place.y()), int(place.x())]


def filled(value):
    color = np.array([int(COLORS[value][0][n : n + 2], 16) for n in (1, 3, 5)])
    return color * AGREEMENT_FILL


@pytest.mark.parametrize("plane", [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL])
def test_every_plane_shows_where_the_masks_agree(compared, plane):
    bench, *_ = compared
    for index, value in (((11, 9, 5), 1), ((6, 9, 5), 2), ((15, 9, 5), 3), ((1, 9, 5), 0)):
        bench.session.view.crosshair = tuple(float(c) for c in GRID.index_to_world(index))
        bench.area.flush()
        wanted = filled(value) if value else np.zeros(3)
        np.testing.assert_allclose(at(bench, plane, index), wanted, atol=3)


def test_the_labels_it_stands_for_are_not_drawn_and_others_are(compared):
    bench, *_ = compared
    third = LabelMap(GRID, np.zeros((12, 20, 24), np.uint8), (Label(1, "Third", "#00ff00"),))
    third.array[:, 16:19] = 1
    bench.show(LabelLayer("C", third))
    bench.session.view.crosshair = tuple(float(c) for c in GRID.index_to_world((11, 9, 5)))
    bench.area.flush()
    inside = bench.rgb()[20:-20, 20:-20]  # without the frame of the pane
    red = inside[..., 0] - inside[..., 1:].max(axis=2)
    assert red.max() < 120, "the red of the compared labels is gone"
    assert at(bench, Plane.AXIAL, (11, 17, 5))[1] > 50
    bench.session.agreeing.shown = False
    bench.area.flush()
    assert at(bench, Plane.AXIAL, (6, 9, 5))[0] > 50 and at(bench, Plane.AXIAL, (6, 9, 5))[1] < 10


def test_whole_layers_and_values_without_a_row_are_hidden_too(bench):
    one, other = labels("A", 0), labels("B", 4)
    one.labels.labels = ()
    one.labels.array[one.labels.array > 0] = 7
    bench.show(make_layer(np.zeros((12, 20, 24), np.int16), GRID), one, other)
    agreeing = bench.session.agreeing
    agreeing.open = True
    for first in ((one.id, 7), (one.id, 0)):
        agreeing.choose(first, (other.id, 0))
        agreeing.compare()
        bench.session.jobs.drain()
        bench.area.flush()
        assert bench.area.panes[0].stack._agreement.isVisible()
        np.testing.assert_allclose(at(bench, Plane.AXIAL, (6, 9, 5)), filled(2), atol=3)


def test_it_follows_turned_planes(compared):
    bench, *_ = compared
    view = bench.session.view
    view.crosshair = tuple(float(c) for c in GRID.index_to_world((11, 9, 5)))
    view.rotation = tuple(turn_about(np.array([1.0, 0.0, 0.0]), 10.0).ravel())
    bench.area.flush()
    np.testing.assert_allclose(at(bench, Plane.AXIAL, (11, 9, 5)), filled(1), atol=6)


def test_the_legend_says_what_the_colours_mean(compared):
    bench, *_ = compared
    bare = bench.rgb()
    bench.session.view.show_annotations = True
    bench.session.agreeing.shown = False
    bench.area.flush()
    without = bench.rgb()
    bench.session.agreeing.shown = True
    bench.area.flush()
    changed = np.abs(bench.rgb() - without).max(axis=2) > 40
    assert changed[:, :150].any() and not (np.abs(bare - without).max(axis=2) > 250).all()
    words = [label.name for label in agreement_labels()]
    assert words == ["A and B agree", "only A (over)", "only B (under)", "another label"]


def test_closing_everything_leaves_nothing_of_it(compared):
    bench, *_ = compared
    bench.session.close_all()
    bench.area.flush()
    assert bench.session.agreeing.answer is None and bench.session.agreeing.map() is None
