"""Colour images split into layers and merged again: voxels, names, one step each, and refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pellucid.history.layers import AddLayer
from pellucid.model.display import Blending
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.histogram import color_range
from pellucid.model.layer import ImageLayer
from pellucid.model.timing import Moment
from pellucid.model.volume import Volume, image_from_array
from pellucid.session import Session

GRID = Geometry((5, 4, 2), (0.5, 0.5, 1.0))


@pytest.fixture
def session():
    made = Session()
    yield made
    made.close()


def layer(array, name="Slide", geometry=GRID):
    image = image_from_array(array, geometry, colour=array.ndim == 4)
    made = ImageLayer(name, (Volume(image, geometry),))
    made.display.set_limits(0, 255)
    return made


def colours(channels=3, dtype=np.uint8, most=256):
    values = np.random.default_rng(channels).integers(0, most, (2, 4, 5, channels))
    return values.astype(dtype)


@pytest.mark.parametrize("channels", [3, 4])
def test_splitting_gives_a_layer_for_each_channel_in_one_step(session, channels):
    array = colours(channels)
    source = layer(array)
    session.history.do(AddLayer(source))
    session.channels.split(source)
    session.jobs.drain()
    parts = session.document.images[1:]
    names = ["Slide, red", "Slide, green", "Slide, blue", "Slide, alpha"][:channels]
    assert [part.name for part in parts] == names
    for number, part in enumerate(parts):
        assert np.array_equal(part.volume.array, array[..., number]) and part.volume.geometry == GRID
        assert part.display.limits == (0, 255) and part.display.blending is Blending.ADD
    assert [part.display.colormap for part in parts[:3]] == ["red", "green", "blue"]
    assert [part.visible for part in parts] == [True] * 3 + [False] * (channels - 3)
    assert source.visible is False and session.history.steps[-1] == "Split channels of Slide"
    session.undo()
    assert session.document.images == (source,) and source.visible is True
    session.redo()
    assert len(session.document.images) == channels + 1


def test_merging_what_was_split_gives_the_same_voxels(session):
    array = colours(4, np.uint16, 4000)
    source = layer(array)
    session.history.do(AddLayer(source))
    session.channels.split(source)
    session.jobs.drain()
    session.channels.merge(session.document.images[1:], "Joined")
    session.jobs.drain()
    merged = session.document.images[-1]
    assert merged.name == "Joined" and np.array_equal(merged.volume.array, array)
    assert merged.volume.is_colour and merged.volume.geometry == GRID and merged.first_limits == (0, 4095)
    assert not any(part.visible for part in session.document.images[:-1])
    session.undo()
    assert len(session.document.images) == 5 and session.document.images[1].visible


def test_frames_that_are_no_times_are_split_and_times_are_not(session):
    frames = tuple(layer(colours(3)[..., n]).volume for n in range(3))
    stack = ImageLayer("Cells", frames)
    session.history.do(AddLayer(stack))
    session.channels.split(stack)
    session.jobs.drain()
    parts = session.document.images[1:]
    assert [part.name for part in parts] == ["Cells, channel 1", "Cells, channel 2", "Cells, channel 3"]
    assert all(part.volume is frame for part, frame in zip(parts, frames, strict=True))
    timed = [replace(v, acquisition=replace(v.acquisition, moment=Moment(start=1.0))) for v in frames]
    with pytest.raises(Refused, match="not channels"):
        session.channels.split(ImageLayer("Cine", tuple(timed)))
    with pytest.raises(Refused, match="single channel"):
        session.channels.split(layer(colours(3)[..., 0]))


def test_what_does_not_fit_is_refused_with_its_names(session):
    grey = [layer(colours(3)[..., n], f"C{n}") for n in range(3)]
    elsewhere = layer(colours(3)[..., 0], "Far", replace(GRID, origin=(9.0, 0.0, 0.0)))
    wide = layer(colours(3, np.int16)[..., 0], "Wide")
    for layers, words in (
        (grey[:2], "three layers"),
        ([*grey[:2], elsewhere], "“C0” and “Far” lie on different grids"),
        ([*grey[:2], wide], "“C0” holds uint8 values and “Wide” int16"),
        ([*grey[:2], layer(colours(3), "RGB")], "“RGB” has colours"),
    ):
        with pytest.raises(Refused, match=words):
            session.channels.merge(layers)
    assert session.history.steps == ()


@pytest.mark.parametrize(
    ("most", "dtype", "top"),
    [(255, np.uint8, 255), (200, np.uint16, 255), (1000, np.uint16, 1023), (4095, np.uint16, 4095),
     (40_000, np.uint16, 65_535), (0.7, np.float32, 1.0), (250.0, np.float32, 255.0), (900.0, np.float32, 900.0)],
)  # fmt: skip
def test_full_light_is_at_the_depth_that_holds_the_colours(most, dtype, top):
    array = np.zeros((1, 2, 2, 4), dtype)
    array[0, 0, 0, 0] = most
    array[..., 3] = np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1
    grid = Geometry((2, 2, 1))
    assert color_range(Volume(image_from_array(array, grid, colour=True), grid)) == (0.0, pytest.approx(top))


def test_the_values_under_the_cursor_say_what_is_shown(session):
    array = np.zeros((2, 4, 5, 4), np.uint16)
    array[1, 1, 1] = 65535, 32768, 0, 1000
    deep = layer(array, "Deep")
    deep.first_limits = (0.0, 65535.0)
    session.history.do(AddLayer(deep))
    assert session.looking.values_at((0.5, 0.5, 1.0)) == [("Deep", "(65535, 32768, 0, 1000) shown #FF8000")]
    plain = layer(np.full((2, 4, 5, 4), 171, np.uint8), "Plain")
    session.history.do(AddLayer(plain))
    assert session.looking.values_at((0.5, 0.5, 1.0))[0] == ("Plain", "(171, 171, 171, 171) #ABABAB")
