"""Take the steps of a recipe on one image and write the result: the same bytes as in the window."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.cli import convert, report, source

if TYPE_CHECKING:
    from pellucid.recipes import Recipe

SUMMARY = "take the steps of a recipe on an image"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("recipe", metavar="RECIPE", help="a file, or an example; list them with: pellucid recipes")
    parser.add_argument("input", type=Path, metavar="IN", help="an image; a label image when the first step takes one")
    parser.add_argument("output", type=Path, metavar="OUT", help="the file to write; points and tables: .csv or .json")
    add_named(parser, "NAME=FILE", "a further image that the recipe knows by a name")
    parser.add_argument("--label", type=int, metavar="N", help="the value in a label image that is the mask")
    source.add_choice(parser)
    convert.add_spacing(parser)
    convert.add_writing(parser)


def add_named(parser: argparse.ArgumentParser, metavar: str, text: str) -> None:
    """Declare the option that hands over further images."""
    parser.add_argument("--with", dest="named", type=_pair, action="append", default=[], metavar=metavar, help=text)


def heed_seeds(recipe: Recipe) -> None:
    """Say that seeds of a recipe are places of the image they were set on."""
    from pellucid.recipes.needs import places

    if numbers := places(recipe):
        report.note(f"Step {', '.join(map(str, numbers))} holds seeds that were set on one image; on another they may "
                    "lie in something else. Look at the result.")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Take the recipe on every frame of the input and write the result."""
    from pellucid.recipes import frames
    from pellucid.recipes.examples import find_recipe
    from pellucid.recipes.needs import check, check_named

    recipe = find_recipe(options.recipe)
    check(recipe)
    heed_seeds(recipe)
    check_named(recipe, dict(options.named))
    convert.check_answer(recipe, options.output)
    read = source.read_one(options.input, options.series, options.volume)
    frames.heed(read, report.note)
    given = frames.starts(recipe, convert.prepared(read, options), options.input.name, options.label, report.note)
    others = {name: (Path(file).name, source.read_one(Path(file))) for name, file in options.named}
    named = frames.handed(recipe, others, options.label, report.note)
    results = frames.take_all(recipe, given, named, remark=report.note)
    convert.write_results(results, options.output, options)
    return 0


def _pair(text: str) -> tuple[str, str]:
    name, sign, file = text.partition("=")
    if not (name and sign and file):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FILE")
    return name, file
