"""Headers of plain formats, against SimpleITK and nibabel as independent readers."""

from __future__ import annotations

import gzip
import os
import struct
from itertools import product
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from hostile_names import HOSTILE
from pellucid.files.discover import discover
from pellucid.files.images import describe, read
from pellucid.files.limits import Implausible, trust
from pellucid.model.findings import Refused
from pellucid.model.reduction import TooLarge
from phantoms import ORIENTATIONS, marker

TYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]
RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def numbers(dtype: str, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    rng, kind = np.random.default_rng(seed), np.dtype(dtype)
    if kind.kind == "f":
        return rng.normal(size=shape).astype(kind)
    info = np.iinfo(kind)
    return rng.integers(info.min, info.max, shape, dtype=kind, endpoint=True)


@pytest.mark.parametrize("extension", [".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd"])
@pytest.mark.parametrize("dtype", TYPES)
def test_what_itk_writes_is_read_exactly(extension: str, dtype: str, tmp_path: Path) -> None:
    array = numbers(dtype, (4, 5, 6))
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((0.7, 1.3, 2.9))
    image.SetOrigin((-12.5, 40.25, 7.125))
    image.SetDirection((0, 0, 1, 1, 0, 0, 0, -1, 0))
    path = tmp_path / f"x{extension}"
    sitk.WriteImage(image, str(path), useCompression=extension in (".nrrd", ".mha"))
    (volume,) = read(path)
    assert volume.dtype == array.dtype
    np.testing.assert_array_equal(volume.array, array)
    assert volume.geometry.spacing == pytest.approx((0.7, 1.3, 2.9), rel=1e-6)
    np.testing.assert_allclose(volume.geometry.origin, image.GetOrigin(), atol=1e-4)
    np.testing.assert_allclose(volume.geometry.direction, image.GetDirection(), atol=1e-6)


@pytest.mark.parametrize("extension", [".nii.gz", ".nrrd", ".mha"])
def test_a_marker_stays_where_it_is_in_every_orientation(extension: str, tmp_path: Path) -> None:
    for n, (order, signs) in enumerate(ORIENTATIONS):
        phantom = marker(order, signs)
        image = sitk.GetImageFromArray(phantom.array)
        image.SetSpacing(phantom.geometry.spacing)
        image.SetOrigin(phantom.geometry.origin)
        image.SetDirection(phantom.geometry.direction)
        path = tmp_path / f"{n}{extension}"
        sitk.WriteImage(image, str(path))
        (volume,) = read(path)
        z, y, x = np.argwhere(volume.array == 5000)[0]
        np.testing.assert_allclose(volume.geometry.index_to_world((x, y, z)), phantom.world, atol=1e-3)


def test_nifti_scaling_sform_and_time_follow_nibabel(tmp_path: Path) -> None:
    stored = numbers("i2", (5, 4, 3, 2))
    affine = np.array([[-1.5, 0.2, 0, 4], [0.1, 2, 0.3, -8], [0, 0.1, 3, 2], [0, 0, 0, 1]])  # sheared
    header = nibabel.Nifti1Header()
    header.set_slope_inter(0.37, -1024.5)
    image = nibabel.Nifti1Image(stored, affine, header)
    image.header.set_xyzt_units("mm", "sec")
    nibabel.save(image, tmp_path / "a.nii.gz")
    loaded = nibabel.load(tmp_path / "a.nii.gz")
    frames = read(tmp_path / "a.nii.gz")
    assert len(frames) == 2
    assert frames[0].dtype == np.float32
    for n, frame in enumerate(frames):
        np.testing.assert_allclose(frame.array, loaded.get_fdata()[..., n].T, rtol=1e-6)
    np.testing.assert_allclose(RAS @ frames[0].geometry.affine, loaded.affine, atol=1e-5)


@pytest.mark.parametrize("version", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("order", "<>")
def test_both_versions_and_byte_orders(version: type, order: str, tmp_path: Path) -> None:
    array = numbers("i4", (3, 4, 5)).astype(f"{order}i4")
    header = version.header_class(endianness=order)
    header.set_data_dtype(f"{order}i4")
    nibabel.save(version(array, np.diag([-2, -2, 3, 1]), header), tmp_path / "a.nii")
    (volume,) = read(tmp_path / "a.nii")
    np.testing.assert_array_equal(volume.array, array.T)
    assert volume.dtype == np.int32


@pytest.mark.parametrize("hand", [1, -1])
def test_qform_is_used_alone_and_a_disagreement_is_said(hand: int, tmp_path: Path) -> None:
    turned = np.array([[0, -2, 0, 5], [2, 0, 0, 6], [0, 0, 3 * hand, 7], [0, 0, 0, 1.0]])
    image = nibabel.Nifti1Image(np.zeros((4, 4, 4), np.uint8), None)
    image.set_qform(turned, 1)
    image.set_sform(None, 0)
    nibabel.save(image, tmp_path / "q.nii")
    file = describe(tmp_path / "q.nii")
    np.testing.assert_allclose(RAS @ file.geometry.affine, turned, atol=1e-5)
    assert file.findings == ()
    image.set_sform(np.diag([1, 1, 1, 1]), 2)
    nibabel.save(image, tmp_path / "both.nii")
    file = describe(tmp_path / "both.nii")
    assert [finding.code for finding in file.findings] == ["two-orientations"]
    np.testing.assert_allclose(RAS @ file.geometry.affine, np.eye(4), atol=1e-6)


def test_a_pair_of_header_and_image_is_read(tmp_path: Path) -> None:
    array = numbers("f4", (3, 4, 5))
    nibabel.save(nibabel.Nifti1Pair(array, np.eye(4)), tmp_path / "a.hdr")
    np.testing.assert_array_equal(read(tmp_path / "a.hdr")[0].array, array.T)
    (tmp_path / "a.img").unlink()
    with pytest.raises(Refused, match=r"a\.img in the same folder"):
        read(tmp_path / "a.hdr")


def test_nrrd_spaces_kinds_and_encodings(tmp_path: Path) -> None:
    array = numbers("i2", (3, 4, 5))
    head = "NRRD0004\ntype: short\ndimension: 3\nsizes: 5 4 3\n"
    ras = "space: RAS\nspace directions: (2,0,0) (0,3,0) (0,0,4)\nspace origin: (1,2,3)\nendian: big\n"
    (tmp_path / "ras.nrrd").write_bytes(
        f"{head}{ras}encoding: raw\n\n".encode() + array.astype(">i2").tobytes()
    )
    (volume,) = read(tmp_path / "ras.nrrd")
    np.testing.assert_array_equal(volume.array, array)
    assert volume.geometry.origin == (-1, -2, 3)
    np.testing.assert_array_equal(np.diag(volume.geometry.affine), (-2, -3, 4, 1))
    loose = f"{head}spacings: 0.5 nan 2\nendian: little\nencoding: bz2\n\n".encode()
    import bz2

    (tmp_path / "loose.nrrd").write_bytes(loose + bz2.compress(array.astype("<i2").tobytes()))
    (volume,) = read(tmp_path / "loose.nrrd")
    np.testing.assert_array_equal(volume.array, array)
    assert volume.geometry.known_spacing == (True, False, True)
    assert not volume.geometry.oriented


def test_nrrd_colour_and_lists_of_frames(tmp_path: Path) -> None:
    array = numbers("u1", (2, 3, 4, 3))
    lines = (
        "NRRD0004\ntype: uchar\ndimension: 4\nsizes: 3 4 3 2\nencoding: raw\nspace: left-posterior-superior\n"
    )
    directions = "space directions: none (1,0,0) (0,1,0) (0,0,1)\n"
    for kind, frames, components in (("RGB-color", 1, 3), ("list", 3, 1)):
        path = tmp_path / f"{kind}.nrrd"
        path.write_bytes(
            f"{lines}{directions}kinds: {kind} domain domain domain\n\n".encode() + array.tobytes()
        )
        volumes = read(path)
        assert (len(volumes), volumes[0].components) == (frames, components)
        expected = [array] if components == 3 else [array[..., n] for n in range(3)]
        for volume, wanted in zip(volumes, expected, strict=True):
            np.testing.assert_array_equal(volume.array, wanted)


@pytest.mark.hazard("H38")
@pytest.mark.parametrize(
    ("header", "name"),
    [("mhd", "../secret.raw"), ("mhd", "/etc/passwd"), ("nhdr", "../secret.raw"), ("nhdr", "C:\\secret.raw"),
     ("mhd", "link.raw"), ("nhdr", "LIST"), ("mhd", "a%03d.raw 1 3 1"), ("mhd", "gone.raw")],
)  # fmt: skip
def test_a_detached_header_reads_nothing_outside_its_folder(header: str, name: str, tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    (tmp_path / "secret.raw").write_bytes(bytes(1000))
    (inside / "link.raw").symlink_to(tmp_path / "secret.raw")
    path = inside / f"x.{header}"
    if header == "mhd":
        path.write_text(f"NDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\nElementDataFile = {name}\n")
    else:
        path.write_text(
            f"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 2 2 2\nencoding: raw\ndata file: {name}\n\n"
        )
    with pytest.raises(Refused, match=r"x\.\w+ names"):
        read(path)


@pytest.mark.hazard("H38")
@pytest.mark.parametrize("header", ["mhd", "nhdr"])
def test_no_header_of_hundreds_reads_a_file_outside_its_folder(header: str, tmp_path: Path) -> None:
    """Every name is that of a file which is there, or might be; what lies outside must never come back as voxels."""
    inside, secret = tmp_path / "in", bytes([77]) * 64
    inside.mkdir()
    (tmp_path / "outside" / "deep").mkdir(parents=True)
    places = [tmp_path / name for name in ("secret.raw", "outside/IM001", "outside/deep/x", "x")]
    for place in places:
        place.write_bytes(secret)
    (inside / "link").symlink_to(tmp_path / "secret.raw")
    (inside / "folder").symlink_to(tmp_path / "outside")
    ways = ["{}", "./{}", "in/../{}", "a/../{}", "//{}", "{}/", " {} ", '"{}"', "file://{}", "~/{}"]
    reached = [str(place) for place in places] + [os.path.relpath(place, inside) for place in places]
    names = [way.format(name) for way in ways for name in reached]
    names += [name.replace("/", "\\") for name in names] + ["link", "folder/IM001", "folder/deep/x", "../in/link"]
    names += [name[:1000] for name in HOSTILE if not set(name) & set("\r\n\0")]
    assert len(names) >= 600
    path = inside / f"x.{header}"
    for name in names:
        if header == "mhd":
            path.write_text(f"NDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\nElementDataFile = {name}\n")
        else:
            path.write_text(f"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 2 2 2\nencoding: raw\ndata file: {name}\n\n")
        with pytest.raises(Refused, match=r"x\.\w+"):
            read(path)
    (inside / "own.raw").write_bytes(secret)
    path.write_text(path.read_text().replace(name, "own.raw"))
    assert read(path)[0].array.tolist() == [[[77, 77], [77, 77]], [[77, 77], [77, 77]]]


def lying(extension: str, size: int) -> bytes:
    if extension == ".nrrd":
        return (
            f"NRRD0004\ntype: short\ndimension: 3\nsizes: {size} {size} {size}\nencoding: raw\n\n".encode()
            + bytes(100)
        )
    if extension == ".mha":
        text = (
            f"NDims = 3\nDimSize = {size} {size} {size}\nElementType = MET_SHORT\nElementDataFile = LOCAL\n"
        )
        return text.encode() + bytes(100)
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, 3, size, size, size, 1, 1, 1, 1)
    struct.pack_into("<2h", head, 70, 4, 16)
    struct.pack_into("<f", head, 108, 352.0)
    head[344:348] = b"n+1\0"
    whole = bytes(head) + bytes(100)
    return gzip.compress(whole) if extension == ".nii.gz" else whole


@pytest.mark.hazard("H21")
@pytest.mark.parametrize("extension", [".nrrd", ".mha", ".nii", ".nii.gz"])
@pytest.mark.parametrize("size", [100, 1000, 30_000])
def test_a_lying_header_is_refused_with_the_numbers(extension: str, size: int, tmp_path: Path) -> None:
    """Before a byte of pixels is allocated."""
    path = tmp_path / f"lie{extension}"
    path.write_bytes(lying(extension, size))
    with pytest.raises(Refused, match=f"{size} × {size} × {size} int16") as refusal:
        read(path)
    assert "100 bytes" in str(refusal.value) or "of compressed data" in str(refusal.value)


@pytest.mark.hazard("H22")
def test_a_gzip_bomb_is_refused_before_it_grows(tmp_path: Path) -> None:
    """4 GB of zeros in 4 MB."""
    import zlib

    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = bytearray(gzip.decompress(lying(".nii.gz", 1500))[:352])
    zeros = packer.compress(bytes(head)) + b"".join(packer.compress(bytes(8 << 20)) for _ in range(12))
    path = tmp_path / "bomb.nii.gz"
    with path.open("wb") as file:
        file.write(zeros + packer.flush())
        file.truncate(7_000_000)  # as large as the whole bomb would be
    with pytest.raises(Implausible, match=r"would grow from 7\.0 MB to 6\.8 GB"):
        read(path)
    assert discover([path]).problems[0].asks
    trust(path)
    with pytest.raises(TooLarge):  # what the user trusts still has to fit into memory
        read(path, share=1e-6)
    assert describe(path).geometry.size == (1500, 1500, 1500)


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_truncated_stream_is_refused(cut: int, tmp_path: Path) -> None:
    whole = tmp_path / "whole.nii.gz"
    sitk.WriteImage(sitk.GetImageFromArray(numbers("i2", (8, 16, 16))), str(whole))
    path = tmp_path / "cut.nii.gz"
    path.write_bytes(whole.read_bytes()[: -whole.stat().st_size * cut // 100])
    with pytest.raises(Refused, match=r"cut\.nii\.gz"):
        read(path)


@pytest.mark.parametrize("extension", [".nrrd", ".mha", ".nii"])
def test_no_mutation_of_a_header_escapes_as_anything_but_a_sentence(extension: str, tmp_path: Path) -> None:
    array = numbers("i2", (3, 4, 5))
    source = tmp_path / f"a{extension}"
    sitk.WriteImage(sitk.GetImageFromArray(array), str(source))
    data, rng = source.read_bytes(), np.random.default_rng(3)
    head = len(data) - array.nbytes
    path = tmp_path / f"m{extension}"
    for _ in range(150):
        mutant = bytearray(data)
        for place in rng.integers(0, head, rng.integers(1, 4)):
            mutant[place] = rng.integers(0, 256)
        path.write_bytes(mutant)
        try:
            volume = read(path)[0]
        except Refused as refusal:
            assert path.name in str(refusal)
        else:
            assert np.isfinite(volume.geometry.affine).all()


@pytest.mark.hazard("H41")
def test_unicode_paths(tmp_path: Path) -> None:
    for name, extension in product(
        ("Größe", "画像", "снимок", "صورة", "🫁 x", "a" * 200), (".nii.gz", ".mha", ".nrrd")
    ):
        folder = tmp_path / name[:60]
        folder.mkdir(exist_ok=True)
        plain = tmp_path / f"p{extension}"
        sitk.WriteImage(sitk.GetImageFromArray(numbers("u1", (2, 3, 4))), str(plain))
        path = folder / f"{name}{extension}"
        plain.rename(path)
        assert read(path)[0].geometry.size == (4, 3, 2)


def test_cancelled(tmp_path: Path) -> None:
    from pellucid.dicom.child import Cancelled

    sitk.WriteImage(sitk.GetImageFromArray(numbers("u1", (2, 3, 4))), str(tmp_path / "a.nrrd"))
    with pytest.raises(Cancelled):
        read(tmp_path / "a.nrrd", cancelled=lambda: True)


def test_text_is_read_as_the_numbers_it_says(tmp_path: Path) -> None:
    from pellucid.files.images import decode

    path = tmp_path / "t.nrrd"
    path.write_text(
        "NRRD0004\ntype: int64\ndimension: 2\nsizes: 2 2\nencoding: ascii\n\n9007199254740993 -1 2\n3\n"
    )
    _, (array,) = decode({"path": str(path)})
    np.testing.assert_array_equal(array[0, 0], [[9007199254740993, -1], [2, 3]])
    path.write_text(
        "NRRD0004\ntype: short\ndimension: 2\nsizes: 2 2\nencoding: hex\n\n01 00 02 00\n0300 ffff"
    )
    _, (array,) = decode({"path": str(path)})
    np.testing.assert_array_equal(array[0, 0], [[1, 2], [3, -1]])
