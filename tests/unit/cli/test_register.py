"""`register` on the command line: a known motion is found, what it writes is what ITK and the operation make of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image
from scipy import ndimage

from command_line import Run, write_image, write_series
from patience import PATIENCE

KEYS = ["converged", "metric_before", "metric_after", "iterations", "stop_reason", "seconds"]
QUICK = "rigid metric=correlation sampling=all shrink=2,1 smooth=1,0"
MOTION = sitk.Euler3DTransform((5.0, 30.0, 40.0), 0.0, 0.0, 0.06, (1.5, -1.0, 1.2))
ROOT = Path(__file__).resolve().parents[3]


def scene(shape: Any = (14, 40, 44), seed: int = 3) -> Any:
    smooth = ndimage.gaussian_filter(np.random.default_rng(seed).random(shape), 3)
    inside = ndimage.gaussian_filter(np.pad(np.ones([n - 8 for n in shape]), 4), 1.5)
    return ((smooth - smooth.min()) / np.ptp(smooth) * inside * 1000).astype(np.int16)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Return two files: a fixed image, and the same one moved, on another grid."""
    fixed = write_image(tmp_path / "fixed.nii.gz", scene(), spacing=(1.0, 1.0, 2.0))
    image = sitk.ReadImage(str(fixed), sitk.sitkFloat32)
    grid = sitk.Image(48, 46, 20, sitk.sitkInt16)
    grid.SetSpacing((1.1, 1.0, 1.6))
    grid.SetOrigin(np.subtract(image.GetOrigin(), (20, 4, 2)).tolist())
    moved = sitk.Resample(image, grid, MOTION.GetInverse(), sitk.sitkBSpline, 0.0, sitk.sitkFloat32)
    whole = sitk.Cast(sitk.Clamp(moved, sitk.sitkFloat32, 0, 2000), sitk.sitkInt16)
    sitk.WriteImage(whole, str(tmp_path / "moving.nrrd"))
    return fixed, tmp_path / "moving.nrrd"


def apart(found: sitk.Transform, image: Path) -> float:
    """Return how far in mm a transform takes the middle and corners from where they belong."""
    known = sitk.ReadImage(str(image))
    points = [known.TransformContinuousIndexToPhysicalPoint(index) for index in ((8, 8, 3), (36, 30, 10), (20, 20, 7))]
    return max(np.linalg.norm(np.subtract(found.TransformPoint(p), MOTION.TransformPoint(p))) for p in points)


def test_a_known_motion_is_found_and_everything_is_written(
    pair: tuple[Path, Path], pellucid: Run, tmp_path: Path
) -> None:
    out, transform, said = tmp_path / "out.nrrd", tmp_path / "t.tfm", tmp_path / "r.json"
    result = pellucid("register", *pair, "--stages", QUICK, "--start", "identity", "--out", out, "--out-transform",
                      transform, "--report", said)  # fmt: skip
    assert (result.code, result.err) == (0, "") and result.out.split() == list(map(str, (transform, said, out)))
    report = json.loads(said.read_text())
    assert list(report)[:6] == KEYS and report["converged"] is True and report["doubts"] == []
    assert report["metric_after"] < report["metric_before"] - 0.1 and report["iterations"] > 3
    assert report["seconds"] > 0 and 0.5 < report["overlap"] <= 1
    assert transform.read_text().startswith("#Insight Transform File V1.0")
    found = sitk.ReadTransform(str(transform))
    assert apart(found, pair[0]) < 0.3
    fixed, moving, made = (sitk.ReadImage(str(path)) for path in (*pair, out))
    assert made.GetSize() == fixed.GetSize() and np.allclose(made.GetOrigin(), fixed.GetOrigin(), atol=1e-4)
    expected = sitk.GetArrayFromImage(sitk.Resample(sitk.Cast(moving, sitk.sitkFloat64), fixed, found))
    assert np.abs(sitk.GetArrayFromImage(made) - expected).max() <= 0.6 and expected.max() > 500


def test_the_image_is_that_of_run_and_of_apply(pair: tuple[Path, Path], pellucid: Run, tmp_path: Path) -> None:
    stages = "rigid metric=correlation iterations=6 shrink=2 smooth=1"
    outs = [tmp_path / f"{name}.nrrd" for name in ("register", "apply", "run", "again")]
    pellucid("register", *pair, "--stages", stages, "--out", outs[0], "--seed", 5, "--background", 7)
    values = {"preset": "own", "stages": stages, "seed": 5, "background": 7.0}
    said = pellucid("apply", "registration.register", pair[1], outs[1], "--with", pair[0],
                    *(f"--{name}={value}" for name, value in values.items()))  # fmt: skip
    assert said.code == 0 and "The metric went from" in said.err
    step = {"operation": "registration.register", "parameters": values, "inputs": ["moving", "fixed"]}
    (tmp_path / "recipe.json").write_text(json.dumps({"version": 2, "steps": [step]}))
    assert pellucid("run", tmp_path / "recipe.json", pair[1], outs[2], "--with", f"fixed={pair[0]}").code == 0
    pellucid("register", *pair, "--stages", stages, "--out", outs[3], "--seed", 5, "--background", 7)
    first, *others = (out.read_bytes() for out in outs)
    assert all(other == first for other in others) and (sitk.GetArrayFromImage(sitk.ReadImage(str(outs[0]))) == 7).any()


