"""Growing from seeds and scribbles: against SimpleITK, Dijkstra, brute force and phantoms."""

from __future__ import annotations

import itertools
import threading
import time
from itertools import count
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from operation_images import ORIGIN, noise, on_grid, pixels
from pellucid.operations import Cancelled, Context, Refused, get
from pellucid.operations.engines.apart import apart
from pellucid.operations.engines.geodesics import grown_labels
from pellucid.operations.engines.graph_cuts import cut_region

SEED = " ".join(map(str, ORIGIN))


def run(id: str, *images: Any, **values: Any) -> Any:
    return pixels(get(id).run(Context(), *images, **values))


@pytest.mark.parametrize("shape", [(8, 20, 21), (20, 21)], ids=str)
@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_growing_within_limits_is_simpleitks(shape: tuple[int, ...], dtype: str) -> None:
    image = on_grid(noise(shape, dtype), "oblique" if len(shape) == 3 else "straight")
    index = [7, 9, 3][: len(shape)]
    seed = image.TransformIndexToPhysicalPoint(index)
    low, high = float(image[index]) - 400, float(image[index]) + 700
    for connectivity, wide in (("faces", False), ("corners", True)):
        filter = sitk.ConnectedThresholdImageFilter()
        filter.SetSeedList([index])
        filter.SetLower(low)
        filter.SetUpper(high)
        filter.SetConnectivity(filter.FullConnectivity if wide else filter.FaceConnectivity)
        places = " ".join(map(str, (*seed, 0.0)[:3]))
        found = run("regions.connected", image, seeds=places, lower=low, upper=high, connectivity=connectivity)
        assert np.array_equal(found, pixels(filter.Execute(image))) and 1 < found.sum() < found.size


def test_seeds_can_be_painted_as_well() -> None:
    array = np.zeros((4, 12, 12), np.int16)
    array[1, 2:5, 2:5], array[2, 7:10, 7:10] = 100, 100
    marks = np.zeros_like(array, np.uint8)
    marks[1, 3, 3] = 1
    found = run("regions.connected", on_grid(array), on_grid(marks), lower=50.0, upper=200.0)
    assert found[1].sum() == 9 and found[2].sum() == 0
    marks[2, 8, 8] = 1
    assert run("regions.connected", on_grid(array), on_grid(marks), lower=50.0, upper=200.0).sum() == 18


@pytest.mark.parametrize("id", ["regions.connected", "regions.confidence", "regions.neighbourhood"])
def test_nothing_to_grow_from_is_said(id: str) -> None:
    image = on_grid(noise((4, 9, 9)))
    with pytest.raises(Refused, match="at least one seed"):
        get(id).run(Context(), image)
    with pytest.raises(Refused, match="empty"):
        get(id).run(Context(), image, on_grid(np.zeros((4, 9, 9), np.uint8)))


def test_a_seed_beyond_the_limits_is_said() -> None:
    said: list[str] = []
    image = on_grid(np.zeros((4, 9, 9), np.int16))
    get("regions.connected").run(Context(remark=said.append), image, seeds=SEED, lower=5.0, upper=9.0)
    assert said and "No seed lies" in said[0]


def test_a_bridge_of_one_voxel_does_not_conduct_a_neighbourhood() -> None:
    array = np.zeros((1, 15, 31), np.int16)
    array[0, 2:13, 2:13] = array[0, 2:13, 18:29] = array[0, 7, 13:18] = 100
    seed = f"{ORIGIN[0] + 5 * 0.7} {ORIGIN[1] + 6 * 0.9} {ORIGIN[2]}"
    limits = {"seeds": seed, "lower": 50.0, "upper": 200.0}
    assert run("regions.connected", on_grid(array), **limits)[0, 7, 25] == 1
    thin = run("regions.neighbourhood", on_grid(array[0]), **limits | {"seeds": seed})
    assert thin[7, 7] == 1 and not thin[:, 14:].any()


def test_confidence_follows_the_object_it_is_set_in() -> None:
    generator = np.random.default_rng(5)
    array = generator.normal(0, 10, (9, 40, 40))
    z, y, x = np.ogrid[:9, :40, :40]
    ball = ((z - 4) * 2.5) ** 2 + ((y - 20) * 0.9) ** 2 + ((x - 20) * 0.7) ** 2 <= 8**2
    array[ball] += 100
    seed = f"{ORIGIN[0] + 20 * 0.7} {ORIGIN[1] + 20 * 0.9} {ORIGIN[2] + 4 * 2.5}"
    found = run("regions.confidence", on_grid(array.astype(np.float32)), seeds=seed, multiplier=3.0) != 0
    assert 2 * (found & ball).sum() / (found.sum() + ball.sum()) > 0.97


