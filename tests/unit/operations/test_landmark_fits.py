"""Fits of landmarks, against ITK's own, numpy's least squares, scikit-image, and exact answers."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.interpolate import RBFInterpolator
from scipy.spatial.transform import Rotation
from skimage import transform as sk

from pellucid.operations.context import Refused
from pellucid.operations.engines.registration.landmark_fits import Kind, fit, left_out, needed, residuals
from pellucid.operations.engines.registration.splitting import Domain, apply
from pellucid.operations.pixels import Array

RNG = np.random.default_rng(4)


def pairs(dimensions: int, scale: float = 1.0, noise: float = 0.0, count: int = 12) -> tuple[Array, Array]:
    """Return points and where a turn by 33°, a scale and a shift take them."""
    fixed = np.zeros((count, 3))
    fixed[:, :dimensions] = RNG.uniform(-80, 80, (count, dimensions))
    turn = Rotation.from_rotvec(np.radians(33) * np.array([0, 0, 1] if dimensions == 2 else [0.6, 0, 0.8])).as_matrix()
    moving = scale * fixed @ turn.T + [12, -7, 0 if dimensions == 2 else 21]
    moving[:, :dimensions] += noise * RNG.standard_normal((count, dimensions))
    return fixed, moving


@pytest.mark.parametrize(
    ("kind", "dimensions", "twin"),
    [
        ("rigid", 2, sitk.Euler2DTransform()), ("rigid", 3, sitk.VersorRigid3DTransform()),
        ("affine", 2, sitk.AffineTransform(2)),
        ("affine", 3, sitk.AffineTransform(3)),
    ],
)  # fmt: skip
def test_agrees_with_itk_on_noisy_landmarks(kind: Kind, dimensions: int, twin: sitk.Transform) -> None:
    fixed, moving = pairs(dimensions, 1.2 if kind == "affine" else 1.0, noise=3.0)
    flat = [points[:, :dimensions].ravel().tolist() for points in (fixed, moving)]
    expected = sitk.LandmarkBasedTransformInitializer(twin, *flat)
    probes = RNG.uniform(-100, 100, (20, 3))
    found = fit(kind, fixed, moving, dimensions == 2)
    assert found.GetDimension() == dimensions
    np.testing.assert_allclose(apply(found, probes), apply(expected, probes), atol=1e-4)


@pytest.mark.parametrize("n", [2, 3])
def test_a_similarity_agrees_with_scikit_image(n: int) -> None:
    """ITK's own takes the scale from the spreads of both sets alone, which is not that of least squares."""
    fixed, moving = pairs(n, 0.7, noise=3.0)
    expected = sk.estimate_transform("similarity", fixed[:, :n], moving[:, :n])
    found = fit("similarity", fixed, moving, n == 2)
    probes = np.hstack([fixed[:, :n], np.ones((len(fixed), 1))]) @ np.asarray(expected.params)[:n].T
    np.testing.assert_allclose(apply(found, fixed)[:, :n], probes, atol=1e-9)


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize(("kind", "scale"), [("rigid", 1.0), ("similarity", 1.3), ("affine", 1.3), ("thin_plate", 1.3)])
def test_recovers_a_known_transform_from_as_few_pairs_as_it_needs(kind: Kind, scale: float, dimensions: int) -> None:
    fixed, moving = pairs(dimensions, scale, count=needed(kind, dimensions))
    found = fit(kind, fixed, moving, dimensions == 2)
    np.testing.assert_allclose(residuals(found, fixed, moving), 0, atol=1e-4)


def test_a_translation_is_the_mean_of_the_ways() -> None:
    fixed = np.array([[0.0, 0, 0], [10, 0, 0]])
    moving = np.array([[1.0, 2, 3], [13, 2, 1]])
    found = fit("translation", fixed, moving, False)
    np.testing.assert_allclose(apply(found, np.zeros((1, 3)))[0], [2, 2, 2])
    np.testing.assert_allclose(residuals(found, fixed, moving), np.sqrt(2))


