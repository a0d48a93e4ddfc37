"""H36: what is blacked out is gone from the copy, in every frame and every way of storing pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.pixels import pixel_array
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from dicom_making import put_pixels, slice_dataset
from pellucid.dicom.deidentify import black_out
from pellucid.dicom.deidentify.copying import copy
from pellucid.dicom.deidentify.plan import Plan
from pellucid.model.findings import Refused

BOX = (3, 2, 9, 5)
REAL = (
    "cine/us_*.dcm", "color_palette/*.dcm", "transfer_syntaxes/*.dcm", "cine/*.dcm", "cr_dx_mg/*.dcm",
    "ct_enhanced_2frame/*.dcm", "seg/*.dcm",
)  # fmt: skip


def copied(source: Path, tmp_path: Path, *boxes: tuple[int, int, int, int]) -> Dataset:
    target = tmp_path / "out.dcm"
    answer = copy({"path": str(source), "target": str(target), "plan": Plan().to_json(), "secret": "ab" * 32,
                   "code": "P1", "rectangles": [list(box) for box in boxes or (BOX,)]})  # fmt: skip
    assert answer["blackened"] == len(boxes or (BOX,))
    return dcmread(target)


def inside(frames: NDArray[Any], box: tuple[int, int, int, int] = BOX) -> NDArray[Any]:
    x, y, width, height = box
    return frames[:, y : y + height, x : x + width]


def stack(dataset: Dataset, raw: bool = True) -> NDArray[Any]:
    array = pixel_array(dataset, raw=raw)
    colour = int(dataset.get("SamplesPerPixel", 1)) > 1
    return array[np.newaxis] if array.ndim == (3 if colour else 2) else array


@pytest.mark.data
@pytest.mark.filterwarnings("ignore")
@pytest.mark.hazard("H36")
def test_real_pictures_keep_everything_but_the_rectangle(data_dir: Path, tmp_path: Path) -> None:
    seen, forms = 0, set()
    for path in sorted({path for pattern in REAL for path in data_dir.glob(pattern)}):
        original = dcmread(path)
        if "PixelData" not in original or original.file_meta.TransferSyntaxUID in black_out.codecs.RETIRED_JPEG:
            continue
        try:
            before = black_out._frames(original, "PixelData")
        except Refused:
            continue
        result = copied(path, tmp_path)
        after = stack(result)
        assert len(np.unique(inside(after).reshape(-1, *after.shape[3:]), axis=0)) == 1, path
        mask = np.ones(after.shape[1:3], bool)
        mask[BOX[1] : BOX[1] + BOX[3], BOX[0] : BOX[0] + BOX[2]] = False
        assert np.array_equal(after[:, mask], before[:, mask]), path
        shown = stack(result, raw=False)
        if shown.ndim == 4:
            assert inside(shown).max() <= 1, path
        forms |= {(str(original.PhotometricInterpretation), str(original.file_meta.TransferSyntaxUID))}
        seen += 1
    assert seen >= 30 and len(forms) >= 20


SYNTAXES = (ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless, JPEG2000Lossless,
            JPEGLSLossless)  # fmt: skip


@pytest.mark.hazard("H36")
@pytest.mark.parametrize("number", range(30))
def test_thirty_planted_texts_are_warned_of_and_gone(number: int, tmp_path: Path) -> None:
    """A bright text in one of 30 forms: the survey warns of it, and the copy has none of its pixels."""
    from pellucid.dicom.deidentify.survey import look

    dataset, text = planted(number)
    path = tmp_path / "in.dcm"
    save(dataset, path, SYNTAXES[number % len(SYNTAXES)])
    assert look({"path": str(path), "secret": "ab" * 32})["may_show_text"]
    after = stack(copied(path, tmp_path))
    assert text in np.unique(stack(dcmread(path)))
    assert len(np.unique(inside(after).reshape(-1, *after.shape[3:]), axis=0)) == 1
    assert text not in inside(after) or dataset.PhotometricInterpretation == "MONOCHROME1"



def planted(number: int) -> tuple[Dataset, int]:
    """Return a picture with letters of a value that occurs nowhere else, and that value."""
    kind = ("MONOCHROME2", "MONOCHROME1", "RGB", "PALETTE COLOR", "MONOCHROME2")[number % 5]
    frames = number % 3 + 1
    dtype = np.dtype((np.uint8, np.uint16)[number % 2] if kind != "RGB" else np.uint8)
    shape = (frames, 40, 48, 3) if kind == "RGB" else (frames, 40, 48)
    pixels = (np.arange(np.prod(shape)).reshape(shape) % 100 + 7).astype(dtype)
    text = 251
    inside(pixels)[:, ::2, ::2] = text
    modality = ("US", "XA", "ES", "OT", "SC", "CT")[number % 6]
    dataset = slice_dataset(pixels[0], modality=modality)
    put_pixels(dataset, pixels, "RGB" if kind == "RGB" else kind)
    dataset.NumberOfFrames = frames
    if modality == "CT":
        dataset.BurnedInAnnotation = "YES"
    if kind == "PALETTE COLOR":
        for colour in ("Red", "Green", "Blue"):
            setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
            table = (np.arange(256)[::-1] * 257).astype("<u2").tobytes()
            setattr(dataset, f"{colour}PaletteColorLookupTableData", table)
        inside(pixels)[:] = np.where(inside(pixels) == text, 250, inside(pixels))
        text = 250
        pixels[:, 0, 0] = 255  # the darkest colour of this palette
        dataset.PixelData = pixels.tobytes()
    return dataset, text


def save(dataset: Dataset, path: Path, syntax: Any) -> None:
    if syntax.is_compressed and not syntax.is_deflated:
        dataset.compress(syntax, generate_instance_uid=False)
        dataset.save_as(path, enforce_file_format=True)
        return
    if syntax == ExplicitVRBigEndian:
        dataset["PixelData"].VR = "OW"
        for element in dataset.iterall():
            if element.VR == "OW":
                size = dataset.BitsAllocated // 8 if element.keyword == "PixelData" else 2
                words = np.frombuffer(element.value, "<u2" if size <= 2 else "<u4")
                element.value = words.astype(words.dtype.newbyteorder(">")).tobytes()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(path, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian,
                    enforce_file_format=True)  # fmt: skip


@pytest.mark.hazard("H36")
def test_overlays_icons_and_bits_beside_the_image_are_gone(tmp_path: Path) -> None:
    pixels = np.full((8, 10), 5, np.uint16)
    pixels[3, 4] |= 1 << 12  # a text in bits that are not part of the image
    dataset = slice_dataset(pixels, sop_class="1.2.840.10008.5.1.4.1.1.7", modality="OT")
    dataset.BitsStored, dataset.HighBit = 12, 11
    dataset.add_new(0x60000010, "US", 8)
    dataset.add_new(0x60000011, "US", 10)
    dataset.add_new(0x60000100, "US", 16)
    dataset.add_new(0x60000102, "US", 12)
    dataset.add_new(0x60023000, "OW", b"\xa5\x5a" * 8)
    icon = Dataset()
    icon.add_new(0x7FE00010, "OB", b"\xa5\x5a" * 8)
    dataset.IconImageSequence = [icon]
    path, target = tmp_path / "in.dcm", tmp_path / "out.dcm"
    dataset.save_as(path, enforce_file_format=True)
    copy({"path": str(path), "target": str(target), "plan": Plan().to_json(), "secret": "ab" * 32, "code": "P1",
          "rectangles": []})  # fmt: skip
    result = dcmread(target)
    assert not [element for element in result if element.tag.group >> 8 == 0x60] and "IconImageSequence" not in result
    assert np.unique(stack(result)).tolist() == [5] and b"\xa5\x5a" not in target.read_bytes()


def test_a_rectangle_is_cut_at_the_border_and_one_outside_does_nothing(tmp_path: Path) -> None:
    path = tmp_path / "in.dcm"
    slice_dataset(np.full((8, 10), 9, np.uint16)).save_as(path, enforce_file_format=True)
    result = stack(copied(path, tmp_path, (8, 6, 100, 100)))
    assert (result[0, 6:, 8:] == 0).all() and (result == 9).sum() == 76
    dataset = dcmread(path)
    assert black_out.make_black(dataset, ((10, 0, 5, 5), (0, 8, 5, 5))) == 0 and (stack(dataset) == 9).all()


@pytest.mark.hazard("H36")
def test_stored_bits_at_the_top_stay_and_the_others_are_cleared(tmp_path: Path) -> None:
    """12 bits stored in the upper bits of a word, with junk in the lower ones."""
    pixels = (np.arange(80, dtype=np.uint16).reshape(8, 10) * 31 << 4) | 0b1011
    dataset = slice_dataset(pixels)
    dataset.BitsStored, dataset.HighBit = 12, 15
    path = tmp_path / "in.dcm"
    dataset.save_as(path, enforce_file_format=True)
    after = np.frombuffer(copied(path, tmp_path).PixelData, "<u2").reshape(8, 10)
    expected = pixels & 0xFFF0
    expected[BOX[1] : BOX[1] + BOX[3], BOX[0] : BOX[0] + BOX[2]] = 0
    assert np.array_equal(after, expected)


@pytest.mark.hazard("H36")
def test_numbers_with_a_sign_keep_it(tmp_path: Path) -> None:
    pixels = np.linspace(-2000, 2000, 80).astype(np.int16).reshape(8, 10)
    dataset = slice_dataset(pixels & 0x0FFF)
    dataset.PixelRepresentation, dataset.BitsStored, dataset.HighBit = 1, 12, 11
    path = tmp_path / "in.dcm"
    dataset.save_as(path, enforce_file_format=True)
    after = np.frombuffer(copied(path, tmp_path).PixelData, "<i2").reshape(8, 10)
    expected = pixels.copy()
    expected[BOX[1] : BOX[1] + BOX[3], BOX[0] : BOX[0] + BOX[2]] = pixels.min()
    assert np.array_equal(after, expected)


def test_video_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "in.dcm"
    dataset = slice_dataset(np.full((8, 10), 9, np.uint8))
    dataset.save_as(path, enforce_file_format=True)
    dataset = dcmread(path)
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"
    with pytest.raises(Refused, match="MPEG-4"):
        black_out.make_black(dataset, (BOX,))
