"""Write the steps of a recipe as a Python script that runs without Pellucid: SimpleITK, NumPy, scikit-image.

The script gives the same voxels, bit for bit, as the recipe does: where an operation has an engine of its own, the
few functions it is made of are copied into the script.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.recipes.bundling import Bundle, functions_of
from pellucid.recipes.recipe import Recipe, Step

if TYPE_CHECKING:
    from pellucid.operations.operation import Operation

_MODULES = {
    "np": "import numpy as np",
    "sitk": "import SimpleITK as sitk",
    "ndimage": "from scipy import ndimage",
    "signal": "from scipy import signal",
    "fft": "from scipy import fft",
    "skimage": "import skimage",
    "math": "import math",
    "json": "import json",
    "Path": "from pathlib import Path",
}
_KEEPING = {
    "image": "sitk.WriteImage(result, sys.argv[2])",
    "mask": "sitk.WriteImage(result, sys.argv[2])",
    "points": 'np.savetxt(sys.argv[2], result, "%.17g", ",", header="x,y,z,radius,strength", comments="")',
    "table": 'Path(sys.argv[2]).write_text(json.dumps(result, indent=2))',
}
"""How a script keeps its answer: an image, rows of points (LPS mm), or numbers by name."""


@dataclass(frozen=True)
class Start:
    """What a script must know of the image it starts from: whether it is RGBA, and the range of its padding."""

    alpha: bool = False
    padding: tuple[float, float] | None = None


def script(recipe: Recipe, start: Start | None = None) -> str:
    """Return a whole script: ``python script.py IN OUT [FILE for each further image]``.

    Raises Refused for a step that cannot be written (a hand edit).
    """
    lines, names = steps(recipe, start or Start())
    bundle = Bundle()
    from pellucid.operations import plain

    for function in _toolbox(recipe):
        bundle.add_used(lines, [function])
    bundle.add_used(lines, functions_of(plain))
    keeping = _KEEPING[_operation(recipe.steps[-1]).output if recipe.steps else "image"]
    used = {node.id for node in ast.walk(ast.parse(f"{lines}\n{keeping}")) if isinstance(node, ast.Name)}
    named = {line for name, line in _MODULES.items() if name in used}
    imports = bundle.imports | named | {_MODULES["sitk"], "import sys"}
    what = " ".join(["python script.py IN OUT", *(f"{name.upper()}" for name in names)])
    parts = [
        f'"""{tr("Made by Pellucid. Run it with: {command}", command=what)}"""',
        "from __future__ import annotations",
        "\n".join(sorted(imports, key=lambda line: (line.startswith("from"), line))),
        bundle.text,
        "\n".join(
            [
                "result = sitk.ReadImage(sys.argv[1])",
                *(f"{name} = sitk.ReadImage(sys.argv[{n}])" for n, name in enumerate(names, 3)),
                lines,
                keeping,
            ]
        ),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def steps(recipe: Recipe, start: Start) -> tuple[str, tuple[str, ...]]:
    """Return the lines of all steps, and the variables that hold further images."""
    written: list[str] = []
    names: dict[str, str] = {}
    for number, step in enumerate(recipe.steps, 1):
        written.append(f"\n# {number}. {step_title(step)}")
        written.append(_step_lines(step, names, start))
        operation = _operation(step)
        if operation.output == "mask" or not operation.keeps_unit:
            start = replace(start, padding=None)
    return "\n".join(written).strip("\n"), tuple(names.values())


def step_title(step: Step) -> str:
    """Return the name of a step with all its parameters."""
    operation = _operation(step)
    values = ", ".join(f"{name}={value!r}" for name, value in dict(operation.validate(**step.parameters)).items())
    return f"{operation.title} ({values})" if values else operation.title


def _operation(step: Step) -> Operation:
    from pellucid.operations.operation import Refused as Unknown
    from pellucid.operations.operation import get

    try:
        operation = get(step.operation)
    except Unknown as error:
        raise Refused(str(error)) from error
    if not operation.python:
        raise Refused(tr("{title} cannot be written as a script.", title=tr(operation.title)))
    return operation


def _toolbox(recipe: Recipe) -> list[Any]:
    return [function for step in recipe.steps for function in _operation(step).toolbox]


def _step_lines(step: Step, names: dict[str, str], start: Start) -> str:
    """Return the lines of one step: images by the names of the ports, the computation, alpha and padding put back."""
    operation = _operation(step)
    params = operation.validate(**step.parameters)
    first, *others = operation.ports
    spares_alpha = start.alpha and operation.spares_alpha
    padding = start.padding if operation.minds_padding else None
    lines = operation.lines(params)
    before: list[str] = []
    after: list[str] = []
    taken = "as_mask(result)" if first.kind == "mask" else "result"
    if spares_alpha:
        before.append("given = result")
        taken = "without_alpha(result)"
        after.append("result = with_alpha_of(result, given)")
    before.append(f"{first.name} = {taken}")
    wanted = step.inputs[1:]
    for n, port in enumerate(others):
        variables = [_variable(name, names) for name in (wanted[n:] if port.many else wanted[n : n + 1])]
        variables = [f"as_mask({one})" if port.kind == "mask" else one for one in variables]
        before.append(f"{port.name} = " + (f"[{', '.join(variables)}]" if port.many else (variables or ["None"])[0]))
    if padding is not None:
        before.append(f"unfilled, {first.name} = {first.name}, filled_padding({first.name}, {padding!r})")
        if operation.counted_in:
            before.append(f"{operation.counted_in} = outside_padding(unfilled, {operation.counted_in}, {padding!r})")
        if operation.keeps_unit:
            after.insert(0, f"result = restored_padding(result, unfilled, {padding!r})")
    if "padding" in {node.id for node in ast.walk(ast.parse(lines)) if isinstance(node, ast.Name)}:
        before.append(f"padding = {start.padding!r}")
    return "\n".join([*before, lines, *after])


def _variable(name: str, names: dict[str, str]) -> str:
    """Return the variable for a further image, a new one for a new name."""
    if name not in names:
        stem = "".join(c if c.isalnum() and c.isascii() else "_" for c in name).strip("_").lower() or "image"
        stem = f"{stem}_image" if not stem[0].isalpha() or stem in _taken() else stem
        variable, n = stem, 2
        while variable in names.values():
            variable, n = f"{stem}_{n}", n + 1
        names[name] = variable
    return names[name]


@cache
def _taken() -> frozenset[str]:
    """Return the names a further image must not have: those of the ports of all operations, and of a script itself."""
    from pellucid.operations.operation import registry

    ports = {port.name for operation in registry().values() for port in operation.ports}
    return frozenset({"result", "given", "unfilled", "array", "sys", *_MODULES, *ports})

