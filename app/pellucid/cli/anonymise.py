"""Write de-identified copies of DICOM (PS3.15 Annex E) into a new folder, with a report. Never a guarantee."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.cli import report as terminal
from pellucid.dicom.deidentify import report
from pellucid.dicom.deidentify.plan import OPTIONS, Plan, Rectangle
from pellucid.files.safe_write import replacing
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pellucid.dicom.deidentify.run import Outcome

SUMMARY = "write de-identified copies of DICOM files, with a report"
_RECTANGLE = re.compile(r"(?:(\d+):)?(\d+),(\d+),(\d+),(\d+)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("input", type=Path, metavar="IN", help="a DICOM file, or a folder or ZIP archive with DICOM")
    parser.add_argument("output", type=Path, metavar="OUT", help="the folder to make; it must be new or empty")
    parser.add_argument("--report", type=Path, metavar="F", help="write what was done, as .json, .csv or .txt")
    listed = ", ".join(OPTIONS)
    parser.add_argument("--options", default="", metavar="A,B", help=f"options of the profile, from: {listed}")
    parser.add_argument("--patient-code", default="", metavar="CODE", help="what the first patient is called")
    parser.add_argument(
        "--code", action="append", default=[], metavar="ID=CODE", help="what the patient with this ID is called"
    )
    parser.add_argument(
        "--black-out", action="append", default=[], metavar="[N:]X,Y,W,H",
        help="make a rectangle of the pixels black, in all series or in series N of the copies",
    )  # fmt: skip
    parser.add_argument(
        "--pixels-checked", action="store_true", help="say that a person has looked at the pixels of the copies"
    )
    parser.add_argument("--key-file", type=Path, metavar="F", help="keep which code is which patient, as CSV")


def run(options: argparse.Namespace) -> int:
    """Write the copies; name on stderr what was left out and what has to be looked at."""
    from pellucid.dicom.deidentify.run import check_place, deidentify_folder

    plan = _plan(options)
    check_place([options.input], options.output)
    for file in (options.report, options.key_file):
        _check_beside(file, options)
    with _unpacked(options.input) as place:
        outcome = deidentify_folder([place], options.output, plan)
    for one in outcome.left_out:
        terminal.complain(f"“{one.path}” was left out: {one.reason}.")
    for said in (*report.warnings(outcome), report.statement()):
        terminal.note(said)
    if options.report is not None:
        with replacing(options.report) as temporary:
            temporary.write_text(report.written(outcome, options.report.suffix), encoding="utf-8")
    if options.key_file is not None:
        write_key(options.key_file, outcome)
    if outcome.copied:
        terminal.show(str(options.output))
    return 1 if outcome.left_out else 0


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    """Yield the folder that an archive was unpacked to, which is erased at the end, or the path where it is none."""
    from pellucid.files.archives import erase, is_archive, unpack

    if not is_archive(path):
        yield path
        return
    unpacked = unpack(path)
    try:
        for sentence in unpacked.said:
            terminal.complain(sentence)
        yield unpacked.folder
    finally:
        erase(unpacked.folder)


def write_key(path: Path, outcome: Outcome) -> None:
    """Write which code is which patient; only the owner may read it."""
    import csv

    with replacing(path) as temporary:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(("patient_id", "code"))
            writer.writerows(sorted(outcome.codes.items()))
        path.unlink(missing_ok=True)  # the rights of an older file would be kept


def rectangles(texts: list[str]) -> Mapping[int, tuple[Rectangle, ...]]:
    """Return rectangles by the number of their series, 0 for all; raise Refused for what is none."""
    found: dict[int, tuple[Rectangle, ...]] = {}
    for text in texts:
        match = _RECTANGLE.fullmatch(text.replace(" ", ""))
        if match is None:
            raise Refused(f"“{text}” is no rectangle. Write x,y,width,height in pixels, after N: for series N only.")
        series = int(match[1] or 0)
        x, y, width, height = (int(match[n]) for n in range(2, 6))
        found[series] = (*found.get(series, ()), (x, y, width, height))
    return found


def _plan(options: argparse.Namespace) -> Plan:
    chosen = frozenset(name.strip() for name in options.options.split(",") if name.strip())
    codes = {}
    for pair in options.code:
        patient, equals, code = pair.rpartition("=")
        if not equals or not patient:
            raise Refused("A code is given as ID=CODE.")
        codes[patient] = code
    return Plan(chosen, options.patient_code, codes, rectangles(options.black_out), options.pixels_checked)


def _check_beside(file: Path | None, options: argparse.Namespace) -> None:
    """Refuse a report or key where the originals or the copies are: it would travel with them."""
    if file is None:
        return
    place, output = file.resolve(), options.output.resolve()
    origin = options.input.resolve()
    if output in place.parents or (origin.is_dir() and origin in place.parents) or place == origin:
        raise Refused(f"“{file}” is in a folder of originals or copies. Choose another place for it.")
    if file == options.report and file.suffix.lower() not in report.FORMATS:
        raise Refused(f"A report ends with one of: {', '.join(report.FORMATS)}.")
