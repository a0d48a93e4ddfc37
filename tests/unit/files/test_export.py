"""Exports keep or confess: every type, format and orientation; the old file survives every fault."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
import tifffile
from PIL import Image

from pellucid.dicom.child import Cancelled
from pellucid.files import limits, safe_write, verified
from pellucid.files.export import (
    evened,
    export_image,
    export_labels,
    export_picture,
    export_slice,
    losses,
    obstacle,
)
from pellucid.files.images import describe, read
from pellucid.files.safe_write import replacing, sweep
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap
from pellucid.model.volume import Acquisition, Volume, WindowPreset, image_from_array
from phantoms import ORIENTATIONS, every_kind, grid, marker, sheared, uneven

TYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]
VOLUMES = (".nii", ".nii.gz", ".nrrd", ".mha")
UNKNOWN = {"known_spacing": (False, False, False), "oriented": False}


def volume(dtype: str = "i2", components: int = 1, geometry: Geometry | None = None, seed: int = 0) -> Volume:
    geometry = geometry or grid((5, 4, 3))
    shape = geometry.size[::-1] + ((components,) if components > 1 else ())
    kind, rng = np.dtype(dtype), np.random.default_rng(seed)
    if kind.kind == "f":
        array = rng.normal(size=shape).astype(kind)
        array.flat[0], array.flat[1] = np.nan, np.inf
    else:
        info = np.iinfo(kind)
        array = rng.integers(info.min, info.max, shape, dtype=kind, endpoint=True)
    return Volume(image_from_array(array, geometry, colour=components > 1), geometry)


@pytest.mark.parametrize("extension", VOLUMES)
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("components", [1, 3, 4])
def test_itk_reads_what_we_write(extension: str, dtype: str, components: int, tmp_path: Path) -> None:
    """H32: bit-equal or refused."""
    given, path = volume(dtype, components), tmp_path / f"x{extension}"
    if obstacle(given, path):
        assert extension.startswith(".nii") and components > 1 and dtype != "u1"
        with pytest.raises(Refused, match="cannot hold colour"):
            export_image(given, path)
        assert not path.exists()
        return
    report = export_image(given, path, accept_loss=False)
    assert report.lossless and "verified and lossless" in report.sentences[0]
    image = sitk.ReadImage(str(path))
    wanted = given.array
    if (
        extension.startswith(".nii") and given.dtype.kind == "f"
    ):  # ITK replaces NaN by 0 here; nibabel does not
        wanted = np.nan_to_num(wanted, nan=0.0, posinf=0.0)
        np.testing.assert_array_equal(np.asarray(nibabel.load(path).dataobj).T, given.array)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), wanted)
    np.testing.assert_allclose(image.GetSpacing(), given.geometry.spacing, rtol=1e-6)
    np.testing.assert_allclose(image.GetOrigin(), given.geometry.origin, atol=1e-4)


@pytest.mark.parametrize("extension", VOLUMES)
def test_a_marker_stays_where_it_is_in_every_orientation(extension: str, tmp_path: Path) -> None:
    """H05: 48 orientations, found again by another library."""
    for n, (order, signs) in enumerate(ORIENTATIONS):
        phantom = marker(order, signs)
        given = Volume(image_from_array(phantom.array, phantom.geometry), phantom.geometry)
        path = tmp_path / f"{n}{extension}"
        export_image(given, path, accept_loss=False)
        if extension.startswith(".nii"):
            image = nibabel.load(path)
            index = np.argwhere(np.asarray(image.dataobj) == 5000)[0]
            for affine in (image.get_sform(), image.get_qform()):
                world = (affine @ [*index, 1])[:3] * (-1, -1, 1)
                np.testing.assert_allclose(world, phantom.world, atol=1e-3)
        else:
            image = sitk.ReadImage(str(path))
            z, y, x = np.argwhere(sitk.GetArrayFromImage(image) == 5000)[0].tolist()
            np.testing.assert_allclose(
                image.TransformIndexToPhysicalPoint((x, y, z)), phantom.world, atol=1e-3
            )


@pytest.mark.parametrize("extension", [*VOLUMES, ".tif"])
@pytest.mark.parametrize("kind", every_kind())
def test_geometry_is_kept_or_the_loss_is_said_before(extension: str, kind: str, tmp_path: Path) -> None:
    """H31: corner error at most 1e-3 mm, or a sentence."""
    geometry = every_kind()[kind]
    given, path = volume("i2", geometry=geometry), tmp_path / f"x{extension}"
    said = losses(given, path)
    if said:
        with pytest.raises(Refused, match="something would be lost"):
            export_image(given, path, accept_loss=False)
        assert not path.exists()
        assert not export_image(given, path, accept_loss=True).lossless
    else:
        export_image(given, path, accept_loss=False)
        (back,) = read(path)
        assert back.geometry.same_grid(geometry, 1e-3)
    expected = extension == ".tif" or "uneven" in kind or ("sheared" in kind and extension.startswith(".nii"))
    assert bool(said) is expected


def test_the_sentences_have_the_numbers() -> None:
    assert "15°" in " ".join(losses(volume(geometry=sheared(grid((5, 4, 3)))), "x.nii"))
    told = " ".join(losses(volume(geometry=uneven([0, 1, 2, 7], grid((5, 4, 4)))), "x.mha"))
    assert "1 to 5 mm" in told and "4 mm off" in told
    assert losses(volume(geometry=sheared(grid((5, 4, 3)))), "x.nrrd") == ()


@pytest.mark.parametrize("extension", VOLUMES)
def test_frames_become_the_fourth_axis(extension: str, tmp_path: Path) -> None:
    frames = [volume(seed=n) for n in range(3)]
    export_image(frames, tmp_path / f"x{extension}", accept_loss=False)
    back = read(tmp_path / f"x{extension}")
    for one, other in zip(frames, back, strict=True):
        np.testing.assert_array_equal(one.array, other.array)
    if extension.startswith(".nii"):
        assert nibabel.load(tmp_path / f"x{extension}").shape == (5, 4, 3, 3)


@pytest.mark.parametrize("extension", [*VOLUMES, ".tif", ".png"])
@pytest.mark.parametrize("components", [1, 3])
def test_pictures_stay_without_spacing_and_orientation(
    extension: str, components: int, tmp_path: Path
) -> None:
    given = volume("u1", components, Geometry((9, 7, 1), **UNKNOWN))  # type: ignore[arg-type]
    export_image(given, tmp_path / f"x{extension}", accept_loss=False)
    if extension == ".png":
        np.testing.assert_array_equal(np.array(Image.open(tmp_path / "x.png")), given.array[0])
        return
    if extension == ".tif":
        np.testing.assert_array_equal(tifffile.imread(tmp_path / "x.tif"), given.array[0])
        return
    (back,) = read(tmp_path / f"x{extension}")
    assert back.geometry.known_spacing == (False, False, False) and not back.geometry.oriented


def test_tiff_keeps_spacing_as_ome(tmp_path: Path) -> None:
    given = volume("f4", geometry=replace(grid((9, 7, 3)), oriented=False))
    export_image(given, tmp_path / "x.tif", accept_loss=False)
    with tifffile.TiffFile(tmp_path / "x.tif") as tif:
        assert tif.is_ome
        np.testing.assert_array_equal(tif.asarray(), given.array)
        assert 'PhysicalSizeZ="2.5"' in tif.ome_metadata
        assert "UUID" not in tif.ome_metadata
    for dtype in ("i8", "u8"):
        with pytest.raises(Refused, match="TIFF cannot hold"):
            export_image(volume(dtype), tmp_path / "y.tif")


IDENTIFIERS = {
    "patient_name": "Planted^Name", "patient_id": "ID-77123", "birth_date": "19400229",
    "study_uid": "1.2.840.99.1",
    "study_description": "planted study", "series_description": "planted series", "study_date": "20240229",
    "series_uid": "1.2.840.99.2", "series_number": "990099", "modality": "PLANTED",
}  # fmt: skip


@pytest.mark.parametrize("extension", [*VOLUMES, ".tif"])
def test_no_identifier_reaches_a_file(extension: str, tmp_path: Path) -> None:
    """H33, also where SimpleITK would copy its metadata dictionary."""
    given = volume("u1")
    for key, value in IDENTIFIERS.items():
        given.image.SetMetaData(key, value)
    acquisition = Acquisition(**IDENTIFIERS, windows=(WindowPreset("planted window", 1, 2),))  # type: ignore[arg-type]
    given = replace(
        given, acquisition=acquisition, geometry=replace(given.geometry, frame_of_reference="1.2.840.99.3")
    )
    export_image(given, tmp_path / f"Planted^File{extension}")
    data = (tmp_path / f"Planted^File{extension}").read_bytes()
    import gzip

    data += gzip.decompress(data) if extension == ".nii.gz" else b""
    for value in (
        *IDENTIFIERS.values(),
        "planted window",
        "1.2.840.99",
        "Planted^File",
        str(tmp_path),
        os.uname().nodename,
    ):
        assert value.encode() not in data


def test_labels_keep_values_and_names(tmp_path: Path) -> None:
    rows = (Label(1, "Leber\nränder", "#E69F00"), Label(300, "nodule", "#56B4E9"))
    array = np.zeros((3, 4, 5), np.uint16)
    array[1, 2, 3], array[0, 0, 0] = 300, 1
    labels = LabelMap(grid((5, 4, 3)), array, rows)
    report = export_labels(labels, tmp_path / "m.seg.nrrd", accept_loss=False)
    assert report.beside is None
    image = sitk.ReadImage(str(tmp_path / "m.seg.nrrd"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), array)
    assert image.GetMetaData("Segment1_LabelValue") == "300"
    assert image.GetMetaData("Segment1_Name") == "nodule"
    report = export_labels(labels, tmp_path / "m.nii.gz", accept_loss=False)
    assert report.beside == tmp_path / "m.labels.json"
    rows_back = json.loads(report.beside.read_text(encoding="utf-8"))["labels"]
    assert rows_back[0] == {"value": 1, "name": "Leber\nränder", "color": "#E69F00"}
    flat = LabelMap(grid((5, 4, 1)), np.ones((1, 4, 5), np.uint8), rows[:1])
    with pytest.raises(Refused, match="change label values"):
        export_labels(flat, tmp_path / "m.jpg")


@pytest.mark.parametrize("name", ["m.nii.gz", "m.nii", "m.nrrd", "m.mha", "m.tif"])
def test_labels_reach_to_the_last_voxel_of_every_side(name: str, tmp_path: Path) -> None:
    """H29: what is painted at the border is there after reading back with another library."""
    array = np.zeros((3, 4, 5), np.uint8)
    for corner in range(8):
        array[-(corner & 1), -(corner >> 1 & 1), -(corner >> 2)] = corner + 1
    export_labels(LabelMap(grid((5, 4, 3)), array), tmp_path / name)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / name))), array)


def test_slices_as_shown_and_true(tmp_path: Path) -> None:
    values = np.arange(-1000, 1000, dtype=np.int16).reshape(40, 50)
    export_slice(values, tmp_path / "shown.png", window=(-500, 500), spacing=(0.5, 1.0))
    shown = np.array(Image.open(tmp_path / "shown.png"))
    assert shown.shape == (80, 50)  # pixels made square
    assert (shown[0, 0], shown[-1, -1]) == (0, 255)
    export_slice(values, tmp_path / "exact.png", window=(-500, 500))
    expected = np.floor(np.clip((values.astype(float) + 500) / 1000, 0, 1) * 255 + 0.5)
    np.testing.assert_array_equal(np.array(Image.open(tmp_path / "exact.png")), expected)
    report = export_slice(values, tmp_path / "true.tif", spacing=(0.5, 1.0))
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "true.tif"), values)
    assert report.lossless and "int16" in report.sentences[0]
    export_slice(values.astype(np.int32) + 60_000, tmp_path / "true.png")
    np.testing.assert_array_equal(
        np.array(Image.open(tmp_path / "true.png")), values.astype(np.int32) + 60_000
    )
    for array, said in (
        (values, "-1000 to 999; 16-bit PNG holds 0 to 65,535"), (values + 0.5, "fractions"),
        (values.astype(np.int32) + 70_000, "69000 to 70999"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=said):
            export_slice(array, tmp_path / "never.png")
    assert not (tmp_path / "never.png").exists()


def test_pictures_of_the_view(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    assert export_picture(pixels, tmp_path / "v.png").lossless
    np.testing.assert_array_equal(np.array(Image.open(tmp_path / "v.png")), pixels)
    report = export_picture(pixels, tmp_path / "v.jpg")
    assert not report.lossless and "lossy" in report.sentences[0]
    with pytest.raises(Refused, match="not for pictures"):
        export_picture(pixels, tmp_path / "v.nii")


def test_unknown_extensions_are_refused(tmp_path: Path) -> None:
    for name in ("x", "x.dcm", "x.txt", "nii"):
        with pytest.raises(Refused, match="extension"):
            export_image(volume(), tmp_path / name)


@pytest.mark.parametrize("positions", [[0, 1, 2, 7, 8], [0, 2.5, 5, 10, 12.5], [0, 1, 2, 2.5, 9]])
def test_evened_puts_a_ramp_where_it_belongs(positions: list[float]) -> None:
    """A ramp along z is the same ramp after linear resampling."""
    geometry = uneven(positions, grid((4, 3, len(positions))))
    array = np.broadcast_to(np.array(positions, np.float32)[:, None, None] * 10, geometry.size[::-1])
    even = evened(Volume(image_from_array(np.ascontiguousarray(array), geometry), geometry))
    step = np.diff(positions).min()
    assert even.geometry.is_even and even.geometry.spacing[2] == pytest.approx(step)
    heights = np.minimum(np.arange(even.geometry.size[2]) * step, positions[-1])
    np.testing.assert_allclose(even.array[:, 0, 0], heights * 10, atol=1e-4)
    assert even.findings[-1].code == "resampled-even"


@pytest.mark.hazard("H01")
@pytest.mark.parametrize("positions", [[0, 1, 2, 2.6], [0, 2.5, 5, 10.02, 12.5], [0, 3, 7.7]])
def test_evened_keeps_both_ends_and_goes_no_further(positions: list[float]) -> None:
    """Whatever the distances, the last slice lies where it lay, and every value is that of its place."""
    geometry = uneven(positions, grid((4, 3, len(positions))))
    array = np.broadcast_to(np.array(positions, np.float32)[:, None, None] * 10, geometry.size[::-1])
    even = evened(Volume(image_from_array(np.ascontiguousarray(array), geometry), geometry))
    ends = [one.index_to_world([[0, 0, 0], [0, 0, one.size[2] - 1]]) for one in (geometry, even.geometry)]
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-9)
    places = np.arange(even.geometry.size[2]) * even.geometry.spacing[2]
    np.testing.assert_allclose(even.array[:, 0, 0], places * 10, atol=1e-4)
    assert even.geometry.spacing[2] <= np.diff(positions).min() * 1.02


@pytest.mark.hazard("H16")
def test_evened_does_not_mix_padding_and_nan_into_the_image() -> None:
    geometry = uneven([0.0, 1.0, 4.0], grid((3, 2, 3)))
    array = np.full((3, 2, 3), 40, np.int16)
    array[2, :, 0] = -2000
    padded = Volume(image_from_array(array, geometry), geometry, padding=(-2000.0, -2000.0))
    assert set(np.unique(evened(padded).array)) == {-2000, 40}
    holed = array.astype(np.float32)
    holed[2, :, 0] = np.nan
    even = evened(Volume(image_from_array(holed, geometry), geometry)).array
    assert np.isnan(even[:, 0, 0]).tolist() == [False, False, False, True, True] and not np.isnan(even[..., 1:]).any()


# What may go wrong while a file is written, hazards H26 and H27.

Fault = Callable[[pytest.MonkeyPatch], None]


def _writer_raises(patch: pytest.MonkeyPatch) -> None:
    def half(path: Path, *_: Any) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    for extension in verified.WRITERS:
        patch.setitem(verified.WRITERS, extension, half)


def _writer_lies(patch: pytest.MonkeyPatch) -> None:
    """Write one voxel, or one millimetre, that was not asked for."""
    for extension, write in list(verified.WRITERS.items()):

        def lie(path: Path, frames: Any, geometry: Geometry, pairs: Any, write: Any = write) -> None:
            other = frames[0].copy()
            other.flat[3] ^= 1
            write(path, [other, *frames[1:]], geometry, pairs)

        patch.setitem(verified.WRITERS, extension, lie)


def _writer_moves(patch: pytest.MonkeyPatch) -> None:
    for extension, write in list(verified.WRITERS.items()):

        def lie(path: Path, frames: Any, geometry: Geometry, pairs: Any, write: Any = write) -> None:
            write(path, frames, replace(geometry, spacing=(0.8, 1.1, 2.6)), pairs)

        patch.setitem(verified.WRITERS, extension, lie)


def _writer_cuts(patch: pytest.MonkeyPatch) -> None:
    for extension, write in list(verified.WRITERS.items()):

        def cut(path: Path, *given: Any, write: Any = write) -> None:
            write(path, *given)
            os.truncate(path, path.stat().st_size - 7)

        patch.setitem(verified.WRITERS, extension, cut)


def _failing(name: str, code: int) -> Fault:
    def plant(patch: pytest.MonkeyPatch) -> None:
        def fail(*_: Any, **__: Any) -> None:
            raise OSError(code, os.strerror(code))

        patch.setattr(safe_write.os, name, fail)

    return plant


def _disk_full(patch: pytest.MonkeyPatch) -> None:
    usage = safe_write.shutil.disk_usage("/")
    patch.setattr(safe_write.shutil, "disk_usage", lambda _: usage._replace(free=10))


FAULTS: dict[str, Fault] = {
    "writer raises": _writer_raises, "writer lies": _writer_lies, "writer moves": _writer_moves,
    "writer cuts": _writer_cuts, "fsync fails": _failing("fsync", errno.EIO),
    "rename fails": _failing("replace", errno.EACCES),
    "disk full": _disk_full,
}  # fmt: skip


@pytest.mark.parametrize("extension", [*VOLUMES, ".tif"])
@pytest.mark.parametrize("fault", FAULTS)
def test_the_old_file_survives_every_fault(fault: str, extension: str, tmp_path: Path,
                                           monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    path = tmp_path / f"x{extension}"
    path.write_bytes(b"precious")
    FAULTS[fault](monkeypatch)
    with pytest.raises(Refused) as refusal:
        export_image(volume(), path)
    assert path.read_bytes() == b"precious"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]  # nothing half-made is left
    assert path.name in str(refusal.value)


def test_cancelling_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.nrrd"
    path.write_bytes(b"precious")
    with pytest.raises(Cancelled):
        export_image(volume(), path, cancelled=lambda: True)
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"precious"]


def test_replacing_keeps_mode_and_link_and_sweeps_old_leftovers(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "real.txt").chmod(0o640)
    (tmp_path / "link.txt").symlink_to("real.txt")
    stale = tmp_path / ".pellucid-0123456789abcdef.part"
    fresh = tmp_path / ".pellucid-fedcba9876543210.part"
    stale.touch()
    fresh.touch()
    os.utime(stale, (0, 0))
    with replacing(tmp_path / "link.txt") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"
    assert (tmp_path / "real.txt").stat().st_mode & 0o777 == 0o640
    assert not stale.exists() and fresh.exists()
    assert sweep(tmp_path, older_than=-1) == 1


def test_file_and_folder_are_flushed_around_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """H27: the file before it gets its name, the folder after, or the name may be gone with the power."""
    done: list[str] = []
    flush, rename = os.fsync, os.replace

    def fsync(handle: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        flush(handle)

    def replace(source: Path, target: Path) -> None:
        done.append("rename")
        rename(source, target)

    monkeypatch.setattr("os.fsync", fsync)
    monkeypatch.setattr("os.replace", replace)
    with replacing(tmp_path / "x") as temporary:
        temporary.write_bytes(b"new")
    assert done == ["file", "rename", "folder"]


@pytest.mark.parametrize(
    ("where", "said"), [("gone/x.nrrd", "folder is not there"), ("dir.nrrd", "folder of this name")]
)
def test_places_that_cannot_be_written(where: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "dir.nrrd").mkdir()
    with pytest.raises(Refused, match=said):
        export_image(volume(), tmp_path / where)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_device_that_is_really_full(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="disk is full"), replacing(tmp_path / "x") as temporary:
        temporary.write_bytes(b"")
        with Path("/dev/full").open("wb", buffering=0) as full:
            full.write(b"x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.hazard("H41")
def test_long_and_foreign_names(tmp_path: Path) -> None:
    for name in ("画像", "Größe 1", "🫁", "ж" * 110):
        path = tmp_path / f"{name}.nii.gz"
        export_image(volume(), path)
        assert describe(path).geometry.size == (5, 4, 3)


@pytest.mark.hazard("H22")
@pytest.mark.parametrize("ending", ["nii.gz", "nrrd", "mha", "tif"])
def test_what_packs_well_is_written_and_not_taken_for_a_bomb(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labels of a large image are nearly all zeros: their file grows without measure, and is ours."""
    monkeypatch.setattr(limits, "_SUSPICIOUS_BYTES", 1 << 16)
    geometry = grid((64, 64, 60))
    empty = Volume(image_from_array(np.zeros((60, 64, 64), np.int16), geometry), geometry)
    path = tmp_path / f"empty.{ending}"
    export_image((empty,), path)
    assert not sitk.GetArrayFromImage(sitk.ReadImage(str(path))).any() and not limits.is_trusted(path)
