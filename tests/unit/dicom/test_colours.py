"""Colours and palettes against the formulas of the standard, pydicom and planted numbers (H15)."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import RLELossless

from dicom_making import save, slice_dataset
from pellucid.dicom.child import Pool
from pellucid.dicom.headers import read_record
from pellucid.dicom.read import read_plan
from pellucid.dicom.stack import build_series
from pellucid.model.findings import Refused

pytestmark = pytest.mark.hazard("H15")


def pixels_of(folder: Path, ds: Dataset, pool: Pool) -> np.ndarray:
    """Return what a file is read as, sample by sample."""
    (path,) = save(folder, [ds])
    record = read_record(path)
    assert record is not None
    (series,) = build_series([record])
    (plan,) = series.volumes
    return read_plan(plan, pool=pool).array[0]


def colour_dataset(pixels: np.ndarray, photometric: str, **more: object) -> Dataset:
    ds = slice_dataset(pixels, slope=None, photometric="RGB", **more)
    ds.PhotometricInterpretation = photometric
    return ds


def random_rgb(dtype: type = np.uint8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, (34, 40, 3)).astype(dtype)


def full_ybr(rgb: np.ndarray, most: int) -> np.ndarray:
    """Return YBR_FULL of colours: the equations of PS3.3 C.7.6.3.1.2, for any number of bits."""
    r, g, b = np.moveaxis(rgb.astype(float), -1, 0)
    middle = (most + 1) / 2
    y = 0.2990 * r + 0.5870 * g + 0.1140 * b
    cb, cr = (b - y) / 1.772 + middle, (r - y) / 1.402 + middle
    return np.clip(np.rint(np.stack([y, cb, cr], axis=-1)), 0, most)


def partial_ybr(rgb: np.ndarray) -> np.ndarray:
    """Return YBR_PARTIAL of colours: the equations of PS3.3 C.7.6.3.1.2 (2016), 8 bits."""
    r, g, b = np.moveaxis(rgb.astype(float), -1, 0)
    y = 0.2568 * r + 0.5041 * g + 0.0979 * b + 16
    cb = -0.1482 * r - 0.2910 * g + 0.4392 * b + 128
    cr = 0.4392 * r - 0.3678 * g - 0.0714 * b + 128
    return np.clip(np.rint(np.stack([y, cb, cr], axis=-1)), 0, 255)


@pytest.mark.parametrize(
    ("dtype", "stored", "packed"),
    [(np.uint8, 8, False), (np.uint8, 8, True), (np.uint16, 16, False), (np.uint16, 12, False)],
)
def test_luminance_and_differences_become_colours(
    tmp_path: Path, pool: Pool, dtype: type, stored: int, packed: bool
) -> None:
    most = (1 << stored) - 1
    rgb = random_rgb(dtype) & most
    ds = colour_dataset(full_ybr(rgb, most).astype(dtype), "YBR_FULL", BitsStored=stored, HighBit=stored - 1)
    if packed:
        ds.compress(RLELossless)
        ds.PhotometricInterpretation = "YBR_FULL"
    found = pixels_of(tmp_path, ds, pool).astype(int)
    shown = np.iinfo(np.uint8 if stored == 8 else np.uint16).max
    assert np.abs(found - rgb.astype(int) * (shown / most)).max() <= 3 * shown / most


@pytest.mark.parametrize("photometric", ["YBR_FULL_422", "YBR_PARTIAL_422"])
@pytest.mark.parametrize("frames", [1, 3])
def test_two_pixels_that_share_their_colour(tmp_path: Path, pool: Pool, photometric: str, frames: int) -> None:
    rgb = np.repeat(random_rgb()[:, ::2], 2, axis=1)
    ybr = (full_ybr(rgb, 255) if "FULL" in photometric else partial_ybr(rgb)).astype(np.uint8)
    data = np.stack([ybr[:, ::2, 0], ybr[:, 1::2, 0], ybr[:, ::2, 1], ybr[:, ::2, 2]], axis=-1).tobytes()
    ds = colour_dataset(rgb, photometric, PixelData=data * frames, NumberOfFrames=frames)
    (path,) = save(tmp_path, [ds])
    record = read_record(path)
    assert record is not None and record.pixels is not None
    (series,) = build_series([record])
    for plan in series.volumes:
        assert np.abs(read_plan(plan, pool=pool).array[0].astype(int) - rgb).max() <= 3


def test_halved_colours_that_somebody_unpacked(tmp_path: Path, pool: Pool) -> None:
    rgb = random_rgb()
    ds = colour_dataset(full_ybr(rgb, 255).astype(np.uint8), "YBR_FULL_422")
    assert np.abs(pixels_of(tmp_path, ds, pool).astype(int) - rgb).max() <= 3


@pytest.mark.parametrize(("stored", "dtype"), [(12, np.uint16), (10, np.uint16), (8, np.uint8)])
def test_colours_of_few_bits_use_the_whole_range(tmp_path: Path, pool: Pool, stored: int, dtype: type) -> None:
    most = (1 << stored) - 1
    rgb = random_rgb(np.uint16) & most
    rgb[0, 0], rgb[0, 1] = 0, most
    found = pixels_of(tmp_path, colour_dataset(rgb, "RGB", BitsStored=stored, HighBit=stored - 1), pool)
    assert found.dtype == dtype
    exact = rgb * (np.iinfo(dtype).max / most)
    assert found[0, 0, 0] == 0 and found[0, 1, 0] == np.iinfo(dtype).max and np.abs(found - exact).max() <= 16


@pytest.mark.parametrize("label", ["YBR_FULL", "YBR_RCT", "RGB"])
def test_the_picture_knows_whether_its_colours_were_mixed(tmp_path: Path, pool: Pool, label: str) -> None:
    rgb = random_rgb()
    ds = colour_dataset(rgb, label)
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.90"
    ds.PixelData = encapsulate([imagecodecs.jpeg2k_encode(rgb, codecformat="j2k", reversible=True, level=0, mct=True)])
    ds["PixelData"].VR = "OB"
    np.testing.assert_array_equal(pixels_of(tmp_path, ds, pool), rgb)


@pytest.mark.parametrize("label", ["YBR_FULL_422", "YBR_FULL", "RGB"])
@pytest.mark.parametrize("adobe", [None, 0, 1])
@pytest.mark.parametrize("process", ["50", "51", "53", "55"])
def test_a_jpeg_says_how_its_colours_were_mixed(
    tmp_path: Path, pool: Pool, label: str, adobe: int | None, process: str
) -> None:
    """The marker of Adobe in the picture decides; without it what the header says."""
    rgb = np.repeat(np.repeat(random_rgb()[::8, ::8], 8, axis=0), 8, axis=1)[:32, :40]
    mixed = adobe == 1 or (adobe is None and label != "RGB")
    plain = imagecodecs.jpeg_encode(rgb, level=98, colorspace="RGB", outcolorspace="YCBCR" if mixed else "RGB",
                                    subsampling="444")  # fmt: skip
    picture = without_markers(plain)
    if adobe is not None:
        picture = picture[:2] + b"\xff\xee\x00\x0eAdobe\x00\x64\0\0\0\0" + bytes([adobe]) + picture[2:]
    ds = colour_dataset(rgb, label)
    ds.file_meta.TransferSyntaxUID = f"1.2.840.10008.1.2.4.{process}"
    ds.PixelData = encapsulate([picture])
    ds["PixelData"].VR = "OB"
    found = pixels_of(tmp_path, ds, pool).astype(int)
    assert np.abs(found - rgb).mean() <= 3, (mixed, found[4, 4], rgb[4, 4])


def without_markers(picture: bytes) -> bytes:
    """Return a JPEG picture without application markers and with plain component numbers."""
    position = 2
    out = bytearray(picture[:2])
    while picture[position + 1] != 0xDA:
        length = 2 + int.from_bytes(picture[position + 2 : position + 4], "big")
        part = bytearray(picture[position : position + length])
        if part[1] == 0xC0:
            for k in range(3):
                part[10 + 3 * k] = k + 1
        if not 0xE0 <= part[1] <= 0xEF:
            out += part
        position += length
    rest = bytearray(picture[position:])
    for k in range(3):
        rest[5 + 2 * k] = k + 1
    return bytes(out + rest)


@pytest.mark.parametrize(("photometric", "samples"), [("HSV", 3), ("ARGB", 4), ("CMYK", 4), ("YBR_PARTIAL_999", 3)])
def test_colours_nobody_shows_are_refused_by_name(
    tmp_path: Path, pool: Pool, photometric: str, samples: int
) -> None:
    ds = colour_dataset(random_rgb(), photometric, SamplesPerPixel=samples)
    ds.PixelData = bytes(34 * 40 * samples)
    with pytest.raises(Refused, match=photometric):
        pixels_of(tmp_path, ds, pool)


# ------------------------------------------------------------------ palettes


def palette_dataset(cells: np.ndarray, tables: np.ndarray, first: int, bits: int) -> Dataset:
    """Return a picture with plain palettes, (entries, 3)."""
    ds = slice_dataset(cells, slope=None)
    ds.PhotometricInterpretation = "PALETTE COLOR"
    for channel, name in enumerate(("Red", "Green", "Blue")):
        setattr(ds, f"{name}PaletteColorLookupTableDescriptor", [len(tables) & 0xFFFF, first & 0xFFFF, bits])
        ds[f"{name}PaletteColorLookupTableDescriptor"].VR = "US"
        setattr(ds, f"{name}PaletteColorLookupTableData", tables[:, channel].astype("<u2").tobytes())
    return ds


@pytest.mark.parametrize("first", [-200, -1, 0, 5])
def test_the_first_value_may_be_below_zero(tmp_path: Path, pool: Pool, first: int) -> None:
    cells = np.arange(-300, 300, dtype=np.int16).reshape(20, 30)
    colours = np.random.default_rng(1).integers(0, 256, (90, 3))
    ds = palette_dataset(cells, colours * 257, first, 16)
    found = pixels_of(tmp_path, ds, pool)
    np.testing.assert_array_equal(found, colours[np.clip(cells.astype(int) - first, 0, 89)])


def test_sixty_five_thousand_entries_are_written_as_none(tmp_path: Path, pool: Pool) -> None:
    cells = np.arange(0, 65536, 64, dtype=np.uint16).reshape(32, 32)
    colours = np.random.default_rng(2).integers(0, 65536, (65536, 3))
    found = pixels_of(tmp_path, palette_dataset(cells, colours, 0, 16), pool)
    np.testing.assert_array_equal(found, colours[cells] >> 8)


def test_a_colour_that_is_nearly_absent_is_not_taken_for_eight_bits(tmp_path: Path, pool: Pool) -> None:
    """All three tables share their bits, although the values of one of them would fit into eight."""
    cells = np.arange(16, dtype=np.uint8).reshape(4, 4)
    tables = np.stack([np.arange(16) * 4096, np.arange(16) * 4096, np.arange(16) * 10], axis=-1)
    found = pixels_of(tmp_path, palette_dataset(cells, tables, 0, 16), pool)
    np.testing.assert_array_equal(found, tables[cells] >> 8)


SEGMENTS = {
    "discrete": [0, 6, 0, 50, 100, 150, 200, 250],
    "linear": [0, 1, 10, 1, 5, 250],
    "falling": [0, 1, 250, 1, 7, 3, 1, 3, 3],
    "indirect": [0, 2, 0, 255, 1, 5, 20, 2, 2, "back", 1, 4, 99],
}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("kind", list(SEGMENTS))
def test_segments_of_a_palette(tmp_path: Path, pool: Pool, kind: str, bits: int, order: str) -> None:
    """Against the values that the segments stand for, and against pydicom where it follows the standard."""
    gain = 1 if bits == 8 else 257
    words: list[int] = []
    values: list[float] = []
    expand(SEGMENTS[kind], gain, bits, words, values)
    entries = len(values)
    data = np.array(words, np.uint8 if bits == 8 else f"{order}u2").tobytes()
    if bits == 8:
        data += b"\0" * (len(data) % 2)
        data = data if order == "<" else np.frombuffer(data, "<u2").astype(">u2").tobytes()
    cells = np.arange(entries, dtype=np.uint8).reshape(1, -1)
    ds = slice_dataset(np.pad(cells, ((0, 1), (0, entries % 2))), slope=None)
    ds.PhotometricInterpretation = "PALETTE COLOR"
    for name in ("Red", "Green", "Blue"):
        setattr(ds, f"{name}PaletteColorLookupTableDescriptor", [entries, 0, bits])
        ds[f"{name}PaletteColorLookupTableDescriptor"].VR = "US"
        setattr(ds, f"Segmented{name}PaletteColorLookupTableData", data)
    if order == ">":
        ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.2"
        stored = np.frombuffer(ds.PixelData + b"\0" * (len(ds.PixelData) % 2), "<u2")
        ds.PixelData = stored.astype(">u2").tobytes()
    found = pixels_of(tmp_path, ds, pool)[0, :entries, 0].astype(int)
    np.testing.assert_array_equal(found, np.floor(np.array(values)) if bits == 8 else np.array(values) // 256)
    if kind != "indirect" and order == "<":
        theirs = apply_color_lut(cells, ds)[0, :, 0].astype(int)
        np.testing.assert_array_equal(found, theirs if bits == 8 else theirs >> 8)


def expand(segments: list, gain: int, bits: int, words: list[int], values: list[float]) -> None:
    """Write segments and say what they stand for; ``back`` refers to the first segment, twice."""
    position = 0
    while position < len(segments):
        kind, length = segments[position], segments[position + 1]
        words += [kind, length]
        if kind == 0:
            entries = [v * gain for v in segments[position + 2 : position + 2 + length]]
            words += entries
            values += entries
            position += 2 + length
        elif kind == 1:
            end = segments[position + 2] * gain
            words.append(end)
            values += [float(round(v)) for v in np.linspace(values[-1], end, length + 1)[1:]]
            position += 3
        else:
            words += [0, 0] if bits == 16 else [0, 0, 0, 0]
            first = [0, 255]
            values += [v * gain for v in first]
            values += [float(round(v)) for v in np.linspace(255 * gain, 20 * gain, 6)[1:]]
            position += 3


def test_a_reference_counts_bytes_from_the_first_segment(tmp_path: Path, pool: Pool) -> None:
    """PS3.3 C.7.9.2.3: 16-bit segments are referred to by bytes; the second segment begins at byte 8."""
    words = [0, 2, 100 * 257, 7 * 257, 0, 3, 1 * 257, 2 * 257, 3 * 257, 2, 1, 8, 0]
    ds = slice_dataset(np.arange(8, dtype=np.uint8).reshape(2, 4), slope=None)
    ds.PhotometricInterpretation = "PALETTE COLOR"
    for name in ("Red", "Green", "Blue"):
        setattr(ds, f"{name}PaletteColorLookupTableDescriptor", [8, 0, 16])
        ds[f"{name}PaletteColorLookupTableDescriptor"].VR = "US"
        setattr(ds, f"Segmented{name}PaletteColorLookupTableData", np.array(words, "<u2").tobytes())
    assert pixels_of(tmp_path, ds, pool)[..., 0].ravel().tolist() == [100, 7, 1, 2, 3, 1, 2, 3]
