"""The real DICOM images open with the geometry and values their index states."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.dicom.child import Pool
from pellucid.dicom.read import read_plan, read_sequence
from pellucid.dicom.scan import scan
from pellucid.dicom.stack import Series
from pellucid.dicom.thumbnail import thumbnail
from pellucid.model.volume import Volume

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    pool = Pool()
    yield pool
    pool.close()


def series_of(folder: Path, pool: Pool, modality: str = "") -> list[Series]:
    found = scan([folder], pool=pool)
    assert found.problems == ()
    return [series for series in found.series if modality in ("", series.modality)]


def volumes_of(folder: Path, pool: Pool, modality: str = "") -> tuple[Volume, ...]:
    """Read the first sequence of the first series."""
    series = series_of(folder, pool, modality)[0]
    key = series.volumes[0].sequence
    plans = [plan for plan in series.volumes if plan.sequence == key] if key else [series.volumes[0]]
    return read_sequence(plans, pool=pool)


def codes(thing: Any) -> set[str]:
    return {finding.code for finding in thing.findings}


def reference(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return values (x, y, z, t[, c]) and the affine in LPS of a NIfTI file, through nibabel alone."""
    import nibabel

    image = nibabel.load(path)
    values = np.asanyarray(image.dataobj)
    if values.dtype.names:
        values = np.stack([values[name] for name in "RGB"], axis=-1)[:, :, :, np.newaxis]
    elif values.ndim == 3:
        values = values[..., np.newaxis]
    return values, np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine


def differences(volumes: tuple[Volume, ...], path: Path) -> tuple[float, float]:
    """Return the worst corner error (mm) and the worst difference of a value, voxel for voxel in world
    space."""
    values, affine = reference(path)
    geometry = volumes[0].geometry
    assert len(volumes) == values.shape[3]
    to_reference = np.linalg.inv(affine) @ geometry.affine
    index = np.array([[x, y, z] for x in (0, geometry.size[0] - 1) for y in (0, geometry.size[1] - 1)
                      for z in (0, geometry.size[2] - 1)], float)  # fmt: skip
    there = np.rint(index @ to_reference[:3, :3].T + to_reference[:3, 3])
    corner = np.max(np.abs(geometry.index_to_world(index) - (there @ affine[:3, :3].T + affine[:3, 3])))
    flips = tuple(slice(None, None, int(np.sign(to_reference[k, k]))) for k in range(3))
    worst = 0.0
    for t, volume in enumerate(volumes):
        ours = np.moveaxis(volume.array, (0, 1, 2), (2, 1, 0))[flips].astype(float)
        theirs = values[:, :, :, t].astype(float)
        assert ours.shape == theirs.shape
        worst = max(worst, float(np.max(np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1.0))))
    return float(corner), worst


@pytest.mark.parametrize("name", ["ge/fmri", "ge/dti", "philips_enhanced/fmri", "generic/rgb"])
def test_series_equal_their_reference_nifti(data_dir: Path, pool: Pool, name: str) -> None:
    folder = data_dir / "geometry_nifti_ref" / name
    corner, worst = differences(volumes_of(folder / "001", pool), folder / "001_ground_truth.nii.gz")
    assert corner <= 0.01 and worst <= 1e-6


def test_b_values_are_told(data_dir: Path, pool: Pool) -> None:
    (series,) = series_of(data_dir / "geometry_nifti_ref/ge/dti", pool)
    assert [plan.label for plan in series.volumes] == ["b 0", "b 1000"]


def test_a_siemens_mosaic_becomes_slices(data_dir: Path, pool: Pool) -> None:
    """Values equal the reference; the stack lies where the scanner's own protocol in the header puts it.

    The reference puts the last tile at the position that the header gives to the first one. The protocol in
    the same header lists the centre of every slice: the first tile is at entry 49 (top), the last one at
    entry 0.
    """
    folder = data_dir / "geometry_nifti_ref/siemens/fmri"
    volumes = volumes_of(folder / "001", pool)
    values, affine = reference(folder / "001_ground_truth.nii.gz")
    for t, volume in enumerate(volumes):
        np.testing.assert_array_equal(np.moveaxis(volume.array, (0, 1, 2), (2, 1, 0)), values[..., t])
    geometry = volumes[0].geometry
    np.testing.assert_allclose(geometry.affine[:3, :3], affine[:3, :3], atol=1e-5)
    top, bottom = geometry.index_to_world(np.array([[40, 40, 49], [40, 40, 0]], float))
    np.testing.assert_allclose(top, [-1.446935604, 7.71821632, 88.39246272], atol=0.01)
    np.testing.assert_allclose(bottom, [-1.513475754, -20.56062043, -59.85445753], atol=0.01)


