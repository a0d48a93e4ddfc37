"""Colours of values against a plain formula in floating point."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.model.transfer import SIGMOID, STEPS, Kind, Spread, Transfer, ValueTable, shares
from pellucid.ui.canvas.lookup import Colorer, Look, fill_value

TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64")
SMALL = ("uint8", "int8", "uint16", "int16", "bool")


def colored(values, look, *, clear=False):
    out = np.empty(values.shape[:2], np.uint32)
    Colorer().color(values, look, out, clear=clear)
    return np.stack([(out >> shift & 255).astype(int) for shift in (16, 8, 0, 24)], axis=-1)


def formula(values, low, high):
    return 255 * np.clip((values.astype(float) - low) / (high - low), 0, 1)


def sample(dtype):
    random = np.random.default_rng(7)
    if np.dtype(dtype).kind == "f":
        return (random.normal(size=(64, 80)) * 900 + 30).astype(dtype)
    info = np.iinfo(dtype)
    low, high = max(info.min, -(2**40)), min(info.max, 2**40)
    return random.integers(low, high, (64, 80), dtype, endpoint=True)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("share", [(0.0, 1.0), (0.3, 0.4), (-0.5, 2.0)])
def test_grey_is_within_one_level_of_the_formula(dtype, share):
    values = sample(dtype)
    least, most = float(values.min()), float(values.max())
    low, high = (least + s * (most - least) for s in share)
    found = colored(values, Look(low, high))
    assert np.max(np.abs(found[..., 0] - formula(values, low, high))) <= 1
    assert np.array_equal(found[..., 0], found[..., 1]) and np.array_equal(found[..., 0], found[..., 2])
    assert (found[..., 3] == 255).all()


@pytest.mark.parametrize("dtype", TYPES)
def test_invert_is_the_exact_complement(dtype):
    values = sample(dtype)
    look = float(np.percentile(values, 20)), float(np.percentile(values, 70))
    plain, inverted = colored(values, Look(*look)), colored(values, Look(*look, invert=True))
    assert np.array_equal(plain[..., :3] + inverted[..., :3], np.full((64, 80, 3), 255))


@pytest.mark.parametrize("dtype", TYPES)
def test_a_window_without_width_is_a_step(dtype):
    values = np.array([[0, 9, 10, 11, 100]], dtype)
    assert colored(values, Look(10, 10))[0, :, 0].tolist() == [0, 0, 255, 255, 255]


def test_not_a_number_is_black_and_infinities_are_the_ends():
    values = np.array([[np.nan, -np.inf, np.inf, 5.0]], np.float32)
    for invert, ends in ((False, (0, 255)), (True, (255, 0))):
        found = colored(values, Look(0, 10, invert=invert))[0, :, 0]
        assert (found[0], found[1], found[2]) == (0, *ends)


def test_values_are_not_touched_and_read_only_views_are_accepted():
    for dtype in TYPES:
        values = sample(dtype)
        before = values.copy()
        values.flags.writeable = False
        colored(values[::-1, ::-1].T, Look(0, 100))
        assert np.array_equal(values, before)


@pytest.mark.parametrize("dtype", ["int16", "uint16", "uint8", "float32"])
def test_the_fill_value_can_be_transparent(dtype):
    values = np.full((2, 2), fill_value(np.dtype(dtype)), dtype)
    values[0, 0] = 50
    alpha = colored(values, Look(0, 100), clear=True)[..., 3]
    assert alpha.tolist() == [[255, 0], [0, 0]]


def test_colour_is_true_whatever_the_window():
    values = np.random.default_rng(1).integers(0, 256, (5, 6, 3), np.uint8)
    assert np.array_equal(colored(values, Look(100, 101))[..., :3], values)


def test_alpha_lets_black_through():
    values = np.array([[[200, 100, 50, 128]]], np.uint8)
    assert np.allclose(
        colored(values, Look(0, 255))[0, 0, :3], [200 * 128 / 255, 100 * 128 / 255, 50 * 128 / 255], atol=1
    )


def test_sixteen_bit_colour_is_scaled_by_the_window():
    values = np.array([[[0, 2048, 4095]]], np.uint16)
    assert np.allclose(colored(values, Look(0, 4095))[0, 0, :3], [0, 127.5, 255], atol=1)


def test_colour_maps_are_used():
    from pellucid.model import colormaps

    values = np.arange(256, dtype=np.uint8)[None]
    found = colored(values, Look(0, 255, "viridis"))[0, :, :3]
    assert np.array_equal(found, colormaps.table("viridis"))


CURVES = {
    "linear": STEPS,
    "gamma": Transfer(Kind.GAMMA, gamma=0.45),
    "sigmoid": SIGMOID,
    "points": Transfer(Kind.POINTS, points=((0.0, 0.1), (0.3, 0.8), (0.6, 0.2), (1.0, 0.9))),
    "table": Transfer(Kind.TABLE, table=ValueTable.of(0, 12, (np.arange(600) ** 2 % 4096).astype(np.uint16))),
}


@pytest.mark.parametrize("dtype", (*TYPES, "float16", "bool"))
@pytest.mark.parametrize("curve", [*CURVES, "equalised"])
@pytest.mark.parametrize("share", [(0.0, 1.0), (0.3, 0.45), (-0.5, 2.0)])
def test_curves_are_within_one_level_of_the_reference(dtype, curve, share):
    values = sample("uint8") > 99 if dtype == "bool" else sample(dtype)
    least, most = float(values.min()), float(values.max())
    low, high = (least + s * (most - least) for s in share)
    spread = Spread(np.linspace(least, most, 50), np.cumsum(np.arange(50.0)))
    transfer = CURVES.get(curve, Transfer(Kind.EQUALISED, spread=spread))
    found = colored(values, Look(low, high, transfer=transfer))[..., 0]
    expected = 255 * shares(values, low, high, transfer)
    far = np.abs(found - expected) > 1
    # Where a table jumps, neighbours on a ramp of 65,534 steps may fall on either side.
    assert np.count_nonzero(far) <= (0.005 * far.size if curve == "table" and dtype not in SMALL else 0)


def test_a_curve_keeps_not_a_number_black_and_the_ends_where_they_are():
    values = np.array([[np.nan, -np.inf, np.inf]], np.float32)
    for transfer in CURVES.values():
        found = colored(values, Look(0, 10, transfer=transfer))[0, :, 0]
        ends = 255 * shares(values[0, 1:].astype(float), 0, 10, transfer)
        assert found[0] == 0 and np.abs(found[1:] - ends).max() <= 1


def test_colour_is_not_bent_by_a_curve():
    values = np.random.default_rng(1).integers(0, 256, (5, 6, 3), np.uint8)
    assert np.array_equal(colored(values, Look(0, 255, transfer=CURVES["gamma"]))[..., :3], values)