@pytest.mark.parametrize(("dimensions", "kernel"), [(2, "thin_plate_spline"), (3, "linear")])
def test_a_thin_plate_spline_is_that_of_scipy_in_its_domain_and_affine_beyond(dimensions: int, kernel: str) -> None:
    fixed, moving = pairs(dimensions, 1.1, noise=6.0, count=20)
    spline = RBFInterpolator(fixed[:, :dimensions], moving[:, :dimensions], kernel=kernel, degree=1)
    steps = np.full(3, 1.5 if dimensions == 2 else 4.0)
    domain = Domain(np.array([-100.0, -100, -100]), np.eye(3), np.array([200.0, 200, 200]), steps)
    found = fit("thin_plate", fixed, moving, dimensions == 2, domain=domain)
    probes = RNG.uniform(-95, 95, (200, 3))
    away = np.abs(apply(found, probes)[:, :dimensions] - spline(probes[:, :dimensions]))
    assert away.max() < (0.2 if dimensions == 2 else 1.0)  # 0.03 and 0.6 mm: between samples
    assert away.mean() < 0.03
    far = np.full((1, 3), 400.0)
    affine = apply(fit("affine", fixed, moving, dimensions == 2), far)
    np.testing.assert_allclose(apply(found, far)[:, :dimensions], affine[:, :dimensions])


def test_a_thin_plate_spline_on_a_turned_domain_is_the_same() -> None:
    fixed, moving = pairs(3, noise=5.0)
    turn = Rotation.from_euler("xyz", [20, -10, 35], degrees=True).as_matrix()
    steps = np.full(3, 4.0)
    plain = Domain(np.full(3, -150.0), np.eye(3), np.full(3, 300.0), steps)
    turned = Domain(turn @ np.full(3, -150.0), turn, np.array([300.0, 290, 310]), steps * [1, 1.2, 0.9])
    probes = RNG.uniform(-60, 60, (50, 3))
    first, second = (apply(fit("thin_plate", fixed, moving, False, domain=d), probes) for d in (plain, turned))
    assert np.linalg.norm(first - second, axis=1).mean() < 0.1


@pytest.mark.parametrize("kind", ["rigid", "similarity", "affine", "thin_plate"])
def test_single_slices_anywhere_in_space_are_fitted_in_their_plane(kind: Kind) -> None:
    flat, there = pairs(2, 1.2, noise=4.0)
    first = Rotation.from_euler("xyz", [30, 40, 10], degrees=True).as_matrix()
    second = Rotation.from_euler("xyz", [-20, 15, 80], degrees=True).as_matrix()
    fixed, moving = flat @ first.T + 5, there @ second.T - 9
    found = fit(kind, fixed, moving, False, normals=(first[:, 2], second[:, 2]),
                domain=Domain(first @ [-120.0, -120, 0] + 5, first, np.array([240.0, 240, 0]), np.ones(3)))  # fmt: skip
    planar = fit(kind, flat, there, True, domain=Domain(np.array([-120.0, -120, 0]), np.eye(3),
                                                        np.array([240.0, 240, 0]), np.ones(3)))  # fmt: skip
    expected = apply(planar, flat) @ second.T - 9
    np.testing.assert_allclose(apply(found, fixed), expected, atol=1e-2 if kind == "thin_plate" else 1e-3)
    above = apply(found, fixed[:1] + first[:, 2]) - apply(found, fixed[:1])
    assert float(above[0] @ second[:, 2]) > 0.5