def two_halves(noise_level: float = 20.0) -> tuple[Any, Any, Any]:
    """Return an image of a noisy disc, scribbles on it (1) and around it (2), and the disc."""
    y, x = np.ogrid[:60, :64]
    disc = (y - 30) ** 2 + (x - 32) ** 2 <= 15**2
    image = np.where(disc, 120.0, 60.0) + np.random.default_rng(2).normal(0, noise_level, disc.shape)
    marks = np.zeros(disc.shape, np.uint8)
    marks[28:32, 24:40], marks[5:7, 5:60], marks[52:54, 5:60] = 1, 2, 2
    return on_grid(image.astype(np.float32)), on_grid(marks), disc


@pytest.mark.parametrize(("id", "values", "least"), [
    ("graph.cut", {}, 0.97), ("graph.random_walker", {"stiffness": 500.0}, 0.93),
    ("graph.grow", {"stiffness": 1.0}, 0.8),
])  # fmt: skip
def test_a_noisy_disc_is_found_from_scribbles(id: str, values: dict[str, float], least: float) -> None:
    level = 5.0 if id == "graph.grow" else 20.0
    image, marks, disc = two_halves(level)
    found = run(id, image, marks, **values) == 1
    assert 2 * (found & disc).sum() / (found.sum() + disc.sum()) >= least
    held = pixels(marks)
    assert found[held == 1].all() and not found[held == 2].any()


def test_the_cut_is_the_cheapest_of_all() -> None:
    generator = np.random.default_rng(7)
    values = generator.random((1, 3, 4)) * 10
    marks = np.zeros(values.shape, int)
    marks[0, 0, 0], marks[0, 2, 3] = 1, 2
    found = cut_region(values, marks, (1.0, 2.0, 1.0), 1.5, 1.0)
    from pellucid.operations.engines.graph_cuts import _likelihoods

    as_background, as_object = (one.ravel().astype(float) for one in _likelihoods(values, marks))
    flat, nodes = values.ravel(), np.arange(12).reshape(3, 4)
    pairs = [(a, b, 1.0) for row in nodes for a, b in itertools.pairwise(row)]
    contrast = np.sqrt(np.mean(np.concatenate([np.diff(values, axis=n).ravel() for n in (1, 2)]) ** 2))
    pairs += [(a, b, 0.5) for row in nodes.T for a, b in itertools.pairwise(row)]

    def price(inside: Any) -> float:
        dear = as_object[inside].sum() + as_background[~inside].sum()
        return dear + sum(
            np.rint(1.5 * share * 1000 * np.exp(-0.5 * ((flat[a] - flat[b]) / contrast) ** 2))
            for a, b, share in pairs if inside[a] != inside[b]
        )  # fmt: skip

    best = min(price(np.array([bool(n >> k & 1) for k in range(12)])) for n in range(1 << 12))
    assert price(found.ravel()) == best


@pytest.mark.parametrize("shape", [(1, 12, 13), (5, 7, 8)], ids=str)
def test_walkers_are_those_of_the_whole_system(shape: tuple[int, ...]) -> None:
    from skimage.segmentation import random_walker

    from pellucid.operations.engines.walkers import walked

    values = ndimage.gaussian_filter(np.random.default_rng(3).random(shape), 1)
    values = (values - values.min()) / np.ptp(values)
    marks = np.zeros(shape, np.uint8)
    marks[0, 1, 1], marks[0, 5, 6], marks[-1, 6, 2] = 1, 2, 3
    flat = [one.squeeze() for one in (values, marks.astype(int))]
    spacing = np.array((2.0, 1.0, 1.0))[-flat[0].ndim :]
    chances = random_walker(*flat, beta=50, mode="bf", spacing=spacing, return_full_prob=True)
    chances = chances.reshape(3, *shape)
    clear = np.diff(np.sort(chances, axis=0), axis=0)[-1] > 1e-3
    found = walked(values, marks, (2.0, 1.0, 1.0), 50.0)
    assert np.array_equal(found[clear], chances.argmax(axis=0)[clear] + 1) and clear.mean() > 0.9


