"""``pellucid convert`` against every NIfTI and NRRD that lies beside the DICOM it was made from, through the command
line: values, affine, sign and order of the axes as they are stored, nothing turned round first.

The oracles are nibabel and, for NRRD, SimpleITK. Where a reference contradicts the header it was made from, the pair
says how, and a test of its own shows from the header that it does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray

from command_line import Run

pytestmark = pytest.mark.data

Array = NDArray[np.float64]
FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])
"""From LPS, which is what DICOM says, to RAS, which is what NIfTI says."""
GEOMETRY, BALLS, SARCOMA, SEG = "geometry_nifti_ref/", "mr_enhanced_balls/", "ct_pet_mr_sts002/", "seg/"


@dataclass(frozen=True)
class Pair:
    """A source, its reference, how to ask for it, and where the reference is known to lie wrong, in voxels."""

    source: str
    reference: str
    options: tuple[str, ...] = ()
    off: tuple[float, float, float] = (0.0, 0.0, 0.0)


def _structures(name: str, reference: str = "") -> Pair:
    options = ("--onto", SARCOMA + "dicom", "--structure", f"GTV_Mass_{name}")
    return Pair(f"{SARCOMA}dicom/{reference or name}/mask/RS.dcm", f"{SARCOMA}nifti/{reference or name}_mask.nii.gz",
                options)  # fmt: skip


PAIRS = {
    "GE, functional": Pair(GEOMETRY + "ge/fmri/001", GEOMETRY + "ge/fmri/001_ground_truth.nii.gz"),
    "GE, diffusion": Pair(GEOMETRY + "ge/dti/001", GEOMETRY + "ge/dti/001_ground_truth.nii.gz"),
    "Philips enhanced": Pair(GEOMETRY + "philips_enhanced/fmri/001",
                             GEOMETRY + "philips_enhanced/fmri/001_ground_truth.nii.gz"),
    "colour": Pair(GEOMETRY + "generic/rgb/001", GEOMETRY + "generic/rgb/001_ground_truth.nii.gz"),
    # its tiles were turned over, but not its origin: 49 slices too high
    "Siemens mosaic": Pair(GEOMETRY + "siemens/fmri/001", GEOMETRY + "siemens/fmri/001_ground_truth.nii.gz",
                           off=(0, 0, -49)),
    # its origin is Philips' private one: half a voxel from that of the standard
    "T1": Pair(BALLS + "DICOM/T1.dcm", BALLS + "NIFTI/T1.nii.gz", off=(0.5, 0.5, 0)),
    "T2": Pair(BALLS + "DICOM/T2.dcm", BALLS + "NIFTI/T2.nii.gz", off=(0.5, 0.5, 0)),
    "PET": Pair(SARCOMA + "dicom/PET/image", SARCOMA + "nifti/PET_image.nii.gz"),
    "structures on the CT": _structures("CT"),
    "structures on the PET": _structures("PET"),
    "structures on the MR": _structures("MR_T1"),
    "segmentation": Pair(SEG + "liver.dcm", SEG + "liver_seg.nrrd"),
    "segmentation on its CT": Pair(SEG + "liver.dcm", SEG + "liver_seg.nrrd", ("--onto", SEG + "ct-3slice")),
}  # fmt: skip
OVERLAPS = [f"{SEG}partial_overlaps-{n}.nrrd" for n in (1, 2, 3)]
FIELD_MAP = BALLS + "NIFTI/fieldmap.nii.gz"
NO_DICOM = [f"{SEG}{name}_seg.nrrd" for name in ("heart", "spine", "liver_spine")]
"""Label maps of the same CT without a DICOM twin: they are written as one, and read again."""


def image(path: Path) -> tuple[Array, Array, tuple[float, ...]]:
    """Return values (x, y, z[, more]) as stored, the affine to RAS and the spacing."""
    if path.suffix == ".nrrd":
        read = sitk.ReadImage(str(path))
        affine = np.eye(4)
        affine[:3, :3] = np.reshape(read.GetDirection(), (3, 3)) * read.GetSpacing()
        affine[:3, 3] = read.GetOrigin()
        values = np.moveaxis(sitk.GetArrayFromImage(read).astype(float), (0, 1, 2), (2, 1, 0))
        return values, FLIP @ affine, read.GetSpacing()
    read = nib.load(path)
    values = np.asanyarray(read.dataobj)
    if values.dtype.names:
        values = np.stack([values[name] for name in "RGB"], axis=-1)  # a reference adds an alpha of 255
    return values.astype(float), read.affine, tuple(float(step) for step in read.header.get_zooms()[:3])


def convert(pellucid: Run, data: Path, pair: Pair, out: Path) -> None:
    options = [data / word if (data / word).exists() else word for word in pair.options]
    done = pellucid("convert", data / pair.source, out, *options)
    assert done.code == 0, done.err


def same(ours: Path, reference: Path, off: tuple[float, float, float], *, renumbered: bool = False) -> None:
    values, affine, spacing = image(ours)
    wanted, place, steps = image(reference)
    if renumbered:
        wanted = np.unique(wanted, return_inverse=True)[1].reshape(wanted.shape).astype(float)
    place = place.copy()
    place[:3, 3] += place[:3, :3] @ off
    assert values.shape == wanted.shape
    assert spacing == pytest.approx(steps, abs=1e-5)
    bits = np.array([[(n >> axis) & 1 for axis in range(3)] for n in range(8)])
    corners = np.c_[bits * (np.array(values.shape[:3]) - 1), np.ones(8)]
    assert np.abs(corners @ (affine - place).T).max() <= 0.01  # mm, and so no axis turned or exchanged either
    np.testing.assert_allclose(values, wanted, rtol=1e-6, atol=1e-6 * np.abs(wanted).max())


@pytest.mark.parametrize("name", PAIRS)
def test_a_conversion_is_its_reference(name: str, data_dir: Path, pellucid: Run, tmp_path: Path) -> None:
    pair = PAIRS[name]
    out = tmp_path / ("out.nrrd" if pair.reference.endswith(".nrrd") else "out.nii.gz")
    convert(pellucid, data_dir, pair, out)
    same(out, data_dir / pair.reference, pair.off)


def test_segments_that_overlap_are_their_references(data_dir: Path, pellucid: Run, tmp_path: Path) -> None:
    convert(pellucid, data_dir, Pair(SEG + "partial_overlaps.dcm", ""), tmp_path / "out.nrrd")
    for n, reference in enumerate(OVERLAPS, start=1):
        same(tmp_path / f"out-{n}.nrrd", data_dir / reference, (0, 0, 0))


def test_a_field_map_is_its_reference(data_dir: Path, pellucid: Run, tmp_path: Path) -> None:
    """The reference holds half of the frames, of magnitude and phase mixed, all with the rescaling of the phase.

    Which frames those are is found out from the stored numbers; of each, the slice of the volume that it belongs to
    must come back, at the place that its own header gives it.
    """
    header = pydicom.dcmread(data_dir / BALLS / "DICOM/fieldmap.dcm")
    frames = list(header.PerFrameFunctionalGroupsSequence)
    reference = nib.load(data_dir / FIELD_MAP)
    stored = np.asarray(reference.dataobj.get_unscaled()).T
    ours = []
    for n in range(2):
        convert(pellucid, data_dir, Pair(BALLS + "DICOM/fieldmap.dcm", "", ("--volume", str(n))), tmp_path / f"{n}.nii")
        ours.append(image(tmp_path / f"{n}.nii"))
    alike = [[np.array_equal(slice_, frame) for frame in header.pixel_array] for slice_ in stored]
    found = [row.index(True) for row in alike]
    assert found == [10, 0, 11, 1, 2, 12, 3, 13, 14, 4]  # 0 to 9 magnitude, 10 to 19 phase
    for slice_, number in zip(stored, found, strict=True):
        rescale = frames[number].PixelValueTransformationSequence[0]
        values, affine, _ = ours[number // 10]
        wanted = slice_ * float(rescale.RescaleSlope) + float(rescale.RescaleIntercept)
        np.testing.assert_allclose(values[:, :, number % 10].T, wanted, rtol=1e-6, atol=1e-3)
        left, posterior, superior = (float(x) for x in frames[number].PlanePositionSequence[0].ImagePositionPatient)
        assert affine @ (0, 0, number % 10, 1) == pytest.approx([-left, -posterior, superior, 1], abs=0.01)
    np.testing.assert_allclose(ours[0][1][:3, :3], reference.affine[:3, :3], atol=1e-4)
    off = np.linalg.inv(reference.affine) @ ours[0][1][:, 3]
    assert off == pytest.approx([0.5, 0.5, 0, 1], abs=1e-3)


@pytest.mark.parametrize("name", NO_DICOM)
def test_labels_come_back_from_dicom(name: str, data_dir: Path, pellucid: Run, tmp_path: Path) -> None:
    """Segments are numbered from 1 (PS3.3 C.8.20.4): where that changes values, it is said."""
    done = pellucid("convert", data_dir / name, tmp_path / "object", "--seg", "--like", data_dir / SEG / "ct-3slice")
    assert done.code == 0, done.err
    (written,) = (tmp_path / "object").rglob("*.dcm")
    assert pydicom.dcmread(written).Modality == "SEG"
    convert(pellucid, Path("/"), Pair(str(written), "", ("--onto", str(data_dir / SEG / "ct-3slice"))),
            tmp_path / "out.nrrd")  # fmt: skip
    same(tmp_path / "out.nrrd", data_dir / name, (0, 0, 0), renumbered=True)
    changes = {"heart": "3 → 1", "spine": "2 → 1"}.get(Path(name).name.removesuffix("_seg.nrrd"), "")
    assert ("numbers its segments from 1" in done.err + done.out) is bool(changes) and changes in done.err + done.out


def test_every_reference_is_compared(data_dir: Path) -> None:
    known = {pair.reference for pair in PAIRS.values()} | {*OVERLAPS, *NO_DICOM, FIELD_MAP}
    there = {str(path.relative_to(data_dir)) for place in (GEOMETRY, BALLS, SARCOMA, SEG)
             for path in (data_dir / place).rglob("*") if path.name.endswith((".nii.gz", ".nii", ".nrrd"))}  # fmt: skip
    assert known == there and len(known) == 19


def test_frames_are_in_the_order_of_the_b_values(data_dir: Path, pellucid: Run, tmp_path: Path) -> None:
    """The b-values beside the reference are those that scan names, in the order in which convert writes the frames."""
    folder = data_dir / GEOMETRY / "ge/dti"
    wanted = [float(b) for b in (folder / "001_ground_truth.bval").read_text().split()]
    (series,) = pellucid("scan", folder / "001", "--json").json()
    said = [re.search(r"\bb (\d+)", volume["label"]) for volume in series["volumes"]]
    assert [float(match[1]) for match in said if match] == wanted
    assert pellucid("convert", folder / "001", tmp_path / "out.nii").code == 0
    values = image(tmp_path / "out.nii")[0]
    slices = [pydicom.dcmread(path) for path in sorted((folder / "001").iterdir())]
    for t, b in enumerate(wanted):
        of_b = [ds for ds in slices if int(ds[0x0043, 0x1039].value[0]) % 100_000 == b]
        of_b.sort(key=lambda ds: float(ds.ImagePositionPatient[2]))
        np.testing.assert_array_equal(values[..., t], np.stack([ds.pixel_array.T for ds in of_b], axis=-1))


# -------------------------------------------------------------------- where a reference contradicts its header


def test_the_reference_of_the_mosaic_contradicts_its_header(data_dir: Path, pellucid: Run, tmp_path: Path) -> None:
    """The protocol in the header lists slice centres from -59.85 mm (entry 0) to 88.39 mm (entry 49) along S. The
    image position, moved to the centre of the first tile, is entry 49 to 1e-5 mm, as is Slice Location. The reference
    turned the tiles over (its slice 0 is the last tile) but left the origin at the first one: its slices run from
    88.39 to 236.6 mm, outside of everything that was scanned, 150.9 mm along the normal from their place.
    """
    folder = data_dir / GEOMETRY / "siemens/fmri"
    convert(pellucid, data_dir, PAIRS["Siemens mosaic"], tmp_path / "out.nii.gz")
    _, affine, _ = image(tmp_path / "out.nii.gz")
    header = pydicom.dcmread(folder / "001/IM-0001-0001.dcm")
    for slice_number, centre in ((0, (-1.513475754, -20.56062043, -59.85445753)),
                                 (49, (-1.446935604, 7.71821632, 88.39246272))):  # fmt: skip
        said = f"sSliceArray.asSlice[{slice_number}].sPosition.dTra".encode()
        assert re.search(re.escape(said) + rb"\s*=\s*" + str(centre[2]).encode(), header[0x00291020].value)
        left, posterior, superior = centre
        assert affine @ (40, 40, slice_number, 1) == pytest.approx([-left, -posterior, superior, 1], abs=0.01)
    normal = np.cross(*np.reshape(np.array(header.ImageOrientationPatient, float), (2, 3)))
    assert normal @ (-1.446935604, 7.71821632, 88.39246272) == pytest.approx(float(header.SliceLocation), abs=1e-4)


@pytest.mark.parametrize("name", ["T1", "T2"])
def test_the_references_of_enhanced_mr_contradict_their_header(
    name: str, data_dir: Path, pellucid: Run, tmp_path: Path
) -> None:
    """dcm2niix and MRtrix ignore the private position for that reason (dcm2niix, Philips/README.md; MRtrix3#2977)."""
    convert(pellucid, data_dir, PAIRS[name], tmp_path / "out.nii")
    _, affine, _ = image(tmp_path / "out.nii")
    frames = pydicom.dcmread(data_dir / PAIRS[name].source).PerFrameFunctionalGroupsSequence
    for k, frame in enumerate(frames):
        left, posterior, superior = (float(x) for x in frame.PlanePositionSequence[0].ImagePositionPatient)
        assert affine @ (0, 0, k, 1) == pytest.approx([-left, -posterior, superior, 1], abs=0.01)
