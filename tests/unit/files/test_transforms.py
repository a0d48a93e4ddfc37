"""Transforms in files: SimpleITK and nibabel read what we write, and we what they write; bad files get a sentence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from operation_images import DIRECTIONS, on_grid
from pellucid.dicom.child import Pool
from pellucid.files.transforms import check_dimension, read_transform, write_transform
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.volume import geometry_of
from pellucid.operations.engines.registration.texts import built, parsed, text_of, transform_text


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    pool = Pool(workers=1)
    yield pool
    pool.close()


def rigid() -> sitk.Transform:
    return sitk.Euler3DTransform((4.0, 5.0, 6.0), 0.1, -0.2, 0.3, (1 / 3, 20.0, -7.5))


def spline(n: int = 3, order: int = 3) -> sitk.Transform:
    made = sitk.BSplineTransformInitializer(sitk.Image([20] * n, sitk.sitkUInt8), [3] * n, order)
    made.SetParameters(np.random.default_rng(3).normal(0, 2, len(made.GetParameters())).tolist())
    return made


def field(direction: str = "oblique", n: int = 3) -> sitk.Transform:
    vectors = np.random.default_rng(4).normal(0, 3, (*((6, 7, 8)[-n:]), n))
    return sitk.DisplacementFieldTransform(sitk.Image(on_grid(vectors, direction, colour=True)))


def euler_2d() -> sitk.Transform:
    return sitk.Euler2DTransform((1.0, 2.0), 0.4, (3.0, 1 / 7))


TRANSFORMS: dict[str, sitk.Transform] = {
    "rigid": rigid(),
    "planar": euler_2d(),
    "identity": sitk.Transform(3, sitk.sitkIdentity),
    "similarity": sitk.Similarity3DTransform(1.25, (0.0, 0.6, 0.8), 0.3, (1.0, 2.0, 3.0), (4.0, 5.0, 6.0)),
    "affine": sitk.AffineTransform((1.0, 0.1, 0.0, 0.0, 0.9, 0.2, 0.0, 0.0, 1.1), (1 / 3, 2.0, 3.0), (4.0, 5.0, 6.0)),
    "shifted": sitk.TranslationTransform(2, (0.1, 1e-17)),
    "spline": spline(),
    "planar spline": spline(2, 2),
    "field": field(),
    "chain": sitk.CompositeTransform([rigid(), spline(), field()]),
}


def points(n: int) -> Any:
    return (np.random.default_rng(1).random((30, n)) * 20 - np.array([30, -10, -1000])[:n] * 1.0).tolist()


def same(one: sitk.Transform, other: sitk.Transform) -> bool:
    n = one.GetDimension()
    return n == other.GetDimension() and all(
        one.TransformPoint(point) == other.TransformPoint(point) for point in points(n)
    )


@pytest.mark.parametrize("name", TRANSFORMS)
def test_as_text_nothing_is_lost_and_itk_reads_it(name: str, tmp_path: Path) -> None:
    transform = TRANSFORMS[name]
    pieces = parsed(transform_text(transform))
    assert same(built(pieces), transform)
    (tmp_path / "t.tfm").write_text(text_of(pieces, packed=False))
    assert same(sitk.ReadTransform(str(tmp_path / "t.tfm")), transform)


def test_a_large_field_is_packed() -> None:
    large = sitk.DisplacementFieldTransform(on_grid(np.random.default_rng(0).random((20, 20, 20, 3)), colour=True))
    text = transform_text(large)
    assert "PackedParameters" in text and same(built(parsed(text)), large)
    broken = text.replace("PackedParameters: e", "PackedParameters: f")
    with pytest.raises(ValueError, match=r".*"):
        parsed(broken)


BAD = (
    "", "Transform: x", "#Insight Transform File V1.0\n", "Transform: AffineTransform_double_3_3\nParameters: 1 2 3\n",
    "Transform: AffineTransform_double_3_3\nParameters: 1 nan 3 4 5 6 7 8 9 1 2 3\nFixedParameters: 0 0 0",
    "Transform: AffineTransform_double_4_4\nParameters: 1",
    "Transform: DisplacementFieldTransform_double_3_3\nParameters: 1\nFixedParameters: 1e9 1e9 1e9 0 0 0 1 1 1 1 0 0 0 "
    "1 0 0 0 1",
    "Transform: BSplineTransform_double_2_2\nParameters: 1\nFixedParameters: 9 9 0 0 1 1 1 0 0 1",
    "Transform: TranslationTransform_double_2_2\nParameters: 1 2\nTransform: TranslationTransform_double_3_3\n"
    "Parameters: 1 2 3\n",
)  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_a_text_that_is_no_transform_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parsed(text)


@pytest.mark.parametrize("ending", ["tfm", "txt", "h5", "mat"])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_files_of_itk_both_ways(name: str, ending: str, pool: Pool, tmp_path: Path) -> None:
    transform, ours, theirs = TRANSFORMS[name], tmp_path / f"ours.{ending}", tmp_path / f"theirs.{ending}"
    if (name, ending) == ("chain", "mat"):
        with pytest.raises(Refused, match=r"holds one transform.*Choose .tfm or .h5\."):
            write_transform(transform, ours)
        assert not list(tmp_path.iterdir())
        return
    assert write_transform(transform, ours) == ()
    assert same(sitk.ReadTransform(str(ours)), transform)
    sitk.WriteTransform(transform, str(theirs))
    assert same(read_transform(theirs, pool=pool), transform)


def test_a_linear_chain_in_a_mat_file_becomes_one_matrix(pool: Pool, tmp_path: Path) -> None:
    chain = sitk.CompositeTransform([rigid(), TRANSFORMS["affine"]])
    assert "joined to one affine" in write_transform(chain, tmp_path / "t.mat")[0]
    back = read_transform(tmp_path / "t.mat", pool=pool)
    for point in points(3):
        np.testing.assert_allclose(back.TransformPoint(point), chain.TransformPoint(point), atol=1e-9)


def test_what_ants_calls_its_matrices_is_read(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "0GenericAffine.txt"
    path.write_text("#Insight Transform File V1.0\n#Transform 0\nTransform: MatrixOffsetTransformBase_double_3_3\n"
                    "Parameters: 1 0.1 0 0 1 0 0 0 1 1 2 3\nFixedParameters: 5 0 0\n")  # fmt: skip
    np.testing.assert_allclose(read_transform(path, pool=pool).TransformPoint((5.0, 10.0, 0.0)), (7, 12, 3), atol=1e-9)
    single = path.read_text().replace("_double_", "_float_").replace("MatrixOffsetTransformBase", "AffineTransform")
    path.write_text(single)
    np.testing.assert_allclose(read_transform(path, pool=pool).TransformPoint((5.0, 10.0, 0.0)), (7, 12, 3), atol=1e-6)


@pytest.mark.parametrize("ending", ["nrrd", "nii.gz", "nii"])
@pytest.mark.parametrize(("direction", "n"), [*((one, 3) for one in DIRECTIONS), ("straight", 2)])
def test_fields_as_images(direction: str, n: int, ending: str, pool: Pool, tmp_path: Path) -> None:
    transform, path = field(direction, n), tmp_path / f"f.{ending}"
    if direction == "sheared" and ending != "nrrd":
        with pytest.raises(Refused, match=r"would straighten this tilted grid. Choose .nrrd\."):
            write_transform(transform, path)
        return
    assert write_transform(transform, path) == ()
    read = sitk.ReadImage(str(path))
    theirs = sitk.DisplacementFieldTransform(sitk.Cast(read, sitk.sitkVectorFloat64))
    ours = read_transform(path, pool=pool)
    inside = [transform.GetDisplacementField().TransformContinuousIndexToPhysicalPoint([2.3, 3.6, 1.2][:n])]
    for one in (theirs, ours):
        np.testing.assert_allclose(one.TransformPoint(inside[0]), transform.TransformPoint(inside[0]), atol=2e-3)
    assert not np.allclose(ours.TransformPoint(inside[0]), inside[0], atol=0.1)
    if ending != "nrrd":
        header = nibabel.load(path).header
        assert int(header["intent_code"]) == 1007 and header["dim"][5] == n


def test_displacements_that_nifti_calls_so_are_ras(pool: Pool, tmp_path: Path) -> None:
    vectors = np.zeros((6, 7, 8, 1, 3), np.float32)
    vectors[...] = (1.0, 2.0, 3.0)
    for intent, expected in (("vector", (1, 2, 3)), ("displacement vector", (-1, -2, 3))):
        image = nibabel.Nifti1Image(vectors, np.diag([-1.0, -1.0, 1.0, 1.0]))
        image.header.set_intent(intent)
        nibabel.save(image, tmp_path / "f.nii")
        found = read_transform(tmp_path / "f.nii", pool=pool)
        np.testing.assert_allclose(np.subtract(found.TransformPoint((2.0, 2.0, 2.0)), 2.0), expected, atol=1e-6)


def test_a_packed_field_is_not_mistaken_for_the_plain_one_beside_it(pool: Pool, tmp_path: Path) -> None:
    packed, plain = field("oblique", 3), rigid()
    write_transform(plain, tmp_path / "f.nii", onto=geometry_of(packed.GetDisplacementField()))
    write_transform(packed, tmp_path / "f.nii.gz")
    inside = packed.GetDisplacementField().TransformContinuousIndexToPhysicalPoint([2.3, 3.6, 1.2])
    found = read_transform(tmp_path / "f.nii.gz", pool=pool)
    np.testing.assert_allclose(found.TransformPoint(inside), packed.TransformPoint(inside), atol=2e-3)


def test_what_is_no_field_is_sampled_on_the_grid_of_the_fixed_image(pool: Pool, tmp_path: Path) -> None:
    grid = geometry_of(on_grid(np.zeros((9, 20, 21), np.int16), "oblique"))
    with pytest.raises(Refused, match="needs a grid"):
        write_transform(rigid(), tmp_path / "f.nrrd")
    assert "sampled at the voxels" in write_transform(rigid(), tmp_path / "f.nrrd", onto=grid)[0]
    back = read_transform(tmp_path / "f.nrrd", pool=pool)
    middle = grid.index_to_world((10.2, 9.7, 4.4)).tolist()
    np.testing.assert_allclose(back.TransformPoint(middle), rigid().TransformPoint(middle), atol=1e-9)
    flat = Geometry((20, 21, 1), (0.5, 0.5, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    write_transform(euler_2d(), tmp_path / "p.nii.gz", onto=flat)
    back = read_transform(tmp_path / "p.nii.gz", pool=pool)
    np.testing.assert_allclose(back.TransformPoint((4.0, 3.1)), euler_2d().TransformPoint((4.0, 3.1)), atol=1e-5)


@pytest.mark.parametrize("name", ["t.tfm", "t.txt", "t.h5", "t.mat", "t.nrrd", "t.nii", "t.nii.gz"])
def test_bad_files_are_refused_in_a_sentence(name: str, pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / name
    with pytest.raises(Refused, match=r"There is no file"):
        read_transform(path, pool=pool)
    for content in (b"", b"nonsense", hashlib.sha512(name.encode()).digest() * 40, b"#Insight Transform File V1.0\n"):
        path.write_bytes(content)
        with pytest.raises(Refused, match=r"holds no (transform|displacement).*\.$"):
            read_transform(path, pool=pool)
    chain = TRANSFORMS["field"]
    write_transform(chain, path)
    whole = path.read_bytes()
    generator = np.random.default_rng(5)
    for _ in range(12):
        damaged = bytearray(whole)
        for place in generator.integers(0, len(whole), 8):
            damaged[place] = generator.integers(256)
        path.write_bytes(bytes(damaged[: generator.integers(len(whole) // 2, len(whole) + 1)]))
        try:
            read_transform(path, pool=pool)
        except Refused as refusal:
            assert str(refusal).endswith(".")


def test_images_and_other_endings_are_no_transforms(pool: Pool, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"no ending that a transform can have.*\.tfm"):
        write_transform(rigid(), tmp_path / "t.json")
    sitk.WriteImage(on_grid(np.zeros((3, 4, 5), np.int16)), str(tmp_path / "i.nrrd"))
    with pytest.raises(Refused, match="no displacement field"):
        read_transform(tmp_path / "i.nrrd", pool=pool)
    sitk.WriteImage(on_grid(np.full((3, 4, 5, 3), np.nan), colour=True), str(tmp_path / "n.nrrd"))
    with pytest.raises(Refused, match="no numbers"):
        read_transform(tmp_path / "n.nrrd", pool=pool)


def test_dimensions_are_checked_in_a_sentence() -> None:
    check_dimension(rigid(), planar=False, name="t.tfm")
    with pytest.raises(Refused, match=r"three dimensions; these images have two\."):
        check_dimension(rigid(), planar=True, name="t.tfm")
    with pytest.raises(Refused, match=r"two dimensions; these images have three\."):
        check_dimension(euler_2d(), planar=False, name="t.tfm")


def test_the_old_file_stays_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.tfm"
    write_transform(rigid(), path)
    before = path.read_bytes()

    def full(*_paths: object) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(Refused, match=r"disk is full.*is unchanged\."):
        write_transform(TRANSFORMS["affine"], path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
