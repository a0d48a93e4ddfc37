"""H35: every attribute of Table E.1-1 is planted, at the top, nested, and in private sequences: nothing survives.

The checker is independent of the walk: it looks for the planted bytes in everything that was written.
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.datadict import DicomDictionary
from pydicom.dataset import Dataset

from dicom_making import slice_dataset
from pellucid.dicom.deidentify import cleaning, identities, table
from pellucid.dicom.deidentify.copying import copy
from pellucid.dicom.deidentify.plan import OPTIONS, Plan

SECRET = "ab" * 32
BASIC = Plan()


def marker(number: int, place: str, vr: str) -> object:  # noqa: C901 - one line for each VR
    """Return a value for a VR whose bytes occur nowhere by chance."""
    text = f"ZQ{place}{number:04d}JV"
    if vr in ("AE", "CS", "SH", "LO", "LT", "ST", "UC", "UT"):
        return text
    if vr == "PN":
        return f"{text}^GIVEN{text}"
    if vr == "UR":
        return f"http://{text}.example"
    if vr == "UI":
        return f"1.2.826.77.{ord(place)}.{number}"
    if vr == "DA":
        return f"1931{number % 12 + 1:02d}{number % 28 + 1:02d}"
    if vr == "DT":
        return f"193106{number % 28 + 1:02d}0102{number % 60:02d}.77{number:04d}"
    if vr == "TM":
        return f"2357{number % 60:02d}.77{number:04d}"
    if vr == "DS":
        return f"7731.{ord(place)}{number}"
    if vr in ("FD", "FL"):
        return 77310000.0 + number * 8
    if vr in ("OB", "UN", "OW"):
        return text.encode() + b"  "[: len(text) % 2]
    if vr == "AS":
        return "077Y"
    if vr == "SQ":
        item = Dataset()
        item.PatientName, item.CodeMeaning, item.CodeValue = f"{text}^SEQ", text, text
        item.StudyDate, item.PersonName, item.TextValue = "19310203", f"{text}^PN", text
        return [item]
    return 7731 if vr in ("US", "SS") else 77310000 + number


def planted_in(dataset: Dataset, place: str) -> int:
    count = 0
    for number, tag in enumerate(sorted(table.basic_actions())):
        if tag >> 16 in (0, 2) or tag == 0xFFFCFFFC or tag in dataset or tag not in DicomDictionary:
            continue
        vr = DicomDictionary[tag][0].split(" or ")[0]
        dataset.add_new(tag, vr, marker(number, place, vr))
        count += 1
    for group in (0x5000, 0x5002, 0x6000, 0x6002):
        dataset.add_new(group << 16 | 0x3000, "OW", f"ZQ{place}OVERLAYJV".encode() + b" ")
        dataset.add_new(group << 16 | 0x4000, "LT", f"ZQ{place}COMMENTJV")
        count += 2
    dataset.add_new(0x00091010, "LO", f"ZQ{place}PRIVATEJV")
    dataset.add_new(0x00090010, "LO", f"ZQ{place}CREATORJV")
    dataset.add_new(0x00091011, "UN", f"ZQ{place}UNKNOWNJV".encode() + b" ")
    return count + 3


def planted() -> tuple[Dataset, int]:
    dataset = slice_dataset(np.arange(64, dtype=np.int16).reshape(8, 8))
    for word in ("PatientName", "PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        delattr(dataset, word)
    if "FrameOfReferenceUID" in dataset:
        del dataset.FrameOfReferenceUID
    count = planted_in(dataset, "A")
    inner, deep = Dataset(), Dataset()
    count += planted_in(inner, "B") + planted_in(deep, "C")
    inner.DerivationCodeSequence = [deep]
    dataset.SharedFunctionalGroupsSequence = [inner]
    hidden = Dataset()
    count += planted_in(hidden, "D")
    dataset.add_new(0x000B0010, "LO", "ZQACREATOR2JV")
    dataset.add_new(0x000B1020, "SQ", [hidden])
    dataset.file_meta.SourceApplicationEntityTitle = "ZQAMETAJV"
    dataset.file_meta.PrivateInformationCreatorUID = "1.2.826.77.65.1"
    dataset.file_meta.PrivateInformation = b"ZQAMETAPRIVATEJV"
    dataset.preamble = b"ZQAPREAMBLEJV".ljust(128, b"\0")
    return dataset, count


SIGNS = (rb"ZQ", rb"1\.2\.826\.77\.", rb"(?<![\d.])1931\d{4}", rb"(?<!\d)2357\d\d\.77", rb"7731\.\d", rb"077Y")


def copied(tmp_path: Path, dataset: Dataset, plan: Plan = BASIC, code: str = "P1") -> Path:
    source, target = tmp_path / "in.dcm", tmp_path / "out.dcm"
    dataset.save_as(source, enforce_file_format=True)
    copy({"path": str(source), "target": str(target), "plan": plan.to_json(), "secret": SECRET, "code": code,
          "rectangles": []})  # fmt: skip
    return target


@pytest.mark.hazard("H35")
def test_no_planted_value_survives(tmp_path: Path) -> None:
    dataset, count = planted()
    written = copied(tmp_path, dataset).read_bytes()
    print(f"planted: {count} attributes, {len(table.basic_actions()) + 4} rows of the table")
    assert count == 4 * 634
    original = (tmp_path / "in.dcm").read_bytes()
    for sign in SIGNS:
        assert re.search(sign, original), f"{sign!r} was never planted"
        assert not re.search(sign, written)
    for number in range(700):
        assert struct.pack("<d", 77310000.0 + number * 8) not in written
        assert struct.pack("<f", 77310000.0 + number * 8) not in written


@pytest.mark.hazard("H35")
def test_attributes_of_a_command_or_a_file_meta_do_not_survive_either() -> None:
    dataset = Dataset()
    tags = [tag for tag in table.basic_actions() if tag >> 16 in (0, 2) or tag == 0xFFFCFFFC]
    for number, tag in enumerate(tags):
        vr = DicomDictionary[tag][0]
        dataset.add_new(tag, vr, marker(number, "E", vr))
    assert tags
    result, _ = cleaning.deidentified(dataset, Plan(), SECRET)
    assert not any(re.search(sign.decode(), str(result)) for sign in SIGNS)


@pytest.mark.hazard("H35")
@pytest.mark.parametrize("option", sorted(OPTIONS))
def test_an_option_keeps_only_what_the_table_says(tmp_path: Path, option: str) -> None:
    """Whatever survives must be in a column of the option, or it shows that the walk keeps too much."""
    dataset, _ = planted()
    result = dcmread(copied(tmp_path, dataset, Plan(frozenset({option}))))
    if option in ("uids", "device", "institution", "full_dates", "patient"):
        kept = {tag for tag, actions in table.option_actions().items() if actions.get(option) == "K"}
        there = [tag for tag in kept if tag in dataset]
        assert there and not [f"{tag:08x}" for tag in there if tag not in result]
    allowed = {tag for tag, actions in table.option_actions().items() if option in actions}
    for sequence in [tag for tag in allowed if tag in result and result[tag].VR == "SQ"]:
        del result[sequence]  # kept with all that is in them
    for inner in (result.SharedFunctionalGroupsSequence[0], result.SharedFunctionalGroupsSequence[0][0x00089215][0]):
        for sequence in [tag for tag in allowed if tag in inner and inner[tag].VR == "SQ"]:
            del inner[sequence]
    for element in result.iterall():
        text = str(element.value)
        if element.VR != "SQ" and ("ZQ" in text or "1.2.826.77." in text):
            assert int(element.tag) in allowed or option in ("uids",), str(element.tag)


def test_the_table_is_the_one_of_the_standard() -> None:
    assert len(table.basic_actions()) == 652
    codes = set(table.basic_actions().values())
    assert codes == {"D", "Z", "X", "U", "Z/D", "X/Z", "X/D", "X/Z/D", "X/Z/U*"}
    assert set(table.option_actions()) <= set(table.basic_actions())
    assert {what for actions in table.option_actions().values() for what in actions.values()} == {"K", "C"}
    assert {name for actions in table.option_actions().values() for name in actions} == set(OPTIONS) - {"safe_private"}


def test_the_columns_of_the_options_hold_what_the_standard_prints() -> None:
    """Counted in the DocBook of PS3.15 2026c, Table E.1-1: rows that name one attribute."""
    found = Counter((name, what) for actions in table.option_actions().values() for name, what in actions.items())
    assert found == {
        ("uids", "K"): 60, ("device", "K"): 48, ("device", "C"): 11, ("institution", "K"): 10, ("patient", "K"): 14,
        ("patient", "C"): 5, ("full_dates", "K"): 169, ("modified_dates", "C"): 169, ("descriptors", "C"): 140,
        ("structured", "C"): 4, ("graphics", "C"): 1,
    }  # fmt: skip
    newest = {0x00102162: {"patient": "K"}, 0x00181010: {"device": "K"}, 0x00321033: {"descriptors": "C"},
              0x0040B034: {"full_dates": "K", "modified_dates": "C"}, 0x300A0054: {"uids": "K"},
              0x0040B020: {"structured": "C"}, 0x00700006: {"descriptors": "C"}}  # fmt: skip
    assert {tag: table.option_actions()[tag] for tag in newest} == newest


@pytest.mark.hazard("H35")
def test_the_flags_are_set(tmp_path: Path) -> None:
    options = frozenset({"uids", "modified_dates", "descriptors"})
    result = dcmread(copied(tmp_path, planted()[0], Plan(options, pixels_confirmed=True)))
    assert result.PatientIdentityRemoved == "YES" and result.PatientName == result.PatientID == "P1"
    assert [item.CodeValue for item in result.DeidentificationMethodCodeSequence] == [
        "113100", "113101", "113110", "113107", "113105"]  # fmt: skip
    assert {item.CodingSchemeDesignator for item in result.DeidentificationMethodCodeSequence} == {"DCM"}
    assert result.LongitudinalTemporalInformationModified == "MODIFIED" and result.BurnedInAnnotation == "NO"
    assert (tmp_path / "out.dcm").read_bytes()[:128] == bytes(128)
    assert "SourceApplicationEntityTitle" not in result.file_meta


@pytest.mark.hazard("H35")
def test_pixels_and_geometry_stay(tmp_path: Path) -> None:
    dataset = planted()[0]
    result = dcmread(copied(tmp_path, dataset))
    for word in ("PixelData", "Rows", "ImagePositionPatient", "PixelSpacing", "RescaleIntercept", "InstanceNumber"):
        assert result[word].value == dataset[word].value


@pytest.mark.hazard("H35")
def test_dates_shift_by_one_number_of_days_for_a_patient(tmp_path: Path) -> None:
    from datetime import date

    dataset = planted()[0]
    dataset.StudyDate, dataset.SeriesDate, dataset.AcquisitionDateTime = "20200229", "20200301", "20200302101112.5+0100"
    result = dcmread(copied(tmp_path, dataset, Plan(frozenset({"modified_dates"}))))
    study, series = (date.fromisoformat(str(value)) for value in (result.StudyDate, result.SeriesDate))
    assert 365 <= (date(2020, 2, 29) - study).days <= 3650 and (series - study).days == 1
    taken = str(result.AcquisitionDateTime)
    assert (date.fromisoformat(taken[:8]) - series).days == 1 and taken[8:] == "101112.5+0100"
    again = dcmread(copied(tmp_path, dataset, Plan(frozenset({"modified_dates"}))))
    assert again.StudyDate == result.StudyDate


@pytest.mark.parametrize(("value", "days", "expected"), [
    ("20200301", 1, "20200229"), ("2020.03.01", 1, "20200229"), ("20200301101500", 366, "20190301101500"),
    ("202003", 31, "202001"), ("202003", 28, "202002"),
    ("SMITH", 1, None), ("20200301SMITH", 1, None), ("20201301", 1, None),
])  # fmt: skip
def test_shifting(value: str, days: int, expected: str | None) -> None:
    assert identities.shifted(value, days) == expected


@pytest.mark.hazard("H35")
def test_values_that_are_not_what_they_claim_go(tmp_path: Path) -> None:
    """A number field that holds a name, an unknown attribute, a text where the dictionary has a number."""
    dataset = planted()[0]
    dataset.add_new(0x00189999, "LO", "ZQATEXTJV")
    raw = copied(tmp_path, dataset)
    source = (tmp_path / "in.dcm").read_bytes()
    assert b"-1024" in source
    (tmp_path / "in.dcm").write_bytes(source.replace(b"-1024 ", b"ZQNAME"))
    copy({"path": str(tmp_path / "in.dcm"), "target": str(raw), "plan": Plan().to_json(), "secret": SECRET,
          "code": "P1", "rectangles": []})  # fmt: skip
    assert b"ZQ" not in raw.read_bytes()


@pytest.mark.hazard("H35")
def test_a_name_in_a_field_the_profile_keeps_is_found(tmp_path: Path) -> None:
    dataset = slice_dataset(np.zeros((4, 4), np.int16), SequenceName="vandenberg t2", ProtocolName="x")
    dataset.PatientName = "Vandenberg^Willem"
    assert b"vandenberg" not in copied(tmp_path, dataset).read_bytes().lower()


def test_known_words_stay_and_names_go(tmp_path: Path) -> None:
    dataset = slice_dataset(np.zeros((4, 4), np.int16), SeriesDescription="T2 axial HAND Smith 42 0815123")
    dataset.PatientName = "Hand^Peter"
    result = dcmread(copied(tmp_path, dataset, Plan(frozenset({"descriptors"}))))
    assert result.SeriesDescription == "T2 axial"


@pytest.mark.hazard("H35")
def test_safe_private_numbers_stay_when_asked(tmp_path: Path) -> None:
    dataset = slice_dataset(np.zeros((4, 4), np.int16))
    block = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0C, "IS", "1000")
    block.add_new(0x10, "LO", "ZQSECRETJV")
    kept = dcmread(copied(tmp_path, dataset, Plan(frozenset({"safe_private"}))))
    assert kept[0x0019100C].value == 1000 and 0x00191010 not in kept
    assert not [e for e in dcmread(copied(tmp_path, dataset)) if e.tag.is_private]
