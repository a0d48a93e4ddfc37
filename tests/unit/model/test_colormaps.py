from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom.data
import pyqtgraph
import pytest

from pellucid.model.colormaps import names, table

PERCEPTUAL = ("viridis", "magma", "inferno", "plasma", "cividis", "turbo")


def lightness(colors: np.ndarray) -> np.ndarray:
    """Return CIE L* of sRGB bytes."""
    rgb = colors / 255
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    y = linear @ [0.2126, 0.7152, 0.0722]
    return np.where(y > 0.008856, 116 * np.cbrt(y) - 16, 903.3 * y)


def test_a_dozen_tables_of_256_colours() -> None:
    assert len(set(names())) == 12
    assert names()[0] == "grey"
    for name in names():
        assert table(name).shape == (256, 3)
        assert table(name).dtype == np.uint8
        assert not table(name).flags.writeable
    np.testing.assert_array_equal(table("grey"), np.repeat(np.arange(256)[:, None], 3, axis=1))
    with pytest.raises(KeyError):
        table("no such map")


@pytest.mark.parametrize("name", PERCEPTUAL)
def test_published_maps_are_within_two_percent_of_their_source(name: str) -> None:
    file = Path(pyqtgraph.__file__).parent / "colors" / "maps" / f"{name}.csv"
    rows = [line.split(",")[:3] for line in file.read_text().splitlines() if line[:1].isdigit()]
    published = np.array(rows, dtype=float)
    published *= 255 if published.max() <= 1 else 1
    assert len(published) == 256
    assert np.abs(table(name) - published).max() <= 5


def test_pet_is_the_palette_of_the_standard() -> None:
    palette = pydicom.dcmread(Path(pydicom.data.__file__).parent / "palettes" / "pet.dcm")
    channels = [getattr(palette, f"{color}PaletteColorLookupTableData") for color in ("Red", "Green", "Blue")]
    published = np.stack([np.frombuffer(data, np.uint8) for data in channels], axis=1)
    assert np.abs(table("PET").astype(int) - published).max() <= 1


@pytest.mark.parametrize("name", ["grey", "bone", "hot", "viridis", "magma", "inferno", "plasma", "cividis"])
def test_sequential_maps_rise_in_lightness(name: str) -> None:
    assert np.diff(lightness(table(name))).min() > -0.7


def test_the_diverging_map_peaks_in_the_middle_and_the_cyclic_one_closes() -> None:
    light = lightness(table("cool-warm"))
    assert abs(int(np.argmax(light)) - 127.5) < 12
    cyclic = table("cyclic")
    np.testing.assert_array_equal(cyclic[0], cyclic[-1])
    np.testing.assert_allclose(lightness(cyclic), lightness(cyclic)[::-1], atol=6)
