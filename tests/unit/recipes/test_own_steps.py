"""Steps that are no operations: taken again where they can be, refused with a sentence where they cannot."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

import phantoms
from pellucid.model.findings import Refused
from pellucid.model.hand_edits import HandPatch
from pellucid.model.layer import HAND_EDIT, Provenance
from pellucid.model.volume import Volume, image_from_array
from pellucid.recipes import Recipe, Step, own_steps, run, spacing
from pellucid.recipes.python_code import Start, command, script, step_code
from pellucid.recipes.replay import take

GRID = phantoms.grid((12, 10, 8), (1.0, 1.3, 2.0))
PATCH = HandPatch.of((1, 2, 3), np.random.default_rng(0).random((2, 3, 4)) < 0.5, (8, 10, 12), inside=True)
PAINTED = Step(operation=HAND_EDIT, parameters={"how": "painted", "strokes": 2}, patch=(PATCH,))
GAUSSIAN = Step(operation="smoothing.gaussian", parameters={"sigma": 1.0}, inputs=("CT",))
MEAN = Step(operation="smoothing.mean", parameters={"radius": 2}, inputs=("CT",))


def image(seed: int = 0) -> Volume:
    values = np.random.default_rng(seed).normal(0, 200, GRID.size[::-1]).astype(np.int16)
    return phantoms.volume(values, GRID, unit="HU")


def colour() -> Volume:
    array = np.random.default_rng(1).integers(0, 255, (*GRID.size[::-1], 3), dtype=np.uint8)
    return Volume(image_from_array(array, GRID, colour=True), GRID)


def test_a_hand_edit_survives_json_with_every_voxel() -> None:
    recipe = Recipe(steps=(GAUSSIAN, PAINTED))
    again = Recipe.from_json(recipe.to_json())
    assert again == recipe and np.array_equal(again.steps[1].patch[0].changed(), PATCH.changed())
    stored = json.loads(recipe.to_json())["steps"]
    assert "patch" not in stored[0]
    assert stored[1]["patch"][0].keys() == {"start", "shape", "grid", "inside", "voxels"}
    assert Recipe.of([Provenance(HAND_EDIT, {"how": "painted", "strokes": 2}, patches=(PATCH,))]).steps == (PAINTED,)


@pytest.mark.parametrize(
    "patch", [7, [7], [{"start": [1]}], [{"start": [1, 2, 3], "shape": [1, 1, 1], "grid": [9, 9, 9], "voxels": "?"}]]
)
def test_a_patch_that_is_none_is_refused(patch: Any) -> None:
    with pytest.raises(Refused, match="cannot be used"):
        Recipe.from_json(json.dumps({"version": 2, "steps": [{"operation": HAND_EDIT, "patch": patch}]}))


def test_a_hand_edit_is_applied_on_its_grid_and_refused_elsewhere() -> None:
    empty = phantoms.volume(np.zeros(GRID.size[::-1], np.uint8), GRID)
    made = take(PAINTED, empty, {})
    expected = np.zeros(GRID.size[::-1], np.uint8)
    expected[1:3, 2:5, 3:7] = PATCH.changed()
    assert np.array_equal(made.array, expected) and not empty.array.any()
    smaller = phantoms.grid((12, 10, 7))
    with pytest.raises(Refused, match="another grid"):
        take(PAINTED, phantoms.volume(np.zeros(smaller.size[::-1], np.uint8), smaller), {})
    damaged = PAINTED.model_copy(update={"patch": (replace(PATCH, voxels="?"),)})
    with pytest.raises(Refused, match="damaged"):
        take(damaged, empty, {})


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (PAINTED, "Step 2 was painted by hand and cannot be transferred to another image"),
        (Step(operation=own_steps.MERGE), "Step 2 merged several layers"),
        (Step(operation=own_steps.ONE_FRAME), "Step 2 took one frame"),
    ],
)
def test_what_holds_only_where_it_was_made_is_refused_before_anything_is_computed(step: Step, sentence: str) -> None:
    recipe = Recipe(steps=(GAUSSIAN, step))
    seen: list[float] = []
    with pytest.raises(Refused, match=sentence):
        run(recipe, image(), progress=seen.append)
    assert not seen
    off = Recipe(steps=(GAUSSIAN, step.model_copy(update={"enabled": False})))
    assert run(off, image()).array.dtype == np.int16


def test_spacing_is_made_even_again() -> None:
    from pellucid.files.evening import evened

    uneven = phantoms.uneven([0, 2, 4, 8, 10], phantoms.grid((6, 5, 5), (1.0, 1.0, 2.0)))
    volume = phantoms.volume(np.arange(150, dtype=np.int16).reshape(5, 5, 6), uneven)
    made = run(Recipe(steps=(Step(operation=own_steps.MAKE_EVEN), GAUSSIAN)), volume)
    assert made.geometry.is_even and np.array_equal(made.array, run(Recipe(steps=(GAUSSIAN,)), evened(volume)).array)


def test_a_calibration_is_taken_again_only_where_the_spacing_is_unknown() -> None:
    step = Step(operation=own_steps.CALIBRATE, parameters={"factor": 0.25, "length_mm": 10.0})
    unknown = replace(image(), geometry=replace(GRID, known_spacing=(False, False, True)))
    made = run(Recipe(steps=(step,)), unknown)
    assert made.geometry.spacing[:2] == (0.25, 0.325) and made.geometry.has_lengths
    assert made.image.GetSpacing() == made.geometry.spacing
    again = run(Recipe(steps=(step,)), made)
    assert again.geometry.spacing[:2] == (0.0625, 0.08125), "what was calibrated by hand can be calibrated again"
    with pytest.raises(Refused, match="known from the source"):
        run(Recipe(steps=(step,)), replace(image(), geometry=replace(GRID, known_spacing=(True, True, True))))
    with pytest.raises(Refused, match="above 0"):
        run(Recipe(steps=(Step(operation=own_steps.CALIBRATE),)), unknown)


@pytest.mark.hazard("H43")
def test_a_stated_spacing_is_taken_again_only_where_the_source_states_none(tmp_path: Path) -> None:
    step = Step(operation=spacing.SET_SPACING, parameters={"x_mm": None, "y_mm": None, "z_mm": 4.0})
    unknown = replace(image(), geometry=replace(GRID, known_spacing=(True, True, False)))
    made = run(Recipe(steps=(step,)), unknown)
    assert made.geometry.spacing == (*GRID.spacing[:2], 4.0) and made.geometry.known_spacing == (True, True, True)
    assert made.image.GetSpacing() == made.geometry.spacing and np.array_equal(made.array, unknown.array)
    assert [finding.code for finding in made.findings] == [spacing.SLICES_SET]
    with pytest.raises(Refused, match="The source states this spacing"):
        run(Recipe(steps=(step,)), replace(image(), geometry=replace(GRID, known_spacing=(True, True, True))))
    for wrong in ({}, {"z_mm": "4"}, {"z_mm": 1e9}, {"z_mm": 0.0}, {"x_mm": 1.0}):
        with pytest.raises(Refused):
            run(Recipe(steps=(Step(operation=spacing.SET_SPACING, parameters=wrong),)), unknown)
    run_script(script(Recipe(steps=(step,))), tmp_path, unknown)
    assert sitk.ReadImage(str(tmp_path / "out.mha")).GetSpacing() == made.geometry.spacing


def test_a_channel_is_split_again() -> None:
    step = Step(operation=own_steps.SPLIT, parameters={"channel": 2})
    assert np.array_equal(run(Recipe(steps=(step,)), colour()).array, colour().array[..., 2])
    with pytest.raises(Refused, match="no such channel"):
        run(Recipe(steps=(step,)), image())


# -------------------------------------------------------------------- scripts


def run_script(text: str, folder: Path, *images: Volume) -> np.ndarray:
    path, out = folder / "script.py", folder / "out.mha"
    path.write_text(text, encoding="utf-8")
    files = [folder / f"in{n}.mha" for n in range(len(images))]
    for volume, file in zip(images, files, strict=True):
        sitk.WriteImage(volume.image, str(file))
    hidden = "import sys, runpy; sys.modules['pellucid'] = None; runpy.run_path(sys.argv.pop(1), run_name='__main__')"
    argv = [sys.executable, "-I", "-c", hidden, str(path), str(files[0])]
    done = subprocess.run([*argv, str(out), *map(str, files[1:])], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return sitk.GetArrayFromImage(sitk.ReadImage(str(out)))


def test_the_script_of_several_steps_gives_the_same_bits(tmp_path: Path) -> None:
    split = Step(operation=own_steps.SPLIT, parameters={"channel": 1}, inputs=("Slide",))
    off = MEAN.model_copy(update={"enabled": False})
    recipe = Recipe(title="Slide", steps=(split, GAUSSIAN, off, MEAN))
    made = run_script(script(recipe), tmp_path, colour())
    expected = run(recipe, colour()).array
    assert made.dtype == expected.dtype and np.array_equal(made, expected)


def test_a_script_says_what_it_does_in_words() -> None:
    text = script(Recipe(title='A "strange" \\ name', steps=(GAUSSIAN, MEAN)), Start())
    assert "Gaussian (sigma 1 mm), Mean (radius 2 voxels)." in text
    assert "    python script.py IN OUT\n" in text and "    IN   the image to begin with: CT" in text
    assert "# 1. Gaussian (sigma 1 mm)\nimage = result" in text and "# 2. Mean (radius 2 voxels)" in text
    compile(text, "script.py", "exec")
    assert "pellucid." not in text
    assert command(Recipe(steps=(GAUSSIAN,)), "my.py") == "python my.py IN OUT"


def test_one_step_is_only_its_lines() -> None:
    recipe = Recipe(steps=(GAUSSIAN, MEAN))
    lines = step_code(recipe, 1, Start(padding=(-9.0, -9.0)))
    assert lines.startswith("# 2. Mean (radius 2 voxels)\n") and "import" not in lines and "Gaussian" not in lines
    assert "filled_padding" in step_code(recipe, 0, Start(padding=(-9.0, -9.0)))


def test_what_cannot_be_written_is_said() -> None:
    with pytest.raises(Refused, match="Step 2 was painted by hand"):
        script(Recipe(steps=(GAUSSIAN, PAINTED)))
    with pytest.raises(Refused, match="Make spacing even cannot be written"):
        script(Recipe(steps=(Step(operation=own_steps.MAKE_EVEN),)))
    assert "# 1. Gaussian" in script(Recipe(steps=(GAUSSIAN, PAINTED.model_copy(update={"enabled": False}))))
