"""Three hundred combinations of syntax, bits, sign, colour, tables, rescale, fragments and offset tables (R-03).

The truth is what went in; what was compressed without loss comes out exactly. The encoders are those of pydicom
and imagecodecs, ``PELLUCID_COMBINATIONS_SEED`` repeats a run.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.pixels.encoders import JPEG2000LosslessEncoder, JPEGLSLosslessEncoder, RLELosslessEncoder
from pydicom.uid import UID

from dicom_making import save, slice_dataset
from pellucid.dicom.child import Pool
from pellucid.dicom.headers import read_record
from pellucid.dicom.read import read_sequence
from pellucid.dicom.stack import build_series
from pellucid.model.volume import Volume

COUNT = int(os.environ.get("PELLUCID_COMBINATIONS", "300"))
SEED = int(os.environ.get("PELLUCID_COMBINATIONS_SEED", "20261127"))
JPEG = "1.2.840.10008.1.2.4."
IMPLICIT, EXPLICIT, BIG, DEFLATED, RLE = (f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".2", ".1.99", ".5"))
NATIVE = (IMPLICIT, EXPLICIT, BIG, DEFLATED)
COMPRESSED = (RLE, *(JPEG + n for n in ("57", "70", "80", "81", "90", "91", "201", "202", "203")))
GREYS, COLOURS = ("MONOCHROME1", "MONOCHROME2"), ("RGB", "PALETTE COLOR")
ROWS, COLUMNS = 37, 34


@dataclass(frozen=True)
class Combination:
    syntax: str
    allocated: int
    stored: int
    high_bit: int
    signed: bool
    photometric: str
    planar: int
    frames: int
    scale: str
    offsets: str
    fragments: int


def drawn(rng: random.Random) -> Combination:
    syntax = rng.choice((*NATIVE, *COMPRESSED))
    kind = rng.choice((*GREYS, *GREYS, *COLOURS))
    packed = syntax in COMPRESSED
    wide = kind in GREYS and (not packed or syntax == RLE)
    allocated = rng.choice((8, 16, 16, 32) if wide and not packed else (8, 16))
    if kind == "PALETTE COLOR":
        allocated = 8
    stored = rng.choice({8: (8, 8, 6), 16: (16, 15, 12, 10), 32: (32, 20)}[allocated])
    if kind in COLOURS:
        stored = allocated
    shifted = wide and rng.random() < 0.4
    return Combination(
        syntax, allocated, stored, rng.randint(stored - 1, allocated - 1) if shifted else stored - 1,
        kind in GREYS and rng.random() < 0.5, kind, rng.randint(0, 1), rng.choice((1, 1, 2, 4)),
        rng.choice(("", "whole", "fraction", "table")) if kind in GREYS else "",
        rng.choice(("none", "basic", "extended")), rng.choice((1, 1, 2, 3)),
    )  # fmt: skip


def truth_of(c: Combination, random_: np.random.Generator) -> np.ndarray:
    """Return stored values (frames, rows, columns[, 3]): a slope with noise and both ends of the range."""
    low, high = (-(1 << c.stored - 1), (1 << c.stored - 1) - 1) if c.signed else (0, (1 << c.stored) - 1)
    if c.scale == "table":
        low, high = max(low, -100), min(high, 100)
    shape = (c.frames, ROWS, COLUMNS, 3) if c.photometric == "RGB" else (c.frames, ROWS, COLUMNS)
    slope = np.linspace(low, high, COLUMNS)[:, None] if c.photometric == "RGB" else np.linspace(low, high, COLUMNS)
    values = np.broadcast_to(slope, shape) + random_.integers(-20, 20, shape)
    values = np.clip(np.rint(values), low, high).astype(np.int64)
    values.reshape(c.frames, -1)[:, :2] = low, high
    return values


def cells_of(c: Combination, truth: np.ndarray, random_: np.random.Generator) -> np.ndarray:
    """Return what is stored in cells, with junk in the bits that are not used."""
    shift, mask = c.high_bit + 1 - c.stored, (1 << c.stored) - 1
    cells = (truth & mask) << shift
    if c.syntax in NATIVE or c.syntax == RLE:
        junk = random_.integers(0, 1 << c.allocated, truth.shape)
        cells = cells | (junk & ~(mask << shift))
    return cells.astype(f"<u{c.allocated // 8}")


def encoded(c: Combination, truth: np.ndarray, cells: np.ndarray) -> bytes:
    """Return one frame, compressed by somebody else's encoder."""
    signed = truth.astype(f"<i{c.allocated // 8}") if c.signed else cells
    options = {
        "rows": ROWS, "columns": COLUMNS, "number_of_frames": 1,
        "samples_per_pixel": 3 if c.photometric == "RGB" else 1,
        "bits_allocated": c.allocated, "bits_stored": c.stored, "pixel_representation": int(c.signed),
        "photometric_interpretation": c.photometric, "planar_configuration": 0, "pixel_keyword": "PixelData",
    }  # fmt: skip
    if c.syntax == RLE:
        options |= {"bits_stored": c.allocated, "pixel_representation": 0}
        return RLELosslessEncoder.encode(cells.tobytes(), **options)
    if c.syntax in (JPEG + "57", JPEG + "70"):
        predictor = 1 if c.syntax == JPEG + "70" else 1 + int(truth.flat[5]) % 7
        return imagecodecs.jpeg_encode(cells, lossless=True, predictor=predictor, bitspersample=c.stored)
    if c.syntax in (JPEG + "80", JPEG + "81"):
        return JPEGLSLosslessEncoder.encode(signed.tobytes(), **options)
    if c.syntax in (JPEG + "90", JPEG + "91"):
        return JPEG2000LosslessEncoder.encode(signed.tobytes(), **options)
    return imagecodecs.htj2k_encode(signed, reversible=True)