@pytest.mark.parametrize("name", ["T1", "T2"])
def test_philips_enhanced_equals_its_nifti_but_for_half_a_voxel(
    data_dir: Path, pool: Pool, name: str
) -> None:
    """Values are the display values (rescale slope), as in the reference.

    The reference took its origin from Philips' private copy of the position, half a voxel from the one that
    the standard defines; the scanner's PAR/REC export of the same scan agrees with the standard one.
    """
    volumes = volumes_of(data_dir / f"mr_enhanced_balls/DICOM/{name}.dcm", pool)
    values, affine = reference(data_dir / f"mr_enhanced_balls/NIFTI/{name}.nii.gz")
    np.testing.assert_allclose(np.moveaxis(volumes[0].array, (0, 1, 2), (2, 1, 0)), values[..., 0], rtol=1e-6)
    half = np.eye(4)
    half[:2, 3] = 0.5
    np.testing.assert_allclose(volumes[0].geometry.affine, affine @ half, atol=0.001)


def test_philips_enhanced_lies_where_the_scanner_exported_it(data_dir: Path, pool: Pool) -> None:
    from nibabel.parrec import PARRECHeader

    volumes = volumes_of(data_dir / "mr_enhanced_balls/DICOM/T1.dcm", pool)
    with (data_dir / "mr_enhanced_balls/PARREC/T1.PAR").open() as file:
        exported = PARRECHeader.from_fileobj(file)
    theirs = np.diag([-1.0, -1.0, 1.0, 1.0]) @ exported.get_affine()
    centre = np.array([39.5, 39.5, 4.5, 1.0])
    np.testing.assert_allclose(volumes[0].geometry.affine @ centre, theirs @ centre, atol=0.01)


def test_a_field_map_is_magnitude_and_phase(data_dir: Path, pool: Pool) -> None:
    (series,) = series_of(data_dir / "mr_enhanced_balls/DICOM/fieldmap.dcm", pool)
    assert [plan.label for plan in series.volumes] == ["t1 magnitude", "velocity phase"]
    phase = read_plan(series.volumes[1], pool=pool)
    values, _ = reference(data_dir / "mr_enhanced_balls/NIFTI/fieldmap.nii.gz")
    assert float(phase.array.min()) == values.min() == -500.0
    np.testing.assert_allclose(
        phase.array[0].T, values[:, :, 0, 0], atol=1e-4
    )  # the only slice not interleaved


def test_the_pet_of_the_sarcoma_equals_its_nifti(data_dir: Path, pool: Pool) -> None:
    folder = data_dir / "ct_pet_mr_sts002"
    volumes = volumes_of(folder / "dicom/PET/image", pool)
    corner, worst = differences(volumes, folder / "nifti/PET_image.nii.gz")
    assert corner <= 0.01 and worst <= 1e-6 and volumes[0].unit == "g/ml"
    for name in ("CT", "MR_T1"):
        _, affine = reference(folder / f"nifti/{name}_mask.nii.gz")
        (plan,) = series_of(folder / f"dicom/{name}/image", pool)[0].volumes
        mask = np.abs(np.diag([-1.0, -1.0, 1.0, 1.0]) @ plan.geometry.affine) - np.abs(affine)
        assert np.max(np.abs(mask)) <= 0.01


def test_contours_are_named_and_no_image(data_dir: Path, pool: Pool) -> None:
    for series in series_of(data_dir / "ct_pet_mr_sts002/dicom", pool, "RTSTRUCT"):
        assert series.volumes == () and series.contents[0].startswith("GTV_Mass_")
        assert [finding.code for finding in series.findings] == ["labels"]
        assert thumbnail(series, pool=pool) is None


