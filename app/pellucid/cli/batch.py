"""Take a recipe on many images, on all cores or on a Dask cluster; what is done stays done."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.cli import convert, report
from pellucid.cli.run import add_named, heed_seeds

if TYPE_CHECKING:
    from pellucid.recipes.batch import Entry

SUMMARY = "take a recipe on many images"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("recipe", metavar="RECIPE", help="a file, or an example; list them with: pellucid recipes")
    parser.add_argument(
        "inputs", nargs="+", metavar="INPUT",
        help="files, folders (each image and each DICOM series is an item) or quoted globs like 'scans/**/*.nii.gz'",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder of the results")
    workers = parser.add_argument_group("who does it")
    workers.add_argument("--workers", type=_positive, metavar="N", help="images worked on at a time (default: cores)")
    workers.add_argument("--scheduler", default="", metavar="tcp://HOST:PORT", help="a Dask cluster, by its address")
    parser.add_argument("--resume", action="store_true", help="go on: what DIR has of this recipe and input is kept")
    parser.add_argument("--report", type=Path, metavar="FILE", help="a table of the items: .csv, .parquet or .json")
    parser.add_argument("--format", choices=(*convert.FORMATS, "same"), default="nii.gz", help="of the results")
    add_named(parser, "NAME=FILE", "a further image; {stem}, {name} and {folder} stand for those of the item")
    parser.add_argument("--label", type=int, metavar="N", help="the value in label images that is the mask")
    parser.add_argument("--timeout", type=_seconds, metavar="S", help="give an item up after so many seconds")
    convert.add_writing(parser)


def run(options: argparse.Namespace) -> int:
    """Run the batch; each item that is not simply done is named on stderr."""
    from pellucid.recipes.batch import Batch, Order, collect
    from pellucid.recipes.batch.journal import GOOD
    from pellucid.recipes.batch.reports import check_report
    from pellucid.recipes.batch.task import Options
    from pellucid.recipes.examples import find_recipe

    how = Options(options.format, tuple(options.named), options.label, options.even, options.accept_loss,
                  options.timeout)  # fmt: skip
    order = Order(find_recipe(options.recipe), options.out, how, options.workers, options.scheduler, options.resume,
                  options.report)  # fmt: skip
    order.check()
    heed_seeds(order.recipe)
    if options.report is not None:
        check_report(options.report, options.out)
    batch = Batch(order, collect(options.inputs, without=options.out))
    with report.kept_log():
        try:
            batch.run(_tell)
        finally:
            counted = Counter(entry.state for entry in batch.results)
            said = ", ".join(f"{count} {state}" for state, count in counted.items())
            report.show(f"{len(batch.results)} of {len(batch.items)} items: {said or 'nothing'}. {options.out}")
    return 0 if counted.keys() <= GOOD and len(batch.results) == len(batch.items) else 1


def _tell(entry: Entry, done: int, total: int) -> None:
    if entry.sentences:
        name = Path(entry.item).name
        said = entry.sentence if name in entry.sentence else f"{name}: {entry.sentence}"
        report.complain(f"[{done}/{total}] {entry.state}: {said}")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of workers")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no time in seconds")
    return number