def dataset_of(c: Combination, truth: np.ndarray, random_: np.random.Generator) -> Dataset:
    cells = cells_of(c, truth, random_)
    ds = slice_dataset(cells[0], slope=None, position=None, modality="OT",
                       photometric="RGB" if c.photometric == "RGB" else "MONOCHROME2")  # fmt: skip
    ds.PhotometricInterpretation, ds.NumberOfFrames = c.photometric, c.frames
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = c.stored, c.high_bit, int(c.signed)
    ds.file_meta.TransferSyntaxUID = UID(c.syntax)
    if c.syntax in NATIVE:
        if c.photometric == "RGB":
            ds.PlanarConfiguration = c.planar
            cells = cells.transpose(0, 3, 1, 2) if c.planar else cells
        data = cells.astype(cells.dtype.newbyteorder(">")).tobytes() if c.syntax == BIG else cells.tobytes()
        if c.syntax == BIG and c.allocated == 8:  # bytes in words, written with their other end first
            data = np.frombuffer(data + b"\0" * (len(data) % 2), "<u2").astype(">u2").tobytes()
        ds.PixelData = data + b"\0" * (len(data) % 2)
        ds["PixelData"].VR = "OW"
        return ds
    frames = [encoded(c, plane, stored) for plane, stored in zip(truth, cells, strict=True)]
    ds["PixelData"].VR = "OB"
    if c.offsets == "extended":
        ds.PixelData, ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths = encapsulate_extended(frames)
    elif c.offsets == "basic" or c.frames == 1:
        ds.PixelData = encapsulate(frames, fragments_per_frame=c.fragments, has_bot=c.offsets == "basic")
    else:
        ds.PixelData = encapsulate(frames, has_bot=False)
    ds["PixelData"].is_undefined_length = True
    return ds


def meant(c: Combination, ds: Dataset, truth: np.ndarray, random_: np.random.Generator) -> np.ndarray:
    """Say what the stored values mean, in the header; return what they mean."""
    if c.photometric == "PALETTE COLOR":
        colours = random_.integers(0, 256, (256, 3))
        for channel, name in enumerate(("Red", "Green", "Blue")):
            setattr(ds, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
            ds[f"{name}PaletteColorLookupTableDescriptor"].VR = "US"
            words = (colours[:, channel] * 257).astype(">u2" if c.syntax == BIG else "<u2")
            setattr(ds, f"{name}PaletteColorLookupTableData", words.tobytes())
        return colours[truth]
    if c.scale == "table":
        table = random_.integers(0, 60000, 201)
        item = Dataset()
        item.LUTDescriptor = [201, (-100 if c.signed else 0) & 0xFFFF, 16]
        item["LUTDescriptor"].VR, item.ModalityLUTType = "US", "US"
        item.LUTData = table.astype(">u2" if c.syntax == BIG else "<u2").tobytes()
        item["LUTData"].VR = "OW"
        ds.ModalityLUTSequence = [item]
        ds.RescaleSlope, ds.RescaleIntercept = 7, 7  # not allowed beside a table, which wins
        return table[truth + (100 if c.signed else 0)]
    if c.scale:
        ds.RescaleSlope, ds.RescaleIntercept = (2, -1024) if c.scale == "whole" else ("0.37", "-5.5")
        return truth * float(ds.RescaleSlope) + float(ds.RescaleIntercept)
    return truth


def read(path: Path, pool: Pool) -> tuple[Volume, ...]:
    record = read_record(path)
    assert record is not None
    (series,) = build_series([record])
    return read_sequence(series.volumes, pool=pool)


@pytest.mark.hazard("H12")
@pytest.mark.hazard("H17")
@pytest.mark.hazard("H18")
def test_what_goes_in_comes_out(tmp_path: Path, pool: Pool, capfd: pytest.CaptureFixture[str]) -> None:
    rng, random_ = random.Random(SEED), np.random.default_rng(SEED)
    seen = set()
    for n in range(COUNT):
        c = drawn(rng)
        truth = truth_of(c, random_)
        ds = dataset_of(c, truth, random_)
        values = meant(c, ds, truth, random_)
        (path,) = save(tmp_path / str(n), [ds])
        volumes = read(path, pool)
        assert len(volumes) == c.frames, c
        found = np.stack([volume.array[0] for volume in volumes])
        if c.scale == "fraction":
            np.testing.assert_allclose(found, values, rtol=1e-6, atol=1e-6 * np.abs(values).max(), err_msg=str(c))
        else:
            np.testing.assert_array_equal(found, values, err_msg=str(c))
        seen.add((c.syntax, c.allocated, c.stored, c.signed, c.photometric, c.scale))
    with capfd.disabled():
        print(f"\n{COUNT} combinations, {len(seen)} different, PELLUCID_COMBINATIONS_SEED={SEED}", end=" ")
