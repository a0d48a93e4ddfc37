"""The sentences for what is odd about the files of a series."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pellucid.dicom.kinds import DOCUMENT, PRESENTATION, content_of
from pellucid.dicom.records import FileRecord
from pellucid.language import mark, tr, tr_count
from pellucid.model.findings import Finding

_KINDS = {
    "RTPLAN": mark("a treatment plan"),
    "RTRECORD": mark("a treatment record"),
    "SR": mark("a structured report"),
    "PR": mark("a presentation state"),
    "KO": mark("a list of key images"),
    "REG": mark("a registration"),
    "FID": mark("fiducials"),
    "DOC": mark("a document"),
    "PLAN": mark("a plan"),
    "RWV": mark("a table of real-world values"),
    "ECG": mark("a waveform"),
    "AU": mark("a sound"),
}


_UPTAKE_NEEDS = {
    "weight": mark("a weight of the patient that can be true"),
    "height": mark("a height of the patient that can be true"),
    "sex": mark("the sex of the patient"),
    "dose": mark("the injected dose"),
    "plausible dose": mark("an injected dose in Bq that can be true"),
    "half-life": mark("the half-life of the nuclide"),
    "injection": mark("the time of the injection"),
    "scan": mark("the time of the scan"),
    "plausible times": mark("times of injection and scan that can be true"),
    "activity": mark("values in Bq/ml"),
    "attenuation": mark("a correction for attenuation"),
    "decay": mark("a correction for decay to a known time"),
    "duration": mark("how long was counted"),
}


def no_image_finding(record: FileRecord) -> Finding:
    """Say why a series has no volume."""
    if record.note == "too-large":
        return Finding(
            "too-large", tr("{name} declares an image of an implausible size; it is not shown.", name=_name(record))
        )
    kind = _KINDS.get(record.modality)
    if kind is None and record.sop_class.startswith("1.2.840.10008.5.1.4.1.1.88."):
        kind = _KINDS["SR"]
    if content_of(record.sop_class) == DOCUMENT:
        said = tr("This series holds a report or document, not an image: open it to read it.")
        return Finding("no-image", said, "info")
    if content_of(record.sop_class) == PRESENTATION:
        said = tr("This series says how another one is to be shown: open it to apply its window.")
        return Finding("no-image", said, "info")
    if kind is not None:
        return Finding(
            "no-image",
            tr("This series holds {kind}, not an image. Pellucid does not show it yet.", kind=tr(kind)),
            "info",
        )
    return Finding(
        "no-image", tr("This series holds no image that can be shown: pixels or their size are missing."), "info"
    )


def labels_finding() -> Finding:
    """Say what a series without a volume is when it holds labels."""
    return Finding("labels", tr("This series holds labels, not an image: it opens as label layers."), "info")


def file_findings(records: Sequence[FileRecord]) -> list[Finding]:
    """Return what is odd about the files of a volume: lossy, truncated, inverted."""
    findings = []
    if any(record.lossy for record in records):
        message = tr("The images were compressed with loss: fine detail and values are not those of the scanner.")
        findings.append(Finding("lossy", message, "info"))
    damaged = [record for record in records if record.truncated]
    if damaged:
        message = tr_count(
            "{name} is cut short: pixels are missing at the end. Copy it again.",
            "{count} files are cut short: pixels are missing at the end. Copy them again.",
            len(damaged),
            name=_name(damaged[0]),
        )
        findings.append(Finding("unreadable-file", message, "warning"))
    findings += [*_pixel_count(records), *_high_bit(records)]
    unscaled = [record for record in records if any(frame.unscaled for frame in record.frames)]
    if unscaled:
        message = tr(
            "{name} states its rescale slope or intercept in a way that cannot be read: stored numbers are shown.",
            name=_name(unscaled[0]),
        )
        findings.append(Finding("unscaled", message, "warning"))
    unmapped = [record for record in records if any(frame.unmapped for frame in record.frames)]
    if unmapped:
        message = tr(
            "{name} turns stored numbers into values by a table, which Pellucid does not apply: stored numbers are "
            "shown, without a unit.",
            name=_name(unmapped[0]),
        )
        findings.append(Finding("unscaled", message, "warning"))
    if all(record.pixels and record.pixels.photometric == "MONOCHROME1" for record in records):
        message = tr("Low values are meant to be shown bright (MONOCHROME1): values are kept, the display is inverted.")
        findings.append(Finding("monochrome1", message, "info"))
    return [*findings, *_uptake_findings(records)]


def _pixel_count(records: Sequence[FileRecord]) -> list[Finding]:
    """Say that rows, columns and frames do not make as many pixels as there are: one of the numbers is wrong (H21)."""
    odd = [record for record in records if record.pixels and record.pixels.surplus and not record.truncated]
    if not odd:
        return []
    first = odd[0].pixels
    assert first is not None
    more = first.surplus > 0
    message = (
        tr("{name} holds more pixels than {columns} columns × {rows} rows × {frames} frames: parts are not shown, or "
           "the picture is skewed because one of these numbers is wrong.",
           name=_name(odd[0]), columns=first.columns, rows=first.rows, frames=first.frames)
        if more else
        tr("{name} holds fewer pixels than {columns} columns × {rows} rows × {frames} frames: the end is blank, or the "
           "picture is skewed because one of these numbers is wrong.",
           name=_name(odd[0]), columns=first.columns, rows=first.rows, frames=first.frames)
    )  # fmt: skip
    return [Finding("pixel-count", message)]


def _high_bit(records: Sequence[FileRecord]) -> list[Finding]:
    """Say that the place of the stored bits cannot be what the header says: values may be wrong (H12)."""
    odd = [record for record in records if record.pixels and record.pixels.impossible_high_bit is not None]
    if not odd:
        return []
    first = odd[0].pixels
    assert first is not None
    message = tr(
        "{name} states a highest bit (High Bit) of {high}, which {stored} stored bits in cells of {allocated} cannot "
        "have: the lowest bits are shown. Check the values against another copy.",
        name=_name(odd[0]), high=first.impossible_high_bit, stored=first.stored, allocated=first.allocated,
    )  # fmt: skip
    return [Finding("high-bit", message)]


def _uptake_findings(records: Sequence[FileRecord]) -> list[Finding]:
    """Say what a PET would need to be told in SUV, or in other kinds of it."""
    missing = dict.fromkeys(code for r in records for code in r.texts.get("suv_missing", "").split(",") if code)
    if not missing:
        return []
    needed = ", ".join(tr(_UPTAKE_NEEDS[code]) for code in missing if code in _UPTAKE_NEEDS)
    if all("suv_bw" in record.texts for record in records):
        message = tr("SUV by lean body mass or body surface is not to be had. The header lacks: {needed}.",
                     needed=needed)  # fmt: skip
    elif records[0].frames and records[0].frames[0].unit == "Bq/ml":
        message = tr("The values stay in Bq/ml: they cannot be told in SUV. The header lacks: {needed}.", needed=needed)
    else:
        message = tr("The values stay as they are stored: they cannot be told in SUV. The header lacks: {needed}.",
                     needed=needed)  # fmt: skip
    return [Finding("suv-unknown", message, "info")]


def _name(record: FileRecord) -> str:
    return Path(record.path).name
