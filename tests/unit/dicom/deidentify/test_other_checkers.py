"""H35, R-16: checkers that know nothing of our table look at what we de-identified.

Orthanc has an implementation of the profile of its own, written down by other people; dcmtk is another reader; and a
search for bytes needs no reader at all.
"""

from __future__ import annotations

import io
import struct
import subprocess
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from dicom_judges import tool
from orthanc_server import PASSWORD, USER, Orthanc
from pellucid.dicom.deidentify.copying import copy
from pellucid.dicom.deidentify.plan import Plan

from .test_every_attribute import planted

NUMBERS = {"FD": "<d", "FL": "<f", "UL": "<I", "SL": "<i"}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a file with every attribute of the table planted in it, and its de-identified copy."""
    folder = tmp_path_factory.mktemp("pair")
    source, target = folder / "in.dcm", folder / "out.dcm"
    planted()[0].save_as(source, enforce_file_format=True)
    copy({"path": str(source), "target": str(target), "plan": Plan().to_json(), "secret": "ab" * 32, "code": "P1",
          "rectangles": []})  # fmt: skip
    return source, target


def by_orthanc(server: Orthanc, source: Path) -> Dataset:
    """Return what Orthanc makes of a file by the Basic Profile of PS3.15 2021b."""
    stored = server.ask("/instances", source.read_bytes(), "POST")
    address = f"http://127.0.0.1:{server.http_port}/instances/{stored['ID']}/anonymize"
    request = urllib.request.Request(address, b'{"DicomVersion": "2021b"}', method="POST")
    request.add_header("Authorization", "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode())
    with urllib.request.urlopen(request, timeout=60) as answer:
        return dcmread(io.BytesIO(answer.read()))


@pytest.mark.hazard("H35")
@pytest.mark.orthanc
def test_what_orthanc_takes_away_we_take_away(pair: tuple[Path, Path], tmp_path: Path) -> None:
    source, ours = dcmread(pair[0]), dcmread(pair[1])
    server = Orthanc(tmp_path / "orthanc", callers={}).start()
    try:
        theirs = by_orthanc(server, pair[0])
    finally:
        server.kill()

    def same(one: Dataset, tag: int) -> bool:
        return tag in one and one[tag].value == source[tag].value

    changed = [tag for tag in source.keys() if not same(theirs, tag)]  # noqa: SIM118 - tags, not elements
    print(f"Orthanc changed {len(changed)} of {len(source)} attributes")
    assert len(changed) > 450
    assert [str(source[tag]) for tag in changed if same(ours, tag)] == []


def leaves(dataset: Dataset) -> Iterator[DataElement]:
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from leaves(item)
        else:
            yield element


def as_bytes(element: DataElement) -> bytes:
    """Return the bytes of a value as it stands in a file."""
    if element.VR in NUMBERS:
        return struct.pack(NUMBERS[element.VR], element.value)
    return element.value if isinstance(element.value, bytes) else str(element.value).encode()


@pytest.mark.hazard("H35")
def test_no_planted_value_is_found_by_its_bytes(pair: tuple[Path, Path]) -> None:
    """Every single value of the original, wherever it was, in the whole copy: header, pixels, preamble."""
    kept = {"SOPClassUID", "Modality", "PhotometricInterpretation", "ImagePositionPatient", "PixelSpacing",
            "ImageOrientationPatient", "RescaleIntercept", "RescaleSlope", "InstanceNumber", "PixelData"}  # fmt: skip
    values = [as_bytes(e) for e in leaves(dcmread(pair[0])) if e.keyword not in kept and e.VR not in ("US", "SS", "AT")]
    there, copied = pair[0].read_bytes(), pair[1].read_bytes()
    needles = {value.strip(b" \0") for value in values if len(value) >= 4}
    print(f"{len(values)} values, {len(needles)} different ones")
    assert len(values) > 2536 and len(needles) > 2000
    assert all(needle in there for needle in needles)
    assert sorted(needle for needle in needles if needle in copied) == []
    assert not any(needle.decode("latin-1").encode("utf-16-le") in copied for needle in needles if needle.isalnum())


@pytest.mark.hazard("H35")
def test_no_planted_number_of_two_bytes_is_found_by_its_bytes(pair: tuple[Path, Path]) -> None:
    """With what stands before it, so that two bytes found by chance are none; and nowhere as bare bytes either."""
    planted_ones = [e for e in leaves(dcmread(pair[0])) if e.VR in ("US", "SS") and e.value == 7731]
    there, copied = (path.read_bytes() for path in pair)
    needles = {struct.pack("<HH2sHH", e.tag.group, e.tag.element, e.VR.encode(), 2, 7731) for e in planted_ones}
    print(f"{len(planted_ones)} numbers of two bytes, {len(needles)} different ones")
    assert len(planted_ones) >= 4 and all(needle in there for needle in needles)
    assert sorted(needle for needle in needles if needle in copied) == []
    assert struct.pack("<H", 7731) not in copied and struct.pack(">H", 7731) not in copied


@pytest.mark.hazard("H35")
def test_dcmdump_reads_no_planted_value(pair: tuple[Path, Path]) -> None:
    dump = tool("dcmdump")
    said = [subprocess.run([dump, "-q", "+L", "+R", "4096", str(path)], capture_output=True, check=True).stdout
            for path in pair]  # fmt: skip
    for sign in (b"ZQ", b"1.2.826.77.", b"077Y", b"7731."):
        assert sign in said[0] and sign not in said[1], sign