def test_a_batch_registers_all_to_one_fixed_image(pair: tuple[Path, Path], pellucid: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    moving = sitk.ReadImage(str(pair[1]))
    for n in range(2):
        moving.SetOrigin(np.add(moving.GetOrigin(), (n, 0, 0)).tolist())
        sitk.WriteImage(moving, str(folder / f"m{n}.nrrd"))
    values = {"preset": "own", "stages": QUICK.replace("sampling=all", "share=0.3"), "seed": 2}
    step = {"operation": "registration.register", "parameters": values, "inputs": ["moving", "fixed"]}
    (tmp_path / "recipe.json").write_text(json.dumps({"version": 2, "steps": [step]}))
    said = pellucid("batch", tmp_path / "recipe.json", folder, "--out", tmp_path / "out", "--workers", 2,
                    "--format", "nrrd", "--with", f"fixed={pair[0]}")  # fmt: skip
    assert said.code == 0 and "2 of 2 items" in said.out
    for n in range(2):
        one = tmp_path / f"one{n}.nrrd"
        pellucid("run", tmp_path / "recipe.json", folder / f"m{n}.nrrd", one, "--with", f"fixed={pair[0]}")
        assert (tmp_path / "out" / f"m{n}.nrrd").read_bytes() == one.read_bytes()


def test_what_did_not_converge_is_written_and_said(pair: tuple[Path, Path], pellucid: Run, tmp_path: Path) -> None:
    other = write_image(tmp_path / "other.nrrd", scene(seed=99), spacing=(1.0, 1.0, 2.0))
    result = pellucid("register", pair[0], other, "--stages", "rigid metric=correlation iterations=1 shrink=2 smooth=1",
                      "--out", tmp_path / "o.nrrd", "--report", tmp_path / "r.json")  # fmt: skip
    assert result.code == 1 and "did not converge" in result.err and (tmp_path / "o.nrrd").exists()
    assert json.loads((tmp_path / "r.json").read_text())["converged"] is False


def test_images_that_do_not_meet_before_have_no_metric_there_and_the_report_is_json(
    pair: tuple[Path, Path], pellucid: Run, tmp_path: Path
) -> None:
    image = sitk.ReadImage(str(pair[1]))
    image.SetOrigin(np.add(image.GetOrigin(), (5000.0, 0, 0)).tolist())
    sitk.WriteImage(image, str(tmp_path / "far.nrrd"))
    said = tmp_path / "r.json"
    result = pellucid("register", pair[0], tmp_path / "far.nrrd", "--stages", QUICK, "--start", "centres",
                      "--report", said)  # fmt: skip
    report = json.loads(said.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert result.code == 0, result.err
    assert report["metric_before"] is None and np.isfinite(report["metric_after"])
    assert result.err == "Note: Where the images lay before they did not overlap, so the metric has no value there.\n"


def test_without_files_the_report_is_printed(pair: tuple[Path, Path], pellucid: Run) -> None:
    said = pellucid("register", *pair, "--stages", "translation metric=mean_squares shrink=4 smooth=2").json()
    assert list(said)[:6] == KEYS


def test_pictures_get_a_transform_of_two_dimensions(pellucid: Run, tmp_path: Path) -> None:
    array = (scene((90, 100)) / 4).astype(np.uint8)
    Image.fromarray(array).save(tmp_path / "fixed.png")
    Image.fromarray(np.roll(array, (5, -3), (0, 1))).save(tmp_path / "moving.png")
    result = pellucid("register", tmp_path / "fixed.png", tmp_path / "moving.png", "--stages",
                      "translation metric=correlation sampling=all", "--start", "identity", "--out", tmp_path / "o.png",
                      "--out-transform", tmp_path / "t.txt")  # fmt: skip
    assert result.code == 0, result.err
    found = sitk.ReadTransform(str(tmp_path / "t.txt"))
    assert found.GetDimension() == 2
    np.testing.assert_allclose(found.TransformPoint((50.0, 40.0)), (47.0, 45.0), atol=0.05)
    made = np.asarray(Image.open(tmp_path / "o.png"))
    assert np.abs(made[10:-10, 10:-10].astype(int) - array[10:-10, 10:-10]).max() <= 2
    result = pellucid("register", tmp_path / "fixed.png", tmp_path / "moving.png", "--stages",
                      "translation metric=correlation iterations=2 sampling=all shrink=1 smooth=0 step=0.05",
                      "--initial",
                      tmp_path / "t.txt", "--out-transform", tmp_path / "again.mat")  # fmt: skip
    again = sitk.ReadTransform(str(tmp_path / "again.mat"))
    np.testing.assert_allclose(again.TransformPoint((50.0, 40.0)), (47.0, 45.0), atol=0.2)


def test_an_initial_transform_and_masks_are_heeded(pair: tuple[Path, Path], pellucid: Run, tmp_path: Path) -> None:
    sitk.WriteTransform(MOTION, str(tmp_path / "start.h5"))
    still = "translation metric=correlation iterations=1 shrink=1 smooth=0 step=0.001 least_step=0.0001 sampling=all"
    pellucid("register", *pair, "--stages", still, "--initial", tmp_path / "start.h5", "--out-transform",
             tmp_path / "t.tfm")  # fmt: skip
    assert apart(sitk.ReadTransform(str(tmp_path / "t.tfm")), pair[0]) < 0.05
    fixed = sitk.ReadImage(str(pair[0]))
    mask = sitk.Image(fixed.GetSize(), sitk.sitkUInt8)
    mask.CopyInformation(fixed)
    for name in ("empty", "all"):
        sitk.WriteImage(mask + (name == "all") * 3, str(tmp_path / f"{name}.nrrd"))
    for option in ("--fixed-mask", "--moving-mask"):
        refused = pellucid("register", *pair, "--stages", still, option, tmp_path / "empty.nrrd")
        assert refused.code == 1 and "empty" in refused.err
        refused = pellucid("register", *pair, "--stages", still, option, tmp_path / "all.nrrd", "--label", 2)
        assert refused.code == 1 and "no voxel of label 2" in refused.err
        assert pellucid("register", *pair, "--stages", QUICK, "--start", "identity", option, tmp_path / "all.nrrd",
                        "--label", 3).json()["metric_after"] < -0.9  # fmt: skip


def test_a_series_of_dicom_is_registered(pellucid: Run, tmp_path: Path) -> None:
    values = scene((10, 40, 44))
    write_series(tmp_path / "ct", values)
    moving = sitk.GetImageFromArray((values * 2 - 1000).astype(np.int16))
    moving.SetSpacing((0.5, 0.75, 2.5))
    moving.SetOrigin((-8.0, 20.0, 0.0))
    sitk.WriteImage(moving, str(tmp_path / "moving.nii"))
    result = pellucid("register", tmp_path / "ct", tmp_path / "moving.nii", "--stages",
                      "translation metric=correlation sampling=all", "--out-transform", tmp_path / "t.tfm",
                      "--report", tmp_path / "r.json")  # fmt: skip
    assert result.code == 0, result.err
    found = sitk.ReadTransform(str(tmp_path / "t.tfm"))
    np.testing.assert_allclose(found.TransformPoint((0.0, 30.0, 10.0)), (2.0, 30.0, 10.0), atol=0.05)


def test_what_cannot_be_is_refused(pair: tuple[Path, Path], pellucid: Run, tmp_path: Path) -> None:
    Image.fromarray((scene((30, 32)) / 4).astype(np.uint8)).save(tmp_path / "flat.png")
    for arguments, said in (
        (("--stages", "turned"), "Stage 1"),
        (("--preset", "rigid", "--stages", QUICK), "not both"),
        (("--out-transform", tmp_path / "t.json"), "no ending that a transform can have"),
        (("--initial", tmp_path / "none.tfm"), "no file “none.tfm”"),
        (("--initial", pair[0]), "no displacement field"),
        (("--fixed-mask", tmp_path / "none.nrrd"), "none.nrrd"),
        (("--seed", "0"), "seed"),
    ):
        result = pellucid("register", *pair, *arguments)
        assert result.code == 1 and said in result.err, result.err
    result = pellucid("register", pair[0], tmp_path / "flat.png", "--preset", "rigid")
    assert result.code == 1 and result.err.strip().endswith(".")
    assert pellucid("register", *pair, "--preset", "magic").code == 2
    assert pellucid("register", pair[0]).code == 2
    same = pellucid("register", *pair, "--stages", QUICK, "--start", "identity", "--out", pair[1])
    assert same.code == 1 and "is the file that is read" in same.err


HEARS = """
import signal, sys
listen = signal.signal
def tell(number, handler):
    before = listen(number, handler)
    print("hears", number, flush=True)
    return before
signal.signal = tell
from pellucid.__main__ import main
sys.exit(main())
"""


def test_ctrl_c_ends_it_at_once(pair: tuple[Path, Path], tmp_path: Path) -> None:
    command = [sys.executable, "-c", HEARS, "register", *map(str, pair), "--stages",
               "rigid metric=mattes sampling=all iterations=100000 step=0.0001 least_step=1e-12 shrink=1 smooth=0",
               "--out", str(tmp_path / "o.nrrd")]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(ROOT / "app"), "PELLUCID_HOME": str(tmp_path)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, text=True, **pipes) as process:
        assert process.stdout is not None and process.stdout.readline() == f"hears {signal.SIGINT.value}\n"
        time.sleep(2)  # by then it is inside ITK
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130 and "Stopped." in said and not (tmp_path / "o.nrrd").exists()
