"""Compressed series: every value by the word of pydicom and of dcmtk, valid, and back through our reader."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from dicom_judges import GRIDS, complaints, expected, planes, tool, volume
from pellucid.dicom.deidentify.finishing import Finisher
from pellucid.dicom.read import read_sequence
from pellucid.dicom.scan import scan
from pellucid.dicom.stack import sequences
from pellucid.dicom.writing.compressing import SYNTAXES
from pellucid.dicom.writing.request import Request
from pellucid.files.dicom_export import write_image
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.volume import Volume, image_from_array

GRID = replace(GRIDS["oblique"], size=(45, 33, 3))
DCMTK = {"rle": "dcmdrle", "jpeg-ls": "dcmdjpls"}


def given(dtype: str, *, modality: str = "MR", colour: int = 0) -> Volume:
    """Return an image that spans all of its type: nothing that overflows could hide."""
    made = volume(dtype, GRID, modality=modality, colour=colour)
    info = np.iinfo(dtype)
    array = made.array.copy()
    array[0].flat[:4] = (info.min, info.max, 0, info.max // 2)
    return replace(made, image=image_from_array(array, made.geometry, colour=bool(colour)))


def back(folder: Path) -> Volume:
    ((plan,),) = sequences(scan([folder]).series[0])
    return read_sequence((plan,))[0]


@pytest.mark.hazard("H32")
@pytest.mark.parametrize("how", SYNTAXES)
@pytest.mark.parametrize(("dtype", "modality", "colour"), [
    ("int16", "MR", 0), ("uint16", "MR", 0), ("int16", "CT", 0), ("uint8", "", 0), ("uint8", "", 3), ("uint16", "", 3),
])  # fmt: skip
def test_every_value_comes_back(how: str, dtype: str, modality: str, colour: int, tmp_path: Path) -> None:
    image = given(dtype, modality=modality, colour=colour)
    written = write_image([image], tmp_path / "out", Request(compression=how), accept_loss=False)
    files = sorted((tmp_path / "out").iterdir())
    for path, (_class, uid) in zip(files, written.instances, strict=True):
        header = pydicom.dcmread(path)
        assert header.file_meta.TransferSyntaxUID == SYNTAXES[how]
        assert header.SOPInstanceUID == header.file_meta.MediaStorageSOPInstanceUID == uid
        assert "LossyImageCompression" not in header or header.LossyImageCompression == "00"
        assert complaints(path) == []
    np.testing.assert_array_equal(back(tmp_path / "out").array, image.array)
    if not colour:
        for read, wanted in zip(planes(files), expected(image), strict=True):
            np.testing.assert_array_equal(read.values, wanted.values)


@pytest.mark.parametrize("how", DCMTK)
@pytest.mark.parametrize("dtype", ["int16", "uint16"])
def test_dcmtk_decodes_the_same(how: str, dtype: str, tmp_path: Path) -> None:
    image = given(dtype)
    write_image([image], tmp_path / "out", Request(compression=how))
    write_image([image], tmp_path / "plain", Request())
    for path in sorted((tmp_path / "out").iterdir()):
        subprocess.run([tool(DCMTK[how]), str(path), str(tmp_path / "raw.dcm")], check=True, capture_output=True)
        decoded, plain = (pydicom.dcmread(one) for one in (tmp_path / "raw.dcm", tmp_path / "plain" / path.name))
        assert decoded.PixelData == plain.PixelData


@pytest.mark.parametrize("how", SYNTAXES)
def test_films_are_compressed_frame_by_frame(how: str, tmp_path: Path) -> None:
    stack = volume("uint16", Geometry((41, 37, 4), (0.5, 0.5, 2.0), oriented=False))
    write_image([stack], tmp_path / "out", Request(compression=how))
    (path,) = (tmp_path / "out").iterdir()
    assert pydicom.dcmread(path).file_meta.TransferSyntaxUID == SYNTAXES[how] and complaints(path) == []
    np.testing.assert_array_equal(back(tmp_path / "out").array, stack.array)


def test_floating_point_pixels_stay_and_that_is_said(tmp_path: Path) -> None:
    image = volume("float32", GRIDS["axial"])
    report = write_image([image], tmp_path / "out", Request(compression="rle"), accept_loss=False).report
    assert any("not compressed" in said for said in report.sentences)
    (path,) = (tmp_path / "out").iterdir()
    assert not pydicom.dcmread(path).file_meta.TransferSyntaxUID.is_compressed


def test_smooth_images_become_smaller_and_are_de_identified_first(tmp_path: Path) -> None:
    image = volume("int16", Geometry((128, 128, 2)), modality="MR")
    ramp = np.stack([np.add.outer(np.arange(128), np.arange(128)).astype(np.int16)] * 2)
    image = replace(image, image=image_from_array(ramp, image.geometry))
    sizes = {}
    for how in ("none", *SYNTAXES):
        write_image([image], tmp_path / how, replace(Request(), compression=how, finish=Finisher()))
        sizes[how] = (tmp_path / how / "0001.dcm").stat().st_size
        assert pydicom.dcmread(tmp_path / how / "0001.dcm").PatientIdentityRemoved == "YES"
    assert all(sizes[how] < sizes["none"] / 1.8 for how in SYNTAXES), sizes


def test_pictures_that_are_too_small_are_refused_before(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="32 rows"):
        write_image([volume("int16", GRIDS["axial"])], tmp_path / "out", Request(compression="jpeg-2000"))


def test_what_no_encoder_takes_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise RuntimeError("no plug-in")

    monkeypatch.setattr(pydicom.Dataset, "compress", refuses)
    with pytest.raises(Refused, match="JPEG 2000"):
        write_image([given("int16")], tmp_path / "out", Request(compression="jpeg-2000"))
    assert not list(tmp_path.iterdir())
