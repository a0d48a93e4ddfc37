"""Values against the numbers that were planted (H10–H15)."""

from __future__ import annotations

import itertools
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from dicom_making import save, slice_dataset, stack
from pellucid.dicom.child import Pool
from pellucid.dicom.headers import read_record
from pellucid.dicom.pixels import decode
from pellucid.dicom.read import read_plan
from pellucid.dicom.stack import build_series
from pellucid.model.findings import Refused
from pellucid.model.volume import Volume


def read(paths: list[Path], pool: Pool | None = None) -> Volume:
    records = [read_record(path) for path in paths]
    (series,) = build_series(record for record in records if record is not None)
    (plan,) = series.volumes
    return read_plan(plan, pool=pool)


def combinations() -> list[tuple[int, int, int, bool]]:
    found = []
    for allocated in (8, 16, 32):
        for stored in sorted({1, 3, 7, 8, 10, 12, 15, 16, 20, 31, 32}):
            for high in sorted({stored - 1, stored, allocated - 1}):
                if stored <= allocated and stored - 1 <= high < allocated:
                    found += [(allocated, stored, high, False), (allocated, stored, high, stored > 1)]
    return sorted(set(found))


@pytest.mark.hazard("H12")
def test_every_cell_layout_with_junk_in_the_unused_bits(tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    for n, (allocated, stored, high, signed) in enumerate(combinations()):
        low, most = (-(1 << stored - 1), (1 << stored - 1) - 1) if signed else (0, (1 << stored) - 1)
        truth = random.integers(low, most, (3, 4, 5), endpoint=True, dtype=np.int64)
        truth.flat[:2] = low, most
        field = truth & ((1 << stored) - 1)
        junk = random.integers(0, 1 << allocated, truth.shape, dtype=np.int64)
        mask = ((1 << stored) - 1) << (high - stored + 1)
        cells = ((field << (high - stored + 1)) | (junk & ~mask)).astype(f"<u{allocated // 8}")
        slices = []
        for z in range(3):
            ds = slice_dataset(cells[z], position=(0, 0, z), slope=None, number=z)
            ds.BitsStored, ds.HighBit, ds.PixelRepresentation = stored, high, int(signed)
            slices.append(ds)
        volume = read(save(tmp_path / str(n), slices))
        np.testing.assert_array_equal(volume.array, truth, err_msg=f"{allocated} {stored} {high} {signed}")
        assert "high-bit" not in {finding.code for finding in volume.findings}


@pytest.mark.hazard("H12")
@pytest.mark.parametrize(("allocated", "stored", "high"), [(16, 12, 10), (16, 12, 16), (16, 16, 0), (8, 12, 11)])
def test_a_high_bit_that_cannot_be_is_said(tmp_path: Path, allocated: int, stored: int, high: int) -> None:
    truth = np.arange(60, dtype=f"<u{allocated // 8}").reshape(3, 4, 5)
    slices = [slice_dataset(cells, position=(0, 0, z), slope=None, number=z) for z, cells in enumerate(truth)]
    slices[1].BitsStored, slices[1].HighBit = stored, high
    volume = read(save(tmp_path, slices))
    (said,) = [finding.message for finding in volume.findings if finding.code == "high-bit"]
    assert f"(High Bit) of {high}, which {min(stored, allocated)} stored bits in cells of {allocated}" in said
    np.testing.assert_array_equal(volume.array, truth)


@pytest.mark.hazard("H10")
@pytest.mark.parametrize("seed", range(8))
def test_a_slope_per_slice_is_never_truncated(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    slopes = 10.0 ** random.uniform(-9, 3, 6)
    slopes[0] = 1.0
    intercepts = random.choice([0.0, -1024.0, 0.125], 6)
    stored, slices = stack(6, seed=seed)
    for ds, slope, intercept in zip(slices, slopes, intercepts, strict=True):
        ds.RescaleSlope, ds.RescaleIntercept = f"{slope:.10g}", f"{intercept:.10g}"
    truth = stored * np.array([float(f"{s:.10g}") for s in slopes])[:, None, None] + intercepts[:, None, None]
    volume = read(save(tmp_path, slices))
    assert volume.dtype == np.float32
    assert np.max(np.abs(volume.array - truth) / np.maximum(np.abs(truth), 1e-30)) <= 1e-6


@pytest.mark.hazard("H10")
def test_the_first_slice_does_not_decide_about_fractions(tmp_path: Path) -> None:
    stored, slices = stack(10, slope=1, intercept=0)
    for ds in slices[1:]:
        ds.RescaleSlope = "0.37"
    truth = stored * np.array([1.0] + [0.37] * 9)[:, None, None]
    np.testing.assert_allclose(read(save(tmp_path, slices)).array, truth, rtol=1e-6)


@pytest.mark.hazard("H10")
@pytest.mark.parametrize(
    ("intercept", "dtype"),
    [(0, "int16"), (-1024, "int16"), (40000, "uint16"), (70000, "int32"), (-3_000_000, "int32")],
)
def test_whole_numbers_stay_whole_and_never_wrap(tmp_path: Path, intercept: int, dtype: str) -> None:
    stored, slices = stack(10, slope=1, intercept=0)
    for ds in slices[1:]:
        ds.RescaleIntercept = intercept
    truth = stored.astype(np.int64) + np.array([0] + [intercept] * 9)[:, None, None]
    volume = read(save(tmp_path, slices))
    assert volume.dtype == dtype
    np.testing.assert_array_equal(volume.array, truth)


def test_a_slope_of_two_and_full_sixteen_bits(tmp_path: Path) -> None:
    cells = np.array([[0, 1, 40000], [65535, 32768, 7]], np.uint16)
    truth = cells.astype(np.int64) * 2 - 1024
    np.testing.assert_array_equal(read(save(tmp_path, [slice_dataset(cells, slope=2)])).array[0], truth)


@pytest.mark.hazard("H13")
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("kind", [np.int16, np.uint16, np.uint8])
def test_monochrome1_keeps_its_values(tmp_path: Path, pool: Pool, kind: type, compressed: bool) -> None:
    stored = np.random.default_rng(5).integers(0, 250, (3, 6, 5)).astype(kind)
    slices = [
        slice_dataset(plane, position=(0, 0, k), number=k + 1, photometric="MONOCHROME1")
        for k, plane in enumerate(stored)
    ]
    if compressed:
        for ds in slices:
            ds.compress(RLELossless)
    volume = read(save(tmp_path, slices), pool)
    np.testing.assert_array_equal(volume.array, stored.astype(int) - 1024)
    assert volume.acquisition.monochrome1 and "monochrome1" in {f.code for f in volume.findings}


@pytest.mark.hazard("H18")
@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless])
def test_other_transfer_syntaxes_give_the_same(tmp_path: Path, pool: Pool, syntax: str) -> None:
    stored, slices = stack(3)
    for ds in slices:
        if syntax == RLELossless:
            ds.compress(RLELossless)
            continue
        ds.file_meta.TransferSyntaxUID = syntax
        if syntax == ExplicitVRBigEndian:
            ds.PixelData = np.frombuffer(ds.PixelData, "<i2").astype(">i2").tobytes()
    np.testing.assert_array_equal(read(save(tmp_path, slices), pool).array, stored - 1024)