@pytest.mark.parametrize(
    ("kind", "fixed", "planar", "sentence"),
    [
        ("translation", np.zeros((0, 3)), False, "at least 1"), ("rigid", np.eye(3)[:2], False, "at least 3"),
        ("rigid", np.eye(3)[:1], True, "at least 2"), ("affine", np.eye(3), False, "at least 4"),
        ("rigid", np.arange(4)[:, None] * [[1.0, 2, 3]], False, "one line"),
        ("affine", np.arange(4)[:, None] * [[1.0, 2, 0]], True, "one line"),
        ("affine", np.c_[RNG.random((6, 2)), np.zeros(6)], False, "one plane"),
        ("similarity", np.ones((5, 3)), False, "same place"), ("rigid", np.full((3, 3), np.nan), False, "not numbers"),
        ("thin_plate", np.vstack([RNG.random((6, 3)), np.zeros((2, 3))]), True, "Landmarks 7 and 8"),
    ],
)  # fmt: skip
def test_says_what_is_wrong_with_landmarks(kind: Kind, fixed: Array, planar: bool, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        fit(kind, fixed, fixed + 1.0, planar)


@pytest.mark.parametrize("planar", [True, False])
@pytest.mark.parametrize("kind", ["rigid", "similarity", "affine", "thin_plate"])
def test_mirrored_landmarks_are_refused(kind: Kind, planar: bool) -> None:
    fixed, _ = pairs(2 if planar else 3)
    with pytest.raises(Refused, match="mirrored"):
        fit(kind, fixed, fixed * [-1, 1, 1] + RNG.normal(0, 1, fixed.shape), planar)


def test_landmarks_in_a_plane_of_space_are_not_called_mirrored() -> None:
    fixed, moving = pairs(2, noise=2.0)
    mirrored = moving * [-1, 1, 1]  # a turn through space
    assert residuals(fit("rigid", fixed, mirrored, False), fixed, mirrored).max() < 10


def _rows(path: Path) -> Array:
    with path.open() as file:
        return np.array([[float(row["X"]), float(row["Y"]), 0.0] for row in csv.DictReader(file)])


@pytest.mark.parametrize(
    ("kind", "bound"), [("rigid", 0.1), ("similarity", 0.1), ("affine", 0.095), ("thin_plate", 0.095)]
)
def test_even_landmarks_of_histology_bring_the_odd_ones_together(data_dir: Path, kind: Kind, bound: float) -> None:
    folder = data_dir / "registration_2d" / "histology_lesions"
    fixed, moving = (_rows(folder / f"Izd2-29-041-w35_{stain}.csv") for stain in ("HE", "proSPC"))
    found = fit(kind, fixed[::2], moving[::2], True)
    before = np.linalg.norm(fixed[1::2] - moving[1::2], axis=1).mean()
    assert residuals(found, fixed[1::2], moving[1::2]).mean() < bound * before


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("kind", ["translation", "rigid", "affine"])
def test_each_left_out_is_far_from_the_fit_to_the_others(kind: Kind, dimensions: int) -> None:
    fixed, moving = pairs(dimensions, noise=3.0)
    found = left_out(kind, fixed, moving, dimensions == 2)
    made = fit(kind, fixed[1:], moving[1:], dimensions == 2)
    assert found[0] == pytest.approx(residuals(made, fixed[:1], moving[:1])[0])
    assert (found > residuals(fit(kind, fixed, moving, dimensions == 2), fixed, moving)).all()


@pytest.mark.parametrize(("dimensions", "kernel"), [(2, "thin_plate_spline"), (3, "linear")])
def test_each_left_out_of_a_spline_is_that_of_scipy_without_it(dimensions: int, kernel: str) -> None:
    fixed, moving = pairs(dimensions, noise=5.0, count=14)
    found = left_out("thin_plate", fixed, moving, dimensions == 2)
    for n in range(len(fixed)):
        others = np.arange(len(fixed)) != n
        spline = RBFInterpolator(fixed[others][:, :dimensions], moving[others], kernel=kernel, degree=1)
        assert found[n] == pytest.approx(np.linalg.norm(spline(fixed[n : n + 1, :dimensions])[0] - moving[n]), rel=1e-5)


def test_nothing_is_left_out_of_as_few_as_are_needed() -> None:
    fixed, moving = pairs(3, count=4)
    assert np.isnan(left_out("affine", fixed, moving, False)).all()
    assert np.isnan(left_out("thin_plate", fixed, moving, False)).all()
