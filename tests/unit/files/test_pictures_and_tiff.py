"""Pictures and TIFF: pixel types kept, calibration only where it is one, bombs refused, real files."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import tifffile
from PIL import Image

from pellucid.dicom.child import Pool
from pellucid.files.images import ImageFile, describe, read, thumbnail
from pellucid.model.findings import Refused


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    pool = Pool(workers=1)
    yield pool
    pool.close()


PICTURES = [
    (np.uint8, (20, 30), ".png"), (np.uint8, (20, 30, 3), ".png"), (np.uint8, (20, 30, 4), ".png"),
    (np.uint16, (20, 30), ".png"), (np.uint8, (20, 30), ".bmp"), (np.uint8, (20, 30, 3), ".bmp"),
]  # fmt: skip


@pytest.mark.parametrize(("dtype", "shape", "extension"), PICTURES)
def test_pictures_keep_their_values(
    dtype: type, shape: tuple[int, ...], extension: str, tmp_path: Path, pool: Pool
) -> None:
    pixels = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)
    path = tmp_path / f"p{extension}"
    Image.fromarray(pixels).save(path)
    file = describe(path)
    (volume,) = read(path, pool=pool)
    np.testing.assert_array_equal(volume.array[0], pixels)
    assert (file.pixel_type, file.components) == (volume.dtype.name, volume.components)
    assert volume.geometry.known_spacing == (False, False, False)
    assert not volume.geometry.oriented


@pytest.mark.hazard("H36")
@pytest.mark.parametrize(("name", "suspected"), [("p.png", True), ("p.jpg", True), ("p.bmp", True), ("p.jp2", True),
                                                 ("p.mha", False), ("p.nii.gz", False)])  # fmt: skip
def test_a_picture_may_name_the_patient_in_its_pixels(name: str, suspected: bool, tmp_path: Path, pool: Pool) -> None:
    """A picture of a screen says nothing about itself, so that whoever passes it on is told to look at it."""
    pixels = np.random.default_rng(0).integers(0, 255, (20, 30), dtype=np.uint8)
    if suspected:
        Image.fromarray(pixels).save(tmp_path / name)
    else:
        sitk.WriteImage(sitk.GetImageFromArray(pixels[None]), str(tmp_path / name))
    (volume,) = read(tmp_path / name, pool=pool)
    assert volume.acquisition.may_be_burned_in is suspected


def test_other_kinds_of_pixels(tmp_path: Path, pool: Pool) -> None:
    rng = np.random.default_rng(1)
    import imagecodecs

    deep = rng.integers(0, 65535, (9, 8, 3), dtype=np.uint16)
    (tmp_path / "deep.png").write_bytes(imagecodecs.png_encode(deep))
    np.testing.assert_array_equal(read(tmp_path / "deep.png", pool=pool)[0].array[0], deep)
    grey = Image.fromarray(rng.integers(0, 256, (9, 8), dtype=np.uint8))
    coloured = grey.quantize(16)
    coloured.putpalette([int(n) for n in rng.integers(0, 256, 48)])
    coloured.save(tmp_path / "palette.png")
    np.testing.assert_array_equal(
        read(tmp_path / "palette.png", pool=pool)[0].array[0], np.array(coloured.convert("RGB"))
    )
    with_alpha = np.dstack([np.array(grey), np.array(grey)[::-1]])
    (tmp_path / "la.png").write_bytes(imagecodecs.png_encode(with_alpha))
    alpha = read(tmp_path / "la.png", pool=pool)[0].array[0]
    np.testing.assert_array_equal(alpha[..., [0, 3]], with_alpha)
    bits = grey.point(lambda v: 255 * (v > 99)).convert("1")
    bits.save(tmp_path / "bits.png")
    np.testing.assert_array_equal(
        read(tmp_path / "bits.png", pool=pool)[0].array[0], np.array(bits) * np.uint8(255)
    )
    smooth = np.add.outer(np.arange(64), np.arange(80)).astype(np.uint8)
    Image.fromarray(smooth).save(tmp_path / "s.jpg", quality=95, dpi=(300, 300))
    volume = read(tmp_path / "s.jpg", pool=pool)[0]
    assert np.abs(volume.array[0].astype(int) - smooth).max() <= 3
    assert not volume.geometry.has_lengths  # 300 dpi says nothing about tissue


def png_bomb(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.hazard("H22")
@pytest.mark.parametrize(("width", "height", "said"), [
    (50_000, 50_000, "50000 × 50000 pixels grey uint8, which needs 2.5 GB"),
    (20_000, 20_000, "400.0 MB|50.0 MB"),
])  # fmt: skip
def test_picture_bombs_are_refused_by_their_header(
    width: int, height: int, said: str, tmp_path: Path
) -> None:
    (tmp_path / "bomb.png").write_bytes(png_bomb(width, height))
    with pytest.raises(Refused, match=said):
        describe(tmp_path / "bomb.png")


@pytest.mark.hazard("H21")
def test_jpeg2000_that_lies_is_refused(tmp_path: Path) -> None:
    head = b"\xff\x4f\xff\x51" + struct.pack(">HHIIIIIIII", 41, 0, 60_000, 60_000, 0, 0, 60_000, 60_000, 0, 0)
    (tmp_path / "lie.j2k").write_bytes(head + struct.pack(">HBBB", 1, 7, 1, 1) + bytes(500))
    with pytest.raises(Refused, match="60000 × 60000"):
        describe(tmp_path / "lie.j2k")


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
def test_tiff_stacks_keep_their_values(
    dtype: str, compression: str | None, tmp_path: Path, pool: Pool
) -> None:
    array = (np.random.default_rng(0).normal(size=(4, 9, 11)) * 50).astype(dtype)
    path = tmp_path / "s.tif"
    tifffile.imwrite(path, array, photometric="minisblack", compression=compression, metadata=None,
                     resolution=(300, 300))  # fmt: skip
    file = describe(path, pool=pool)
    (volume,) = read(path, pool=pool)
    np.testing.assert_array_equal(volume.array, array)
    assert (file.pixel_type, file.frames, file.geometry.size) == (array.dtype.name, 1, (11, 9, 4))
    assert file.geometry.known_spacing == (False, False, False)


def test_imagej_and_ome_calibration(tmp_path: Path, pool: Pool) -> None:
    array = np.arange(2 * 3 * 4 * 5, dtype=np.uint16).reshape(2, 3, 4, 5)
    tifffile.imwrite(tmp_path / "ij.tif", array, imagej=True, resolution=(4.0, 2.0),
                     metadata={"axes": "TZYX", "unit": "um", "spacing": 3.0})  # fmt: skip
    frames = read(tmp_path / "ij.tif", pool=pool)
    assert len(frames) == 2
    np.testing.assert_array_equal(frames[1].array, array[1])
    assert frames[0].geometry.spacing == pytest.approx((0.25e-3, 0.5e-3, 3e-3))
    metadata = {
        "axes": "CZYX",
        "PhysicalSizeX": 0.5,
        "PhysicalSizeY": 0.5,
        "PhysicalSizeZ": 2,
        "PhysicalSizeZUnit": "nm",
    }
    tifffile.imwrite(tmp_path / "a.ome.tif", array, metadata=metadata, photometric="minisblack")
    file = describe(tmp_path / "a.ome.tif", pool=pool)
    assert file.geometry.spacing == pytest.approx((0.5e-3, 0.5e-3, 2e-6))
    assert [finding.code for finding in file.findings] == ["frames"]
    assert file.frames == 2


def test_colour_planes_and_white_zero(tmp_path: Path, pool: Pool) -> None:
    colour = np.random.default_rng(0).integers(0, 256, (3, 12, 10), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "planar.tif", colour, photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(
        read(tmp_path / "planar.tif", pool=pool)[0].array[0], colour.transpose(1, 2, 0)
    )
    tifffile.imwrite(tmp_path / "white.tif", colour[0], photometric="miniswhite")
    (volume,) = read(tmp_path / "white.tif", pool=pool)
    np.testing.assert_array_equal(volume.array[0], colour[0])  # values stay; the display inverts
    assert volume.acquisition.monochrome1


def test_a_truncated_tiff_is_not_filled_with_zeros(tmp_path: Path, pool: Pool) -> None:
    array = np.random.default_rng(0).integers(0, 9999, (64, 64), dtype=np.uint16)
    for compression in (None, "zlib"):
        tifffile.imwrite(tmp_path / "t.tif", array, compression=compression)
        data = bytearray((tmp_path / "t.tif").read_bytes())
        (tmp_path / "t.tif").write_bytes(data[: len(data) // 2])
        with pytest.raises(Refused, match=r"t\.tif declares"):
            read(tmp_path / "t.tif", pool=pool)


@pytest.mark.data
def test_real_pictures_and_microscopy(data_dir: Path, pool: Pool) -> None:
    def look(name: str) -> tuple[ImageFile, np.ndarray]:
        file = describe(data_dir / name, pool=pool)
        frames = read(file, pool=pool)
        assert len(frames) == file.frames
        return file, frames[0].array

    for name in ("ihc.png", "retina.jpg", "cell.png"):
        _, pixels = look(f"microscopy_rgb/{name}")
        np.testing.assert_array_equal(pixels[0], np.array(Image.open(data_dir / "microscopy_rgb" / name)))
    file, pixels = look("microscopy_ome/multi-channel.ome.tif")
    assert (file.frames, file.pixel_type, file.geometry.size) == (3, "int8", (439, 167, 1))
    file, pixels = look("nuclei_gt/stardist/img3d.tif")
    np.testing.assert_array_equal(pixels, tifffile.imread(data_dir / "nuclei_gt/stardist/img3d.tif"))
    assert file.geometry.size == (57, 61, 31)
    file, pixels = look("microscopy_vendor/Fluorescence_RGB.tif")
    assert file.components == 3
    file, pixels = look("registration_2d/itk_brain/BrainProtonDensitySlice.png")
    assert file.components == 1  # its palette is grey
    picture = thumbnail(file, pool=pool)
    assert picture is not None and max(picture.shape) <= 96


@pytest.mark.data
def test_foreign_and_hostile_files_give_a_sentence(data_dir: Path, pool: Pool) -> None:
    hostile = [*data_dir.glob("hostile/*.tif"), *sorted(data_dir.glob("hostile/*.jp2"))[:4]]
    foreign = [data_dir / name for name in (
        "other_formats/minc2_4d.mnc", "other_formats/test.mgz", "hdf5/3d2c.h5",
        "microscopy_vendor/DAPI_GFP.czi",
        "other_formats/example4d+orig.HEAD", "bad_files/notdicom/empty.dcm",
    )]  # fmt: skip
    assert hostile
    for path in foreign:
        with pytest.raises(Refused, match=r"does not read|not an image"):
            read(path, pool=pool)
    for path in hostile:
        try:
            read(path, pool=pool)
        except Refused as refusal:
            assert path.name in str(refusal)


@pytest.mark.data
def test_real_volumes_as_nibabel_reads_them(data_dir: Path) -> None:
    import nibabel

    for name in (
        "brain_mni152/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz",
        "seg_gt_nifti/totalseg/example_ct_sm.nii.gz",
        "other_formats/anatomical.nii", "other_formats/functional.nii", "other_formats/example_nifti2.nii.gz",
    ):  # fmt: skip
        image = nibabel.load(data_dir / name)
        frames = read(data_dir / name)
        wanted = image.get_fdata().reshape(*image.shape[:3], -1)
        for n, frame in enumerate(frames):
            np.testing.assert_allclose(frame.array, wanted[..., n].T, rtol=1e-6)
        np.testing.assert_allclose(
            np.diag([-1, -1, 1, 1]) @ frames[0].geometry.affine, image.affine, atol=1e-4
        )