@pytest.mark.hazard("H14")
def test_a_modality_table_replaces_slope_and_intercept(tmp_path: Path, pool: Pool) -> None:
    cells = np.array([[10, 11, 12], [13, 9, 200]], np.uint8)
    ds = slice_dataset(cells, slope=None)
    table = Dataset()
    table.LUTDescriptor, table.ModalityLUTType = [4, 10, 16], "OD"
    table.LUTData = np.array([100, 300, 900, 2700], "<u2").tobytes()
    table["LUTData"].VR = "OW"
    table["LUTDescriptor"].VR = "US"
    ds.ModalityLUTSequence = Items([table])
    volume = read(save(tmp_path, [ds]), pool)
    np.testing.assert_array_equal(volume.array[0], [[100, 300, 900], [2700, 100, 2700]])


@pytest.mark.hazard("H14")
def test_dose_is_scaled_and_placed(tmp_path: Path) -> None:
    cells = np.arange(24, dtype=np.uint32).reshape(3, 2, 4)
    ds = slice_dataset(cells, slope=None, modality="RTDOSE", sop_class="1.2.840.10008.5.1.4.1.1.481.2",
                       NumberOfFrames=3, GridFrameOffsetVector=[0, 3, 6], DoseGridScaling="0.002",
                       DoseUnits="GY", FrameIncrementPointer=0x3004000C)  # fmt: skip
    volume = read(save(tmp_path, [ds]))
    assert volume.unit == "Gy" and volume.geometry.spacing[2] == pytest.approx(3.0)
    np.testing.assert_allclose(volume.array, cells * 0.002, rtol=1e-6)


