"""The example recipes on the demo study and on real images, against what is known of them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from skimage.color import rgb2hed

from command_line import answer
from pellucid.files.demo import demo_study
from pellucid.recipes.examples import examples, read_recipe
from pellucid.recipes.needs import check, needs


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_study(tmp_path_factory.mktemp("demo") / "study")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Any:
    """Return a function that takes an example on a file and gives the path of the result."""

    def taken(name: str, path: Path, ending: str) -> Path:
        out = tmp_path / f"{path.stem}.{ending}"
        said = answer(capsys, ["run", name, path, out])
        assert said.code == 0, said.err
        return out

    return taken


def pixels(path: Path) -> Any:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def test_each_example_can_be_used_and_says_what_it_does() -> None:
    masks = {"body-mask", "lung-mask", "bone-mask"}
    assert set(examples()) == masks | {"nuclei-count", "brain-normalisation", "stain-separation"}
    for path in examples().values():
        recipe = read_recipe(path)
        check(recipe)
        assert recipe.version == 2 and recipe.title and recipe.notes.endswith(".") and not needs(recipe)


def test_lungs_of_the_demo_study(run: Any, study: Path) -> None:
    mask = pixels(run("lung-mask", study / "CT", "nrrd")).astype(bool)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(study / "CT")))
    values = sitk.GetArrayFromImage(reader.Execute())
    litres = mask.sum() * 1.4 * 1.4 * 2.5 / 1e6
    assert 2 < litres < 7 and values[mask].mean() == pytest.approx(-868, abs=80), "the phantom's lungs have -868 HU"
    assert not mask[:, 0].any() and not mask[:, -1].any(), "the air around is left out"
    halves = [mask[:, :, :128].sum(), mask[:, :, 128:].sum()]
    assert min(halves) > 0.3 * sum(halves), "both lungs"


def test_body_and_bones_of_the_demo_study(run: Any, study: Path) -> None:
    body, bones, lungs = (
        pixels(run(name, study / "CT", "nrrd")).astype(bool) for name in ("body-mask", "bone-mask", "lung-mask")
    )
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(study / "CT")))
    values = sitk.GetArrayFromImage(reader.Execute())
    assert 0.2 < body.mean() < 0.8 and (body & lungs).sum() > 0.99 * lungs.sum(), "the lungs are in the body"
    assert (values[~body] > -300).mean() < 0.02, "hardly any tissue is outside"
    assert not (bones & ~body).any() and (bones & lungs).sum() < 0.03 * bones.sum()
    assert (bones & (values > 300) & body).sum() > 0.95 * ((values > 300) & body).sum()
    assert 0.01 < bones.sum() / body.sum() < 0.15


def test_eosin_of_the_demo_study(run: Any, study: Path) -> None:
    picture = study / "Section, H&E.tif"
    density = pixels(run("stain-separation", picture, "nrrd"))
    eosin = rgb2hed(pixels(picture))[..., 1]
    assert np.corrcoef(density.ravel(), eosin.ravel())[0, 1] > 0.98


def test_lungs_against_a_label_map(run: Any, data_dir: Path) -> None:
    folder = data_dir / "seg_gt_nifti" / "totalseg"
    mask = pixels(run("lung-mask", folder / "example_ct_sm.nii.gz", "nii.gz")).astype(bool)
    truth = np.isin(pixels(folder / "example_seg.nii.gz"), range(10, 15))  # the five lobes
    dice = 2 * (mask & truth).sum() / (mask.sum() + truth.sum())
    assert dice > 0.85, f"3 mm voxels of the lung bases only: most of them lie at a border; Dice {dice:.3f}"


def test_body_and_bones_against_a_label_map(run: Any, data_dir: Path) -> None:
    folder = data_dir / "seg_gt_nifti" / "totalseg"
    labels = pixels(folder / "example_seg.nii.gz")
    body, bones = (
        pixels(run(name, folder / "example_ct_sm.nii.gz", "nii.gz")).astype(bool) for name in ("body-mask", "bone-mask")
    )
    assert (body & (labels > 0)).sum() > 0.99 * (labels > 0).sum(), "every organ is in the body"
    truth = np.isin(labels, [*range(30, 34), *range(98, 117)])  # vertebrae and ribs
    dice = 2 * (bones & truth).sum() / (bones.sum() + truth.sum())
    assert dice > 0.82 and (bones & truth).sum() > 0.85 * truth.sum(), f"3 mm voxels, thin bones; Dice {dice:.3f}"


def test_nuclei_against_their_masks(run: Any, data_dir: Path) -> None:
    counted = []
    for folder in sorted((data_dir / "nuclei_gt" / "dsb2018").iterdir()):
        (image,) = (folder / "images").iterdir()
        masks = [pixels(path) > 0 for path in sorted((folder / "masks").iterdir())]
        nuclei = np.any([mask[..., 0] if mask.ndim == 3 else mask for mask in masks], axis=0)
        with run("nuclei-count", image, "csv").open() as file:
            found = [(round(float(row["x"])), round(float(row["y"]))) for row in csv.DictReader(file)]
        counted.append((len(found), len(masks)))
        assert abs(len(found) - len(masks)) <= 0.25 * len(masks), counted
        assert np.mean([nuclei[y, x] for x, y in found]) > 0.85, "a point lies in a nucleus"
    found, known = np.sum(counted, axis=0)
    assert abs(found - known) <= 0.1 * known, counted


def test_a_brain_has_mean_0_and_deviation_1_in_its_tissue(run: Any, data_dir: Path, tmp_path: Path) -> None:
    (path,) = (data_dir / "brain_mni152").glob("*.nii.gz")
    small = sitk.BinShrink(sitk.ReadImage(str(path)), [2, 2, 2])
    y = np.linspace(0.7, 1.3, small.GetHeight(), dtype=np.float32)
    biased = sitk.GetImageFromArray(sitk.GetArrayFromImage(small) * y[:, None])
    biased.CopyInformation(small)
    sitk.WriteImage(biased, str(tmp_path / "head.nii"))
    made = pixels(run("brain-normalisation", tmp_path / "head.nii", "nrrd"))
    head, before = sitk.GetArrayFromImage(small), sitk.GetArrayFromImage(biased)
    tissue = made > np.float32(_otsu(made))
    assert made[tissue].mean() == pytest.approx(0, abs=0.05) and made[tissue].std() == pytest.approx(1, abs=0.1)
    white = head > np.percentile(head[tissue], 85)  # white matter of the template, alike everywhere
    assert _slope(made, white) < 0.4 * _slope(before, white), "the ramp that was put in is gone"


def _otsu(values: Any) -> float:
    """Return Otsu's threshold by SimpleITK."""
    found = sitk.OtsuThresholdImageFilter()
    found.SetNumberOfHistogramBins(4096)
    found.Execute(sitk.GetImageFromArray(values))
    return found.GetThreshold()


def _slope(values: Any, where: Any) -> float:
    """Return how much of the spread of values the place along y explains."""
    y = np.nonzero(where)[1]
    return abs(float(np.corrcoef(y, values[where])[0, 1]))


def test_dab_against_another_library(run: Any, data_dir: Path) -> None:
    picture = data_dir / "microscopy_rgb" / "ihc.png"
    density = pixels(run("stain-separation", picture, "nrrd"))
    dab = rgb2hed(pixels(picture))[..., 2]
    assert np.corrcoef(density.ravel(), dab.ravel())[0, 1] > 0.98
    assert 0.3 < (density > 0.2).mean() < 0.7 and (density >= 0).all(), "about half of the section is stained"
