"""Reports as text, judged by pydicom walking the same tree; documents inside of DICOM files, and hostile ones."""

from __future__ import annotations

import re
import struct
import time
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from pace import allowed
from pdf_making import assemble, letter, of_contents, stream
from pellucid.dicom import documents, pdf_text
from pellucid.dicom.child import Pool
from pellucid.dicom.documents import Document, extract, read
from pellucid.dicom.kinds import DOCUMENT
from pellucid.dicom.scan import scan
from pellucid.dicom.structured_reports import Line
from pellucid.model.findings import Refused

SR, PDF, CDA, KEYS = (f"1.2.840.10008.5.1.4.1.1.{n}" for n in ("88.33", "104.1", "104.2", "88.59"))
BYTES = b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\n%%EOF\n"


def code(meaning: str, value: str = "1", scheme: str = "99TEST") -> Items:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return Items([item])


def item(kind: str, concept: str = "", *children: Dataset, concept_code: str = "1", **more: Any) -> Dataset:
    made = Dataset()
    made.RelationshipType, made.ValueType = "CONTAINS", kind
    if concept:
        made.ConceptNameCodeSequence = code(concept, concept_code)
    for keyword, value in more.items():
        setattr(made, keyword, value)
    if children:
        made.ContentSequence = Items(children)
    return made


def header(sop_class: str, modality: str, **more: Any) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.Modality = "1.2.3", "1.2.3.7", modality
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = "Döe^Jane", "P-4711", "19580412"
    ds.ContentDate, ds.ContentTime = "20240301", "134500"
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    return ds


def measured(number: str, unit: str, meaning: str) -> Items:
    made = Dataset()
    made.NumericValue, made.MeasurementUnitsCodeSequence = number, code(meaning, unit, "UCUM")
    return Items([made])


def referenced(frames: list[int]) -> Items:
    made = Dataset()
    made.ReferencedSOPClassUID, made.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.99"
    made.ReferencedFrameNumber = frames
    return Items([made])