@pytest.mark.hazard("H15")
@pytest.mark.parametrize("bits", [8, 16])
def test_palettes_are_looked_up_with_bounds(tmp_path: Path, pool: Pool, bits: int) -> None:
    cells = np.array([[0, 5, 6, 7], [8, 9, 200, 255]], np.uint8)
    ds = slice_dataset(cells, slope=None, photometric="MONOCHROME2")
    ds.PhotometricInterpretation = "PALETTE COLOR"
    colours = np.array([[10, 20, 30], [40, 50, 60], [70, 80, 90], [255, 0, 128]], np.uint8)
    for channel, name in enumerate(("Red", "Green", "Blue")):
        table = colours[:, channel]
        data = (table.astype("<u2") << (8 if bits == 16 else 0)).tobytes()
        setattr(ds, f"{name}PaletteColorLookupTableDescriptor", [4, 6, bits])
        setattr(ds, f"{name}PaletteColorLookupTableData", data)
        ds[f"{name}PaletteColorLookupTableDescriptor"].VR = "US"
    volume = read(save(tmp_path, [ds]), pool)
    assert volume.is_colour
    np.testing.assert_array_equal(volume.array[0], colours[np.clip(cells.astype(int) - 6, 0, 3)])


@pytest.mark.parametrize("planar", [0, 1])
def test_colours_come_out_as_they_went_in(tmp_path: Path, pool: Pool, planar: int) -> None:
    pixels = np.random.default_rng(3).integers(0, 255, (5, 7, 3)).astype(np.uint8)
    ds = slice_dataset(pixels, slope=None, photometric="RGB", PlanarConfiguration=planar)
    data = (pixels if planar == 0 else pixels.transpose(2, 0, 1)).tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    np.testing.assert_array_equal(read(save(tmp_path, [ds]), pool).array[0], pixels)


@pytest.mark.hazard("H15")
def test_ybr_becomes_rgb(tmp_path: Path, pool: Pool) -> None:
    grey, blue, red = (128, 128, 128), (29, 255, 107), (76, 85, 255)  # PS3.3 C.7.6.3.1.2, full range
    pixels = np.array([[grey, blue], [red, grey]], np.uint8)
    ds = slice_dataset(pixels, slope=None, photometric="RGB")
    ds.PhotometricInterpretation = "YBR_FULL"
    found = read(save(tmp_path, [ds]), pool).array[0].astype(int)
    expected = np.array([[(128, 128, 128), (0, 0, 254)], [(254, 0, 0), (128, 128, 128)]])
    assert np.max(np.abs(found - expected)) <= 3


def test_float_pixels(tmp_path: Path, pool: Pool) -> None:
    values = np.random.default_rng(1).normal(size=(4, 6)).astype(np.float32)
    ds = slice_dataset(np.zeros((4, 6), np.uint32), slope=None)
    del ds.PixelData, ds.BitsStored, ds.HighBit, ds.PixelRepresentation
    ds.FloatPixelData = values.tobytes()
    volume = read(save(tmp_path, [ds]), pool)
    assert volume.dtype == np.float32
    np.testing.assert_array_equal(volume.array[0], values)


@pytest.mark.hazard("H16")
def test_padding_is_told_in_values(tmp_path: Path) -> None:
    _, slices = stack(2)
    for ds in slices:
        ds.PixelPaddingValue, ds.PixelPaddingRangeLimit = -2000, -1900
        ds["PixelPaddingValue"].VR = ds["PixelPaddingRangeLimit"].VR = "SS"
    assert read(save(tmp_path, slices)).padding == (-3024.0, -2924.0)


