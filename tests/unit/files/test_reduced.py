"""Files opened as a part or down-sampled: against NumPy's own blocks and against positions known by formula."""

from __future__ import annotations

import gzip
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import tifffile
from tests.phantoms import oblique, sheared, uneven

from pellucid.files.images import describe, extent_of, read
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.reduction import Extent, Reduction, TooLarge, fitting

ROOT = Path(__file__).resolve().parents[3]


def block_means(array: np.ndarray, fx: int, fy: int, fz: int) -> np.ndarray:
    """Return means of whole blocks of a (z, y, x[, c]) array, voxel by voxel."""
    z, y, x = array.shape[0] // fz, array.shape[1] // fy, array.shape[2] // fx
    out = np.empty((z, y, x, *array.shape[3:]))
    for k, j, i in np.ndindex(z, y, x):
        block = array[k * fz : (k + 1) * fz, j * fy : (j + 1) * fy, i * fx : (i + 1) * fx]
        out[k, j, i] = block.astype(np.float64).mean(axis=(0, 1, 2))
    return out


def values(shape: tuple[int, ...], dtype: str = "int16") -> np.ndarray:
    random = np.random.default_rng(sum(shape))
    if np.dtype(dtype).kind == "f":
        return random.normal(0, 100, shape).astype(dtype)
    info = np.iinfo(dtype)
    return random.integers(max(info.min, -3000), min(info.max, 60000), shape, endpoint=True).astype(dtype)


def write(path: Path, array: np.ndarray, *, compressed: bool = False) -> Path:
    image = sitk.GetImageFromArray(array, isVector=array.ndim == 4)
    image.SetSpacing((0.5, 0.75, 2.0))
    image.SetOrigin((-10.0, 20.0, -30.0))
    image.SetDirection((0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0))
    sitk.WriteImage(image, str(path), useCompression=compressed)
    return path


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.nrrd", "a.mha"])
@pytest.mark.parametrize("dtype", ["int16", "uint8", "float32", "uint16"])
def test_down_sampled_files_hold_the_means_of_blocks(tmp_path: Path, name: str, dtype: str) -> None:
    array = values((7, 10, 13), dtype)
    path = write(tmp_path / name, array, compressed=name in ("a.nrrd", "a.nii.gz"))
    (volume,) = read(path, reduction=Reduction(3))
    expected = block_means(array, 3, 3, 3)
    if np.dtype(dtype).kind != "f":
        expected = np.rint(expected)
    assert volume.array.shape == (2, 3, 4) and volume.dtype == dtype
    np.testing.assert_allclose(volume.array, expected, rtol=1e-5)
    assert volume.findings[0].code == "reduced"


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.mha"])
def test_a_part_is_the_box_itself(tmp_path: Path, name: str) -> None:
    array = values((6, 9, 8))
    (volume,) = read(write(tmp_path / name, array), reduction=Reduction(start=(2, 3, 1), size=(5, 4, 3)))
    np.testing.assert_array_equal(volume.array, array[1:4, 3:7, 2:7])
    (whole,) = read(tmp_path / name)
    np.testing.assert_allclose(volume.geometry.index_to_world((0, 0, 0)), whole.geometry.index_to_world((2, 3, 1)))


def test_a_part_can_be_down_sampled_too(tmp_path: Path) -> None:
    array = values((9, 11, 12))
    (volume,) = read(write(tmp_path / "a.nrrd", array), reduction=Reduction(2, (1, 2, 3), (9, 8, 5)))
    np.testing.assert_array_equal(volume.array, np.rint(block_means(array[3:8, 2:10, 1:10], 2, 2, 2)))
    (whole,) = read(tmp_path / "a.nrrd")
    np.testing.assert_allclose(
        volume.geometry.index_to_world((1, 1, 1)), whole.geometry.index_to_world((1 + 2.5, 2 + 2.5, 3 + 2.5))
    )


