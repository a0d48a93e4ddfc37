"""What a derived image says of how it came about, judged by the codes of pydicom's copy of PS3.16 CID 7203."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from dicom_judges import GRIDS, complaints, expected, planes, volume
from dicom_making import save, stack
from pellucid.dicom.read import read_sequence
from pellucid.dicom.scan import scan
from pellucid.dicom.stack import sequences
from pellucid.dicom.ucum import CODES, unit_of
from pellucid.dicom.writing.derivation import code_of, coded_steps
from pellucid.dicom.writing.origin import read_origin
from pellucid.dicom.writing.request import WORDS, Request, Subject
from pellucid.files.dicom_export import write_image
from pellucid.model.layer import HAND_EDIT
from pellucid.model.volume import Volume
from pellucid.operations import registry

JANE = Request(subject=Subject("Doe, Jane", "42"), description="derived")
EXPECTED = {
    "smoothing.gaussian": "113088", "smoothing.median": "113087", "smoothing.maximum": "", "edges.unsharp": "113089",
    "edges.laplacian": "113086", "arithmetic.minimum": "113051", "arithmetic.maximum": "113048",
    "arithmetic.mask": "113047", "geometry.resample_to_image": "113085", "geometry.flip": "",
    "geometry.set_spacing": "", "geometry.stitch": "113090", "registration.register": "113085",
    "threshold.otsu": "113076", "intensity.window": "", "normalise.zscore": "", HAND_EDIT: "113077",
}  # fmt: skip


def meanings() -> dict[str, str]:
    from pydicom.sr._cid_dict import cid_concepts
    from pydicom.sr._concepts_dict import concepts

    return {code: meaning for name in cid_concepts[7203]["DCM"]
            for code, (meaning, _groups) in concepts["DCM"][name].items()}  # fmt: skip


@pytest.mark.parametrize("operation", sorted(registry()))
def test_every_operation_has_a_code_of_the_standard_or_honestly_none(operation: str) -> None:
    code = code_of(operation)
    assert code is not None, "say in derivation.py which code this operation has, or that there is none"
    for item in coded_steps([operation]):
        assert meanings()[item.CodeValue] == item.CodeMeaning and item.CodingSchemeDesignator == "DCM"
    assert len(coded_steps([operation, operation])) == (1 if code else 0)


@pytest.mark.parametrize(("operation", "code"), EXPECTED.items())
def test_the_code_says_what_was_done(operation: str, code: str) -> None:
    assert code_of(operation) == code


def test_a_step_that_is_no_operation_has_no_code() -> None:
    assert code_of("somebody.elses") is None and coded_steps(["somebody.elses"]) == []


def reopened(folder: Path) -> Volume:
    (series,) = scan([folder]).series
    ((plan,),) = sequences(series)
    return read_sequence((plan,))[0]


@pytest.mark.parametrize(("operations", "codes"), [
    ((), ["110001"]), (("intensity.window",), ["110001"]), (("smoothing.gaussian", "geometry.flip"), ["113088"]),
    (("geometry.resample", "arithmetic.add"), ["113085", "113042"]),
])  # fmt: skip
def test_frames_of_a_parametric_map_say_what_was_done_to_them(
    operations: tuple[str, ...], codes: list[str], tmp_path: Path
) -> None:
    source = volume("int16", GRIDS["axial"], modality="MR")
    write_image([source], tmp_path / "source", JANE)
    origin = read_origin(sorted((tmp_path / "source").iterdir()))
    there = replace(source.geometry, frame_of_reference=origin.frame_of_reference)
    given = replace(volume("float32", there, modality="MR"))
    write_image([given], tmp_path / "out", replace(JANE, origin=origin, operations=operations))
    (path,) = (tmp_path / "out").iterdir()
    frames = pydicom.dcmread(path).PerFrameFunctionalGroupsSequence
    for frame in frames:
        derived = frame.DerivationImageSequence[0].DerivationCodeSequence
        assert [item.CodeValue for item in derived] == codes
        assert all({**meanings(), "110001": "Image Processing"}[item.CodeValue] == item.CodeMeaning for item in derived)
    assert len(frames) == 5 and complaints(path) == []


@pytest.mark.hazard("H14")
@pytest.mark.parametrize("unit", [*CODES, "ml/100g/min", "°"])
def test_units_come_back_from_a_parametric_map(unit: str, tmp_path: Path) -> None:
    given = volume("float32", GRIDS["oblique"], modality="MR", unit=unit)
    write_image([given], tmp_path / "out", JANE, accept_loss=False)
    (path,) = (tmp_path / "out").iterdir()
    shared = pydicom.dcmread(path).SharedFunctionalGroupsSequence[0]
    said = shared.RealWorldValueMappingSequence[0].MeasurementUnitsCodeSequence[0]
    assert (said.CodingSchemeDesignator == "UCUM") is (unit in CODES)
    back = reopened(tmp_path / "out")
    assert back.unit == unit
    np.testing.assert_array_equal(back.array, given.array)


def test_units_are_written_as_the_standard_lists_them() -> None:
    """By pydicom's copy of PS3.16, which lists no plain g/ml."""
    from pydicom.sr._concepts_dict import concepts

    listed = {(value, said[0]) for names in concepts["UCUM"].values() for value, said in names.items()}
    assert {unit for unit, pair in CODES.items() if pair not in listed} == {"g/ml"}
    codes = {unit: CODES[unit][0] for unit in ("HU", "", "SUV", "mm²/s", "Bq/ml")}
    assert codes == {"HU": "[hnsf'U]", "": "1", "SUV": "g/ml{SUVbw}", "mm²/s": "mm2/s", "Bq/ml": "Bq/ml"}
    assert unit_of("{SUVbw}g/ml") == "SUV" and unit_of("10-6.mm2/s") == "µm²/s" and unit_of("strange") == "strange"