def report() -> Dataset:
    finding = item(
        "CONTAINER", "Lesion",
        item("NUM", "Diameter", MeasuredValueSequence=measured("12.5", "mm", "millimeter")),
        item("NUM", "Count", MeasuredValueSequence=measured("3", "{counts}", "no units")),
        item("NUM", "Volume", NumericValueQualifierCodeSequence=code("Not a number")),
        item("CODE", "Site", ConceptCodeSequence=code("Leber – rechts")),
        item("IMAGE", "Source", ReferencedSOPSequence=referenced([3, 4])),
        item("SCOORD", "Outline", GraphicType="POLYLINE", GraphicData=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
    )  # fmt: skip
    return header(
        SR, "SR", ValueType="CONTAINER", ConceptNameCodeSequence=code("Imaging Report"), CompletionFlag="COMPLETE",
        VerificationFlag="UNVERIFIED",
        ContentSequence=Items([
            item("PNAME", "Person Observer Name", PersonName="House^Gregory"),
            item("TEXT", "Subject ID", concept_code="121030", TextValue="P-4711"),
            item("DATETIME", "Time of report", DateTime="20240301134500"),
            item("TEXT", "Findings", TextValue="Jane has two lesions.\r\nDöe is well. " + "x" * 6000),
            item("UIDREF", "Study", UID="1.2.3"), finding,
        ]),
    )  # fmt: skip


def saved(folder: Path, ds: Dataset) -> Path:
    path = folder / "document.dcm"
    ds.save_as(path, enforce_file_format=True)
    return path


def test_a_report_is_read_with_meanings_units_and_references(tmp_path: Path, pool: Pool) -> None:
    found = read(saved(tmp_path, report()), pool)
    text = found.text()
    assert (found.kind, found.title, found.date) == ("report", "Imaging Report", "2024-03-01 13:45")
    for line in ("Imaging Report (complete, not verified)", "    Person Observer Name: House, Gregory",
                 "    Time of report: 2024-03-01 13:45:00", "    Findings: Jane has two lesions.",
                 "    Lesion", "        Diameter: 12.5 mm", "        Count: 3", "        Volume: Not a number",
                 "        Site: Leber – rechts", "        Source: CT Image 1.2.3.99, frames 3, 4",
                 "        Outline: line, 3 points"):  # fmt: skip
        assert line in text.splitlines(), line
    assert "x" * 6000 in text


def spoken(ds: Dataset) -> list[str]:
    """Return what pydicom finds to be said in a tree, in its order."""
    words = []
    for one in ds.get("ContentSequence", ()):
        words += [str(name[0].CodeMeaning) for name in [one.get("ConceptNameCodeSequence")] if name]
        words += [str(one.get(keyword)).splitlines()[0] for keyword in ("TextValue",) if one.get(keyword)]
        words += [str(value[0].CodeMeaning) for value in [one.get("ConceptCodeSequence")] if value]
        words += spoken(one)
    return words


@pytest.mark.parametrize("name", ["made", "test-SR.dcm"])
def test_everything_pydicom_finds_is_there_in_its_order(tmp_path: Path, pool: Pool, name: str) -> None:
    path = saved(tmp_path, report()) if name == "made" else Path(str(get_testdata_file(name)))
    text, position = read(path, pool).text(), 0
    words = spoken(pydicom.dcmread(path))
    assert len(words) > 3
    for word in words:
        position = text.find(word.strip(), position)
        assert position >= 0, word


@pytest.mark.hazard("H34")
def test_hidden_identity_leaves_out_what_names_somebody(tmp_path: Path, pool: Pool) -> None:
    text = read(saved(tmp_path, report()), pool).text(hide_identity=True)
    assert "Diameter: 12.5 mm" in text and "two lesions" in text
    for secret in ("Jane", "Döe", "House", "P-4711", "1958"):
        assert secret not in text, secret


def test_key_objects_are_a_report_too(tmp_path: Path, pool: Pool) -> None:
    ds = header(KEYS, "KO", ValueType="CONTAINER", ConceptNameCodeSequence=code("Of Interest"),
                ContentSequence=Items([item("IMAGE", ReferencedSOPSequence=referenced([1]))]))  # fmt: skip
    path = saved(tmp_path, ds)
    assert "CT Image 1.2.3.99" in read(path, pool).text()
    assert scan([path], pool=pool).series[0].content == DOCUMENT


def pdf(data: bytes = BYTES, kind: str = "application/pdf") -> Dataset:
    return header(PDF, "DOC", DocumentTitle="Letter", MIMETypeOfEncapsulatedDocument=kind,
                  EncapsulatedDocument=data + b"\0" * (len(data) % 2))  # fmt: skip


def test_a_pdf_is_taken_out_as_it_was_put_in(tmp_path: Path, pool: Pool) -> None:
    path = saved(tmp_path, pdf())
    found = read(path, pool)
    assert (found.kind, found.title, found.has_file) == ("pdf", "Letter", True) and "PDF 1.7" in found.text()
    assert extract(path, pool) == BYTES
    odd = saved(tmp_path, pdf(BYTES + b"%"))
    assert extract(odd, pool) == BYTES + b"%"


PAGES = [["Größe: 12 mm (links)", r"C:\temp"], [], ["Döe, Jane", "P-4711, geb. 12.04.1958, am 1958-04-12", "Ende"]]


def test_the_words_of_a_pdf_stand_below_its_pages(tmp_path: Path, pool: Pool) -> None:
    found = read(saved(tmp_path, pdf(letter(PAGES))), pool)
    assert [(line.depth, line.text) for line in found.lines[1:]] == [
        (0, "Page 1 of 3"), *((1, text) for text in PAGES[0]), (0, "Page 2 of 3"), (1, "(No text on this page.)"),
        (0, "Page 3 of 3"), *((1, text) for text in PAGES[2]),
    ]  # fmt: skip
    assert found.note.startswith("Only the words are shown") and "Save it" in found.note
    hidden = found.text(hide_identity=True)
    assert "Größe: 12 mm" in hidden and "•••, geb. •••, am •••" in hidden and "Jane" not in hidden


@pytest.mark.parametrize(("named", "inside", "shown"), [
    ("Letter", "Inside", "Letter"), ("", "Letter of\nJane Doe", "Letter of Jane Doe"), ("", "", "Letters"),
])  # fmt: skip
def test_a_pdf_is_called_what_its_header_says_else_what_it_says_itself(
    tmp_path: Path, pool: Pool, named: str, inside: str, shown: str
) -> None:
    import io

    from pypdf import PdfReader, PdfWriter

    writer, made = PdfWriter(clone_from=PdfReader(io.BytesIO(letter(PAGES)))), io.BytesIO()
    writer.add_metadata({"/Title": inside} if inside else {})
    writer.write(made)
    file = pdf(made.getvalue())
    file.DocumentTitle, file.SeriesDescription = named, "Letters"
    found = read(saved(tmp_path, file), pool)
    assert found.title == shown and shown in found.text().splitlines()


SCAN = of_contents([b"q 595 0 0 842 0 0 cm /Im0 Do Q"] * 2)
LOCKED = letter(PAGES, trailer=b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >> /ID [<00> <00>] "
                % (b"11" * 32, b"22" * 32))  # fmt: skip
UNKNOWN = LOCKED.replace(b"/Filter /Standard /V 1", b"/Filter /Locksmith /V 1")


@pytest.mark.parametrize(("data", "said"), [
    (SCAN, "may be scanned pictures"), (LOCKED, "protected by a password"), (UNKNOWN, "not shown|could not be read"),
    (BYTES, "is damaged"), (of_contents([]), "has no pages"),
])  # fmt: skip
def test_a_pdf_without_words_says_why_and_can_be_saved(tmp_path: Path, pool: Pool, data: bytes, said: str) -> None:
    path = saved(tmp_path, pdf(data))
    found = read(path, pool)
    assert re.search(said, found.note) and found.has_file and extract(path, pool) == data


def test_a_pdf_that_needs_no_password_to_be_read_is_read(tmp_path: Path, pool: Pool) -> None:
    import io

    from pypdf import PdfReader, PdfWriter

    writer, made = PdfWriter(clone_from=PdfReader(io.BytesIO(letter(PAGES)))), io.BytesIO()
    writer.encrypt("", "owner", algorithm="RC4-128")
    writer.write(made)
    assert b"/Encrypt" in made.getvalue()
    assert "Größe: 12 mm (links)" in read(saved(tmp_path, pdf(made.getvalue())), pool).text()


@pytest.mark.hazard("H20")
@pytest.mark.hazard("H22")
def test_a_pdf_that_never_ends_is_given_up_and_can_be_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents.pdf_text, "SECONDS", 1.0)
    bomb = of_contents([b"BT /F1 12 Tf (a) Tj ET " * 3_000_000])
    assert len(bomb) < 400_000
    path, alone = saved(tmp_path, pdf(bomb)), Pool(workers=1)
    try:
        found = read(path, alone)
        assert "too much for one look" in found.note and [line.text[:4] for line in found.lines] == ["PDF "]
        assert extract(path, alone) == bomb
    finally:
        alone.close()


