"""Compare label images: overlap, surface distances and volumes of each label of a result against a reference.

A is judged by B. Hausdorff distances are those of surface voxels (with a face towards the outside or at the border of
the image), from centre to centre; hausdorff95 is the larger one of the two directed 95th percentiles, hausdorff_mean
that of the two directed means, and mean_surface_distance the mean over the surface voxels of both. A label that one
image lacks has no distances (null). Where the spacing is not known, values in mm are null, and keys that end in _px
follow.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.cli import report
from pellucid.cli.labels import label_maps
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pellucid.files.label_comparison import Agreement
    from pellucid.model.labels import LabelMap
    from pellucid.operations.context import Context

SUMMARY = "compare label images: Dice, Hausdorff, surface distance …"
_COLUMNS = ("dice", "jaccard", "precision", "recall", "hausdorff", "hausdorff95", "mean_surface_distance",
            "centre_distance", "volume_difference")  # fmt: skip
_SHORT = ("Dice", "Jaccard", "Prec.", "Recall", "HD", "HD95", "ASSD", "Centre", "Volume A−B")
Maps = list["LabelMap"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "images", type=Path, nargs="+", metavar="IMAGE",
        help="A and B, the reference: images of whole numbers (0 is background) or DICOM segmentations; more with "
        "--pairwise",
    )  # fmt: skip
    parser.add_argument("--label", type=int, action="append", default=[], metavar="N",
                        help="only this label; may be given several times")  # fmt: skip
    parser.add_argument("--match", type=_pair, action="append", default=[], metavar="A=B",
                        help="compare label A of the first image with label B of the reference")  # fmt: skip
    parser.add_argument("--resample", action="store_true",
                        help="bring images on other grids onto the first one, by the nearest voxel")  # fmt: skip
    parser.add_argument("--objects", action="store_true",
                        help="match objects one to one (such as nuclei) and count those found, missed and wrong: each "
                        "label is one, or each connected part where there is one label only")  # fmt: skip
    parser.add_argument("--iou", type=float, default=0.5, metavar="X",
                        help="least overlap of a match (intersection over union, default 0.5)")  # fmt: skip
    parser.add_argument("--pairwise", action="store_true",
                        help="compare any number of images, each with each, and estimate with STAPLE how far each of "
                        "them can be trusted")  # fmt: skip
    parser.add_argument("--csv", type=Path, metavar="F", help="also write the rows, in full precision, to this file")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _pair(text: str) -> tuple[int, int]:
    first, _sign, second = text.partition("=")
    try:
        return int(first), int(second)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not like 3=1") from error


def run(options: argparse.Namespace) -> int:
    """Compare the images and print what was asked for."""
    from pellucid.operations.context import Context

    if not 0 < options.iou <= 1:
        raise Refused("--iou must be above 0 and at most 1.")
    if len(options.images) != 2 and not options.pairwise:
        raise Refused("compare takes two images, A and B; with --pairwise there may be more.")
    if len(options.images) < 2:
        raise Refused("--pairwise needs at least two images.")
    images = _read(options.images, resample=options.resample)
    context = Context()
    if options.pairwise:
        return _show_pairwise(images, options, context)
    if options.objects:
        return _show_objects(images, options)
    return _show_rows(images, options, context)


def _read(paths: Sequence[Path], *, resample: bool) -> list[Maps]:
    """Return the labels of each image, all on the grid of the first one."""
    from pellucid.files.label_comparison import on_grid

    images = [label_maps(path) for path in paths]
    grid = images[0][0].geometry
    for n, (path, maps) in enumerate(zip(paths, images, strict=True)):
        if all(labels.geometry.same_grid(grid) for labels in maps):
            continue
        if not resample:
            raise Refused(
                f"“{path.name}” lies on another grid ({_grid(maps[0])}) than “{paths[0].name}” "
                f"({_grid(images[0][0])}). Add --resample to bring it there by the nearest voxel."
            )
        report.note(f"“{path.name}” was resampled onto the grid of “{paths[0].name}” (nearest voxel).")
        images[n] = [on_grid(labels, grid) for labels in maps]
    return images


def _grid(labels: LabelMap) -> str:
    geometry = labels.geometry
    return f"{report.numbers(geometry.size)} voxels of {report.numbers(geometry.spacing, 4)}"


# ---------------------------------------------------------------- rows


def _show_rows(images: list[Maps], options: argparse.Namespace, context: Context) -> int:
    from pellucid.files.label_comparison import compare, lengths_known, rows_to_csv

    rows = compare(images[0], images[1], context, labels=options.label, matched=dict(options.match))
    if not rows:
        report.note("Neither image holds a label.")
    if not lengths_known(images[0][0].geometry):
        report.note("The spacing is not known, so distances are in px.")
    elif images[0][0].geometry.voxel_volume is None:
        report.note("The size of a voxel is not known, so there are no volumes.")
    _remark(rows, options.images)
    if options.csv is not None:
        _write(options.csv, rows_to_csv(rows))
    if options.json:
        report.show_json([row.row() for row in rows])
    else:
        report.show(_table(rows))
    return 0


def _remark(rows: Sequence[Agreement], paths: Sequence[Path]) -> None:
    """Say which labels one of the images lacks."""
    for path, voxels in zip(paths, ("first_voxels", "second_voxels"), strict=True):
        lacking = [str(row.label) for row in rows if not row.values[voxels]]
        if lacking:
            listed = ", ".join(lacking[:10]) + (" …" if len(lacking) > 10 else "")
            report.note(f"“{path.name}” holds no voxel of {listed}; a label that is missing has no distances.")


def _table(rows: Sequence[Agreement]) -> str:
    """Return rows for reading."""
    lengths = "mm" if all(row.in_mm for row in rows) else "px"
    volumes = "mm³" if all(row.has_volume for row in rows) else "voxels"
    units = ["", "", "", "", *[f" {lengths}"] * 4, f" {volumes}"]
    lines = [["Label", "", *(title + unit for title, unit in zip(_SHORT, units, strict=True))]]
    for row in rows:
        numbers = [row.values[name] for name in _COLUMNS]
        name = "" if row.name == f"Label {row.label}" else row.name
        lines.append([str(row.label), name, *("–" if n is None else f"{n:.4g}" for n in numbers)])
    return _aligned(lines)


def _aligned(lines: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True)) for line in lines)


def _write(path: Path, text: str) -> None:
    from pellucid.files.safe_write import replacing

    with replacing(path) as temporary:
        Path(temporary).write_text(text, encoding="utf-8", newline="")


# ---------------------------------------------------------------- objects


def _show_objects(images: list[Maps], options: argparse.Namespace) -> int:
    from pellucid.files.label_comparison import objects
    from pellucid.operations.engines.object_matching import match

    found = []
    for path, maps in zip(options.images, images, strict=True):
        if len(maps) != 1:
            raise Refused(f"“{path.name}” holds segments that may overlap; objects are counted in one label image.")
        array, count = objects(maps[0])
        if array is not maps[0].array:
            report.note(f"“{path.name}” has one label; its {count} connected parts are the objects.")
        found.append(array)
    matching = match(found[0], found[1], options.iou)
    pairs = [dict(zip(("object", "reference", "iou", "dice"), pair, strict=True)) for pair in matching.pairs]
    if options.csv is not None:
        lines = ["object,reference,iou,dice", *(",".join(map(repr, pair.values())) for pair in pairs)]
        lines += [f"{value},,," for value in matching.only_first] + [f",{value},," for value in matching.only_second]
        _write(options.csv, "\n".join(lines) + "\n")
    numbers = matching.numbers()
    if options.json:
        alone = {"only_first": list(matching.only_first), "only_second": list(matching.only_second)}
        report.show_json({**numbers, "iou_threshold": options.iou, "matches": pairs, **alone})
    else:
        report.show(_aligned([[name.replace("_", " "), _number(value)] for name, value in numbers.items()]))
    return 0


def _number(value: float) -> str:
    return "–" if value != value else f"{value:.4g}"


# ---------------------------------------------------------------- several raters


def _show_pairwise(images: list[Maps], options: argparse.Namespace, context: Context) -> int:
    from pellucid.files.label_comparison import held

    sides = [held(maps) for maps in images]
    labels = sorted({value for side in sides for value in side} & set(options.label or [v for s in sides for v in s]))
    names = [path.name for path in options.images]
    found = [_pairwise(value, images, context) for value in labels]
    if options.csv is not None:
        _write(options.csv, _pairs_to_csv(names, found))
    if options.json:
        report.show_json({"images": [str(path) for path in options.images], "labels": found})
        return 0
    for one in found:
        head = [f"Label {one['label']}", *(f"[{n + 1}]" for n in range(len(names))), "sensitivity", "specificity"]
        rows = zip(names, one["dice"], one["sensitivity"], one["specificity"], strict=True)
        lines = [
            [f"[{n}] {name}", *(f"{value:.4f}" for value in dice), _number(hit), _number(right)]
            for n, (name, dice, hit, right) in enumerate(rows, start=1)
        ]
        report.show(_aligned([head, *lines]))
    return 0


def _pairs_to_csv(names: list[str], found: list[dict[str, Any]]) -> str:
    import csv
    import io
    from itertools import combinations

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["label", "first", "second", "dice"])
    for one in found:
        for n, m in combinations(range(len(names)), 2):
            writer.writerow([one["label"], names[n], names[m], one["dice"][n][m]])
    return text.getvalue()


def _pairwise(value: int, images: list[Maps], context: Context) -> dict[str, Any]:
    """Return how the masks of one label in all images agree, and how far STAPLE trusts each of them."""
    import numpy as np

    from pellucid.operations.engines.raters import MOST, dice_matrix, judged, staple

    if len(images) > MOST:
        raise Refused(f"At most {MOST} images can be compared pairwise.")
    masks = [np.any([labels.array == value for labels in maps], axis=0) for maps in images]
    counts = judged(masks, context.each)[1]
    consensus = staple(counts, len(masks))
    return {
        "label": value,
        "voxels": [int(mask.sum()) for mask in masks],
        "dice": dice_matrix(counts, len(masks)).tolist(),
        "sensitivity": consensus.sensitivity.tolist(),
        "specificity": consensus.specificity.tolist(),
    }