def test_the_whole_body_ct_and_pet(data_dir: Path, pool: Pool) -> None:
    by = {series.modality: series for series in series_of(data_dir / "ct_pet_acrin042", pool)}
    ct, pet = by["CT"].volumes[0], by["PT"].volumes[0]
    assert ct.geometry.size == (512, 512, 101) and pet.geometry.size == (128, 128, 101)
    assert ct.geometry.spacing == pytest.approx((0.976562, 0.976562, 3.27)) and ct.unit == "HU"
    assert pet.geometry.spacing == pytest.approx((4.6875, 4.6875, 3.27), abs=0.001) and pet.unit == "Bq/ml"
    assert ct.geometry.frame_of_reference == pet.geometry.frame_of_reference != ""
    said = [finding for finding in pet.findings if finding.severity != "info"]
    assert said == [] and codes(pet) == {"rounded-positions"}, "a jitter of 0.02 mm alarms nobody"
    volume = read_plan(ct, pool=pool)
    assert volume.padding == (-3024.0, -2000.0) and "padding" in codes(volume)
    assert by["SEG"].volumes == () and by["SEG"].contents == ("pt_segment_1", "Segment_2")
    assert by["SEG"].references == (by["PT"].uid,)


def test_the_whole_body_ct_equals_pydicom(data_dir: Path, pool: Pool) -> None:
    import pydicom

    folder = data_dir / "ct_pet_acrin042"
    for name in ("CT", "PT_AC"):
        (volume,) = volumes_of(folder / name, pool)
        slices = sorted((pydicom.dcmread(path) for path in (folder / name).iterdir()),
                        key=lambda ds: float(ds.ImagePositionPatient[2]))  # fmt: skip
        for k in range(0, 101, 20):
            ds = slices[k]
            truth = ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept)
            np.testing.assert_allclose(volume.array[k], truth, rtol=1e-6)
            np.testing.assert_allclose(
                volume.geometry.index_to_world((0, 0, k)), ds.ImagePositionPatient, atol=0.03
            )


def test_odd_geometry_is_found(data_dir: Path, pool: Pool) -> None:
    folder = data_dir / "ct_odd_geometry"
    (tilted,) = series_of(folder / "gantrytilting", pool)[0].volumes
    assert "tilt" in codes(tilted) and "14.0°" in tilted.findings[0].message
    (gap,) = series_of(folder / "sliceincrement", pool)[0].volumes
    assert "missing-slices" in codes(gap)
    assert gap.geometry.slice_positions == pytest.approx((0.0, 5.0, 10.0, 20.0), abs=1e-5)
    mixed = series_of(folder / "sliceorientation", pool)[0]
    assert "several-orientations" in codes(mixed) and len(mixed.volumes) == 2


@pytest.mark.hazard("H17")
@pytest.mark.hazard("H18")
def test_every_transfer_syntax_gives_the_slice(data_dir: Path, pool: Pool) -> None:
    folder = data_dir / "transfer_syntaxes"
    (truth,) = volumes_of(folder / "CTImage_explicit_le.dcm", pool)
    lossless = 0
    for path in sorted(folder.glob("CTImage_*.dcm")):
        (volume,) = volumes_of(path, pool)
        difference = np.abs(volume.array.astype(float) - truth.array)
        if "lossy" in codes(volume) or ".4.91" in path.name or ".4.81" in path.name:
            eight_bits = ".4.50" in path.name  # 256 grey levels for 8,000 HU
            assert np.mean(difference) < (25 if eight_bits else 5), path.name
        else:
            assert np.max(difference) == 0, path.name
            lossless += 1
    assert lossless == 9
    (exact,), (lossy,) = (volumes_of(folder / f"{n}_08_RGB.dcm", pool) for n in ("HTJ2KLossless", "HTJ2K"))
    assert exact.is_colour and np.mean(np.abs(exact.array.astype(float) - lossy.array)) < 3


def test_one_slice_saved_fifteen_times_is_fifteen_images(data_dir: Path, pool: Pool) -> None:
    series = series_of(data_dir / "transfer_syntaxes", pool, "CT")[0]
    assert len(series.files) == len(series.volumes) == 15 and {plan.sequence for plan in series.volumes} == {""}
    assert len({plan.frames[0].path for plan in series.volumes}) == 15
    assert all(plan.frames[0].path.name in plan.label for plan in series.volumes)


