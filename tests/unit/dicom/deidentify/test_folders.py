"""A folder is de-identified as a whole: links stay, names are ours, nothing is written where it must not be."""

from __future__ import annotations

import json
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID_dictionary, generate_uid

from dicom_making import save, slice_dataset
from pellucid import paths
from pellucid.cli.entry import run as command
from pellucid.dicom.child import Cancelled, default_pool
from pellucid.dicom.deidentify.classes import may_show_text, refusal
from pellucid.dicom.deidentify.plan import Plan
from pellucid.dicom.deidentify.run import deidentify_folder, preview, survey
from pellucid.model.findings import Refused

UNSAFE = {
    "1.2.840.10008.5.1.4.1.1.104.1": "document", "1.2.840.10008.5.1.4.1.1.104.2": "document",
    "1.2.840.10008.5.1.4.1.1.66": "raw", "1.3.12.2.1107.5.9.1": "not known", "1.2.840.10008.1.3.10": "index",
    "": "kind",
    "1.2.840.10008.5.1.4.1.1.9.4.1": "voice", "1.2.840.10008.5.1.4.31": "not known",
}  # fmt: skip


def study(folder: Path, patient: str = "Planted^Name", identity: str = "SECRETID77") -> list[Path]:
    """Write two slices and a report that refers to them, in a folder that names the patient."""
    slices = [slice_dataset(np.full((8, 8), n, np.int16), number=n, position=(0, 0, n)) for n in (1, 2)]
    report = Dataset()
    report.file_meta = slices[0].file_meta
    report.SOPClassUID, report.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.88.33", generate_uid()
    report.StudyInstanceUID, report.SeriesInstanceUID, report.Modality = "1.2.3", "1.2.3.2", "SR"
    report.ValueType, report.ContentSequence = "CONTAINER", [content("Planted^Reader", slices[0])]
    evidence, series = Dataset(), Dataset()
    series.SeriesInstanceUID, series.ReferencedSOPSequence = "1.2.3.1", [reference(one) for one in slices]
    evidence.StudyInstanceUID, evidence.ReferencedSeriesSequence = "1.2.3", [series]
    report.CurrentRequestedProcedureEvidenceSequence = [evidence]
    slices[1].ReferencedImageSequence = [reference(slices[0])]
    for one in (*slices, report):
        one.PatientName, one.PatientID = patient, identity
    home = folder / "Planted Name"
    home.mkdir(parents=True)
    return save(home, (*slices, report), "SECRETID77_{:02d}.dcm".format)


