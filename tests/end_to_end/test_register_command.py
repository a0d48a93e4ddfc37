"""`register` on real images: the transform that is written, read back by SimpleITK, makes the image that is written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from command_line import Result, Run

pytestmark = pytest.mark.data
BRAIN = "brain_mni152/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"
SLICES = "registration_2d/itk_brain"
STAGES = {
    "rigid": "rigid metric=mattes shrink=4,2 smooth=2,1",
    "bent": "rigid metric=correlation shrink=2 smooth=1; bspline metric=correlation mesh=60 iterations=6 shrink=2",
    "field": "rigid metric=correlation shrink=2 smooth=1; demons iterations=8 shrink=2",
}


def written(pellucid: Run, fixed: Path, moving: Path, folder: Path, *how: object, out: str = "out.nrrd",
            transform: str = "found.tfm") -> tuple[Result, sitk.Image, sitk.Transform, dict[str, object]]:  # fmt: skip
    """Register and return what was said and what was written, read by SimpleITK."""
    result = pellucid("register", fixed, moving, *how, "--out", folder / out, "--out-transform", folder / transform,
                      "--report", folder / "report.json")  # fmt: skip
    report = json.loads((folder / "report.json").read_text(), parse_constant=lambda name: pytest.fail(name))
    return result, sitk.ReadImage(str(folder / out)), sitk.ReadTransform(str(folder / transform)), report


def check_same(made: sitk.Image, moving: sitk.Image, transform: sitk.Transform, rounding: float) -> None:
    """Check that resampling by a transform gives an image, as near as its type allows."""
    if moving.GetNumberOfComponentsPerPixel() > 1:  # a palette of greys, which SimpleITK reads as colours
        moving = sitk.VectorIndexSelectionCast(moving, 0)
    lowest = float(sitk.GetArrayViewFromImage(moving).min())
    exact = sitk.Resample(sitk.Cast(moving, sitk.sitkFloat64), made, transform, sitk.sitkLinear, lowest)
    expected = sitk.GetArrayFromImage(exact)
    found = sitk.GetArrayFromImage(made).astype(np.float64)
    assert np.ptp(expected) > 50 and np.abs(found - expected).max() <= rounding


@pytest.fixture
def brains(data_dir: Path, tmp_path: Path) -> tuple[Path, Path, sitk.Transform]:
    """Return a small brain, the same one moved on a grid of its own, and the transform between them."""
    brain = sitk.BinShrink(sitk.ReadImage(str(data_dir / BRAIN), sitk.sitkFloat32), [4, 4, 4])
    centre = brain.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in brain.GetSize()])
    known = sitk.Euler3DTransform(centre, 0.1, -0.08, 0.12, (8.0, -6.0, 5.0))
    grid = sitk.Image([52, 62, 50], sitk.sitkUInt8)
    grid.SetSpacing((4.4, 4.2, 4.6))
    grid.SetOrigin(np.add(brain.GetOrigin(), (-8.0, -9.0, -10.0)).tolist())
    grid.SetDirection(brain.GetDirection())
    moved = sitk.Resample(brain, grid, known.GetInverse(), sitk.sitkBSpline3, 0.0)
    paths = tmp_path / "fixed.nii.gz", tmp_path / "moving.nrrd"
    sitk.WriteImage(brain, str(paths[0]))
    sitk.WriteImage(sitk.Cast(sitk.Clamp(moved, sitk.sitkFloat32, 0, 32000), sitk.sitkInt16), str(paths[1]))
    return *paths, known


@pytest.mark.parametrize(("kind", "ending"), [("rigid", ".tfm"), ("rigid", ".txt"), ("rigid", ".mat"), ("bent", ".h5"),
                                              ("bent", ".tfm"), ("field", ".tfm")])  # fmt: skip
def test_a_brain_that_was_moved_comes_back_by_the_transform_that_is_written(
    brains: tuple[Path, Path, sitk.Transform], pellucid: Run, tmp_path: Path, kind: str, ending: str
) -> None:
    fixed, moving, known = brains
    result, made, found, report = written(pellucid, fixed, moving, tmp_path, "--stages", STAGES[kind], "--start",
                                          "masses", transform=f"found{ending}")  # fmt: skip
    assert result.code == (0 if report["converged"] else 1) and np.isfinite(report["metric_after"])
    grid = sitk.ReadImage(str(fixed))
    assert made.GetSize() == grid.GetSize() and made.GetPixelID() == sitk.sitkInt16
    assert np.allclose(made.GetOrigin(), grid.GetOrigin(), atol=1e-4)
    check_same(made, sitk.ReadImage(str(moving)), found, 0.51)
    points = np.random.default_rng(0).uniform(-40, 40, (50, 3)) + np.array(grid.TransformIndexToPhysicalPoint(
        [n // 2 for n in grid.GetSize()]))  # fmt: skip
    gaps = [np.subtract(found.TransformPoint(p), known.TransformPoint(p)) for p in points.tolist()]
    assert np.linalg.norm(gaps, axis=1).mean() < 4.0 * (0.5 if kind == "rigid" else 1.0)


def test_a_pet_and_a_ct_in_folders_of_dicom(data_dir: Path, pellucid: Run, tmp_path: Path) -> None:
    folder, few = data_dir / "ct_pet_acrin042", tmp_path / "ct"
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder / "CT"))
    few.mkdir()
    for name in names[len(names) // 2 - 16 : len(names) // 2 + 16]:
        (few / Path(name).name).symlink_to(name)
    result, made, found, report = written(
        pellucid, few, folder / "PT_AC", tmp_path, "--start", "identity",
        "--stages", "rigid metric=mattes shrink=8 smooth=4 iterations=20",
    )  # fmt: skip
    assert result.code == (0 if report["converged"] else 1) and made.GetSize() == (512, 512, 32)
    pet = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder / "PT_AC")), sitk.sitkFloat64)
    top = float(sitk.GetArrayViewFromImage(pet).max())
    check_same(made, pet, found, 1e-5 * top)
    shift = np.subtract(found.TransformPoint((0.0, 0.0, -160.0)), (0.0, 0.0, -160.0))
    assert np.linalg.norm(shift) < 8.0, "one scanner made both, so that they lie on each other as they come"


def test_two_pictures_of_a_brain(data_dir: Path, pellucid: Run, tmp_path: Path) -> None:
    fixed, moving = (data_dir / SLICES / f"{name}.png" for name in
                     ("BrainT1SliceBorder20", "BrainProtonDensitySliceShifted13x17y"))  # fmt: skip
    result, made, found, report = written(pellucid, fixed, moving, tmp_path, "--preset", "rigid_mi", out="out.png")
    assert result.code == 0 and report["converged"] is True and found.GetDimension() == 2
    assert found.TransformPoint((110.0, 128.0)) == pytest.approx((123.0, 145.0), abs=0.5)
    check_same(made, sitk.ReadImage(str(moving)), found, 0.51)


def test_what_has_no_time_to_converge_is_written_with_exit_code_1(
    brains: tuple[Path, Path, sitk.Transform], pellucid: Run, tmp_path: Path
) -> None:
    fixed, moving, _known = brains
    how = ("--start", "identity", "--stages", "rigid metric=mattes shrink=2 iterations=2")
    result, made, found, report = written(pellucid, fixed, moving, tmp_path, *how)
    assert result.code == 1 and "did not converge" in result.err and report["converged"] is False
    check_same(made, sitk.ReadImage(str(moving)), found, 0.51)
