"""List what can be computed, with parameters, units and ranges."""

from __future__ import annotations

import argparse
from typing import Any

from pellucid.cli import report
from pellucid.model.findings import Refused

SUMMARY = "list the operations and their parameters"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("id", nargs="?", metavar="ID", help="show one operation in full")
    parser.add_argument("--json", action="store_true", help="print JSON: a list, or one object for an ID")


def run(options: argparse.Namespace) -> int:
    """Print one operation or all of them."""
    from pellucid.operations.operation import registry

    if options.id:
        operation = find(options.id)
        if options.json:
            report.show_json(operation.schema())
        else:
            report.show(_full(operation))
    elif options.json:
        report.show_json([operation.schema() for operation in registry().values()])
    else:
        width = max(len(id) for id in registry())
        for id, operation in registry().items():
            report.show(f"{id:{width}}  {operation.title}: {operation.summary}")
    return 0


def find(id: str) -> Any:
    """Return the operation of an id; raise Refused with the nearest ids when there is none."""
    from pellucid.operations.operation import Refused as Unknown
    from pellucid.operations.operation import get

    try:
        return get(id)
    except Unknown as error:
        raise Refused(str(error)) from error


def _full(operation: Any) -> str:
    lines = [f"{operation.id}  {operation.title}", operation.help]
    if operation.source:
        lines.append(f"Source: {operation.source}")
    lines.append(f"Works on: {' and '.join(operation.inputs)}; makes: {operation.output}")
    for field in operation.fields:
        choices = f" ({', '.join(field.choices)})" if field.choices else ""
        unit = f" {field.unit}" if field.unit and field.unit != "intensity" else ""
        lines.append(f"  --{field.name} {field.kind}{unit}{choices}, default {field.default}: {field.help}")
    return "\n".join(lines)
