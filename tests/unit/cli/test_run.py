"""`run` and `recipes`, and answers that are no images: the same as step by step, or a sentence."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
import SimpleITK as sitk

from command_line import Run, write_image, write_series
from pellucid.files.answers import rows
from pellucid.operations import Context
from pellucid.operations import operation as module
from pellucid.operations.answers import Entry, Points, Table

OPERATION = module.operation


def recipe(path: Path, *steps: Any, **more: Any) -> Path:
    listed = [step if isinstance(step, dict) else {"operation": step[0], "parameters": step[1]} for step in steps]
    path.write_text(json.dumps({"version": 2, "steps": listed, **more}))
    return path


def read(path: Path) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def test_run_is_apply_step_by_step(pellucid: Run, tmp_path: Path, ramp: np.ndarray) -> None:
    source = write_image(tmp_path / "in.nrrd", ramp)
    one, two, out = (tmp_path / f"{name}.nrrd" for name in ("one", "two", "out"))
    assert pellucid("apply", "smoothing.mean", source, one, "--radius", 1).code == 0
    assert pellucid("apply", "threshold.range", one, two, "--lower", 0, "--upper", 30).code == 0
    steps = recipe(tmp_path / "r.json", ("smoothing.mean", {"radius": 1}), ("intensity.invert", {}),
                   ("threshold.range", {"lower": 0, "upper": 30}))  # fmt: skip
    changed = json.loads(steps.read_text())
    changed["steps"][1]["enabled"] = False
    steps.write_text(json.dumps(changed))
    said = pellucid("run", steps, source, out)
    assert (said.code, said.err, said.out.strip()) == (0, "", str(out))
    assert out.read_bytes() == two.read_bytes() and read(out).any()


def test_seeds_in_a_recipe_are_mentioned(pellucid: Run, tmp_path: Path, ramp: np.ndarray) -> None:
    source, out = write_image(tmp_path / "in.nrrd", ramp), tmp_path / "out.nrrd"
    place = " ".join(map(str, sitk.ReadImage(str(source)).GetOrigin()))
    seeded = recipe(tmp_path / "r.json", ("intensity.invert", {}),
                    ("regions.connected", {"seeds": place, "lower": -9999.0, "upper": 9999.0}))  # fmt: skip
    said = pellucid("run", seeded, source, out)
    assert said.code == 0 and "Step 2 holds seeds" in said.err and read(out).all()
    painted = recipe(tmp_path / "p.json", ("intensity.invert", {}))
    assert "seeds" not in pellucid("run", painted, source, out).err


def test_what_the_reader_noticed_is_said(pellucid: Run, tmp_path: Path) -> None:
    write_series(tmp_path / "ct", np.ones((4, 6, 7), np.int16), positions=[0, 2.5, 5, 7.5])
    last = sorted((tmp_path / "ct").glob("*.dcm"))[-1]
    last.write_bytes(last.read_bytes()[:-20])
    said = pellucid("run", recipe(tmp_path / "r.json", ("intensity.invert", {})), tmp_path / "ct", tmp_path / "out.nii")
    assert said.code == 0 and "cut short" in said.err


def test_every_frame_is_worked_on(pellucid: Run, tmp_path: Path, ramp: np.ndarray) -> None:
    frames = [sitk.GetImageFromArray(ramp + 100 * k) for k in range(3)]
    sitk.WriteImage(sitk.JoinSeries(frames), str(tmp_path / "time.nii"))
    steps = recipe(tmp_path / "r.json", ("intensity.clamp", {"lower": 0, "upper": 200}))
    assert pellucid("run", steps, tmp_path / "time.nii", tmp_path / "out.nii").code == 0
    assert np.array_equal(read(tmp_path / "out.nii"), np.stack([(ramp + 100 * k).clip(0, 200) for k in range(3)]))


def test_further_images_go_by_their_names(pellucid: Run, tmp_path: Path) -> None:
    one, two = np.zeros((2, 4, 4, 4), np.uint8)
    one[:2], two[1:] = 1, 3
    a, b = write_image(tmp_path / "a.nrrd", one), write_image(tmp_path / "b.nrrd", two)
    step = {"operation": "masks.difference", "inputs": ["liver", "left out"]}
    steps, out = recipe(tmp_path / "r.json", step), tmp_path / "out.nrrd"
    assert pellucid("run", steps, a, out, "--with", f"left out={b}").code == 0
    assert np.array_equal(read(out), ((one > 0) & (two == 0)).astype(np.uint8))
    missing = pellucid("run", steps, tmp_path / "not there.nrrd", out)
    assert missing.code == 1, "known before anything is read"
    assert "“left out”" in missing.err and "--with" in missing.err
    wrong = pellucid("run", steps, a, out, "--with", f"left out={b}", "--with", f"other={b}")
    assert wrong.code == 1 and "“other”" in wrong.err and "“left out”" in wrong.err
    assert pellucid("run", steps, a, out, "--with", "nonsense").code == 2


def test_results_kept_by_name_need_no_file(pellucid: Run, tmp_path: Path) -> None:
    values = np.zeros((4, 5, 5), np.int16)
    values[1:3, 1:4, 1:4] = 100
    first = {"operation": "threshold.range", "parameters": {"lower": 50, "upper": 200}, "name": "inside"}
    second = {"operation": "masks.dilate", "parameters": {"radius": 1, "unit": "voxels"}}
    third = {"operation": "masks.difference", "inputs": ["", "inside"]}
    source = write_image(tmp_path / "in.nrrd", values)
    steps, out = recipe(tmp_path / "r.json", first, second, third), tmp_path / "out.nrrd"
    said = pellucid("run", steps, source, out)
    assert said.code == 0, said.err
    assert read(out).any() and not (read(out) & (values > 50)).any()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not readable as JSON"),
        ('{"version": 9, "steps": []}', "newer Pellucid"),
        ('{"version": 2, "steps": [{"operation": "smoothing.gausian"}]}', "smoothing.gaussian"),
        ('{"version": 2, "steps": [{"operation": "smoothing.mean", "parameters": {"radius": -1}}]}', "must be"),
        ('{"version": 2, "steps": [{"operation": "smoothing.mean", "parameters": {"rad": 1}}]}', "“rad”"),
    ],
)
def test_what_cannot_be_run_is_said_before_anything_is_read(
    text: str, said: str, pellucid: Run, tmp_path: Path
) -> None:
    (tmp_path / "r.json").write_text(text)
    result = pellucid("run", tmp_path / "r.json", tmp_path / "not there.nii", tmp_path / "out.nii")
    assert result.code == 1 and said in result.err


def test_recipes_are_listed_and_found_by_name(pellucid: Run, tmp_path: Path) -> None:
    listed = pellucid("recipes", "--json").json()
    assert listed and all(entry["title"] and entry["notes"].endswith(".") and entry["steps"] for entry in listed)
    text = pellucid("recipes").out
    for entry in listed:
        assert entry["name"] in text
        assert json.loads(pellucid("recipes", entry["name"]).out)["steps"] == entry["steps"]
    unknown = pellucid("run", f"{listed[0]['name']}x", "in.nii", tmp_path / "out.nii")
    assert unknown.code == 1 and f"({listed[0]['name']}" in unknown.err
    gone = pellucid("run", tmp_path / "gone.json", "in.nii", tmp_path / "out.nii")
    assert gone.code == 1 and "gone.json" in gone.err


# ---------------------------------------------------------------- points and tables


@pytest.fixture
def finders(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Add an operation that answers with points, one with a table, and one with a remark."""
    declared = dict(module._declared)
    monkeypatch.setattr(module, "_declared", declared)
    module.registry.cache_clear()
    module.registry()

    @OPERATION("test.brightest", title="Brightest", menu="Filters/Test")
    def brightest(image: Annotated[Any, "image"], context: Context) -> Annotated[Any, "points"]:
        """Find the brightest voxel.

        Source: a test.
        """
        z, y, x = np.unravel_index(np.argmax(sitk.GetArrayViewFromImage(image)), image.GetSize()[::-1])
        place = image.TransformIndexToPhysicalPoint((int(x), int(y), int(z)))
        return Points(np.array([place]), np.array([0.0]), np.array([np.nan]), "peak")

    @OPERATION("test.numbers", title="Numbers", menu="Filters/Test")
    def numbers(image: Annotated[Any, "image"], context: Context) -> Annotated[Any, "table"]:
        """Measure the image.

        Source: a test.
        """
        context.remark("The image is small.")
        array = sitk.GetArrayViewFromImage(image)
        return Table((Entry("mean", "Mean", float(array.mean()), "intensity"), Entry("n", "Voxels", array.size)))

    yield
    module.registry.cache_clear()


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))


