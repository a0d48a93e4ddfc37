"""The picture in which the user looks for burned-in text shows what pydicom shows, in every form of storing pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.pixels import pixel_array
from pydicom.uid import RLELossless

from dicom_making import put_pixels, slice_dataset
from pellucid.dicom.deidentify import showing
from pellucid.model.findings import Refused

RAMP = (np.arange(20 * 24).reshape(20, 24) % 97).astype(np.uint16)


def shown(*paths: Path) -> np.ndarray:
    return showing.picture({"paths": [str(path) for path in paths]})[1][0]


def saved(folder: Path, pixels: np.ndarray, photometric: str = "MONOCHROME2", name: str = "a.dcm", **more: Any) -> Path:
    dataset = slice_dataset(pixels if pixels.ndim == 2 or photometric == "RGB" else pixels[0])
    put_pixels(dataset, pixels, photometric)
    for keyword, value in more.items():
        setattr(dataset, keyword, value)
    path = folder / name
    dataset.save_as(path, enforce_file_format=True)
    return path


def stretched(values: np.ndarray) -> np.ndarray:
    values = values.astype(np.float64)
    return (values - values.min()) / (values.max() - values.min()) * 255


@pytest.mark.hazard("H36")
def test_grey_goes_from_the_darkest_to_the_brightest_and_low_ones_may_be_bright(tmp_path: Path) -> None:
    assert np.abs(shown(saved(tmp_path, RAMP)) - stretched(RAMP)).max() <= 1
    assert np.abs(shown(saved(tmp_path, RAMP, "MONOCHROME1")) - (255 - stretched(RAMP))).max() <= 1


@pytest.mark.hazard("H36")
def test_text_in_any_frame_and_any_file_is_seen(tmp_path: Path) -> None:
    frames = np.zeros((3, 20, 24), np.uint8)
    frames[:, 0, 0] = 200
    frames[2, 5:8, 5:8] = 200
    one = saved(tmp_path, frames, NumberOfFrames=3)
    other = np.zeros((20, 24), np.uint8)
    other[15, 15] = 9
    seen = shown(one, saved(tmp_path, other, name="b.dcm"), saved(tmp_path, RAMP[:10], name="c.dcm"))
    assert (seen[6, 6], seen[15, 15], seen[0, 0], seen[10, 10]) == (255, 255, 255, 0)


@pytest.mark.hazard("H36")
def test_colours_and_compressed_pixels_are_shown_as_they_are(tmp_path: Path) -> None:
    colours = (np.arange(20 * 24 * 3).reshape(20, 24, 3) % 251).astype(np.uint8)
    assert np.array_equal(shown(saved(tmp_path, colours, "RGB")), colours)
    packed = saved(tmp_path, RAMP)
    dataset = dcmread(packed)
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.save_as(packed)
    assert np.abs(shown(packed) - stretched(RAMP)).max() <= 1


@pytest.mark.data
@pytest.mark.parametrize("name", ["color_palette/*.dcm", "transfer_syntaxes/*RGB*.dcm"])
def test_real_colours_are_those_of_pydicom(data_dir: Path, name: str) -> None:
    from pydicom.pixels.processing import apply_color_lut

    seen = 0
    for path in sorted(data_dir.glob(name)):
        dataset = dcmread(path)
        if int(dataset.get("NumberOfFrames", 1) or 1) > 1:
            continue
        try:
            expected = pixel_array(dataset)
        except (RuntimeError, ValueError, NotImplementedError):
            continue
        if dataset.PhotometricInterpretation == "PALETTE COLOR":
            expected = apply_color_lut(expected, dataset)
        if expected.dtype == np.uint16:
            expected = expected >> 8
        assert np.abs(shown(path).astype(int) - expected.astype(int)).max() <= 3, path.name
        seen += 1
    assert seen


def test_what_is_no_picture_or_too_large_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "text.dcm").write_text("nothing of the kind")
    with pytest.raises(Refused, match="cannot be shown"):
        shown(tmp_path / "text.dcm")
    with pytest.raises(Refused, match="too large"):
        shown(saved(tmp_path, RAMP, Rows=60000, Columns=60000))
    with pytest.raises(Refused, match="could not be read"):
        shown(saved(tmp_path, RAMP, BitsAllocated=24))
