"""Windows, functions and VOI LUTs of files, and what they make of the values, against another library."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut, apply_windowing

from dicom_making import save, slice_dataset
from pellucid.dicom.child import Pool
from pellucid.dicom.read import read_plan
from pellucid.dicom.scan import scan
from pellucid.model.histogram import initial_limits, initial_transfer
from pellucid.model.transfer import Kind, shares
from pellucid.model.volume import Volume

STORED = np.arange(-1500, 1500, dtype=np.int16).reshape(50, 60)


def lut(first: int, bits: int, entries: np.ndarray, explanation: str = "", *, vr: str = "SS") -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", vr, [len(entries) % 65_536, first, bits])
    item.add_new("LUTData", "US", entries.tolist())
    if explanation:
        item.LUTExplanation = explanation
    return item


def opened(folder: Path, dataset: Dataset, pool: Pool) -> tuple[Volume, Dataset]:
    (path,) = save(folder, [dataset])
    (series,) = scan([folder], pool=pool).series
    return read_plan(series.volumes[0], pool=pool), pydicom.dcmread(path)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("slope", "intercept"), [(1, -1024), (2, 0), (0.5, 3.25)])
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_windows_look_as_another_library_shows_them(
    tmp_path: Path, pool: Pool, function: str, slope: float, intercept: float
) -> None:
    dataset = slice_dataset(STORED, slope=slope, intercept=intercept, WindowCenter=[40, -600], WindowWidth=[400, 1500],
                            WindowCenterWidthExplanation=["Soft", "Lung"], VOILUTFunction=function)  # fmt: skip
    volume, file = opened(tmp_path, dataset, pool)
    stated = volume.acquisition.windows
    assert [(w.name, w.level, w.width, w.function) for w in stated] == [
        ("Soft", 40.0, 400.0, function), ("Lung", -600.0, 1500.0, function)]  # fmt: skip
    values = apply_modality_lut(STORED, file)
    for n, window in enumerate(stated):
        expected = (apply_windowing(values, file, index=n) - (-32768 * slope + intercept)) / (65535 * slope)
        low, high = window.level - window.width / 2, window.level + window.width / 2
        found = shares(volume.array[0], low, high, window.transfer(volume.dtype))
        # Fractions are shown by the plain line: the library takes a value off each width, PS3.3 C.11.2.1.2.1.
        assert np.abs(found - expected).max() < (1e-4 if slope != 0.5 or function != "LINEAR" else 1.5 / 400)


def test_what_a_file_states_first_is_shown_first(tmp_path: Path, pool: Pool) -> None:
    sigmoid = slice_dataset(STORED, WindowCenter=100, WindowWidth=300, VOILUTFunction="SIGMOID")
    volume, _ = opened(tmp_path, sigmoid, pool)
    assert initial_limits(volume) == (-50.0, 250.0) and initial_transfer(volume).kind is Kind.SIGMOID


@pytest.mark.parametrize(("bits", "vr", "first"), [(12, "SS", -900), (10, "SS", -1500), (16, "US", 300)])
def test_tables_look_as_another_library_shows_them(
    tmp_path: Path, pool: Pool, bits: int, vr: str, first: int
) -> None:
    entries = np.sort(np.random.default_rng(bits).integers(0, 1 << bits, 1700)).astype(np.uint16)
    entries[-1] = (1 << bits) - 1
    stored = STORED if vr == "SS" else (STORED + 1500).astype(np.uint16)
    dataset = slice_dataset(stored, slope=None, VOILUTSequence=[lut(first, bits, entries, "Bones", vr=vr)])
    volume, file = opened(tmp_path, dataset, pool)
    (window,) = volume.acquisition.windows
    assert window.name == "Bones" and window.table is not None and window.table.bits == bits
    expected = apply_voi_lut(stored, file) / ((1 << bits) - 1)
    curve = initial_transfer(volume)
    assert curve.kind is Kind.TABLE
    assert np.array_equal(shares(volume.array[0], *initial_limits(volume), curve), expected)


def test_a_table_of_bytes_is_clipped_at_its_ends(tmp_path: Path, pool: Pool) -> None:
    """The other library wraps around here, so the standard is written out: values beyond take the nearest entry."""
    entries = np.arange(255, 5, -1, dtype=np.uint16)
    volume, _ = opened(tmp_path, slice_dataset(STORED, slope=None, VOILUTSequence=[lut(-7, 8, entries)]), pool)
    expected = entries[np.clip(STORED + 7, 0, 249)] / 255
    assert np.array_equal(shares(volume.array[0], *initial_limits(volume), initial_transfer(volume)), expected)


def test_the_first_value_of_a_table_has_a_sign_where_rescaled_values_may(tmp_path: Path, pool: Pool) -> None:
    """PS3.3 C.11.2.1.1: SS when the range after rescale slope and intercept may be signed."""
    entries = np.arange(2000, dtype=np.uint16)
    stored = (STORED + 1500).astype(np.uint16)
    dataset = slice_dataset(stored, intercept=-1000, VOILUTSequence=[lut(-1000, 11, entries)])
    volume, _ = opened(tmp_path, dataset, pool)
    (window,) = volume.acquisition.windows
    assert window.table is not None and window.table.first == -1000 and window.name == "File LUT"


def test_windows_come_before_tables_and_all_are_offered(tmp_path: Path, pool: Pool) -> None:
    rising = np.arange(256, dtype=np.uint16)
    tables = [lut(0, 8, rising), lut(0, 8, rising[::-1], "Negative")]
    dataset = slice_dataset(STORED, WindowCenter=[1, 2, 3], WindowWidth=[10, 20, 0], VOILUTSequence=tables)
    volume, _ = opened(tmp_path, dataset, pool)
    assert [w.name for w in volume.acquisition.windows] == ["DICOM", "DICOM 2", "File LUT", "Negative"]


@pytest.mark.parametrize(
    "item",
    [
        lut(0, 8, np.arange(1, dtype=np.uint16)),
        lut(0, 0, np.arange(256, dtype=np.uint16)),
        lut(0, 40, np.arange(256, dtype=np.uint16)),
        Dataset(),
    ],
)
def test_a_damaged_table_is_left_out(tmp_path: Path, pool: Pool, item: Dataset) -> None:
    volume, _ = opened(tmp_path, slice_dataset(STORED, VOILUTSequence=[item]), pool)
    assert all(w.table is None or w.table.bits <= 16 for w in volume.acquisition.windows)
    assert volume.array.shape == (1, 50, 60)


def test_a_table_shorter_than_it_says_is_left_out(tmp_path: Path, pool: Pool) -> None:
    item = lut(0, 12, np.arange(64, dtype=np.uint16))
    item.LUTDescriptor = [4096, 0, 12]
    volume, _ = opened(tmp_path, slice_dataset(STORED, VOILUTSequence=[item]), pool)
    assert volume.acquisition.windows == ()
