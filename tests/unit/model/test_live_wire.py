"""The live wire against another library's shortest paths, and on a circle whose edge is known."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.graph import MCP_Geometric

from pellucid.model.live_wire import HALF, costs, edges, steepest, tracks
from pellucid.model.slicing import PlaneImage

SIZE = 90


def circle(radius: float = 28.0, noise: float = 5.0, size: int = SIZE, dtype=np.float32) -> np.ndarray:
    y, x = np.mgrid[:size, :size]
    away = np.hypot(x - size / 2 + 0.3, y - size / 2 + 0.2)
    inside = np.clip(radius - away + 0.5, 0, 1)  # partial volume
    return (100 + 80 * inside + np.random.default_rng(3).normal(0, noise, away.shape)).astype(dtype)


def picture(array: np.ndarray, transform=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0)) -> PlaneImage:
    return PlaneImage(array, transform, 2, 0)


def on_circle(degrees: float, radius: float = 28.0, size: int = SIZE) -> tuple[float, float]:
    turn = np.radians(degrees)
    return size / 2 - 0.3 + radius * np.cos(turn), size / 2 - 0.2 + radius * np.sin(turn)


@pytest.mark.parametrize("pixel", [(1.0, 1.0), (0.7, 2.0)])
@pytest.mark.parametrize("noise", [0.0, 5.0, 15.0])
def test_the_way_costs_what_the_shortest_path_of_another_library_costs(noise: float, pixel) -> None:
    """Over the whole picture: the path of Dijkstra has no cheaper one, and its pixels add up to its cost."""
    across, down = pixel
    found = tracks(picture(circle(noise=noise), (across, 0.0, 3.0, 0.0, down, -2.0)), 3 + 40 * across, -2 + 30 * down)
    assert found.seed == (30, 40)
    cost = costs(*edges(circle(noise=noise).astype(float), (down, across)))
    mean = np.sqrt(across * down)
    other = MCP_Geometric(cost, sampling=(down / mean, across / mean))
    expected, _ = other.find_costs([found.seed])
    assert np.allclose(found.length, expected, rtol=1e-9)
    for row, column in ((0, 0), (85, 3), (50, 88)):
        way = found.pixels_to(row, column)
        assert tuple(way[0]) == found.seed and tuple(way[-1]) == (row, column)
        steps = np.diff(way, axis=0)
        assert np.abs(steps).max() == 1
        lengths = np.hypot(steps[:, 0] * down, steps[:, 1] * across) / mean
        passed = cost[way[:, 0], way[:, 1]]
        assert (lengths * (passed[1:] + passed[:-1]) / 2).sum() == pytest.approx(expected[row, column])


@pytest.mark.parametrize("noise", [0.0, 5.0, 15.0])
def test_the_way_follows_the_edge_of_a_circle_within_a_pixel(noise: float) -> None:
    image = picture(circle(noise=noise))
    for start in (0.0, 47.0, 200.0):
        found = tracks(image, *on_circle(start), snap=4.0)
        line = found.way_to(*found.snapped(*on_circle(start + 110), 4.0))
        away = np.hypot(line[:, 0] - SIZE / 2 + 0.3, line[:, 1] - SIZE / 2 + 0.2)
        assert np.abs(away - 28).max() < (1.0 if noise < 10 else 1.6)
        assert len(line) > 28  # round, not straight through


def test_a_click_beside_the_edge_is_drawn_to_it_and_one_far_away_is_not() -> None:
    image = picture(circle(noise=0.0))
    u, v = on_circle(30.0, 31.0)
    near = tracks(image, u, v, snap=5.0)
    assert abs(np.hypot(near.place[0] - SIZE / 2 + 0.3, near.place[1] - SIZE / 2 + 0.2) - 28) < 1
    assert np.hypot(*(np.array(near.place) - (u, v))) <= 5
    plain = tracks(image, u, v)
    assert np.hypot(*(np.array(plain.place) - (u, v))) <= np.sqrt(0.5)
    flat = tracks(picture(np.full((20, 20), 7.0)), 5.0, 6.0, snap=4.0)
    assert flat.seed == (6, 5) and np.allclose(flat.snapped(9.0, 9.0, 4.0), (9.0, 9.0))


def test_mirrored_and_turned_pictures_lead_along_the_same_edge() -> None:
    plain = circle(noise=5.0)
    line = tracks(picture(plain), 73.0, 45.0).way_to(17.0, 45.0)
    mirrored = picture(plain[:, ::-1], (-1.0, 0.0, SIZE - 1.0, 0.0, 1.0, 0.0))
    assert np.allclose(tracks(mirrored, 73.0, 45.0).length[:, ::-1], tracks(picture(plain), 73.0, 45.0).length)
    turned = picture(plain.T, (0.0, 1.0, 0.0, 1.0, 0.0, 0.0))
    other = tracks(turned, 73.0, 45.0)
    assert np.allclose(other.length.T, tracks(picture(plain), 73.0, 45.0).length)
    assert np.allclose(other.way_to(17.0, 45.0)[-1], line[-1]) and np.allclose(line[-1], (17.0, 45.0))


@pytest.mark.parametrize("kind", ["uint8", "int16", "float64", "nan", "colour", "one pixel", "one row"])
def test_pictures_of_every_kind_are_followed(kind: str) -> None:
    array = circle(noise=3.0)
    if kind == "nan":
        array[10:20, 10:20] = np.nan
    elif kind == "colour":
        array = np.repeat(array[..., None], 3, axis=2).astype(np.uint8)
    elif kind.startswith("one"):
        array = array[:1, :1] if kind == "one pixel" else array[:1]
    else:
        array = array.astype(kind)
    found = tracks(picture(array), 30.0, 200.0, snap=3.0)
    assert np.isfinite(found.length).all() and np.isfinite(found.way_to(-5.0, 1e4)).all()


def test_large_pictures_are_looked_at_in_a_window_and_beyond_it_the_way_runs_straight() -> None:
    array = circle(300.0, 5.0, 1000)
    u, v = on_circle(0.0, 300.0, 1000)
    found = tracks(picture(array), u, v, snap=4.0)
    assert found.strength.shape == (2 * HALF + 1, 2 * HALF + 1)
    assert found.place[0] == pytest.approx(u, abs=2)
    assert found.holds(u, v + HALF - 5) and not found.holds(u, v + HALF + 9)
    away = on_circle(25.0, 300.0, 1000)
    line = found.way_to(*away)
    assert np.abs(np.hypot(line[:, 0] - 499.7, line[:, 1] - 499.8) - 300).max() < 1.5
    beyond = found.way_to(*on_circle(80.0, 300.0, 1000))
    assert np.allclose(beyond[-1], on_circle(80.0, 300.0, 1000))


def test_of_equal_pixels_the_nearest_is_the_steepest() -> None:
    strength = np.zeros((9, 9))
    strength[4, 6] = strength[4, 1] = 3.0
    assert steepest(strength, (4, 4), (3.0, 3.0)) == (4, 6)
    assert steepest(strength, (4, 4), (1.0, 1.0)) == (4, 4)
    strength[1, 1] = 9.0  # in the corner of the square, outside of the circle
    assert steepest(strength, (4, 4), (3.0, 3.0)) == (4, 6)
