from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom.data
import pyqtgraph
import pytest
from skimage.color import rgb2lab

from pellucid.model.colormaps import Group, group_of, groups, names, table

PUBLISHED = ("viridis", "magma", "inferno", "plasma", "cividis", "turbo")
PERCEPTUAL, DIVERGING, CYCLIC = ([name for name in names() if group_of(name) is group] for group in (
    Group.PERCEPTUAL, Group.DIVERGING, Group.CYCLIC))  # fmt: skip
PALETTES = {"hot-iron": "hotiron", "PET": "pet", "hot-metal-blue": "hotmetalblue", "PET-20-steps": "pet20step"}


def lab(name: str) -> np.ndarray:
    """Return the colours of a map in CIELAB."""
    return np.asarray(rgb2lab(table(name)[np.newaxis] / 255)[0])


def lightness(name: str) -> np.ndarray:
    return lab(name)[:, 0]


def test_tables_of_256_colours_in_groups() -> None:
    assert len(set(names())) == len(names()) == sum(len(members) for _title, members in groups())
    assert names()[0] == "grey"
    assert len({title for title, _members in groups()}) == len(groups()) == len(Group)
    for name in names():
        assert table(name).shape == (256, 3)
        assert table(name).dtype == np.uint8
        assert not table(name).flags.writeable
    np.testing.assert_array_equal(table("grey"), np.repeat(np.arange(256)[:, None], 3, axis=1))
    np.testing.assert_array_equal(table("no such map"), table("grey"))
    assert group_of("no such map") is Group.GREY


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_maps_are_within_two_percent_of_their_source(name: str) -> None:
    file = Path(pyqtgraph.__file__).parent / "colors" / "maps" / f"{name}.csv"
    rows = [line.split(",")[:3] for line in file.read_text().splitlines() if line[:1].isdigit()]
    published = np.array(rows, dtype=float)
    published *= 255 if published.max() <= 1 else 1
    assert len(published) == 256
    assert np.abs(table(name) - published).max() <= 5


@pytest.mark.parametrize("name", PALETTES)
def test_palettes_are_those_of_the_standard(name: str) -> None:
    palette = pydicom.dcmread(Path(pydicom.data.__file__).parent / "palettes" / f"{PALETTES[name]}.dcm")
    channels = [getattr(palette, f"{color}PaletteColorLookupTableData") for color in ("Red", "Green", "Blue")]
    published = np.stack([np.frombuffer(data, np.uint8) for data in channels], axis=1)
    assert np.abs(table(name).astype(int) - published).max() <= 2


@pytest.mark.parametrize("name", ["grey", "bone", "hot", *PERCEPTUAL])
def test_sequential_maps_rise_in_lightness(name: str) -> None:
    assert np.diff(lightness(name)).min() > -0.7
    assert np.diff(lightness(name)[::8]).min() > 0


@pytest.mark.parametrize("name", PERCEPTUAL)
def test_perceptual_maps_rise_evenly(name: str) -> None:
    """No sixteenth of the map has more than twice its share of the lightness."""
    steps = np.diff(lightness(name)[np.linspace(0, 255, 17).round().astype(int)])
    assert steps.max() < 2 * steps.mean() and steps.min() > 0.25 * steps.mean()


@pytest.mark.parametrize("name", DIVERGING)
def test_diverging_maps_are_lightest_in_the_middle_and_alike_on_both_sides(name: str) -> None:
    light = lightness(name)
    assert abs(int(np.argmax(light)) - 127.5) < 12
    np.testing.assert_allclose(light, light[::-1], atol=11)  # PiYG of ColorBrewer differs most
    assert np.hypot(*lab(name)[127:129, 1:].mean(axis=0)) < 12, "the middle has no colour"
    ends = lab(name)[[0, -1], 1:]
    assert np.hypot(*(ends[0] - ends[1])) > 50, "the sides differ in hue"


@pytest.mark.parametrize("name", CYCLIC)
def test_cyclic_maps_close_without_a_jump(name: str) -> None:
    colors = lab(name)
    np.testing.assert_array_equal(table(name)[0], table(name)[-1])
    steps = np.linalg.norm(np.diff(colors, axis=0), axis=1)
    assert steps.max() < 4


def test_the_cyclic_map_in_greys_is_the_same_on_both_sides_and_phase_has_one_lightness() -> None:
    np.testing.assert_allclose(lightness("cyclic"), lightness("cyclic")[::-1], atol=6)
    assert np.ptp(lightness("phase")) < 12