def reference(dataset: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    return item


def content(name: str, image: Dataset) -> Dataset:
    item, person, words, number, value = Dataset(), Dataset(), Dataset(), Dataset(), Dataset()
    person.ValueType, person.PersonName = "PNAME", name
    words.ValueType, words.TextValue = "TEXT", "Planted finding"
    value.NumericValue = "77.5"
    number.ValueType, number.MeasuredValueSequence = "NUM", [value]
    item.ValueType, item.ReferencedSOPSequence = "IMAGE", [reference(image)]
    item.ContentSequence = [person, words, number]
    return item


def uids(dataset: Dataset) -> list[str]:
    found = []
    for element in dataset.iterall():
        if element.VR == "UI" and not element.keyword.endswith("ClassUID"):
            found += [str(one) for one in (element.value if element.VM > 1 else [element.value])]
    return [one for one in found if one not in UID_dictionary]


@pytest.mark.hazard("H35")
def test_uids_stay_consistent_over_everything(tmp_path: Path) -> None:
    sources = study(tmp_path / "in")
    outcome = deidentify_folder([tmp_path / "in"], tmp_path / "out", Plan())
    copies = {one.source.path: dcmread(tmp_path / "out" / one.name) for one in outcome.copied}
    mapping: dict[str, str] = {}
    total = 0
    for path in sources:
        old, new = uids(dcmread(path)), uids(copies[path])
        assert len(old) == len(new)
        for before, after in zip(old, new, strict=True):
            assert mapping.setdefault(before, after) == after != before and len(after) <= 64
            total += 1
        assert copies[path].file_meta.MediaStorageSOPInstanceUID == copies[path].SOPInstanceUID
    assert len(set(mapping.values())) == len(mapping) and total > 15


@pytest.mark.hazard("H35")
def test_reports_lose_texts_and_names_and_keep_links(tmp_path: Path) -> None:
    path = study(tmp_path / "in")[2]
    for options, number in ((frozenset(), "0"), (frozenset({"structured"}), "77.5")):
        out = tmp_path / f"out{len(options)}"
        outcome = deidentify_folder([tmp_path / "in"], out, Plan(options))
        copy = dcmread(out / next(one.name for one in outcome.copied if one.source.path == path))
        items = copy.ContentSequence[0].ContentSequence
        assert [items[0].PersonName, items[1].TextValue] == ["REMOVED", "REMOVED"]
        assert str(items[2].MeasuredValueSequence[0].NumericValue) == number


@pytest.mark.hazard("H35")
@pytest.mark.hazard("H37")
def test_names_are_ours_and_folders_private(tmp_path: Path) -> None:
    study(tmp_path / "in")
    deidentify_folder([tmp_path / "in"], tmp_path / "out", Plan(patient_code="Case7"))
    names = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.dcm"))
    assert names == [f"Case7/Study1/Series000{s}/000{n}.dcm" for s, n in ((1, 1), (1, 2), (2, 1))]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700


@pytest.mark.hazard("H35")
def test_patients_are_told_apart_and_keep_their_code(tmp_path: Path) -> None:
    study(tmp_path / "in" / "a", "One^A", "ID-ONE")
    study(tmp_path / "in" / "b", "Two^B", "ID-TWO")
    outcome = deidentify_folder([tmp_path / "in"], tmp_path / "out", Plan(codes={"ID-TWO": "Known"}))
    assert outcome.codes == {"ID-ONE": "P0001", "ID-TWO": "Known"}
    for path in (tmp_path / "out" / "Known").rglob("*.dcm"):
        assert dcmread(path).PatientID == "Known"


@pytest.mark.parametrize("place", ["in", "in/out", "."])
def test_nothing_is_written_where_the_originals_are(tmp_path: Path, place: str) -> None:
    sources = study(tmp_path / "in")
    before = [path.read_bytes() for path in sources]
    with pytest.raises(Refused):
        deidentify_folder([tmp_path / "in"], tmp_path / place, Plan())
    assert [path.read_bytes() for path in sources] == before and sorted(p.name for p in tmp_path.iterdir()) == ["in"]


@pytest.mark.parametrize("place", ["in/Planted Name/out", "in/Planted Name/deep/out", "in/out"])
def test_copies_of_one_file_go_to_a_new_folder_beside_it(tmp_path: Path, place: str) -> None:
    first, *_ = study(tmp_path / "in")
    before = {path: path.read_bytes() for path in (tmp_path / "in").rglob("*") if path.is_file()}
    outcome = deidentify_folder([first], tmp_path / place, Plan())
    (copy,) = (path for path in (tmp_path / place).rglob("*") if path.is_file())
    assert len(outcome.copied) == 1 and dcmread(copy).PatientIdentityRemoved == "YES"
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("place", ["in", "in/Planted Name", "in/Planted Name/there", ".", "FILE", "FILE/out"])
def test_copies_of_one_file_never_go_over_or_into_anything(tmp_path: Path, place: str) -> None:
    first, *_ = study(tmp_path / "in")
    (first.parent / "there").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Refused):
        deidentify_folder([first], Path(str(tmp_path / place).replace(str(tmp_path / "FILE"), str(first))), Plan())
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.hazard("H37")
def test_an_archive_is_unpacked_cleaned_and_nothing_of_it_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "a.zip"
    sources = study(tmp_path / "in")
    with zipfile.ZipFile(archive, "w") as made:
        for path in sources:
            made.write(path, f"../SECRETID77/{path.name}")
    assert command(["anonymise", str(archive), str(tmp_path / "out")]) == 0
    copies = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(copies) == len(sources) and all(dcmread(path).PatientID == "P0001" for path in copies)
    assert b"SECRETID77" not in b"".join(path.read_bytes() for path in copies)
    unpacked = paths.cache_dir() / "unpacked"
    assert not list(unpacked.iterdir()) and sorted(p.name for p in tmp_path.iterdir()) == ["a.zip", "in", "out"]
    archive.write_bytes(archive.read_bytes()[:60])
    assert command(["anonymise", str(archive), str(tmp_path / "other")]) == 1
    assert "archive" in capsys.readouterr().err and not list(unpacked.iterdir())


def test_a_stop_leaves_nothing(tmp_path: Path) -> None:
    study(tmp_path / "in")
    found = survey([tmp_path / "in"])
    with pytest.raises(Cancelled):
        deidentify_folder([tmp_path / "in"], tmp_path / "out", Plan(), known=found, cancelled=lambda: True)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize(("sop_class", "said"), UNSAFE.items())
