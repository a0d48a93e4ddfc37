"""The default colours of labels, measured with CIEDE2000 by scikit-image: for everybody and for the red–green blind."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from pellucid.model.label_colors import PERIOD, color_for, palette

SEEN = {  # Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB
    "everybody": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}


def lab_of(colors: tuple[str, ...], seen: str) -> np.ndarray:
    codes = np.array([[int(color[n : n + 2], 16) for n in (1, 3, 5)] for color in colors]) / 255
    light = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
    light = np.clip(light @ SEEN[seen].T, 0, 1)
    return rgb2lab(np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)[None])[0]


@pytest.mark.parametrize("seen", SEEN)
@pytest.mark.parametrize(("back", "least"), [(1, 13.0), (2, 10.0), (3, 8.0)])
def test_neighbours_in_the_table_are_told_apart(seen: str, back: int, least: float) -> None:
    colors = lab_of(palette(), seen)
    assert deltaE_ciede2000(colors, np.roll(colors, -back, axis=0)).min() > least  # the last is beside the first again


@pytest.mark.parametrize("seen", SEEN)
def test_any_two_of_the_first_twelve_are_told_apart(seen: str) -> None:
    colors = lab_of(palette()[:12], seen)
    apart = deltaE_ciede2000(colors[:, None], colors[None])
    assert apart[~np.eye(12, dtype=bool)].min() > 7.0


def test_no_colour_comes_twice_and_none_is_lost_on_black() -> None:
    assert len(set(palette())) == len(palette()) == PERIOD
    assert (lab_of(palette(), "everybody")[:, 0] > 30).all()


def test_the_series_begins_with_okabe_and_ito_and_is_always_the_same() -> None:
    assert [color_for(n) for n in (1, 2, 7)] == ["#E69F00", "#56B4E9", "#CC79A7"]
    assert [color_for(n) for n in range(1, PERIOD + 1)] == list(palette())
    assert color_for(PERIOD + 9) == color_for(9) == palette()[8]
