"""Motion of real images is found: brain slices with known shifts, a beating heart, sections of a brain laid askew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from pellucid.cli.source import read_one
from pellucid.files.images import read
from pellucid.operations import Context, get
from pellucid.operations.time_series import align_frames
from pellucid.recipes import together


def test_brain_slices_with_known_motion(data_dir: Path) -> None:
    folder = data_dir / "registration_2d" / "itk_brain"
    names = ("SliceBorder20", "SliceShifted13x17y", "SliceRotated10")
    frames = [read(folder / f"BrainProtonDensity{name}.png")[0].image for name in names]
    _images, found = align_frames(frames, Context(), motion="rigid", reference="first", turn=20.0)
    np.testing.assert_allclose(found[1].shift, (13.0, 17.0), atol=0.05)
    assert abs(abs(found[2].angles[0]) - 10.0) < 0.3
    assert not any(one.doubt for one in found)


def test_a_drift_planted_on_a_beating_heart_comes_out_of_it(data_dir: Path) -> None:
    volumes = read_one(data_dir / "cine" / "mr_cardiac_SCD2001_005")
    drift = np.cumsum(np.random.default_rng(5).normal(0, 1.0, (len(volumes), 2)), axis=0)
    plain = together.align({"motion": "translation", "reference": "middle"}, volumes, Context())[1]
    moved = []
    for volume, (x, y) in zip(volumes, drift, strict=True):
        axes = np.reshape(volume.image.GetDirection(), (3, 3))
        way = sitk.TranslationTransform(3, (-axes[:, 0] * x - axes[:, 1] * y).tolist())
        image = sitk.Resample(volume.image, volume.image, way, sitk.sitkBSpline3, 0.0, sitk.sitkFloat32)
        moved.append(volume.with_image(image))
    found = together.align({"motion": "translation", "reference": "middle"}, moved, Context())[1]
    ways = np.array([one.shift for one in found]) - np.array([one.shift for one in plain])
    middle = len(volumes) // 2
    errors = np.linalg.norm(ways - (drift - drift[middle]), axis=1)
    assert np.median(errors) < 0.05 and errors.max() < 0.25  # mm, of pixels of 1.37 mm


def test_sections_of_a_brain_that_were_laid_askew_lie_as_before(data_dir: Path) -> None:
    (path,) = (data_dir / "brain_mni152").glob("*.nii.gz")
    whole = read(path)[0].image
    size = whole.GetSize()
    brain = whole[:, :, size[2] // 2 - 8 : size[2] // 2 + 8]
    generator, planes = np.random.default_rng(3), []
    middle = [(n - 1) / 2 for n in size[:2]]
    for n in range(brain.GetSize()[2]):
        plane = brain[:, :, n]
        plane = sitk.GetImageFromArray(sitk.GetArrayFromImage(plane))
        angle, shift = np.radians(generator.uniform(-12, 12)), generator.uniform(-6, 6, 2).tolist()
        way = sitk.Euler2DTransform(middle, angle, shift)
        planes.append(sitk.Resample(plane, way if n != 8 else sitk.Transform(2, sitk.sitkIdentity), sitk.sitkBSpline3))
    stack = sitk.JoinSeries(planes)
    result = sitk.GetArrayFromImage(get("registration.align_slices").run(Context(), stack)).astype(float)
    exact, askew = (sitk.GetArrayFromImage(one).astype(float) for one in (brain, stack))
    before, after = np.abs(askew - exact).mean(), np.abs(result - exact).mean()
    assert after < 0.25 * before


def test_tiles_of_a_stained_section_become_the_section_again(data_dir: Path) -> None:
    whole = read(data_dir / "microscopy_rgb" / "ihc.png")[0].image
    starts = ((2, 0), (190, 5), (0, 196), (193, 191))
    tiles = [whole[x : x + 230, y : y + 230] for x, y in starts]
    for tile in tiles:
        tile.SetOrigin((0.0,) * tile.GetDimension())
    said: list[str] = []
    made = get("geometry.stitch").run(Context(remark=said.append), *tiles, overlap=15.0, per_row=2, blend="first")
    array, exact = sitk.GetArrayFromImage(made).squeeze(), sitk.GetArrayFromImage(whole).squeeze()
    assert array.shape[:2] == (426, 423) and "doubt" not in " ".join(said)
    inside = np.zeros(array.shape[:2], bool)
    for x, y in starts:
        inside[y : y + 230, x : x + 230] = True
    assert np.array_equal(array[inside], exact[:426, :423][inside])
