"""Colocalisation inside objects against scikit-image and scipy, voxel by voxel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import stats
from skimage.filters import threshold_otsu
from skimage.measure import manders_coloc_coeff, pearson_corr_coeff

from operation_images import label_blobs, noise, on_grid
from pellucid.operations import Context, get
from pellucid.operations.answers import Rows
from pellucid.operations.engines import object_colocalisation
from pellucid.operations.object_columns import column, group_of


def measured(labels: sitk.Image, *images: sitk.Image, **values: Any) -> Rows:
    """Measure colocalisation and nothing else."""
    values = {"colocalisation": True, "shape": False, "intensity": False} | values
    return get("features.objects").run(Context(), labels, *images, **values)


def channels(shape: tuple[int, ...], dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Return two channels that go together in part, without negative values."""
    one = np.abs(noise(shape, "float64"))
    other = 0.6 * one + 0.4 * np.abs(noise(shape, "float64", seed=9))
    return tuple((part / part.max() * 250).astype(dtype) for part in (one, other))  # type: ignore[return-value]


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int64", "float32", "float64"])
@pytest.mark.parametrize("shape", [(9, 21, 22), (1, 30, 31), (30, 31)], ids=["volume", "one slice", "planar"])
def test_pearson_and_manders_as_scikit_image(shape: tuple[int, ...], dtype: str) -> None:
    array, (one, other) = label_blobs(shape), channels(shape, dtype)
    rows = measured(on_grid(array, "oblique"), on_grid(one, "oblique"), on_grid(other, "oblique"))
    assert list(rows.values)[-3:] == ["pearson", "manders_m1", "manders_m2"] and len(rows) == 5
    present = one > threshold_otsu(one), other > threshold_otsu(other)
    for row in rows:
        inside = array == row["label"]
        assert row["pearson"] == pytest.approx(pearson_corr_coeff(one, other, inside)[0], rel=1e-5)
        assert row["manders_m1"] == pytest.approx(manders_coloc_coeff(one, present[1], inside), rel=1e-6)
        assert row["manders_m2"] == pytest.approx(manders_coloc_coeff(other, present[0], inside), rel=1e-6)
        assert 0 < row["manders_m1"] < 1 and 0.1 < row["pearson"] < 1


def test_a_given_threshold_holds_for_both_channels() -> None:
    array, (one, other) = label_blobs((6, 20, 21)), channels((6, 20, 21), "uint8")
    rows = measured(on_grid(array), on_grid(one), on_grid(other), threshold="value", above=80.0)
    otsu = measured(on_grid(array), on_grid(one), on_grid(other), above=80.0)
    row = next(iter(rows))
    inside = array == 1
    assert row["manders_m1"] == pytest.approx(one[inside & (other > 80)].sum() / one[inside].sum())
    assert row["manders_m2"] == pytest.approx(other[inside & (one > 80)].sum() / other[inside].sum())
    assert otsu.values["manders_m1"][0] != row["manders_m1"]


def test_what_is_no_number_is_left_out_and_what_cannot_be_said_is_none() -> None:
    array = np.ones((4, 9, 10), np.uint8)
    array[2:] = 2
    one, other = channels(array.shape, "float32")
    one[0, 1, 2:5], other[1, 3, 3], other[0, 0, 0] = np.nan, np.inf, np.nan
    other[2:] = 7
    rows = measured(on_grid(array), on_grid(one), on_grid(other), threshold="value")
    held = (array == 1) & np.isfinite(one) & np.isfinite(other)
    assert rows.values["pearson"][0] == pytest.approx(stats.pearsonr(one[held], other[held])[0], rel=1e-5)
    assert rows.values["pearson"][1] is None and rows.values["manders_m1"] == [pytest.approx(1), pytest.approx(1)]
    one[0, 5, 5] = -1
    rows = measured(on_grid(array), on_grid(one), on_grid(other))
    assert rows.values["manders_m1"][0] is None and rows.values["manders_m2"][0] is not None
    flat = on_grid(np.full(array.shape, 5, np.uint8))
    rows = measured(on_grid(array), flat, flat)
    assert rows.values["manders_m1"] == [0, 0] and rows.values["pearson"] == [None, None]


def test_values_of_a_wide_range_have_256_bins() -> None:
    array, (one, other) = label_blobs((5, 12, 13)), channels((5, 12, 13), "float64")
    wide = (one * 1e6).astype(np.int64)
    rows = measured(on_grid(array), on_grid(wide), on_grid(other))
    present = wide > threshold_otsu(wide.astype(np.float64))
    for row in rows:
        assert row["manders_m2"] == pytest.approx(manders_coloc_coeff(other, present, array == row["label"]))


def test_the_channels_of_a_colour_image_are_paired() -> None:
    array, values = label_blobs((20, 22)), noise((20, 22, 4), "uint8")
    rows = measured(on_grid(array), on_grid(values, colour=True))
    found = [name for name in rows.values if name.endswith("pearson")]
    assert found == ["red_green_pearson", "red_blue_pearson", "green_blue_pearson"]
    row = next(iter(rows))
    inside = array == 1
    wanted = stats.pearsonr(values[..., 1][inside].astype(float), values[..., 2][inside].astype(float))[0]
    assert row["green_blue_pearson"] == pytest.approx(wanted)
    assert column(found[0]).title == "red_green: Pearson" and group_of(found[0]) == "colocalisation"
    assert "Manders 1993" in column("manders_m1").help


def test_one_channel_has_no_partner_and_it_is_said() -> None:
    said: list[str] = []
    grey = on_grid(noise((5, 8, 9)))
    rows = get("features.objects").run(Context(remark=said.append), on_grid(label_blobs((5, 8, 9))), grey,
                                       colocalisation=True)  # fmt: skip
    assert "pearson" not in rows.values and "two images" in said[0]


def test_the_progress_ends_at_one() -> None:
    reached: list[float] = []
    array, both = label_blobs((6, 20, 21)), channels((6, 20, 21), "uint8")
    for threshold in ("otsu", "value"):
        get("features.objects").run(Context(progress=reached.append), on_grid(array), *map(on_grid, both),
                                    colocalisation=True, texture=True, threshold=threshold)  # fmt: skip
        assert reached[-1] == pytest.approx(1)


def test_an_object_of_many_pieces_is_summed_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    array, (one, other) = label_blobs((9, 21, 22)), channels((9, 21, 22), "float32")
    monkeypatch.setattr(object_colocalisation, "PIECE", 40)
    rows = measured(on_grid(array), on_grid(one), on_grid(other))
    for row in rows:
        inside = array == row["label"]
        wanted = stats.pearsonr(one[inside].astype(float), other[inside].astype(float))[0]
        assert row["pearson"] == pytest.approx(wanted)
        assert row["manders_m1"] == pytest.approx(manders_coloc_coeff(one, other > threshold_otsu(other), inside))


def test_an_empty_map_has_the_columns_and_no_rows() -> None:
    grey = on_grid(noise((4, 5, 6)))
    rows = measured(on_grid(np.zeros((4, 5, 6), np.uint8)), grey, grey)
    assert len(rows) == 0 and {"pearson", "manders_m1", "manders_m2"} <= set(rows.values)
