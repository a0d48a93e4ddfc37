"""List the recipes that come with the program, or print one."""

from __future__ import annotations

import argparse

from pellucid.cli import report

SUMMARY = "list the example recipes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="print one recipe as JSON, to start from")
    parser.add_argument("--json", action="store_true", help="print a JSON list of names, titles, notes and steps")


def run(options: argparse.Namespace) -> int:
    """Print names and titles, or a recipe."""
    from pellucid.recipes.examples import examples, find_recipe, read_recipe

    if options.name:
        report.show(find_recipe(options.name).to_json().rstrip("\n"))
        return 0
    known = {name: read_recipe(path) for name, path in examples().items()}
    if options.json:
        report.show_json([{"name": name, **recipe.model_dump(mode="json")} for name, recipe in known.items()])
    else:
        width = max(map(len, known), default=0)
        for name, recipe in known.items():
            report.show(f"{name:{width}}  {recipe.title}: {recipe.notes}")
    return 0
