"""Measure each label of a label image: voxels, volume, mean, spread, range, median and centroid."""

from __future__ import annotations

import argparse
from pathlib import Path

from pellucid.cli import report, source
from pellucid.cli.labels import label_maps, only_frame

SUMMARY = "measure the labels of a label image"
COLUMNS = ("label", "name", "voxels", "volume_mm3", "mean", "std", "minimum", "maximum", "median", "centroid")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("image", type=Path, metavar="IMAGE", help="the image whose values are measured")
    parser.add_argument(
        "labels",
        type=Path,
        metavar="LABELS",
        help="an image of whole numbers, 0 is background, or a DICOM segmentation",
    )
    parser.add_argument("--csv", type=Path, metavar="F", help="also write the rows, in full precision, to this file")
    parser.add_argument("--json", action="store_true", help="print JSON (which is also what happens without it)")
    source.add_choice(parser)


def run(options: argparse.Namespace) -> int:
    """Print one JSON row per label, and write them as CSV when asked."""
    from pellucid.files.safe_write import replacing
    from pellucid.model.statistics import label_statistics, rows_to_csv

    image = only_frame(source.read_one(options.image, options.series, options.volume), options.image)
    rows = [row for labels in label_maps(options.labels) for row in label_statistics(image, labels)]
    if options.csv is not None:
        with replacing(options.csv) as temporary:
            Path(temporary).write_text(rows_to_csv(rows), encoding="utf-8", newline="")
    report.show_json([{name: getattr(row, name) for name in COLUMNS} for row in rows])
    return 0
