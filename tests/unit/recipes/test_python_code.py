"""The script of every operation, run by a Python that cannot import Pellucid, gives the same bits."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from operation_cases import CASES
from operation_images import DIRECTIONS, geometry, pixels, sample
from pellucid.model.findings import Refused
from pellucid.operations import Context, get, registry
from pellucid.recipes import Recipe, Step
from pellucid.recipes.python_code import Start, script, step_code

SHAPE = (9, 21, 26)
RUNNER = """
import json, runpy, sys, traceback, warnings
class Closed:
    def find_spec(self, name, *_):
        if name.split(".")[0] == "pellucid":
            raise ImportError("scripts do without Pellucid")
sys.meta_path.insert(0, Closed())
warnings.simplefilter("ignore")
for line in sys.stdin:
    sys.argv = json.loads(line)
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
        print("done", flush=True)
    except BaseException as error:
        print(json.dumps("".join(traceback.format_exception(error)[-3:])), flush=True)
"""


@dataclass
class Interpreter:
    """One Python process without Pellucid that runs scripts one after the other."""

    process: subprocess.Popen[str]

    def run(self, *argv: Path) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps([str(part) for part in argv]) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        assert answer == "done", f"{answer}\n\n{argv[0].read_text()}"


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interpreter]:
    runner = tmp_path_factory.mktemp("runner") / "runner.py"
    runner.write_text(RUNNER)
    with subprocess.Popen(
        [sys.executable, "-I", str(runner)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Interpreter(process)
        assert process.stdin
        process.stdin.close()


def runs() -> Iterator[Any]:
    for id, case in CASES.items():
        for dtype in case.script_types:
            for n, values in enumerate((case.values, *case.variants)):
                yield pytest.param(id, dtype, values, True, id=f"{id}-{dtype}-{n}")
            if any(port.optional for port in get(id).ports):
                yield pytest.param(id, dtype, case.values, False, id=f"{id}-{dtype}-alone")


@pytest.mark.parametrize(("id", "dtype", "values", "every"), list(runs()))
def test_the_script_gives_the_same_bits(
    id: str, dtype: str, values: dict[str, Any], every: bool, interpreter: Interpreter, tmp_path: Path
) -> None:
    operation = get(id)
    colour = 3 if CASES[id].colour == "needed" else 0
    images = sample(operation, SHAPE, dtype, tuple(DIRECTIONS)[1], colour=colour, every=every)
    expected = operation.run(Context(), *images, **values)
    names = tuple(f"further {n}" for n in range(1, len(images)))
    parameters = operation.validate(**values).model_dump(mode="json")
    recipe = Recipe(steps=(Step(operation=id, parameters=parameters, inputs=("image", *names)),))
    check(recipe, images, expected, interpreter, tmp_path)


def check(
    recipe: Recipe, images: tuple[sitk.Image, ...], expected: Any, interpreter: Interpreter, folder: Path,
    start: Start | None = None,
) -> None:  # fmt: skip
    written, out = folder / "script.py", folder / "out.mha"
    written.write_text(script(recipe, start), encoding="utf-8")
    files = [folder / f"in{n}.mha" for n in range(len(images))]
    for image, path in zip(images, files, strict=True):
        sitk.WriteImage(image, str(path))
    interpreter.run(written, files[0], out, *files[1:])
    output = get(recipe.steps[-1].operation).output
    if output == "table":
        assert json.loads(out.read_text()) == {entry.name: entry.value for entry in expected.entries}
    elif output == "rows":
        assert json.loads(out.read_text()) == expected.values
    elif output == "points":
        rows = np.loadtxt(out, delimiter=",", skiprows=1, ndmin=2)
        columns = np.column_stack([expected.positions, expected.radii, expected.strengths])
        np.testing.assert_array_equal(rows.reshape(-1, 5), columns)
    else:
        made = sitk.ReadImage(str(out))
        array = pixels(made)
        assert array.dtype == pixels(expected).dtype
        assert array.tobytes() == pixels(expected).tobytes()
        np.testing.assert_allclose(np.hstack(geometry(made)[1:]), np.hstack(geometry(expected)[1:]), atol=1e-9)


def test_every_operation_can_be_written() -> None:
    assert [id for id, operation in registry().items() if not operation.python] == []


def test_alpha_and_padding_are_put_back(interpreter: Interpreter, tmp_path: Path) -> None:
    operation = get("smoothing.gaussian")
    (picture,) = sample(operation, (12, 14), "uint8", colour=4)
    recipe = Recipe(steps=(Step(operation=operation.id, parameters={"sigma": 1.0}),))
    check(recipe, (picture,), operation.run(Context(), picture, sigma=1.0), interpreter, tmp_path, Start(alpha=True))
    (image,) = sample(operation, SHAPE, "int16")
    padding = (-1000.0, -400.0)
    expected = operation.run(Context(padding=padding), image, sigma=1.0)
    check(recipe, (image,), expected, interpreter, tmp_path, Start(padding=padding))


def test_two_images_with_alpha_are_combined_without_it(interpreter: Interpreter, tmp_path: Path) -> None:
    operation = get("arithmetic.add")
    images = sample(operation, (12, 14), "uint8", colour=4)
    recipe = Recipe(steps=(Step(operation=operation.id, inputs=("", "other picture")),))
    check(recipe, images, operation.run(Context(), *images), interpreter, tmp_path, Start(alpha=True))


def test_alpha_that_a_step_adds_is_left_alone_by_the_next(interpreter: Interpreter, tmp_path: Path) -> None:
    images = sample(get("colour.merge"), (12, 14), "uint8", every=True)
    expected = get("smoothing.gaussian").run(Context(), get("colour.merge").run(Context(), *images))
    merged = Step(operation="colour.merge", inputs=("", "green", "blue", "alpha"))
    recipe = Recipe(steps=(merged, Step(operation="smoothing.gaussian")))
    check(recipe, images, expected, interpreter, tmp_path)


@pytest.mark.parametrize("side", ["above", "below"])
def test_otsu_leaves_padding_out_in_the_script_too(side: str, interpreter: Interpreter, tmp_path: Path) -> None:
    operation = get("threshold.otsu")
    (image,) = sample(operation, SHAPE, "int16")
    padding = (-1000.0, 200.0)
    expected = operation.run(Context(padding=padding), image, side=side)
    assert not np.array_equal(pixels(expected), pixels(operation.run(Context(), image, side=side)))
    recipe = Recipe(steps=(Step(operation=operation.id, parameters={"side": side}),))
    check(recipe, (image,), expected, interpreter, tmp_path, Start(padding=padding))


@pytest.mark.parametrize("name", ["3D T1", "if", "Values", "stored", "range", "image", "日本"])
def test_a_further_image_may_be_called_like_anything_in_the_script(
    name: str, interpreter: Interpreter, tmp_path: Path
) -> None:
    image, other = sample(get("arithmetic.add"), SHAPE)
    windowed = get("intensity.linear").run(Context(), image, slope=2.0, pixel_type="same")
    expected = get("arithmetic.add").run(Context(), windowed, other)
    first = Step(operation="intensity.linear", parameters={"slope": 2.0, "pixel_type": "same"})
    recipe = Recipe(steps=(first, Step(operation="arithmetic.add", inputs=("", name))))
    check(recipe, (image, other), expected, interpreter, tmp_path)


def test_no_line_of_a_step_uses_a_name_of_a_further_image() -> None:
    for operation in registry().values():
        for values in (CASES[operation.id].values, *CASES[operation.id].variants):
            tree = ast.parse(operation.lines(operation.validate(**values)))
            assert not [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id.endswith("_image")]


@pytest.mark.parametrize("text", ["1\nimport os #", "1\rimport os #", "1\x0cimport os #"])
def test_what_a_recipe_says_never_becomes_code(text: str) -> None:
    step = Step(operation="stains.separate", parameters={"vectors": text}, inputs=(text,))
    recipe = Recipe(title=text, steps=(step,))
    for written in (script(recipe), step_code(recipe, 0, Start())):
        imported = {one.name for n in ast.walk(ast.parse(written)) if isinstance(n, ast.Import) for one in n.names}
        assert "os" not in imported


@pytest.mark.parametrize(
    "step", [{"operation": "channels.split"}, {"operation": "smoothing.gaussian", "parameters": {"sigma": -1}}]
)
def test_a_step_that_cannot_be_taken_cannot_be_written(step: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        script(Recipe(steps=(Step(**step),)))
