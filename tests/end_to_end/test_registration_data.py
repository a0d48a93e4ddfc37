"""Registration of real images whose answer is known: shifts, turns, landmarks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from pellucid.operations.context import Context
from pellucid.operations.engines.registration.plans import PRESETS, Plan, read_stages
from pellucid.operations.engines.registration.running import register

SLICES = "registration_2d/itk_brain"
LESIONS = "registration_2d/histology_lesions/Izd2-29-041-w35"
BRAIN = "brain_mni152/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"


def centre_of(image: sitk.Image) -> list[float]:
    return list(image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()]))


@pytest.mark.parametrize("start", ["centres", "search"])
@pytest.mark.parametrize("fixed", ["BrainProtonDensitySliceBorder20", "BrainT1SliceBorder20"])
def test_a_slice_that_was_shifted(data_dir: Path, fixed: str, start: str) -> None:
    images = [sitk.ReadImage(str(data_dir / SLICES / f"{name}.png"))
              for name in (fixed, "BrainProtonDensitySliceShifted13x17y")]  # fmt: skip
    outcome = register(*images, Plan(read_stages("translation metric=mattes"), start), Context())
    assert outcome.transform.TransformPoint((100.0, 120.0)) == pytest.approx((113.0, 137.0), abs=0.5)
    assert outcome.converged


def test_a_slice_that_was_turned(data_dir: Path) -> None:
    images = [sitk.ReadImage(str(data_dir / SLICES / f"{name}.png"))
              for name in ("BrainProtonDensitySliceBorder20", "BrainProtonDensitySliceRotated10")]  # fmt: skip
    outcome = register(*images, PRESETS["rigid"].plan, Context())
    turn = np.array(sitk.Euler2DTransform(outcome.transform).GetMatrix()).reshape(2, 2)
    assert abs(np.degrees(np.arctan2(turn[1, 0], turn[0, 0]))) == pytest.approx(10.18, abs=0.3)
    assert outcome.converged


def landmarks(file: Path) -> np.ndarray:
    return np.loadtxt(file, delimiter=",", skiprows=1)[:, 1:]


def test_sections_in_two_stains_meet_at_their_landmarks(data_dir: Path) -> None:
    stains = [data_dir / f"{LESIONS}_{stain}" for stain in ("HE", "proSPC")]
    images = [sitk.ReadImage(f"{stain}.jpg") for stain in stains]
    for image in images:
        image.SetSpacing((1.0, 1.0))  # landmarks are in pixels
    fixed, moving = (landmarks(Path(f"{stain}.csv")) for stain in stains)
    count = min(len(fixed), len(moving))
    fixed, moving = fixed[:count], moving[:count]
    outcome = register(*images, PRESETS["histology"].plan, Context())
    found = np.array([outcome.transform.TransformPoint(point) for point in fixed.tolist()])
    before, after = (np.median(np.linalg.norm(points - moving, axis=1)) for points in (fixed, found))
    diagonal = float(np.hypot(*images[0].GetSize()))
    assert after < 0.02 * diagonal < before


def test_a_brain_in_another_contrast(data_dir: Path) -> None:
    brain = sitk.BinShrink(sitk.ReadImage(str(data_dir / BRAIN), sitk.sitkFloat32), [4, 4, 4])
    known = sitk.Euler3DTransform(centre_of(brain), 0.15, -0.1, 0.2, (9.0, -7.0, 8.0))
    moving = sitk.Resample(brain, brain, known.GetInverse(), sitk.sitkBSpline3, 0.0)
    top = float(sitk.GetArrayViewFromImage(brain).max())
    bent = sitk.Sin(sitk.Clamp(moving, sitk.sitkFloat32, 0, top) * (np.pi / top)) * 300
    outcome = register(brain, bent, PRESETS["rigid_mi"].plan, Context())
    points = np.random.default_rng(0).uniform(-50, 50, (50, 3)) + centre_of(brain)
    gaps = [np.subtract(outcome.transform.TransformPoint(p), known.TransformPoint(p)) for p in points.tolist()]
    assert np.linalg.norm(gaps, axis=1).mean() < 1.0
    assert outcome.converged


def test_a_pet_that_was_moved_comes_back_onto_its_ct(data_dir: Path) -> None:
    reader = sitk.ImageSeriesReader()
    images = []
    for kind, shrink in (("CT", [8, 8, 2]), ("PT_AC", [2, 2, 2])):
        files = reader.GetGDCMSeriesFileNames(str(data_dir / "ct_pet_acrin042" / kind))
        images.append(sitk.BinShrink(sitk.Cast(sitk.ReadImage(files), sitk.sitkFloat32), shrink))
    ct, pet = images
    known = sitk.Euler3DTransform(centre_of(ct), 0.0, 0.0, 0.1, (18.0, -12.0, 10.0))
    back = sitk.Resample(pet, pet, known.GetInverse(), sitk.sitkLinear, 0.0)
    still, moved = (register(ct, image, PRESETS["rigid_mi"].plan, Context()) for image in (pet, back))
    points = np.random.default_rng(0).uniform(-80, 80, (50, 3)) + centre_of(ct)
    there = np.array([moved.transform.TransformPoint(p) for p in points.tolist()])
    expected = np.array([known.TransformPoint(still.transform.TransformPoint(p)) for p in points.tolist()])
    assert np.linalg.norm(there - expected, axis=1).mean() < 8.0