def test_objects_that_cannot_be_cleaned_are_refused(sop_class: str, said: str) -> None:
    assert said in refusal(sop_class)


def test_images_are_not_refused() -> None:
    for kind in ("2", "4", "128", "6.1", "7", "66.4", "481.3", "88.33", "11.1", "77.1.1", "2.1", "1.2"):
        assert refusal(f"1.2.840.10008.5.1.4.1.1.{kind}") == ""


@pytest.mark.hazard("H35")
def test_what_is_left_out_is_said_and_the_rest_is_copied(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources = study(tmp_path / "in")
    pdf = slice_dataset(np.zeros((4, 4), np.int16), sop_class="1.2.840.10008.5.1.4.1.1.104.1")
    save(tmp_path / "in", [pdf], "z{}.dcm".format)
    sources[0].write_bytes(sources[0].read_bytes()[:-40])
    (tmp_path / "in" / "notes.txt").write_text("no DICOM")
    code = command(["anonymise", str(tmp_path / "in"), str(tmp_path / "out"), "--report", str(tmp_path / "r.json")])
    said = capsys.readouterr()
    assert code == 1 and "pixels are cut off" in said.err and "document" in said.err
    report = json.loads((tmp_path / "r.json").read_text())
    assert len(report["files"]) == 2 and len(report["left_out"]) == 2 and report["not_dicom"] == 1
    assert "no guarantee" in report["statement"]


@pytest.mark.hazard("H34")
@pytest.mark.parametrize("suffix", [".json", ".csv", ".txt"])
def test_reports_hold_no_old_value_and_no_file_name(tmp_path: Path, suffix: str) -> None:
    study(tmp_path / "in")
    path = tmp_path / f"r{suffix}"
    assert command(["anonymise", str(tmp_path / "in"), str(tmp_path / "out"), "--report", str(path)]) == 0
    text = path.read_text()
    assert "(0010,0010)" in text and "113100" in text
    assert "Planted" not in text and "SECRETID77" not in text and "1.2.3" not in text
    assert "0 files" not in text and "1 files" not in text and "\n\n\n" not in text  # nothing is said of nothing


@pytest.mark.parametrize("arguments", [
    ["--options", "everything"], ["--options", "full_dates,modified_dates"], ["--black-out", "1,2,3"],
    ["--black-out", "1,2,0,4"], ["--patient-code", "a/b"], ["--code", "x"], ["--report", "IN/r.json"],
    ["--report", "OUT/r.json"], ["--report", "r.html"], ["--key-file", "IN/k.csv"],
])  # fmt: skip
def test_wrong_wishes_are_refused_with_nothing_written(tmp_path: Path, arguments: list[str]) -> None:
    study(tmp_path / "in")
    places = {"IN": str(tmp_path / "in"), "OUT": str(tmp_path / "out")}
    arguments = [one.replace("IN/", places["IN"] + "/").replace("OUT/", places["OUT"] + "/") for one in arguments]
    assert command(["anonymise", places["IN"], places["OUT"], *arguments]) in (1, 2)
    assert not (tmp_path / "out").exists() and len(list((tmp_path / "in").rglob("*"))) == 4


@pytest.mark.hazard("H34")
def test_the_key_is_kept_only_when_asked_and_only_for_its_owner(tmp_path: Path) -> None:
    study(tmp_path / "in")
    key = tmp_path / "key.csv"
    assert command(["anonymise", str(tmp_path / "in"), str(tmp_path / "out"), "--key-file", str(key)]) == 0
    assert key.read_text() == "patient_id,code\nSECRETID77,P0001\n"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_preview_writes_nothing_and_says_what_would_change(tmp_path: Path) -> None:
    study(tmp_path / "in")
    found = survey([tmp_path / "in"])
    said = preview(found.sources[0], found, Plan())
    assert ("(0010,0020)", "Patient ID", "replaced", 1) in said.changes
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


@pytest.mark.hazard("H36")
def test_pictures_that_may_show_text_are_warned_of() -> None:
    for modality in ("US", "SC", "XA", "ES", "OT"):
        assert may_show_text(modality, "", "")
    assert may_show_text("CT", "", "YES") and not may_show_text("CT", "1.2.840.10008.5.1.4.1.1.2", "")
    assert not may_show_text("PT", "1.2.840.10008.5.1.4.1.1.128", "") and not may_show_text("US", "", "NO")
    assert may_show_text("MR", "1.2.840.10008.5.1.4.1.1.7.4", "") and default_pool()