def test_scaled_values_are_averaged_before_they_are_scaled(tmp_path: Path) -> None:
    array = values((4, 4, 4))
    path = write(tmp_path / "a.nii", array)
    header = bytearray(path.read_bytes())
    header[112:120] = np.array([0.5, 7.0], "<f4").tobytes()
    path.write_bytes(header)
    (volume,) = read(path, reduction=Reduction(2))
    np.testing.assert_allclose(volume.array, block_means(array, 2, 2, 2) * 0.5 + 7, rtol=1e-6)


def test_colours_are_averaged_one_by_one(tmp_path: Path) -> None:
    array = values((4, 6, 8, 3), "uint8")
    (volume,) = read(write(tmp_path / "a.mha", array), reduction=Reduction(2))
    np.testing.assert_array_equal(volume.array, np.rint(block_means(array, 2, 2, 2)))


def test_frames_are_chosen_and_never_mixed(tmp_path: Path) -> None:
    frames = values((5, 4, 6, 8))
    path = tmp_path / "a.nii"
    sitk.WriteImage(sitk.JoinSeries([sitk.GetImageFromArray(frame) for frame in frames]), str(path))
    volumes = read(path, reduction=Reduction(2, first_frame=1, frames=3))
    assert len(volumes) == 3
    for volume, frame in zip(volumes, frames[1:4], strict=True):
        np.testing.assert_array_equal(volume.array, np.rint(block_means(frame, 2, 2, 2)))


def test_axes_stored_in_any_order_are_read(tmp_path: Path) -> None:
    array = values((3, 4, 5, 6), "uint8")  # stored slowest first: colour, z, y, x
    header = "NRRD0004\ntype: uchar\ndimension: 4\nsizes: 6 5 4 3\nspace: left-posterior-superior\n" \
             "space directions: (1,0,0) (0,1,0) (0,0,1) none\nkinds: domain domain domain RGB-color\n" \
             "encoding: raw\nspace origin: (0,0,0)\n\n"  # fmt: skip
    (tmp_path / "planar.nrrd").write_bytes(header.encode() + array.tobytes())
    whole, small = (read(tmp_path / "planar.nrrd", reduction=r) for r in (None, Reduction(2)))
    for one, other in zip(small, whole, strict=True):
        np.testing.assert_array_equal(one.array, np.rint(block_means(other.array, 2, 2, 2)))


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("shape", [(9, 12, 14), (12, 14), (9, 12, 14, 3)])
def test_tiff_pages_are_read_in_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compression: str | None, shape: tuple[int, ...]
) -> None:
    monkeypatch.setattr("pellucid.files.streamed._PIECE", 1000)
    array = values(shape, "uint8" if shape[-1] == 3 else "uint16")
    colour = {"photometric": "rgb" if shape[-1] == 3 else "minisblack"}
    tifffile.imwrite(tmp_path / "a.tif", array, compression=compression, metadata={"axes": "ZYX"[3 - array.ndim :]
                     if shape[-1] != 3 else "ZYXS"}, **colour)  # fmt: skip
    (whole,) = read(tmp_path / "a.tif")
    (volume,) = read(tmp_path / "a.tif", reduction=Reduction(2, (2, 2, 0), (10, 8, 9)))
    assert whole.geometry.is_planar
    np.testing.assert_array_equal(volume.array, np.rint(block_means(whole.array[:, 2:10, 2:12], 2, 2, 1)))


def test_pieces_never_cut_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    array = values((4, 37, 20))
    path = write(tmp_path / "a.nii", array)
    whole = read(path, reduction=Reduction(3))[0].array
    monkeypatch.setattr("pellucid.files.streamed._PIECE", 300)
    np.testing.assert_array_equal(read(path, reduction=Reduction(3))[0].array, whole)
    np.testing.assert_array_equal(whole, np.rint(block_means(array, 3, 3, 3)))


def test_what_is_too_large_is_refused_with_its_size_and_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "large.nii", values((20, 30, 40)))
    monkeypatch.setattr("pellucid.dicom.memory.free_bytes", lambda: 40_000)
    with pytest.raises(TooLarge, match=r"large\.nii is 40×30×20 16-bit and needs 48\.0 kB .* 40\.0 kB is free"):
        read(path)
    assert extent_of(describe(path)).nbytes == 48_000
    assert len(read(path, share=1.0, reduction=Reduction(2))) == 1
    with pytest.raises(TooLarge, match="39×30×20"):
        read(path, reduction=Reduction(size=(39, 30, 20)))