@pytest.mark.parametrize("command", ["apply", "run"])
def test_points_are_written_as_csv_and_json(
    command: str, pellucid: Run, tmp_path: Path, ramp: np.ndarray, finders: None
) -> None:
    source = write_image(tmp_path / "in.nrrd", ramp)
    what = "test.brightest" if command == "apply" else recipe(tmp_path / "r.json", ("test.brightest", {}))
    assert pellucid(command, what, source, tmp_path / "p.csv").code == 0
    (row,) = table(tmp_path / "p.csv")
    wanted = sitk.ReadImage(str(source)).TransformIndexToPhysicalPoint((4, 5, 3))
    assert [float(row[c]) for c in "xyz"] == list(wanted) and row["strength"] == "" and row["name"] == "peak"
    assert pellucid(command, what, source, tmp_path / "p.json").code == 0
    (row,) = json.loads((tmp_path / "p.json").read_text())
    assert [row[c] for c in "xyz"] == list(wanted) and row["strength"] is None
    refused = pellucid(command, what, tmp_path / "not there.nrrd", tmp_path / "p.nii")
    assert refused.code == 1 and ".csv" in refused.err, "known before anything is read"


def test_a_table_of_several_frames_numbers_them_and_remarks_are_notes(
    pellucid: Run, tmp_path: Path, ramp: np.ndarray, finders: None
) -> None:
    sitk.WriteImage(sitk.JoinSeries([sitk.GetImageFromArray(ramp + k) for k in (0, 7)]), str(tmp_path / "in.nii"))
    said = pellucid("apply", "test.numbers", tmp_path / "in.nii", tmp_path / "t.csv")
    assert said.code == 0 and said.err == "Note: The image is small.\n"
    found = table(tmp_path / "t.csv")
    assert [(r["frame"], r["name"]) for r in found] == [("0", "mean"), ("0", "n"), ("1", "mean"), ("1", "n")]
    assert [float(r["value"]) for r in found] == [ramp.mean(), 120, ramp.mean() + 7, 120]


def test_no_points_are_an_empty_table_with_a_header(tmp_path: Path) -> None:
    from pellucid.files.answers import write_answers

    nothing = Points(np.zeros((0, 3)), np.zeros(0), np.zeros(0))
    write_answers([nothing], tmp_path / "p.csv")
    assert (tmp_path / "p.csv").read_text() == "x,y,z,radius,strength,name\n" and rows(nothing) == []
