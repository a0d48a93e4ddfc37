"""Layers that add their light, and labels of several strengths, read from the pixels of a pane."""

from __future__ import annotations

import numpy as np
import pytest

from canvas_bench import make_labels, make_layer
from pellucid.model import colormaps
from pellucid.model.display import Blending
from pellucid.model.geometry import Geometry

SHAPE = (4, 24, 24)


def at_voxel(bench, layer, x, y):
    at = bench.pane().widget_at(layer.geometry.index_to_world((x, y, 1)))
    return bench.rgb()[int(at.y()), int(at.x())]


def channel(seed, colormap, opacity=1.0, geometry=None):
    values = np.random.default_rng(seed).integers(0, 256, SHAPE).astype(np.uint8)
    layer = make_layer(values, geometry)
    layer.display.colormap, layer.display.blending, layer.opacity = colormap, Blending.ADD, opacity
    return layer


def light(layer, x, y, z=1):
    color = colormaps.table(layer.display.colormap)[layer.volume.array[z, y, x]]
    return np.rint(color * layer.opacity)


@pytest.mark.parametrize("opacities", [(1.0, 1.0, 1.0), (0.8, 0.5, 0.3)])
def test_added_channels_are_the_clipped_sum_of_their_light(bench, opacities):
    maps = ("hot", "viridis", "bone")
    layers = [channel(n, maps[n], opacities[n]) for n in range(3)]
    bench.show(*layers)
    clipped = False
    for x, y in ((0, 0), (5, 7), (11, 3), (20, 22), (23, 23)):
        total = sum(light(layer, x, y) for layer in layers)
        clipped = clipped or bool((total > 255).any())
        if 0 < x < 23:  # pixels of the border of the pane are not asked
            assert at_voxel(bench, layers[0], x, y).tolist() == np.minimum(total, 255).tolist()
    assert clipped


def test_black_of_an_added_layer_is_transparent_and_over_is_not(bench):
    below, above = make_layer(np.full(SHAPE, 90, np.uint8)), make_layer(np.zeros(SHAPE, np.uint8))
    bench.show(below, above)
    assert at_voxel(bench, below, 12, 12).tolist() == [0, 0, 0]
    above.display.blending = Blending.ADD
    assert at_voxel(bench, below, 12, 12).tolist() == [90, 90, 90]


def test_channels_on_different_grids_add_where_they_are(bench):
    coarse = Geometry((24, 24, 4), (0.5, 0.5, 1.0), (6.0, 6.0, 0.0))
    below, above = channel(1, "grey"), channel(2, "grey", geometry=coarse)
    bench.show(below, above)
    world = below.geometry.index_to_world((9, 8, 1))
    x, y, _ = np.floor(coarse.world_to_index(world) + 0.5).astype(int)
    wanted = min(255, int(below.volume.array[1, 8, 9]) + int(above.volume.array[1, y, x]))
    assert at_voxel(bench, below, 9, 8)[0] == wanted
    assert at_voxel(bench, below, 3, 3)[0] == below.volume.array[1, 3, 3]


def test_each_label_has_an_opacity_of_its_own(bench):
    image = make_layer(np.zeros(SHAPE, np.uint8))
    values = np.zeros(SHAPE)
    values[:, 4:20, 2:10], values[:, 4:20, 14:22] = 1, 2
    labels = make_labels(image, values)
    bench.show(image, labels)
    bench.session.labelling.edit_label(labels, 1, opacity=0.5)
    labels.display.fill = 0.8
    assert at_voxel(bench, image, 6, 12).tolist() == pytest.approx([0.4 * 255, 0, 0], abs=1)
    assert at_voxel(bench, image, 18, 12).tolist() == pytest.approx([0, 0, 0.8 * 255], abs=1)
    labels.display.filled = False
    assert at_voxel(bench, image, 6, 12).tolist() == [0, 0, 0]
    edge = bench.pane().widget_at(image.geometry.index_to_world((1.5, 12, 1)))
    assert bench.rgb()[int(edge.y()), int(edge.x()) + 1].tolist() == pytest.approx([128, 0, 0], abs=1)


@pytest.mark.parametrize("width", [1.0, 4.0])
def test_outlines_are_as_wide_as_asked(bench, width):
    image = make_layer(np.zeros(SHAPE, np.uint8))
    values = np.zeros(SHAPE)
    values[:, 4:20, 4:20] = 1
    labels = make_labels(image, values)
    labels.display.filled, labels.display.outline_width = False, width
    bench.show(image, labels)
    row = bench.rgb()[int(bench.pane().widget_at(image.geometry.index_to_world((12, 12, 1))).y())]
    red = np.flatnonzero((row[:, 0] > 200) & (row[:, 1] < 60))
    assert len(red) == 2 * width
