"""Stitching: a known picture is cut into tiles at known places and put together again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from operation_images import DIRECTIONS, PIXEL_TYPES, on_grid, pixels
from pellucid.operations import Context, Refused, get

PLACES = [(0, 0), (3, 83), (-2, 166), (85, 2), (82, 86), (88, 168)]  # y, x of 2 rows of 3 tiles
SIDE = 100
ORDERS = {"rows": [0, 1, 2, 3, 4, 5], "snake": [0, 1, 2, 5, 4, 3], "columns": [0, 3, 1, 4, 2, 5]}


def picture(shape: Any = (200, 290), dtype: str = "uint16", sigma: float = 1.5) -> Any:
    smooth = ndimage.gaussian_filter(np.random.default_rng(5).random(shape), (sigma, sigma) + (0,) * (len(shape) - 2))
    smooth = (smooth - smooth.min()) / np.ptp(smooth)
    return (smooth * (200 if np.dtype(dtype).itemsize == 1 and dtype != "int8" else 120)).astype(dtype)


def cut(whole: Any, places: Any = PLACES, order: Any = range(6), colour: bool = False) -> list[sitk.Image]:
    return [
        on_grid(whole[5 + y : 5 + y + SIDE, 5 + x : 5 + x + SIDE], colour=colour) for y, x in (places[n] for n in order)
    ]


def stitch(*tiles: sitk.Image, context: Context | None = None, **values: Any) -> sitk.Image:
    values = {"per_row": 3, **values}
    return get("geometry.stitch").run(context or Context(), *tiles, **values)


def covered(places: Any = PLACES) -> tuple[Any, Any]:
    """Return the mask of what tiles cover, and the place of its first voxel."""
    low, high = np.min(places, axis=0), np.max(places, axis=0) + SIDE
    mask = np.zeros(high - low, bool)
    for y, x in np.array(places) - low:
        mask[y : y + SIDE, x : x + SIDE] = True
    return mask, low


@pytest.mark.parametrize("blend", ["linear", "first", "maximum"])
@pytest.mark.parametrize("layout", ORDERS)
def test_the_picture_comes_back_whatever_the_order(layout: str, blend: str) -> None:
    whole, said = picture(), []  # type: ignore[var-annotated]
    tiles = cut(whole, order=ORDERS[layout])
    result = stitch(*tiles, layout=layout, per_row=2 if layout == "columns" else 3, blend=blend, background=7.0,
                    context=Context(remark=said.append))  # fmt: skip
    mask, low = covered()
    exact = whole[5 + low[0] :, 5 + low[1] :][: mask.shape[0], : mask.shape[1]]
    assert np.array_equal(pixels(result), np.where(mask, exact, 7))
    assert result.GetOrigin() == pytest.approx(tiles[0].TransformIndexToPhysicalPoint([int(n) for n in low[::-1]]))
    assert len(said) == 1 and said[0].startswith("Shifts along x, y in voxels: 1–2: ")
    if layout == "rows":
        assert "1–2: 83, 3; 1–4: 2, 85; 2–3: 83, -5; " in said[0]


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_every_pixel_type_and_colour(dtype: str) -> None:
    for shape in ((200, 290), (200, 290, 3), (200, 290, 4)):
        whole = picture(shape, dtype if np.dtype(dtype).kind in "iu" else "int16").astype(dtype)
        result = stitch(*cut(whole, colour=len(shape) == 3))
        mask, low = covered()
        exact = whole[5 + low[0] :, 5 + low[1] :][: mask.shape[0], : mask.shape[1]]
        assert pixels(result).dtype == dtype and np.allclose(pixels(result)[mask], exact[mask], atol=1e-3)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_by_their_place_in_space_a_voxel_keeps_its_point(direction: str) -> None:
    whole = on_grid(np.stack([picture(sigma=2.0), picture(sigma=2.5)]), direction)
    tiles = [whole[5 + x : 5 + x + SIDE, 5 + y : 5 + y + SIDE, :] for y, x in PLACES]
    for n, wrong in ((1, (2.1, -1.8, 0.0)), (4, (-1.4, 2.7, 0.0))):  # the stage was not where it says
        steps = np.reshape(whole.GetDirection(), (3, 3)) @ np.array(wrong)
        tiles[n].SetOrigin(np.add(tiles[n].GetOrigin(), steps))
    result = stitch(*tiles, layout="places", background=-1.0)
    rng = np.random.default_rng(0)
    seen = 0
    for index in rng.integers(0, result.GetSize(), (300, 3)).tolist():
        value = result[index]
        place = whole.TransformPhysicalPointToContinuousIndex(result.TransformIndexToPhysicalPoint(index))
        assert np.abs(np.array(place) - np.rint(place)).max() < 1e-6
        if value != 65535 and all(0 <= n < m for n, m in zip(np.rint(place), whole.GetSize(), strict=True)):
            seen += value == whole[[int(n) for n in np.rint(place)]]
    assert seen > 280


def test_fractions_of_a_voxel_are_found() -> None:
    def scene(y: Any, x: Any) -> Any:
        rng = np.random.default_rng(9)
        waves = rng.uniform(-0.35, 0.35, (60, 2))
        return sum(np.sin(a * y + b * x + n) for n, (a, b) in enumerate(waves))

    places = [(0.0, 0.0), (1.3, 84.6), (2.75, 168.25)]
    grid = np.mgrid[:SIDE, :SIDE]
    tiles = [on_grid(scene(grid[0] + y, grid[1] + x), spacing=(1.0, 1.0)) for y, x in places]
    result = stitch(*tiles, subvoxel=True, background=1e6)
    y0, x0 = result.GetOrigin()[1] - tiles[0].GetOrigin()[1], result.GetOrigin()[0] - tiles[0].GetOrigin()[0]
    y, x = np.mgrid[: result.GetSize()[1], : result.GetSize()[0]]
    error = np.abs(pixels(result) - scene(y + y0, x + x0))[pixels(result) < 1e5]
    rough = stitch(*tiles, subvoxel=False, background=1e6)
    y, x = np.mgrid[: rough.GetSize()[1], : rough.GetSize()[0]]
    rounded = np.abs(pixels(rough) - scene(y, x))[pixels(rough) < 1e5]
    assert error.mean() < 0.12 < rounded.mean() and error.size > 2.4e4  # what linear interpolation leaves


def test_what_has_nothing_in_common_is_put_where_it_was_expected_and_named() -> None:
    whole, said = picture(), []  # type: ignore[var-annotated]
    tiles = cut(whole)
    tiles[2] = on_grid(np.random.default_rng(2).integers(0, 100, (SIDE, SIDE)).astype(np.uint16))
    result = stitch(*tiles, overlap=17.0, context=Context(remark=said.append))
    assert said[1].endswith("put where they were expected: 2–3, 3–6.") and "2–3" not in said[0]
    corner = np.subtract(tiles[0].GetOrigin(), result.GetOrigin()) / result.GetSpacing()
    x, y = np.rint(corner).astype(int)
    assert np.array_equal(pixels(result)[y + 5 : y + 95, x : x + 160], whole[10:100, 5:165])  # tiles 1 and 2
    flat = stitch(*[on_grid(np.full((20, 20), 5, np.uint8))] * 4, per_row=2, overlap=10.0)
    assert flat.GetSize() == (38, 38) and set(np.unique(pixels(flat))) == {5}


def test_the_blend_goes_evenly_from_one_tile_to_the_other() -> None:
    ramp = np.tile(np.arange(40.0), (30, 1))
    bright = on_grid(ramp + 100)
    tiles = [on_grid(ramp), bright]
    tiles[1].SetOrigin(np.add(tiles[1].GetOrigin(), (30 * 0.7, 0.0)))
    row = pixels(stitch(*tiles, layout="places", reach=0.0))[15]
    share = np.arange(1, 11) / 11  # ten voxels are shared
    expected = (1 - share) * np.arange(30, 40) + share * (np.arange(10) + 100)
    assert np.allclose(row[30:40], expected, atol=1e-4) and np.allclose(row[40:], np.arange(10, 40) + 100)
    first = pixels(stitch(*tiles, layout="places", reach=0.0, blend="first"))[15]
    assert np.array_equal(first[:40], np.arange(40)) and first[40] == 110
    assert np.array_equal(pixels(stitch(*tiles, layout="places", reach=0.0, blend="maximum"))[15][30:40],
                          np.arange(10) + 100)  # fmt: skip


@pytest.mark.parametrize("blend", ["linear", "first", "maximum"])
def test_nan_is_left_out(blend: str) -> None:
    whole = picture(dtype="float32")
    tiles = cut(whole * 100 + 1)
    holed = pixels(tiles[0])
    holed[40:50, 95], holed[10, 10] = np.nan, np.nan
    result = pixels(stitch(on_grid(holed), *tiles[1:], blend=blend, background=-5.0))
    assert np.isfinite(result).all() and result[2 + 10, 10] == -5
    assert np.allclose(result[2 + 40 : 2 + 50, 95], (whole * 100 + 1)[45:55, 100], atol=1e-2)


def test_tiles_that_do_not_belong_together_are_refused() -> None:
    one = on_grid(picture()[:50, :50])
    for other, sentence in (
        (on_grid(picture()[:50, :50].astype(np.int16)), "other pixels"),
        (on_grid(np.zeros((50, 50, 3), np.uint16), colour=True), "other pixels"),
        (on_grid(picture()[:40, :50]), "50 × 40 voxels and the first one 50 × 50"),
        (on_grid(picture()[:50, :50], spacing=(1.0, 1.0)), "another spacing"),
        (on_grid(np.zeros((3, 50, 50), np.uint16)), "voxels"),
    ):
        with pytest.raises(Refused, match=f"Tile 2 has .*{sentence}"):
            stitch(one, other)
    assert stitch(one, on_grid(picture()[:40, :50]), layout="places").GetSize() == (50, 50)
    with pytest.raises(Refused, match="works on"):
        get("geometry.stitch").run(Context(), one)


def test_pairs_that_contradict_each_other_are_stated_as_residuals() -> None:
    from pellucid.operations.engines.tiles import Located, Match, settled

    ways = {(0, 1): (0.0, 80.0), (1, 2): (80.0, 0.0), (0, 2): (80.0, 83.0)}
    matches = tuple(Match(a, b, way, way, 0.9) for (a, b), way in ways.items())
    places = settled(3, matches, np.array([[0.0, 0.0], [0.0, 80.0], [80.0, 80.0]]))
    found = Located(places, matches)
    assert [found.residual(match) for match in matches] == pytest.approx([1.0, 1.0, 1.0], abs=1e-3)


@pytest.mark.hazard("H16")
@pytest.mark.parametrize("blend", ["linear", "first", "maximum"])
@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_padding_is_no_part_of_the_blend(blend: str, shift: float) -> None:
    """Every tile shows a plane through a round field with padding around: the plane comes out, nothing of padding."""
    y, x = np.mgrid[:60, :130]
    plane = (3.0 * x + 2.0 * y + 100).astype(np.float32)
    field = np.hypot(*(np.mgrid[:60, :80] - np.array([29.5, 39.5])[:, None, None])) < 38
    tiles = [on_grid(np.where(field, part, -2000).astype(np.float32)) for part in (plane[:, :80], plane[:, 50:])]
    tiles[1] = on_grid(np.where(field, plane[:, 50:] + 3 * shift, -2000).astype(np.float32))
    at = tiles[0].TransformContinuousIndexToPhysicalPoint((50.0 + shift, 0.0))
    tiles[1].SetOrigin(at)
    result = stitch(*tiles, layout="places", reach=0.0, blend=blend, background=-5.0, subvoxel=True,
                    context=Context(padding=(-2000.0, -1990.0)))  # fmt: skip
    made = pixels(result)
    shown = np.zeros((60, 130), bool)
    shown[:, :80] |= field
    both = field if not shift else field[:, 1:] & field[:, :-1]
    low = 51 if shift else 50
    shown[:, low : low + both.shape[1]] |= both
    assert np.allclose(made[:, :130][shown], plane[shown], atol=1e-2)
    assert set(np.unique(made[:, :130][~shown])) <= {-2000.0, -5.0} and made[0, 0] == -2000