def test_a_file_that_is_cut_short_is_refused_in_the_middle(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nii", values((6, 9, 8)))
    packed = tmp_path / "b.nii.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()[:-200]))
    with pytest.raises(Refused, match=r"b\.nii\.gz"):
        read(packed, reduction=Reduction(2))


def test_the_finest_factor_that_fits_is_proposed() -> None:
    whole = Extent((100, 100, 100), dtype="int16")
    assert fitting(whole, 2 * 50**3) == Reduction(2)
    assert fitting(whole, 2 * 50**3 - 1) == Reduction(3)
    assert fitting(whole, 0) is None
    planar = replace(whole, stacked=False)
    assert Reduction(2).extent(planar).size == (50, 50, 100)


GRIDS = {
    "plain": Geometry((9, 7, 8), (1.0, 2.0, 3.0), (5.0, -6.0, 7.0)),
    "oblique": oblique(Geometry((9, 7, 8), (1.0, 2.0, 3.0), (5.0, -6.0, 7.0))),
    "sheared": sheared(Geometry((9, 7, 8), (1.0, 2.0, 3.0), (5.0, -6.0, 7.0))),
    "uneven": uneven([0, 1, 2.5, 4, 7, 8, 9, 12], Geometry((9, 7, 8), (1.0, 2.0, 1.0))),
}


@pytest.mark.parametrize("kind", GRIDS)
@pytest.mark.parametrize("reduction", [Reduction(2), Reduction(3), Reduction(2, (1, 1, 1), (7, 5, 6))])
def test_every_voxel_lies_where_the_mean_of_its_block_lies(kind: str, reduction: Reduction) -> None:
    whole = GRIDS[kind]
    reduced = reduction.geometry(whole)
    start, size = reduction.box(whole.size)
    steps = reduction.steps(size, stacked=True)
    assert reduced.size == reduction.extent(Extent.of(whole)).size
    for index in np.ndindex(*reduced.size):
        inside = [range(s + i * n, s + (i + 1) * n) for s, i, n in zip(start, index, steps, strict=True)]
        points = np.array([(x, y, z) for x in inside[0] for y in inside[1] for z in inside[2]], dtype=float)
        expected = whole.index_to_world(points).mean(axis=0)
        np.testing.assert_allclose(reduced.index_to_world(index), expected, atol=1e-9)


PEAK = """
import resource, sys
from pathlib import Path
import numpy, SimpleITK
from pellucid.files.images import read
from pellucid.model.reduction import Reduction
read(Path(sys.argv[1]), reduction=Reduction(4, size=(8, 8, 8)))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
(volume,) = read(Path(sys.argv[1]), reduction=Reduction(4))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, volume.nbytes // 1024)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="resource is not there")
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_the_whole_is_never_in_memory(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "large.nii"
    write(path, np.zeros((2, 512, 512), np.int16))
    header = bytearray(path.read_bytes()[:352])
    header[46:48] = (160).to_bytes(2, "little")
    ramp = np.arange(512 * 512, dtype=np.int16).tobytes()
    name = "large.nii.gz" if packed else "large.nii"
    pieces = [gzip.compress(piece, 1) if packed else piece for piece in (bytes(header), ramp)]  # one member each
    with (tmp_path / name).open("wb") as file:
        file.write(pieces[0])
        for _ in range(160):
            file.write(pieces[1])
    run = subprocess.run([sys.executable, "-c", PEAK, str(tmp_path / name)], capture_output=True, text=True,
                         check=True, env={"PYTHONPATH": str(ROOT / "app"), "PATH": "/usr/bin"})  # fmt: skip
    grown, kept = map(int, run.stdout.split())
    assert kept == 1280  # kB; the whole is 81,920 kB
    assert grown < 40_000
