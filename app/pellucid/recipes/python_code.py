"""Write the steps of a recipe as a Python script that runs without Pellucid: SimpleITK, NumPy, scikit-image.

The script gives the same voxels, bit for bit, as the recipe does: where an operation has an engine of its own, the
few functions it is made of are copied into the script.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pellucid.language import mark, tr
from pellucid.model.findings import Refused
from pellucid.model.layer import HAND_EDIT, Provenance
from pellucid.recipes import own_steps
from pellucid.recipes.bundling import Bundle, functions_of
from pellucid.recipes.recipe import Recipe, Step
from pellucid.recipes.replay import declared, start_name
from pellucid.recipes.step_words import said_of

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
    "labels": "sitk.WriteImage(result, sys.argv[2])",
    "points": 'np.savetxt(sys.argv[2], result, "%.17g", ",", header="x,y,z,radius,strength", comments="")',
    "table": 'Path(sys.argv[2]).write_text(json.dumps(result, indent=2))',
    "rows": 'Path(sys.argv[2]).write_text(json.dumps(result, indent=2))',
}
"""How a script keeps its answer: an image, rows of points (LPS mm), or numbers by name."""
_AS_KIND = {"image": "{}", "mask": "as_mask({})", "labels": "as_labels({})"}
_OUT = {
    "image": mark("the file for the result, an image"),
    "mask": mark("the file for the result, an image of 0 and 1"),
    "labels": mark("the file for the result, an image of labels"),
    "points": mark("the file for the points, a table (.csv)"),
    "table": mark("the file for the numbers (.json)"),
    "rows": mark("the file for the rows (.json)"),
}


@dataclass(frozen=True)
class Start:
    """What a script must know of the image it starts from: whether it is RGBA, and the range of its padding."""

    alpha: bool = False
    padding: tuple[float, float] | None = None


def script(recipe: Recipe, start: Start | None = None) -> str:
    """Return a whole script: ``python script.py IN OUT [FILE for each further image]``.

    Steps that are switched off are left out. Raises Refused for a step that cannot be written (a hand edit).
    """
    lines, names = steps(recipe, start or Start())
    recipe = recipe.model_copy(update={"steps": tuple(step for step in recipe.steps if step.enabled)})
    from pellucid.operations import plain

    toolbox = _toolbox(recipe)
    bundle = Bundle((*functions_of(plain), *toolbox))
    for function in toolbox:
        bundle.add_used(lines, [function])
    bundle.add_used(lines, functions_of(plain))
    keeping = _KEEPING[_output(recipe)]
    used = {node.id for node in ast.walk(ast.parse(f"{lines}\n{keeping}")) if isinstance(node, ast.Name)}
    named = {line for name, line in _MODULES.items() if name in used}
    imports = bundle.imports | named | {_MODULES["sitk"], "import sys"}
    reading = [
        "result = sitk.ReadImage(sys.argv[1])",
        *(f"{variable} = sitk.ReadImage(sys.argv[{n}])" for n, variable in enumerate(names, 3)),
    ]
    copied = tr("What the steps call: copied from Pellucid")
    parts = [
        f'"""{_heading(recipe, names)}"""\n\nfrom __future__ import annotations',
        *_import_groups(imports),
        bundle.text and f"{_rule(copied)}\n\n\n{bundle.text}\n",
        steps_rule() if bundle.text else "",
        "\n".join(reading),
        lines,
        keeping,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _import_groups(imports: Iterable[str]) -> list[str]:
    """Return import lines as they are usually written: those of Python itself, then the others."""
    ordered = sorted(imports, key=lambda line: (line.startswith("from"), line.casefold()))
    own = [line for line in ordered if line.split()[1].partition(".")[0] in sys.stdlib_module_names]
    return ["\n".join(own), "\n".join(line for line in ordered if line not in own)]


def steps_rule() -> str:
    """Return the line that stands before the steps, where what they call stands above."""
    return _rule(tr("The steps"))


def _rule(text: str) -> str:
    return f"# {'-' * 20} {text}"


def command(recipe: Recipe, name: str = "script.py") -> str:
    """Return the line that runs the script of a recipe."""
    return _command(steps(recipe, Start())[1], name)


def _command(variables: Iterable[str], name: str = "script.py") -> str:
    return " ".join([f"python {name} IN OUT", *(variable.upper() for variable in variables)])


def _heading(recipe: Recipe, names: Mapping[str, str]) -> str:
    """Return what a script says of itself: what it does, how it is run, and which file is which image."""
    begun = next((step.inputs[0] for step in recipe.steps if step.inputs[:1] and step.inputs[0]), "")
    begin = tr("the image to begin with") + (f": {begun}" if begun else "")
    files = [("IN", begin), ("OUT", tr(_OUT[_output(recipe)]))]
    files += [(variable.upper(), name) for variable, name in names.items()]
    width = max(len(word) for word, _said in files) + 2
    rows = "\n".join(f"    {word:<{width}}{said}" for word, said in files)
    title = f"{recipe.title}: " if recipe.title else ""
    done = ", ".join(step_title(step) for step in recipe.steps) or tr("nothing")
    made = tr("Made by Pellucid. Run it with:")
    text = f"{title}{done}.\n\n{made}\n\n    {_command(names)}\n\n{rows}\n"
    return text.replace("\\", "\\\\").replace('"', "'").encode("utf-8", "replace").decode("utf-8")


def steps(recipe: Recipe, start: Start) -> tuple[str, dict[str, str]]:
    """Return the lines of all steps that are taken, and the variables that hold further images with their names."""
    written: list[str] = []
    names: dict[str, str] = {}
    made: dict[str, Start] = {}
    begun = start_name(step for step in recipe.steps if step.enabled)
    if any(begun in step.inputs[1:] for step in recipe.steps if step.enabled):
        written.append(f"{_variable(begun, names)} = result")
    for number, step in enumerate(recipe.steps, 1):
        if not step.enabled:
            continue
        parts = [f"# {number}. {step_title(step)}"]
        if step.inputs[:1] and step.inputs[0] in made:
            parts.append(f"result = {_variable(step.inputs[0], names)}")
            start = made[step.inputs[0]]
        parts.append(_own_lines(step, number) or _step_lines(step, names, start))
        start = _after(step, start)
        if step.name:
            made[step.name] = start
            parts.append(f"{_variable(step.name, names)} = result")
        written.append("\n".join(parts))
    return "\n\n".join(written), {variable: name for name, variable in names.items() if name not in {begun, *made}}


def step_code(recipe: Recipe, position: int, start: Start) -> str:
    """Return the lines of one step of a recipe; they work on ``result``."""
    for before in recipe.steps[:position]:
        start = _after(before, start) if before.enabled else start
    step = recipe.steps[position]
    lines = _own_lines(step, position + 1) or _step_lines(step, {}, start)
    return f"# {position + 1}. {step_title(step)}\n{lines}\n"


def _after(step: Step, start: Start) -> Start:
    """Return what is known of the image after a step: padding is gone where the values mean something else."""
    own = own_steps.find(step.operation)
    if own is not None:
        return start if own.keeps_unit else replace(start, padding=None)
    operation = _operation(step)
    keeps = operation.keeps_unit and operation.output == "image"
    given = operation.ports[: len(step.inputs)]
    alpha = start.alpha or any(port.name == "alpha" for port in given)
    return Start(alpha, start.padding if keeps else None)


def step_title(step: Step) -> str:
    """Return the name of a step with all its parameters, in words and in one line: it becomes a comment."""
    title, said = said_of(Provenance(step.operation, dict(step.parameters)))
    return " ".join((f"{title} ({said})" if said else title).split())


def _own_lines(step: Step, number: int) -> str:
    """Return the lines of a step that is no operation; ``""`` when it is one."""
    own = own_steps.find(step.operation)
    if own is None:
        return ""
    lines = own_steps.lines(own, step.parameters)
    if step.operation == HAND_EDIT:
        raise Refused(tr("Step {number} was painted by hand and cannot be written as a script. Switch it off to write "
                         "the others.", number=number))  # fmt: skip
    if not lines:
        cannot = tr("{title} cannot be written as a script.", title=tr(own.title))
        raise Refused(tr(own.why_not, number=number) if own.why_not else cannot)
    return lines


def _output(recipe: Recipe) -> str:
    """Return the kind of what a recipe makes."""
    for step in reversed(recipe.steps):
        own = own_steps.find(step.operation)
        if own is None or own.makes:
            return own.makes if own is not None else _operation(step).output
    return "image"


def _operation(step: Step) -> Operation:
    from pellucid.operations.operation import Refused as Unknown
    from pellucid.operations.operation import get

    try:
        operation = get(step.operation)
    except Unknown as error:
        raise Refused(str(error)) from error
    if not operation.python:
        raise Refused(tr("{title} cannot be written as a script.", title=tr(operation.title)))
    return operation.settled(step.parameters)


def _toolbox(recipe: Recipe) -> list[Any]:
    operations = (_operation(step) for step in recipe.steps if own_steps.find(step.operation) is None)
    return [function for operation in operations for function in operation.toolbox]


def _step_lines(step: Step, names: dict[str, str], start: Start) -> str:
    """Return the lines of one step: images by the names of the ports, the computation, alpha and padding put back."""
    operation = _operation(step)
    params = operation.validate(**declared(step)[1])
    first, *others = operation.ports
    spares_alpha = start.alpha and operation.spares_alpha
    padding = start.padding if operation.minds_padding else None
    lines = operation.lines(params)
    before: list[str] = []
    after: list[str] = []
    taken = _AS_KIND[first.kind].format("result")
    if spares_alpha:
        before.append("given = result")
        taken = "without_alpha(result)"
        after.append("result = with_alpha_of(result, given)")
    before.append(f"{first.name} = {taken}")
    wanted = step.inputs[1:]
    for n, port in enumerate(others):
        variables = [_variable(name, names) for name in (wanted[n:] if port.many else wanted[n : n + 1])]
        as_taken = "without_alpha({})" if spares_alpha and port.kind == "image" else _AS_KIND[port.kind]
        variables = [as_taken.format(one) for one in variables]
        before.append(f"{port.name} = " + (f"[{', '.join(variables)}]" if port.many else (variables or ["None"])[0]))
    if padding is not None:
        before.append(f"unfilled, {first.name} = {first.name}, filled_padding({first.name}, {padding!r})")
        if operation.counted_in:
            before.append(f"{operation.counted_in} = outside_padding(unfilled, {operation.counted_in}, {padding!r})")
        if operation.restores_padding:
            after.insert(0, f"result = restored_padding(result, unfilled, {padding!r})")
    if "padding" in {node.id for node in ast.walk(ast.parse(lines)) if isinstance(node, ast.Name)}:
        before.append(f"padding = {start.padding!r}")
    return "\n".join([*before, lines, *after])


def _variable(name: str, names: dict[str, str]) -> str:
    """Return the variable for a further image, a new one for a new name.

    All end in ``_image``, as nothing does that the lines of a step use: no word of Python, no function, no port.
    """
    if name not in names:
        stem = "".join(c if c.isalnum() and c.isascii() else "_" for c in name).strip("_").lower() or "further"
        stem = stem if stem[0].isalpha() else f"image_{stem}"
        stem = stem if stem.endswith("_image") else f"{stem}_image"
        variable, n = stem, 2
        while variable in names.values():
            variable, n = f"{stem}_{n}", n + 1
        names[name] = variable
    return names[name]
