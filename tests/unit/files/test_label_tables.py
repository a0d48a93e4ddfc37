"""Label tables in files: round trips, files as other programs write them, and what bad files are told."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from pellucid.files.export import slicer_tags
from pellucid.files.label_tables import FORMATS, anatomy_codes, presets, read_table, write_table
from pellucid.model.findings import Refused
from pellucid.model.labels import Code, Label, Status, color_for

ROWS = (
    Label(1, "Liver", "#E69F00", code=Code("SCT", "10200004", "Liver"), status=Status.COMPLETED, notes="two\nlines"),
    Label(2, "Niere, “links” \"l\"; 左", "#56B4E9", visible=False, locked=True, opacity=0.5),
    Label(300, "hepatic vein_1", "#0a0b0c", status=Status.FLAGGED),
    Label(65_535, "far", "#FFFFFF"),
)
SNAP = """\
################################################
# ITK-SnAP Label Description File
# File format:
# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL
################################################
    0     0    0    0        0  0  0    "Clear Label"
    1   255    0    0        1  1  1    "Label 1"
    4     0  255    0      0.5  0  1    "My liver (left)"
"""
SLICER = """\
# Color table file C:/Users/x/tissue.ctbl
# 3 values
0 background 0 0 0 0
1 tissue 128 174 128 255
7 'upper_lobe' 241 214.4 145 127.5
"""


def told(tmp_path: Path, name: str, text: str | bytes) -> str:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(Refused) as refusal:
        read_table(path)
    return str(refusal.value)


def kept(tmp_path: Path, name: str, text: str | bytes) -> tuple[Label, ...]:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(path)


@pytest.mark.parametrize("extension", [".json", ".csv"])
def test_everything_survives_our_own_formats(extension: str, tmp_path: Path) -> None:
    write_table(tmp_path / f"t{extension}", ROWS)
    assert read_table(tmp_path / f"t{extension}") == ROWS


def test_itk_snap_keeps_values_names_colours_opacity_and_visibility(tmp_path: Path) -> None:
    write_table(tmp_path / "t.txt", ROWS)
    expected = [
        replace(row, locked=False, status=Status.NOT_STARTED, notes="", code=None, color=row.color.upper(),
                name=row.name.replace('"', "’")) for row in ROWS
    ]  # fmt: skip
    assert read_table(tmp_path / "t.txt") == tuple(expected)


def test_slicer_keeps_values_names_colours_and_opacity(tmp_path: Path) -> None:
    write_table(tmp_path / "t.ctbl", ROWS)
    text = (tmp_path / "t.ctbl").read_text(encoding="utf-8").splitlines()
    assert text[:3] == ["# Color table file", "# 5 values", "0 Background 0 0 0 0"]
    assert text[5] == "300 hepatic_vein_1 10 11 12 255"
    back = read_table(tmp_path / "t.ctbl")
    assert [(row.value, row.name, row.color) for row in back] == [
        (row.value, row.name.replace("_", " "), row.color.upper()) for row in ROWS
    ]
    assert back[1].opacity == pytest.approx(0.5, abs=0.003)


def test_files_of_other_programs_are_read(tmp_path: Path) -> None:
    snap = (Label(1, "Label 1", "#FF0000"), Label(4, "My liver (left)", "#00FF00", visible=False, opacity=0.5))
    assert kept(tmp_path, "a.txt", SNAP) == kept(tmp_path, "a.label", SNAP) == snap
    slicer = (Label(1, "tissue", "#80AE80"), Label(7, "upper lobe", "#F1D691", opacity=0.5))
    assert kept(tmp_path, "b.ctbl", SLICER) == kept(tmp_path, "b.txt", SLICER) == slicer


def test_columns_may_have_other_names_and_separators(tmp_path: Path) -> None:
    text = "Index;Structure;R;G;B\n3;Liver;255;0;16\n1;;0;0;0\n\n"
    assert kept(tmp_path, "a.csv", "\ufeff" + text) == (Label(1, "Label 1", "#000000"), Label(3, "Liver", "#FF0010"))
    assert kept(tmp_path, "b.csv", "label,name\n9,x\n") == (Label(9, "x", color_for(9)),)
    assert kept(tmp_path, "c.csv", "value,name\n1,Mäh\n".encode("latin-1"))[0].name == "Mäh"


def test_csv_is_what_other_readers_of_csv_read(tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv", ROWS)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "t.csv").read_text(encoding="utf-8"))))
    assert [row["name"] for row in rows] == [row.name for row in ROWS]
    assert (rows[0]["code"], rows[0]["status"], rows[1]["opacity"]) == ("10200004", "completed", "0.5")


BAD = {
    "a word as index": ("a.txt", SNAP.replace("    4 ", "four "), "a.txt, line 8: “four” is not a whole number."),
    "too few columns": ("a.txt", SNAP + "5 1 2 3\n", "line 9: expected index"),
    "a colour beyond 255": ("a.txt", SNAP.replace("255    0    0 ", "256    0    0 "), "line 7: “256” is not a part"),
    "an opacity above 1": ("a.txt", SNAP.replace("0.5", "50 "), "line 8: “50” is not an opacity from 0 to 1"),
    "a value twice": ("a.ctbl", SLICER + "1 again 0 0 0 255\n", "line 6: the value 1 is in line 4 already"),
    "blanks in a name": ("a.ctbl", SLICER.replace("tissue", "a tissue"), "line 4: expected index, name without blanks"),
    "not a number": ("a.ctbl", SLICER.replace("241", "nan"), "line 5: “nan” is not a part of a colour"),
    "a value too high": ("a.csv", "value,name\n1,a\n70000,b\n", "a.csv, line 3: the value 70000 is not one from 1 to"),
    "a negative value": ("a.csv", "value,name\n-1,a\n", "line 2: the value -1 is not one from 1"),
    "no columns": ("a.csv", "1,a\n2,b\n", "line 1: the first line must name the columns"),
    "a colour in words": ("a.csv", "value,name,color\n1,a,red\n", "line 2: “red” is not a colour written #RRGGBB"),
    "an unknown status": ("a.csv", "value,name,status\n1,a,nearly\n", "line 2: “nearly” is no status; there are not"),
    "a switch of words": ("a.csv", "value,name,locked\n1,a,maybe\n", "line 2: “maybe” is neither 1 nor 0"),
    "an open quotation": ("a.csv", 'value,name\n1,"a\n', "it is not comma separated text"),
    "broken JSON": ("a.json", '{"labels": [\n{"value": 1,}]}', "a.json, line 2: it is not readable as JSON"),
    "JSON of something else": ("a.json", '{"steps": []}', "line 1: there is no list “labels”"),
    "a colour of JSON": (
        "a.json", '{"labels": [\n{"value": 1, "name": "a"},\n{"value": 2, "name": "b", "color": "blue"}\n]}',
        "line 3: “blue” is not a colour",
    ),
    "a switch of JSON": ("a.json", '{"labels": [{"value": true, "name": "a"}]}', "label number 1 in it is not"),
    "numbers as notes": ("a.json", '{"labels": [{"value": 1, "name": "a", "notes": 3}]}', "label number 1 in it"),
    "a code of words": ("a.json", '{"labels": [{"value": 1, "name": "a", "code": "x"}]}', "label number 1 in it"),
    "deep JSON": ("a.json", "[" * 100_000, "not readable as JSON"),
    "nothing": ("a.txt", "# only a comment\n", "a.txt holds no labels."),
    "no text": ("a.txt", b"\x89PNG\0\0", "is not a text"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_told_the_line(name: str, tmp_path: Path) -> None:
    file, text, sentence = BAD[name]
    said = told(tmp_path, file, text)
    assert sentence in said and said.startswith(file)


def test_a_file_that_is_not_there_and_a_format_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="could not be opened"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(Refused, match=r"Choose one of \.json, \.txt, \.ctbl, \.csv"):
        write_table(tmp_path / "t.nii", ROWS)


def test_the_tables_to_begin_with_are_sound() -> None:
    from pydicom.sr._concepts_dict import concepts

    listed = {code: text for entry in concepts["SCT"].values() for code, (text, _) in entry.items()}
    known = {code.value: code for code in anatomy_codes()}
    assert len(known) == len(anatomy_codes()) > 100
    assert set(known) <= set(listed), "every code is one of DICOM PS3.16"
    titles = [preset.title for preset in presets()]
    assert len(set(titles)) == len(titles) >= 5
    for preset in presets():
        assert [row.value for row in preset.labels] == list(range(1, len(preset.labels) + 1))
        for row in preset.labels:
            assert row.code is None or row.code == known[row.code.value], preset.title


def test_slicer_finds_code_and_status_of_a_segment() -> None:
    assert slicer_tags(ROWS[0]) == (
        "TerminologyEntry:Segmentation category and type - DICOM master list~SCT^123037004^Anatomical Structure"
        "~SCT^10200004^Liver~^^~Anatomic codes - DICOM master list~^^~^^|Segmentation.Status:completed|"
    )
    assert slicer_tags(ROWS[3]) == ""


def test_the_titles_of_the_formats_name_their_endings() -> None:
    assert all(f"({extension})" in title for title, extension in FORMATS)
