"""Measure size, shape, values and texture of every label, or of every connected object: the table of the window."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from pellucid.cli import report, source
from pellucid.cli.labels import label_maps, only_frame
from pellucid.model.findings import Refused

SUMMARY = "measure the objects of a label image: size, shape, values, texture"
GROUPS = ("shape", "intensity", "texture", "colocalisation")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("labels", type=Path, metavar="LABELS",
                        help="an image of whole numbers, 0 is background, or a DICOM segmentation")  # fmt: skip
    parser.add_argument("images", type=Path, nargs="*", metavar="IMAGE",
                        help="images that are measured; the columns of several begin with their names")  # fmt: skip
    parser.add_argument("--csv", type=Path, metavar="F", help="write the rows to this file")
    parser.add_argument("--parquet", type=Path, metavar="F", help="write the rows to this file, typed")
    parser.add_argument("--json", action="store_true", help="print JSON (which is what happens without a file)")
    parser.add_argument("--per-object", action="store_true", help="one row for each connected part of a label")
    parser.add_argument("--connectivity", choices=("faces", "corners"), default="faces", help="of connected parts")
    parser.add_argument("--smallest", type=int, default=1, metavar="N", help="leave out objects of fewer voxels")
    parser.add_argument("--groups", default="shape,intensity", metavar="LIST",
                        help=f"what is measured, of {', '.join(GROUPS)} (default: shape,intensity)")  # fmt: skip
    parser.add_argument("--percentiles", default="5 25 75 95", metavar="LIST", help="in per cent")
    parser.add_argument("--levels", type=int, default=32, metavar="N", help="grey levels of entropy and texture")
    parser.add_argument("--distance", type=int, default=1, metavar="N", help="voxels between the pairs of the texture")
    parser.add_argument("--above", type=float, metavar="VALUE",
                        help="a channel counts in colocalisation above this value (default: Otsu's)")  # fmt: skip
    parser.add_argument("--resample", action="store_true", help="bring images onto the grid of the labels")
    source.add_choice(parser)


def run(options: argparse.Namespace) -> int:
    """Measure and write."""
    from pellucid.files.row_files import check_ending, joined, write_rows
    from pellucid.model.volume import image_from_array
    from pellucid.operations.pixels import as_labels
    from pellucid.recipes.object_tables import measured

    for path in (options.csv, options.parquet):
        if path is not None:
            check_ending(path)
    images = [_image(path, options) for path in options.images]
    tables = []
    for labels in label_maps(options.labels):
        names = {row.value: row.name for row in labels.labels}
        image = as_labels(image_from_array(labels.array, labels.geometry))
        tables.append(measured(image, labels.geometry, images, parameters(options), names, remark=report.note))
    rows = joined(tables)
    for path in (options.csv, options.parquet):
        if path is not None:
            write_rows(rows, path)
            report.show(str(path))
    if options.json or (options.csv is None and options.parquet is None):
        report.show_json(list(rows))
    return 0


def parameters(options: argparse.Namespace) -> dict[str, Any]:
    """Return the parameters of the operation; raise Refused for a group there is not."""
    groups = [group for group in options.groups.replace(",", " ").split() if group]
    for group in groups:
        if group not in GROUPS:
            raise Refused(f"There is no group “{group}”; there are {', '.join(GROUPS)}.")
    several = len(options.images) > 1
    return {
        "rows": "objects" if options.per_object else "labels",
        "connectivity": options.connectivity,
        "smallest": options.smallest,
        **{group: group in groups for group in GROUPS},
        "percentiles": options.percentiles,
        "levels": options.levels,
        "distance": options.distance,
        "threshold": "otsu" if options.above is None else "value",
        "above": options.above or 0.0,
        "names": ",".join(path.name.split(".")[0].replace(",", " ") for path in options.images) if several else "",
        "resample": options.resample,
    }


def _image(path: Path, options: argparse.Namespace) -> Any:
    series, volume = (options.series, options.volume) if path == options.images[0] else (None, None)
    return only_frame(source.read_one(path, series, volume), path).image