@pytest.mark.hazard("H16")
def test_padding_that_nobody_declared_is_noticed(tmp_path: Path) -> None:
    stored = np.full((3, 8, 8), -2000, np.int16)
    stored[:, 2:6, 2:6] = np.random.default_rng(0).integers(0, 1500, (3, 4, 4))
    slices = [slice_dataset(stored[z], position=(0, 0, z), number=z) for z in range(3)]
    volume = read(save(tmp_path, slices))
    assert volume.padding == (-3024.0, -3024.0) and "padding" in {f.code for f in volume.findings}


def test_units_come_from_the_header(tmp_path: Path) -> None:
    cases = [({"RescaleType": "HU"}, "HU"), ({}, "HU"), ({"RescaleType": "US"}, ""),
             ({"Modality": "PT", "Units": "BQML"}, "Bq/ml"), ({"Modality": "MR"}, "")]  # fmt: skip
    for n, (more, unit) in enumerate(cases):
        assert read(save(tmp_path / str(n), stack(2, **more)[1])).unit == unit


def test_windows_and_their_names(tmp_path: Path) -> None:
    _, slices = stack(1, WindowCenter=[40, -600], WindowWidth=[400, 1500],
                      WindowCenterWidthExplanation=["Soft", "Lung"])  # fmt: skip
    windows = read(save(tmp_path, slices)).acquisition.windows
    assert [(w.name, w.level, w.width) for w in windows] == [("Soft", 40, 400), ("Lung", -600, 1500)]


@pytest.mark.parametrize("missing", [1, 30, 59])
def test_a_file_cut_short_is_shown_and_said(tmp_path: Path, pool: Pool, missing: int) -> None:
    stored, slices = stack(3)
    paths = save(tmp_path, slices)
    paths[2].write_bytes(paths[2].read_bytes()[:-missing])
    volume = read(paths, pool)
    assert "unreadable-file" in {f.code for f in volume.findings}
    np.testing.assert_array_equal(volume.array[:2], stored[:2] - 1024)


def test_a_slice_without_any_pixels_is_blank_and_said(tmp_path: Path, pool: Pool) -> None:
    stored, slices = stack(5)
    paths = save(tmp_path, slices)
    whole = paths[0].read_bytes()
    paths[0].write_bytes(whole[: len(whole) - slices[0].Rows * slices[0].Columns * 2])
    volume = read(paths, pool)
    np.testing.assert_array_equal(volume.array[1:], stored[1:] - 1024)
    assert np.all(volume.array[0] == volume.array[1:].min())
    assert any("Slice 1 is blank" in finding.message for finding in volume.findings)


@pytest.mark.hazard("H21")
def test_a_lying_header_is_refused_by_its_numbers(tmp_path: Path, pool: Pool) -> None:
    ds = slice_dataset(np.zeros((4, 4), np.int16))
    ds.Rows = ds.Columns = 65535
    with pytest.raises(Refused, match="GB"):
        read(save(tmp_path, [ds]), pool)


@pytest.mark.hazard("H21")
def test_a_single_frame_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    """H21: thumbnails decode one frame without the check of a whole volume."""
    (path,) = save(tmp_path, [slice_dataset(np.zeros((4, 4), np.int16))])
    known = read_record(path)
    assert known is not None and known.pixels is not None
    layout = asdict(known.pixels) | {"rows": 65535, "columns": 65535}
    with pytest.raises(Refused, match=r"8\.6 GB each"):
        decode({"path": str(path), "layout": layout, "frames": [0]})


@pytest.mark.hazard("H17")
def test_an_unknown_syntax_is_named(tmp_path: Path, pool: Pool) -> None:
    ds = slice_dataset(np.zeros((4, 4), np.int16))
    ds.compress(RLELossless)
    (path,) = save(tmp_path, [ds])
    path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.5\0", b"1.2.840.10008.9.9.9\0"))
    with pytest.raises(Refused, match=r"1\.2\.840\.10008\.9\.9\.9"):
        read([path], pool)


def test_the_combinations_cover_signs_and_high_bits() -> None:
    assert len(combinations()) > 60
    assert {signed for *_, signed in combinations()} == {True, False}
    assert any(high >= stored for _, stored, high, _ in combinations())
    assert len(set(itertools.chain(combinations()))) == len(combinations())
