"""Colour images on the screen: true colours, alpha over black, one channel through a window."""

from __future__ import annotations

import numpy as np
import pytest

from canvas_bench import make_layer
from pellucid.model.display import Channel
from pellucid.model.histogram import initial_limits
from pellucid.model.view import Layout

SHAPE = (2, 8, 8)


def picture(dtype, *channels):
    return np.broadcast_to(np.array(channels, dtype), (*SHAPE, len(channels))).copy()


def shown(bench, layer):
    bench.session.view.layout = Layout.SINGLE
    limits = initial_limits(layer.volume)
    layer.display.set_limits(*limits)
    layer.first_limits = limits
    bench.show(layer)
    return middle(bench)


def middle(bench):
    pane = bench.pane()
    return bench.rgb()[pane.height() // 2 + 9, pane.width() // 2 + 9].tolist()


@pytest.mark.parametrize(
    ("array", "wanted"),
    [
        (picture(np.uint8, 200, 100, 50), [200, 100, 50]),
        (picture(np.uint8, 200, 100, 50, 255), [200, 100, 50]),
        (picture(np.uint8, 200, 100, 50, 128), [100, 50, 25]),
        (picture(np.uint8, 200, 100, 50, 0), [0, 0, 0]),
        (picture(np.uint16, 51400, 25700, 12850), [200, 100, 50]),
        (picture(np.uint16, 51400, 25700, 12850, 32896), [100, 50, 25]),
        (picture(np.uint16, 4095, 2048, 0), [255, 128, 0]),
        (picture(np.float32, 1.0, 0.5, 0.0), [255, 128, 0]),
        (picture(np.float32, 1.0, 0.5, 0.0, 0.5), [128, 64, 0]),
    ],
)
def test_colours_are_true_and_alpha_lies_over_black(bench, array, wanted):
    assert shown(bench, make_layer(array)) == pytest.approx(wanted, abs=1)


@pytest.mark.parametrize(
    ("channel", "wanted"),
    [(Channel.RED, 200), (Channel.GREEN, 100), (Channel.BLUE, 50), (Channel.ALPHA, 128), (Channel.LUMINANCE, 118)],
)
def test_one_channel_is_grey_and_goes_through_the_window(bench, channel, wanted):
    layer = make_layer(picture(np.uint8, 200, 100, 50, 128))
    true = shown(bench, layer)
    layer.display.channel = channel
    assert middle(bench) == [wanted] * 3
    layer.display.set_limits(0, 510)
    assert middle(bench) == pytest.approx([wanted / 2] * 3, abs=1)
    layer.display.channel = Channel.ALL
    assert middle(bench) == true


def test_the_window_of_a_channel_leaves_deep_colours_alone(bench):
    layer = make_layer(picture(np.uint16, 51400, 25700, 12850))
    true = shown(bench, layer)
    layer.display.channel = Channel.GREEN
    layer.display.set_limits(0, 25700)
    assert middle(bench) == [255] * 3
    layer.display.channel = Channel.ALL
    assert middle(bench) == true


@pytest.mark.hazard("H15")
def test_the_window_tool_works_on_a_channel_and_says_why_not_on_colours(bench):
    layer = make_layer(picture(np.uint8, 200, 100, 50))
    shown(bench, layer)
    pane = bench.pane()
    limits = layer.display.limits
    bench.press(pane, (100, 100))
    bench.move(pane, (150, 140))
    bench.move(pane, (180, 150))
    assert layer.display.limits == limits and "one channel" in pane._readout
    bench.release(pane, (180, 150))
    layer.display.channel = Channel.RED
    bench.drag(pane, (100, 100), (200, 150))
    assert layer.display.limits != limits


def test_the_channels_of_a_split_picture_add_up_to_it(bench):
    array = np.random.default_rng(1).integers(0, 256, (2, 8, 8, 3)).astype(np.uint8)
    layer = make_layer(array)
    shown(bench, layer)
    before = bench.rgb()[60:-60, 60:-60]
    bench.session.channels.split(layer)
    bench.session.jobs.drain()
    bench.area.flush()
    assert not layer.visible and len(bench.session.document.images) == 4
    for part in bench.session.document.images[1:]:
        assert part.display.interpolate is False
    same = (bench.rgb()[60:-60, 60:-60] == before).all(axis=2)
    assert same.mean() > 0.99  # Qt rounds the edges of enlarged voxels otherwise when it adds