@pytest.mark.hazard("H15")
def test_palettes_and_ybr_give_the_same_picture(data_dir: Path, pool: Pool) -> None:
    folder = data_dir / "color_palette"
    truth = volumes_of(folder / "TestPattern_JPEG-LS-Lossless.dcm", pool)[0].array.astype(float)
    for name, tolerance in (
        ("Palette", 3),
        ("Palette_16", 3),
        ("JPEG-Baseline_YBRFull", 12),
        ("JPEG-Baseline_YBR422", 20),
    ):
        found = volumes_of(folder / f"TestPattern_{name}.dcm", pool)[0].array
        assert np.mean(np.abs(found - truth)) < tolerance, name


def test_films_are_sequences(data_dir: Path, pool: Pool) -> None:
    for name, frames, size in (
        ("xa_96frames_jpeg_baseline", 96, (512, 512, 1)),
        ("us_8frames_ybr_full_jpeg_baseline", 8, (320, 240, 1)),
        ("us_10frames_palette_rle", 10, (600, 430, 1)),
    ):
        volumes = volumes_of(data_dir / f"cine/{name}.dcm", pool)
        assert len(volumes) == frames and volumes[0].geometry.size == size
        assert len({volume.array.tobytes() for volume in volumes}) > 1
    assert len(volumes_of(data_dir / "cine/mr_cardiac_SCD2001_005", pool)) == 20
    (tomography,) = volumes_of(data_dir / "cine/nm_13frames.dcm", pool)
    assert tomography.geometry.size == (64, 64, 13) and tomography.geometry.known_spacing == (
        True,
        True,
        True,
    )
    assert not tomography.geometry.oriented and tomography.geometry.spacing[2] == pytest.approx(6.231669)


@pytest.mark.hazard("H13")
def test_radiographs(data_dir: Path, pool: Pool) -> None:
    (chest,) = volumes_of(data_dir / "cr_dx_mg/cr_chest_monochrome1.dcm", pool)
    assert chest.acquisition.monochrome1 and chest.geometry.spacing[:2] == (0.1, 0.1)
    (breast,) = volumes_of(data_dir / "cr_dx_mg/mg_overlay_out_of_bounds.dcm", pool)
    assert "detector-spacing" in codes(breast) and breast.geometry.at_detector
    (small,) = volumes_of(data_dir / "cr_dx_mg/dx_small_monochrome1.dcm", pool)
    assert small.geometry.size == (211, 169, 1)


def test_the_oblique_head(data_dir: Path, pool: Pool) -> None:
    (head,) = volumes_of(data_dir / "mr_t1_3d", pool)
    assert head.geometry.size == (274, 384, 144) and head.findings == ()
    assert head.geometry.spacing == pytest.approx((0.699988, 0.666667, 0.666667), abs=1e-5)
    assert head.geometry.letters(head.geometry.axes[:, 0])[0] == "L"


@pytest.mark.parametrize(
    ("name", "files"),
    [("DICOMDIR", 31), ("DICOMDIR-bigEnd", 31), ("DICOMDIR-implicit", 31), ("DICOMDIR-nopatient", 31),
     ("DICOMDIR-reordered", 31), ("DICOMDIR-nooffset", 81), ("DICOMDIR-empty.dcm", 81)],
)  # fmt: skip
def test_a_dicomdir_in_every_state_leads_to_its_files(name: str, files: int, data_dir: Path, pool: Pool) -> None:
    import pydicom

    path = data_dir / "dicomdir_media" / name
    found = scan([path], pool=pool)
    assert sum(len(series.files) for series in found.series) == files
    if files == 31:
        records = pydicom.dcmread(path).DirectoryRecordSequence
        named = {path.parent.joinpath(*record.ReferencedFileID) for record in records if "ReferencedFileID" in record}
        assert {file for series in found.series for file in series.files} == named and not found.problems
    else:
        assert "Its folder was searched instead." in found.problems[0].sentence


def test_media_with_a_dicomdir(data_dir: Path, pool: Pool) -> None:
    found = scan([data_dir / "dicomdir_media" / "DICOMDIR"], pool=pool)
    assert len([series for series in found.series if series.volumes]) >= 10
    assert sum(len(series.files) for series in found.series) >= 30
    for series in found.series:
        for plan in series.volumes:
            assert read_plan(plan, pool=pool).array.size > 0