def _tree(*nodes: str) -> bytes:
    """Return a PDF whose page tree is as said, from object 2 on."""
    inner = {n: b"<< /Type %s >>" % node.encode() for n, node in enumerate(nodes, start=2)}
    return assemble({1: b"<< /Type /Catalog /Pages 2 0 R >>", **inner})


DEEP = _tree(*(f"/Pages /Count 1 /Kids [{n} 0 R]" for n in range(3, 4000)), "/Page")
FORM = assemble({
    1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
    3: b"<< /Type /Page /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >> >>", 4: stream(b"/X Do " * 9),
    5: stream(b"/X Do " * 9, b"/Type /XObject /Subtype /Form /Resources << /XObject << /X 5 0 R >> >>"),
})  # fmt: skip


@pytest.mark.hazard("H19")
@pytest.mark.hazard("H22")
@pytest.mark.parametrize("data", [
    _tree("/Pages /Count 2 /Kids [2 0 R 3 0 R]", "/Pages /Count 1 /Kids [2 0 R]"), DEEP, FORM,
    _tree("/Pages /Count 2000000000 /Kids []"), of_contents([b"[" * 100_000, b"<<" * 100_000]),
    of_contents([b"0 0 m " * 15_000_000]), b"%PDF-1.7\n" + b"[" * 200_000,
    b"%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n<< /Root 1 0 R /Prev 9 >>\nstartxref\n9\n%%EOF\n",
], ids=["loop", "deep", "form", "count", "nested", "bomb", "open", "xref"])  # fmt: skip
def test_hostile_pdfs_are_a_sentence(tmp_path: Path, pool: Pool, data: bytes) -> None:
    found = read(saved(tmp_path, pdf(data)), pool)
    assert found.kind == "pdf" and re.search(r"damaged|no pages|could not be read|hold no text", found.note)
    assert len(found.lines) < 10


def test_long_pdfs_are_cut_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    many = letter([["word"]] * 12)
    limits = ("_MOST_PAGES", 5, 5, False), ("_MOST_TEXT", 18, 5, True), ("_MOST_LINES", 6, 3, False)
    for limit, most, kept, cut in limits:
        with monkeypatch.context() as less:
            less.setattr(pdf_text, limit, most)
            rows, note, _title = pdf_text.words(many)
        assert sum(text.startswith("Page ") for _, text, _ in rows) == kept
        assert f"Only {kept} of 12 pages are shown" in note and ("was cut" in note) == cut


