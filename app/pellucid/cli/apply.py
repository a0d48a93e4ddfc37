"""Run one operation on an image and write the result."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.cli import convert, operations, report, source
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pellucid.operations.operation import Field, Operation

SUMMARY = "run one operation on an image; its parameters are options"
_PREFIX = "parameter "
_OTHER = "input {}"
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def declared(argv: Sequence[str]) -> Operation | None:
    """Return the operation the arguments name, before they can be parsed: its parameters are options too."""
    from pellucid.operations.operation import registry

    words = [token for token in argv if not token.startswith("-")]
    if not words:
        return None
    named = next((token for token in words if token in registry()), words[0])
    found: Operation = operations.find(named)
    return found


def add_arguments(parser: argparse.ArgumentParser, operation: Operation | None = None) -> None:
    """Declare the arguments; with an operation also its parameters."""
    parser.add_argument("id", metavar="ID", help="the operation; list them with: pellucid operations")
    parser.add_argument("input", type=Path, metavar="IN", help="an image; for a mask operation a label image")
    parser.add_argument("output", type=Path, metavar="OUT", help="the file to write; points and tables: .csv or .json")
    parser.add_argument(
        "--with", "--mask", dest="others", type=Path, action="append", default=[], metavar="FILE",
        help="the second image or mask of an operation that needs two",
    )  # fmt: skip
    parser.add_argument("--label", type=int, metavar="N", help="the value in a label image that is the mask")
    source.add_choice(parser)
    convert.add_spacing(parser)
    convert.add_writing(parser)
    if operation is not None:
        group = parser.add_argument_group(f"parameters of {operation.title}")
        for field in operation.fields:
            _add_field(group, field)


def _add_field(group: Any, field: Field) -> None:
    names = dict.fromkeys((f"--{field.name}", f"--{field.name.replace('_', '-')}"))
    unit = f" in {field.unit}" if field.unit and field.unit != "intensity" else ""
    text = f"{field.help}{unit} (default {field.default})".replace("%", "%%")
    kinds: dict[str, Callable[[str], Any]] = {"float": float, "int": int, "bool": _truth}
    group.add_argument(
        *names,
        dest=_PREFIX + field.name,
        metavar=field.kind.upper() if field.kind != "choice" else None,
        type=kinds.get(field.kind, str),
        choices=field.choices or None,
        help=text,
    )


def _truth(text: str) -> bool:
    if text.lower() not in _TRUE + _FALSE:
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() in _TRUE


def run(options: argparse.Namespace) -> int:
    """Run the operation on every frame of the input and write the result."""
    from pellucid.recipes import Recipe, Step, frames

    operation = operations.find(options.id)
    parameters = _parameters(operation, options)
    most = len(operation.ports)
    if len(options.others) > most - 1 and not operation.takes_many:
        raise Refused(f"{operation.title} takes {most} inputs; {1 + len(options.others)} were given.")
    if len(options.others) < len(operation.inputs) - 1:
        kind = operation.inputs[-1]
        raise Refused(f"{operation.title} needs a second {kind}. Name its file with --with.")
    names = tuple(_OTHER.format(n) for n in range(2, 2 + len(options.others)))
    recipe = Recipe(steps=(Step(operation=operation.id, parameters=parameters, inputs=("image", *names)),))
    convert.check_answer(recipe, options.output)
    read = source.read_one(options.input, options.series, options.volume)
    if not options.even and not operation.pointwise and not read[0].geometry.is_even:
        raise Refused(
            f"The slices are not evenly spaced, so {operation.title.lower()} would mix up distances. "
            "Make the spacing even first with --even."
        )
    given = frames.starts(recipe, convert.prepared(read, options), options.input.name, options.label, report.note)
    others = {name: (path.name, source.read_one(path)) for name, path in zip(names, options.others, strict=True)}
    named = frames.handed(recipe, others, options.label, report.note)
    convert.write_results(frames.take_all(recipe, given, named, remark=report.note), options.output, options)
    return 0


def _parameters(operation: Operation, options: argparse.Namespace) -> dict[str, Any]:
    """Return the parameters, checked before anything is read."""
    from pellucid.operations.operation import Refused as Invalid

    given = {
        field.name: value for field in operation.fields if (value := getattr(options, _PREFIX + field.name)) is not None
    }
    try:
        return dict(operation.validate(**given).model_dump(mode="json"))
    except Invalid as error:
        raise Refused(str(error)) from error

