"""List the DICOM series below a path, their volumes, and what is odd about them; only headers are read."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.cli import report, source
from pellucid.dicom.stack import sequences
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pellucid.dicom.stack import Series, VolumePlan

SUMMARY = "list the series of a folder with their findings"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("path", type=Path, metavar="PATH", help="a folder or a DICOM file")
    parser.add_argument("--json", action="store_true", help="print a JSON list of series")


def run(options: argparse.Namespace) -> int:
    """Print the series; files that could not be read are named on stderr."""
    found = source.find(options.path)
    if options.path.is_file() and found.problems and not found.series:
        raise Refused(found.problems[0].sentence)
    if options.json:
        report.show_json([_series(item) for item in found.series])
    else:
        for n, item in enumerate(found.series):
            report.show(_text(n, item))
    for problem in found.problems:
        report.complain(problem.sentence)
    if not found.series and not found.problems:
        report.complain(f"“{options.path}” holds no DICOM; image files found: {len(found.images)}.")
    return 0


def _series(series: Series) -> dict[str, Any]:
    return {
        "series_uid": series.uid,
        "modality": series.modality,
        "description": series.description,
        "content": series.content,
        "contents": list(series.contents),
        "files": [str(file) for file in series.files],
        "volumes": [_volume(plan) for plan in series.volumes],
        "findings": report.findings(series.findings),
    }


def _volume(plan: VolumePlan) -> dict[str, Any]:
    return {
        "label": plan.label,
        **report.grid(plan.geometry),
        "pixel_type": plan.pixel_type,
        "components": plan.components,
        "unit": plan.unit,
        "findings": report.findings(plan.findings),
    }


def _text(n: int, series: Series) -> str:
    count = len(series.files)
    lines = [f"{n}  {source.title(series)}  {count} file{'s' * (count != 1)}"]
    lines += [f"     {_line(plans)}" for plans in sequences(series)]
    lines += [f"     {n}  {name}" for n, name in enumerate(series.contents, start=1)]
    said = report.findings(series.findings, *(plan.findings for plan in series.volumes))
    lines += [f"     ! {finding['message']}" for finding in said]
    return "\n".join(line.rstrip() for line in lines)


def _line(plans: tuple[VolumePlan, ...]) -> str:
    """Describe one image; the volumes of a 4-D image are its frames."""
    plan, grid = plans[0], report.grid(plans[0].geometry)
    spacing = report.numbers(grid["spacing"]) + ("" if grid["spacing"] is None else " mm")
    kind = plan.pixel_type + (f" × {plan.components}" if plan.components > 1 else "")
    size = " × ".join(str(count) for count in grid["size"])
    return "  ".join((size, spacing, kind, f"{len(plans)} frames" if len(plans) > 1 else plan.label))
