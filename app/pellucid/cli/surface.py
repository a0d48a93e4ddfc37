"""Write the surface of labels as a mesh: STL, PLY or OBJ, in mm, LPS unless RAS is asked for.

The surface encloses the volume of the voxels within 2 %; where a label is too thin or too small for that, a note
says so. Without a label all labels are written: OBJ takes them as groups of one file, STL and PLY get a file each.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from pellucid.cli import report
from pellucid.cli.labels import label_maps
from pellucid.model.findings import Refused

SUMMARY = "write the surface of labels as a mesh (STL, PLY, OBJ)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "labels", type=Path, metavar="LABELS",
        help="an image of whole numbers, 0 is background, or a DICOM segmentation",
    )  # fmt: skip
    parser.add_argument("output", type=Path, metavar="OUT", help="the file to write: .stl, .ply or .obj")
    parser.add_argument("--label", default="all", metavar="N|all", help="one label by its value (default: all)")
    parser.add_argument(
        "--smooth", type=float, metavar="MM",
        help="standard deviation of the smoothing in mm, 0 for none (default: 0.8 voxels)",
    )  # fmt: skip
    parser.add_argument("--ras", action="store_true", help="write RAS coordinates instead of LPS")


def run(options: argparse.Namespace) -> int:
    """Write the surfaces and print one JSON row per label."""
    from pellucid.files.surfaces import SurfaceChoice, check_ending, export_surfaces

    ending = check_ending(options.output)
    if options.smooth is not None and not options.smooth >= 0:
        raise Refused("The smoothing is a length in mm: 0 or more.")
    wanted = _wanted(options)
    choice = SurfaceChoice(options.smooth, options.ras, together=ending == ".obj")
    written = export_surfaces(wanted, options.output, choice)
    for sentence in written.remarks:
        report.note(sentence)
    report.show_json([_row(row) for row in written.rows])
    return 0


def _wanted(options: argparse.Namespace) -> list[Any]:
    """Return the labels that are asked for; raise Refused when there is none."""
    from pellucid.operations.engines.meshing import label_boxes

    if options.label != "all" and not options.label.isdecimal():
        raise Refused(f"“{options.label}” is no label: name its value, or all.")
    there = [(labels, value) for labels in label_maps(options.labels)
             for value in label_boxes(labels.array, lambda _done: None)]  # fmt: skip
    if not there:
        raise Refused(f"“{options.labels}” holds no voxel of any label.")
    wanted = [pair for pair in there if options.label in ("all", str(pair[1]))]
    if not wanted:
        values = ", ".join(str(value) for _labels, value in there[:20])
        raise Refused(f"“{options.labels}” holds no label {options.label}; it holds {values}.")
    return wanted


def _row(row: Any) -> dict[str, Any]:
    unit = row.unit
    return {
        "file": str(row.path), "label": row.label, "name": row.name, "triangles": row.triangles,
        f"area_{unit}2": row.area, f"volume_{unit}3": row.volume, f"voxel_volume_{unit}3": row.voxel_volume,
    }  # fmt: skip
