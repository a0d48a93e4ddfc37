"""Curves between window and screen against the formulas of the standard, written out here once more."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels import apply_voi_lut

from pellucid.model.geometry import Geometry
from pellucid.model.histogram import histogram, region_limits, spread
from pellucid.model.transfer import SIGMOID, STEPS, STRAIGHT, Kind, Spread, Transfer, ValueTable, shares
from pellucid.model.volume import Volume, WindowPreset, image_from_array

VALUES = np.arange(-3000, 3001).astype(np.int16)
WINDOWS = [(40, 400), (-600, 1500), (0, 1), (10, 2), (2048, 4096), (0.5, 255)]


def dataset(level, width, function):
    ds = Dataset()
    ds.WindowCenter, ds.WindowWidth, ds.VOILUTFunction = level, width, function
    ds.BitsStored, ds.PixelRepresentation, ds.PhotometricInterpretation = 16, 1, "MONOCHROME2"
    return ds


@pytest.mark.parametrize(("level", "width"), WINDOWS)
@pytest.mark.parametrize(
    ("function", "transfer"), [("LINEAR", STEPS), ("LINEAR_EXACT", STRAIGHT), ("SIGMOID", SIGMOID)]
)
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_windows_are_those_of_the_standard_as_another_library_computes_them(level, width, function, transfer):
    expected = (apply_voi_lut(VALUES, dataset(level, width, function)) + 32768.0) / 65535.0
    found = shares(VALUES, level - width / 2, level + width / 2, transfer)
    assert np.abs(found - expected).max() < 1e-4


def test_linear_counts_whole_values_as_the_standard_writes_it():
    level, width, x = 127.5 + 0.5, 256.0, np.arange(256.0)  # PS3.3 C.11.2.1.2.1: c = 128, w = 256 is the identity
    assert np.allclose(shares(x, level - width / 2, level + width / 2, STEPS) * 255, x)
    low, middle, high = shares(np.array([0.0, 127.5, 255.0]), 0, 256, STEPS)
    assert (low, middle, high) == (0.0, 0.5, 1.0)


@pytest.mark.parametrize("gamma", [0.2, 0.5, 1.0, 2.2, 5.0])
def test_gamma_is_a_power_of_the_share(gamma):
    x = np.linspace(-10, 110, 240)
    expected = np.clip(x / 100, 0, 1) ** gamma
    assert np.allclose(shares(x, 0, 100, Transfer(Kind.GAMMA, gamma=gamma)), expected)


def test_points_are_joined_by_straight_lines():
    curve = Transfer(Kind.POINTS, points=((0.0, 0.2), (0.5, 0.9), (1.0, 0.1)))
    found = shares(np.array([-5.0, 0.0, 2.5, 5.0, 7.5, 10.0, 99.0]), 0, 10, curve)
    assert np.allclose(found, [0.2, 0.2, 0.55, 0.9, 0.5, 0.1, 0.1])


def test_a_table_gives_every_value_its_entry_and_its_ends_beyond():
    random = np.random.default_rng(3)
    entries = np.sort(random.integers(0, 4096, 1500)).astype(np.uint16)
    table = ValueTable.of(-700, 12, entries)
    ds = Dataset()
    item = Dataset()
    item.add_new("LUTDescriptor", "SS", [1500, -700, 12])
    item.add_new("LUTData", "US", entries.tolist())
    ds.VOILUTSequence, ds.BitsStored, ds.PixelRepresentation = [item], 16, 1
    expected = apply_voi_lut(VALUES, ds) / 4095.0
    assert np.array_equal(shares(VALUES, *table.limits, Transfer(Kind.TABLE, table=table)), expected)


@pytest.mark.parametrize("broken", ["", "no base 64!", "AAAA", "eJwDAAAAAAE="])
def test_a_damaged_table_is_refused(broken):
    with pytest.raises(ValueError, match="table"):
        ValueTable(0, 8, broken)


def test_a_table_that_unpacks_to_too_much_is_refused():
    with pytest.raises(ValueError, match="table"):
        ValueTable.of(0, 8, np.zeros(70_000, np.uint16))


def make_volume(array):
    z, y, x = array.shape
    return Volume(image_from_array(array, Geometry((x, y, z))), Geometry((x, y, z)))


@pytest.mark.parametrize("window", [(-1000, 1000), (-50, 60), (0, 0.4)])
def test_equalised_is_the_share_of_the_values_inside_the_window(window):
    array = np.random.default_rng(1).normal(0, 200, (4, 30, 40)).astype(np.int16)
    curve = Transfer(Kind.EQUALISED, spread=spread(histogram(make_volume(array))))
    low, high = window
    found = shares(np.arange(np.ceil(low), np.floor(high) + 1), low, high, curve)
    counted = np.array([np.count_nonzero(array <= v) for v in np.arange(np.ceil(low), np.floor(high) + 1)])
    if float(low).is_integer() and float(high).is_integer():
        first, last = np.count_nonzero(array <= low), np.count_nonzero(array <= high)
        assert np.allclose(found, (counted - first) / (last - first))
    assert (np.diff(found) >= 0).all() and found.min() >= 0 and found.max() <= 1


def test_equalised_floats_are_spread_evenly():
    array = np.random.default_rng(2).exponential(3.0, (4, 50, 50)).astype(np.float32)
    curve = Transfer(Kind.EQUALISED, spread=spread(histogram(make_volume(array))))
    found = shares(array, float(array.min()), float(array.max()), curve)
    assert np.abs(np.quantile(found, np.linspace(0, 1, 21)) - np.linspace(0, 1, 21)).max() < 2e-3


def test_equalising_without_values_in_the_window_is_a_straight_line():
    curve = Transfer(Kind.EQUALISED, spread=Spread(np.array([0.0, 1.0]), np.array([0.0, 5.0])))
    assert np.allclose(shares(np.array([10.0, 15.0, 20.0]), 10, 20, curve), [0, 0.5, 1])


TABLE = ValueTable.of(0, 8, np.arange(256, dtype=np.uint16))
EVERY = (
    STRAIGHT,
    STEPS,
    SIGMOID,
    Transfer(Kind.GAMMA, gamma=2.0),
    Transfer(Kind.POINTS, points=((0, 0), (1, 1))),
    Transfer(Kind.TABLE, table=TABLE),
    Transfer(Kind.EQUALISED, spread=Spread(np.arange(9.0), np.arange(9.0))),
)


@pytest.mark.parametrize("transfer", EVERY, ids=lambda t: t.kind)
def test_what_is_not_a_number_stays_so_and_infinities_are_the_ends(transfer):
    found = shares(np.array([np.nan, -np.inf, np.inf]), 0, 8, transfer)
    assert np.isnan(found[0]) and found[1] == pytest.approx(0) and found[2] == pytest.approx(1)


@pytest.mark.parametrize("transfer", EVERY, ids=lambda t: t.kind)
def test_outside_of_its_domain_a_curve_changes_by_less_than_half_a_screen_level(transfer):
    low, high = transfer.domain(100.0, 300.0)
    ends = shares(np.array([low, high]), 100, 300, transfer)
    beyond = shares(np.array([-1e6, 1e6]), 100, 300, transfer)
    assert np.abs(ends - beyond).max() < 0.5 / 255


def test_transfers_can_be_compared_and_hashed():
    assert Transfer(Kind.TABLE, table=TABLE) == Transfer(Kind.TABLE, table=ValueTable.of(0, 8, TABLE.entries))
    assert len({STRAIGHT, Transfer(), STEPS, SIGMOID}) == 3


def test_the_function_of_a_window_depends_on_the_type_of_the_values():
    assert WindowPreset("a", 0, 5).transfer(np.dtype("i2")) == STEPS
    assert WindowPreset("a", 0, 5).transfer(np.dtype("f4")) == STRAIGHT
    assert WindowPreset("a", 0, 5, function="LINEAR_EXACT").transfer(np.dtype("i2")) == STRAIGHT
    assert WindowPreset("a", 0, 5, function="SIGMOID").transfer(np.dtype("f4")) == SIGMOID
    assert WindowPreset("a", 0, 5, table=TABLE).transfer(np.dtype("u1")).table is TABLE


def test_a_region_gives_its_percentiles_and_a_small_one_its_ends():
    many = np.arange(1000)
    assert region_limits(many) == pytest.approx((19.98, 979.02))
    assert region_limits(np.array([3, 9, 4])) == (3.0, 9.0)
    assert region_limits(np.array([7, 7])) == (6.5, 7.5)
    assert region_limits(np.array([np.nan, 2.0, 5.0, np.inf])) == (2.0, 5.0)
    assert region_limits(np.array([-2000, 1, 5]), padding=(-2000, -2000)) == (1.0, 5.0)
    assert region_limits(np.array([np.nan])) is None
    low, high = region_limits(np.array([0.0, 0.0]))
    assert low < 0 < high