def test_growing_from_seeds_is_dijkstras() -> None:
    generator = np.random.default_rng(4)
    values = ndimage.gaussian_filter(generator.random((5, 9, 10)), 1)
    seeds = np.zeros(values.shape, np.uint16)
    seeds[0, 0, 0], seeds[4, 8, 9], seeds[2, 4, 5] = 3, 1, 7
    steps, stiffness = (2.5, 0.9, 0.7), 0.01
    nodes = np.arange(values.size).reshape(values.shape)
    rows, columns, costs = [], [], []
    for axis, step in enumerate(steps):
        count = values.shape[axis]
        a, b = (nodes.take(range(*ends), axis=axis).ravel() for ends in ((0, count - 1), (1, count)))
        rows.append(a)
        columns.append(b)
        costs.append(np.abs(values.ravel()[a] - values.ravel()[b]) + stiffness * step)
    graph = coo_matrix((np.concatenate(costs), (np.concatenate(rows), np.concatenate(columns))), (values.size,) * 2)
    starts = np.flatnonzero(seeds.ravel())
    far = dijkstra(graph.tocsr(), directed=False, indices=starts)
    nearest = seeds.ravel()[starts[far.argmin(axis=0)]].reshape(values.shape)
    clear = np.sort(far, axis=0)
    clear = (clear[1] - clear[0] > 1e-9).reshape(values.shape)
    assert np.array_equal(grown_labels(values, seeds, steps, stiffness)[clear], nearest[clear])


@pytest.mark.parametrize("id", ["graph.cut", "graph.random_walker", "graph.grow"])
def test_missing_scribbles_are_said(id: str) -> None:
    image, marks, _disc = two_halves()
    with pytest.raises(Refused, match="needs scribbles"):
        run(id, image, on_grid(np.zeros((60, 64), np.uint8)))
    with pytest.raises(Refused, match="only one label"):
        run(id, image, on_grid((pixels(marks) == 1).astype(np.uint8)))


def test_a_wrong_object_and_a_large_region_are_said() -> None:
    image, marks, _disc = two_halves()
    with pytest.raises(Refused, match="No scribble has label 5"):
        run("graph.cut", image, marks, object=5)
    big = np.zeros((100, 200, 200), np.uint8)
    big[0, 0, 0], big[-1, -1, -1] = 1, 2
    with pytest.raises(Refused, match=r"4,000,000 voxels"):
        run("graph.cut", on_grid(big.astype(np.int16)), on_grid(big))


def test_a_large_image_is_not_cut() -> None:
    with pytest.raises(Refused, match=r"4,096,000 voxels; Normalised cut works up to 4,000,000"):
        run("graph.normalised_cut", on_grid(np.zeros((100, 160, 256), np.uint8)))


def test_the_margin_bounds_what_is_filled() -> None:
    image, marks, _disc = two_halves()
    small = np.zeros((60, 64), np.uint8)
    small[28:32, 30:34], small[28:32, 40:44] = 1, 2
    found = run("graph.grow", image, on_grid(small), margin=2.0)
    rows, columns = np.nonzero(found)
    assert rows.min() >= 28 - round(2 / 0.9) and columns.max() <= 43 + round(2 / 0.7)
    assert run("graph.grow", image, marks, margin=500.0).all()


def test_the_normalised_cut_parts_what_is_unlike() -> None:
    array = np.zeros((40, 60), np.float32)
    array[:, 20:40], array[:, 40:] = 100, 200
    array += np.random.default_rng(1).normal(0, 3, array.shape).astype(np.float32)
    found = run("graph.normalised_cut", on_grid(array), superpixels=60)
    majority = [np.bincount(found[:, part].ravel()).argmax() for part in (slice(2, 18), slice(22, 38), slice(42, 58))]
    assert len(set(majority)) == 3
    for value, part in zip(majority, (slice(2, 18), slice(22, 38), slice(42, 58)), strict=True):
        assert (found[:, part] == value).mean() > 0.95
    assert set(np.unique(run("graph.normalised_cut", on_grid(np.ones((9, 9), np.float32))))) == {1}


def _slow(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def _bad() -> None:
    raise ValueError("no")


def in_a_thread(work: Any) -> list[Any]:
    found: list[Any] = []

    def call() -> None:
        try:
            found.append(work())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    return found


def test_what_runs_apart_can_be_stopped_and_says_what_went_wrong() -> None:
    assert in_a_thread(lambda: apart(_slow, 0.01, check=lambda: None)) == [0.01]
    assert isinstance(in_a_thread(lambda: apart(_bad, check=lambda: None))[0], ValueError)
    asked = count()

    def check() -> None:
        if next(asked) > 3:
            raise Cancelled

    assert isinstance(in_a_thread(lambda: apart(_slow, 600.0, check=check))[0], Cancelled)
