"""The sentences for what is odd about the files of a series."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pellucid.dicom.records import FileRecord
from pellucid.model.findings import Finding

_KINDS = {
    "RTSTRUCT": "contours of structures", "RTPLAN": "a treatment plan", "RTRECORD": "a treatment record",
    "SR": "a structured report", "PR": "a presentation state", "KO": "a list of key images",
    "REG": "a registration", "FID": "fiducials", "DOC": "a document", "PLAN": "a plan",
    "RWV": "a table of real-world values", "ECG": "a waveform", "AU": "a sound",
}  # fmt: skip


def no_image_finding(record: FileRecord) -> Finding:
    """Say why a series has no volume."""
    if record.note == "too-large":
        return Finding("too-large", f"{_name(record)} declares an image of an implausible size; it is not shown.")
    kind = _KINDS.get(record.modality)
    if kind is None and record.sop_class.startswith("1.2.840.10008.5.1.4.1.1.88."):
        kind = _KINDS["SR"]
    if kind is not None:
        return Finding("no-image", f"This series holds {kind}, not an image. Pellucid does not show it yet.", "info")
    return Finding(
        "no-image", "This series holds no image that can be shown: pixels or their size are missing.", "info"
    )


def file_findings(records: Sequence[FileRecord]) -> list[Finding]:
    """Return what is odd about the files of a volume: lossy, truncated, inverted."""
    findings = []
    if any(record.lossy for record in records):
        message = "The images were compressed with loss: fine detail and values are not those of the scanner."
        findings.append(Finding("lossy", message, "info"))
    damaged = [record for record in records if record.truncated]
    if damaged:
        number = f"{_name(damaged[0])} is" if len(damaged) == 1 else f"{len(damaged)} files are"
        findings.append(
            Finding(
                "unreadable-file",
                f"{number} cut short: pixels are missing at the end. Copy it again.",
                "warning",
            )
        )
    if any(record.pixels and record.pixels.photometric == "MONOCHROME1" for record in records):
        message = "Low values are meant to be shown bright (MONOCHROME1): values are kept, the display is inverted."
        findings.append(Finding("monochrome1", message, "info"))
    return findings


def _name(record: FileRecord) -> str:
    return Path(record.path).name