@pytest.mark.parametrize("data", [b"MZ\x90\0 program", b"", b"<html>", b" %PDF-1.4"])
def test_what_does_not_begin_as_a_pdf_is_never_handed_over(tmp_path: Path, pool: Pool, data: bytes) -> None:
    path = saved(tmp_path, pdf(data))
    for attempt in (read, extract):
        with pytest.raises(Refused, match=r"does not begin like one|holds no report"):
            attempt(path, pool)


def test_another_kind_of_document_is_named(tmp_path: Path, pool: Pool) -> None:
    with pytest.raises(Refused, match="of the kind “model/stl”"):
        read(saved(tmp_path, pdf(b"solid", "model/stl")), pool)


def test_a_cda_is_its_words(tmp_path: Path, pool: Pool) -> None:
    xml = ('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bomb">]><!-- not <shown> --><ClinicalDocument><title>Brief'
           '</title><section><text>Größe &lt; 5 mm<br/>zweite Zeile</text></section><style>p {}</style>')  # fmt: skip
    ds = header(CDA, "DOC", MIMETypeOfEncapsulatedDocument="text/XML", EncapsulatedDocument=xml.encode())
    lines = read(saved(tmp_path, ds), pool).text().splitlines()
    assert lines[-3:] == ["Brief", "Größe < 5 mm", "zweite Zeile"]
    assert "bomb" not in " ".join(lines) and "not" not in " ".join(lines) and "p {}" not in " ".join(lines)


@pytest.mark.hazard("H20")
def test_marks_that_never_end_do_not_hang(tmp_path: Path, pool: Pool) -> None:
    ds = header(CDA, "DOC", MIMETypeOfEncapsulatedDocument="text/xml", EncapsulatedDocument=b"<!--<style<a" * 80_000)
    assert read(saved(tmp_path, ds), pool).kind == "text"


@pytest.mark.hazard("H23")
def test_deep_and_endless_reports_are_a_sentence_or_cut(tmp_path: Path, pool: Pool) -> None:
    deep = item("TEXT", "Leaf", TextValue="end")
    for _ in range(150):
        deep = item("CONTAINER", "Deeper", deep)
    with pytest.raises(Refused, match="header is damaged"):
        read(saved(tmp_path, header(SR, "SR", ValueType="CONTAINER", ContentSequence=Items([deep]))), pool)
    path = saved(tmp_path, header(SR, "SR", ValueType="CONTAINER"))
    row = b"\x40\0\x40\xa0CS\4\0TEXT" + b"\x40\0\x60\xa1UT\0\0\4\0\0\0word"
    rows = (b"\xfe\xff\0\xe0" + struct.pack("<I", len(row)) + row) * 21_000
    with path.open("ab") as file:
        file.write(b"\x40\0\x30\xa7SQ\0\0" + struct.pack("<I", len(rows)) + rows)
    found = read(path, pool)
    assert len(found.lines) == 20_000 and "was cut" in found.note


@pytest.mark.hazard("H19")
@pytest.mark.parametrize("seed", range(16))
def test_mutated_reports_are_text_or_a_sentence(tmp_path: Path, pool: Pool, seed: int) -> None:
    import random

    data = bytearray(saved(tmp_path, report() if seed % 2 else pdf()).read_bytes())
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 20)):
        data[chance.randrange(200, len(data))] = chance.randrange(256)
    path = tmp_path / "mutant.dcm"
    path.write_bytes(bytes(data))
    try:
        assert isinstance(read(path, pool), Document)
    except Refused as refusal:
        assert str(refusal)


@pytest.mark.hazard("H17")
def test_a_name_of_a_thousand_words_and_a_type_that_never_ends_keep_nobody_waiting() -> None:
    begun = time.process_time()
    name = " ".join(f"w{n}-{n} v{n}" for n in range(700))
    many = Document(Path("a"), "", "text", (Line(0, "word " * 400_000, False),), (name,))
    assert "word" in many.text(hide_identity=True)
    for hostile in (b"<!DOCTYPE" * 200_000, b"<!DOCTYPE[" * 200_000):
        documents._text_lines(hostile)
    assert time.process_time() - begun < allowed(10)


@pytest.mark.hazard("H34")
def test_names_with_marks_in_them_are_covered_whole_and_in_parts() -> None:
    line = Line(0, "O'Brien-Smith, Jane (A-17) is 17 years old; jane smiles, Janet too", False)
    found = Document(Path("a"), "", "text", (line,), ("O'Brien-Smith, Jane", "A-17", "")).text(hide_identity=True)
    assert found == "••• (•••) is 17 years old; ••• smiles, Janet too"
