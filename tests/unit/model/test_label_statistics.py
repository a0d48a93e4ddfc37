from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import phantoms
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap
from pellucid.model.statistics import LabelRow, Stopped, label_statistics, rows_to_csv
from pellucid.model.volume import Acquisition, Volume

KINDS = phantoms.every_kind()


def labelled(geometry: Geometry, dtype: Any = np.uint8) -> LabelMap:
    rng = np.random.default_rng(2)
    blocks = rng.integers(0, 6, tuple(-(-n // 3) for n in geometry.size[::-1]))
    array = np.kron(blocks, np.ones((3, 3, 3), int))[tuple(slice(0, n) for n in geometry.size[::-1])]
    array[array == 4] = 0  # a gap in the values
    table = (Label(1, "One", "#000000"), Label(2, "Two", "#000000"), Label(9, "Empty", "#000000"))
    return LabelMap(geometry, np.ascontiguousarray(array).astype(dtype), table)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "uint64", "float32", "float64"])
def test_every_label_has_the_numbers_of_numpy(dtype: str) -> None:
    geometry = phantoms.oblique()
    labels = labelled(geometry)
    values = (np.random.default_rng(3).normal(50, 20, labels.array.shape).clip(0) * 1.5).astype(dtype)
    rows = label_statistics(phantoms.volume(values, geometry), labels)
    assert [row.label for row in rows] == [1, 2, 3, 5, 9]
    assert [row.name for row in rows] == ["One", "Two", "Label 3", "Label 5", "Empty"]
    for row in rows[:-1]:
        mask = labels.array == row.label
        inside = values[mask].astype(np.float64)
        assert row.voxels == mask.sum()
        assert row.volume_mm3 == pytest.approx(mask.sum() * 0.8 * 1.1 * 2.5)
        wanted = (inside.mean(), inside.std(), inside.min(), inside.max(), np.median(inside))
        assert (row.mean, row.std, row.minimum, row.maximum, row.median) == pytest.approx(wanted, rel=1e-9)
        z, y, x = ndimage.center_of_mass(mask)
        np.testing.assert_allclose(row.centroid, geometry.affine[:3] @ (x, y, z, 1), atol=1e-9)
    assert rows[-1] == LabelRow(9, "Empty", 0, 0.0, None, None, None, None, None, None)


@pytest.mark.parametrize("kind", KINDS)
def test_the_centroid_is_the_mean_of_the_true_positions(kind: str) -> None:
    geometry = KINDS[kind]
    labels = labelled(geometry)
    places = phantoms.positions(geometry)
    for row in label_statistics(None, labels):
        if row.voxels:
            np.testing.assert_allclose(
                row.centroid, places[labels.array == row.label].mean(axis=0), atol=1e-9
            )
            assert row.mean is None


def test_the_centroid_and_volume_of_a_ball_are_those_of_the_ball() -> None:
    geometry = phantoms.sheared(phantoms.oblique(phantoms.grid((90, 80, 40), (0.4, 0.5, 1.0))))
    centre = geometry.centre() + np.array([0.3, -0.2, 0.4])
    labels = LabelMap(geometry, phantoms.sphere(geometry, centre, 12.0))
    (row,) = label_statistics(None, labels)
    assert row.volume_mm3 == pytest.approx(4 / 3 * np.pi * 12**3, rel=0.01)
    np.testing.assert_allclose(row.centroid, centre, atol=0.05)


def test_an_image_on_another_grid_is_read_where_the_label_voxels_are() -> None:
    geometry = phantoms.oblique(phantoms.grid((20, 24, 16)))
    labels = labelled(geometry)
    other = Geometry((60, 60, 60), (0.7, 0.7, 0.9), (-14.0, 0.0, 28.0))
    values = phantoms.ramp(other, (3, -2, 1), 7)
    rows = label_statistics(phantoms.volume(values, other), labels)
    places = phantoms.positions(geometry)
    for row in rows[:-1]:
        index = np.floor(other.world_to_index(places[labels.array == row.label]) + 0.5).astype(int)
        x, y, z = index[np.all((index >= 0) & (index < 60), axis=1)].T
        inside = values[z, y, x]
        assert row.voxels == (labels.array == row.label).sum()
        assert 0 < inside.size < row.voxels
        wanted = (inside.mean(), inside.std(), inside.min(), inside.max(), np.median(inside))
        assert (row.mean, row.std, row.minimum, row.maximum, row.median) == pytest.approx(wanted, rel=1e-9)


def test_padding_and_values_that_are_not_finite_are_left_out() -> None:
    geometry = phantoms.grid()
    labels = LabelMap(geometry, np.ones(geometry.size[::-1], np.uint8))
    values = np.full(labels.array.shape, 5.0, np.float32)
    values[0] = -2000
    values[1] = np.nan
    (row,) = label_statistics(phantoms.volume(values, geometry, padding=(-2000, -2000)), labels)
    assert (row.voxels, row.mean, row.std, row.minimum) == (values.size, 5.0, 0.0, 5.0)


def test_no_volume_in_mm_without_even_known_spacing() -> None:
    for geometry in (replace(phantoms.grid(), known_spacing=(True, True, False)), KINDS["uneven"]):
        assert all(row.volume_mm3 is None for row in label_statistics(None, labelled(geometry)))


def test_large_label_values_and_colour_images() -> None:
    geometry = phantoms.grid()
    array = np.zeros(geometry.size[::-1], np.uint32)
    array[2:5, 3, 4], array[7, 7, 7] = 70_000, 4_000_000_000
    colour = phantoms.colour(geometry)
    rows = label_statistics(phantoms.volume(colour, geometry), LabelMap(geometry, array))
    assert [(row.label, row.voxels) for row in rows] == [(70_000, 3), (4_000_000_000, 1)]
    assert rows[1].mean == 7.0


def test_statistics_stop_when_asked() -> None:
    geometry = phantoms.grid()
    image: Volume = phantoms.volume(phantoms.ramp(geometry), geometry)
    with pytest.raises(Stopped):
        label_statistics(image, labelled(geometry), cancelled=lambda: True)


def test_csv_keeps_every_digit_and_awkward_names() -> None:
    third = 1 / 3
    row = LabelRow(
        3, 'a, "b"\nc', 7, third, third * 10, None, -third, 1e-30, 0.1 + 0.2, (third, -2 * third, 5.0)
    )
    lines = list(csv.DictReader(io.StringIO(rows_to_csv([row]))))
    assert len(lines) == 1
    assert lines[0]["name"] == 'a, "b"\nc'
    assert lines[0]["std"] == ""
    for key, value in (
        ("volume_mm3", third),
        ("median", 0.1 + 0.2),
        ("maximum", 1e-30),
        ("centroid_y", -2 * third),
    ):
        assert float(lines[0][key]) == value


def test_activities_are_told_in_suv_and_a_table_of_them_says_so() -> None:
    geometry = phantoms.grid((6, 5, 4))
    values = np.random.default_rng(2).uniform(0, 20_000, geometry.size[::-1]).astype(np.float32)
    pet = phantoms.volume(values, geometry, unit="Bq/ml", acquisition=Acquisition("PT", extra={"suv_bw": "0.00025"}))
    labels = labelled(geometry)
    rows = label_statistics(pet, labels)
    told = [row.told_in(*pet.told_in) for row in rows]
    inside = next(row for row in told if row.voxels and row.mean is not None)
    under = values[labels.array == inside.label].astype(np.float64) * 2.5e-4
    assert (inside.mean, inside.std, inside.minimum, inside.median, inside.maximum) == pytest.approx(
        (under.mean(), under.std(), under.min(), np.median(under), under.max())
    )
    table = list(csv.DictReader(io.StringIO(rows_to_csv(told))))
    assert {line["value_unit"] for line in table if line["mean"]} == {"SUVbw"}
    assert float(table[told.index(inside)]["mean"]) == inside.mean
    assert "value_unit" not in rows_to_csv(rows)
    assert rows[0].told_in(1.0, "HU") is rows[0]