def derived(frames: Sequence[Volume], out: Path, request: Request) -> list[str]:
    """Return what pydicom reads of how the files that are written came about, and let dciodvfy judge the first."""
    write_image(frames, out, request)
    paths = sorted(out.iterdir())
    assert complaints(paths[0]) == []
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in paths]
    assert all(header.ImageType[0] == "DERIVED" for header in headers)
    return [header.DerivationDescription for header in headers]


def test_an_untouched_series_says_that_only_its_encoding_is_new(tmp_path: Path) -> None:
    paths = save(tmp_path / "ct", stack(3)[1])
    (series,) = scan([tmp_path / "ct"]).series
    frames = read_sequence(series.volumes)
    said = derived(frames, tmp_path / "out", Request(read_origin(paths)))
    assert said == ["Values unchanged, encoded anew"] * 3


def test_what_writing_does_to_values_and_files_is_said(tmp_path: Path) -> None:
    many = read_origin(save(tmp_path / "ct", stack(5)[1]))
    one = replace(many, instances=many.instances[:1])
    fractions = volume("float32")
    (said,) = derived([fractions], tmp_path / "maps", Request(many))
    assert said == "Values unchanged, encoded anew; Slices or frames of several files put together"
    near = derived([fractions], tmp_path / "near", Request(many, numbers=WORDS))
    off = max(np.abs(plane.values - there.values).max() for plane, there in
              zip(planes((tmp_path / "near").iterdir()), expected(fractions), strict=True))  # fmt: skip
    assert set(near) == {f"Values rounded to 16 bits, largest difference {off:.3g}"}
    split = derived([volume("int16")], tmp_path / "split", Request(one))
    assert set(split) == {"Values unchanged, encoded anew; Slices or frames split into files of their own"}
    clear = derived([volume("uint8", colour=4)], tmp_path / "clear", Request(many))
    assert set(clear) == {"Transparency left out"}
