"""Flip, rotate, reorient: what moves in space and what does not."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from operation_images import DIRECTIONS, PIXEL_TYPES, geometry, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get

ALL_48 = sorted(
    "".join(one)
    for order in permutations(("LR", "PA", "SI"))
    for one in product(*order)
)  # fmt: skip


def run(id: str, image: sitk.Image, context: Context | None = None, **values: Any) -> sitk.Image:
    return get(f"geometry.{id}").run(context or Context(), image, **values)


def same_in_space(result: sitk.Image, image: sitk.Image) -> bool:
    """Return whether every voxel of a result has the value that the image has at its place."""
    for index in np.ndindex(*result.GetSize()):
        place = image.TransformPhysicalPointToContinuousIndex(result.TransformIndexToPhysicalPoint(index))
        if np.abs(np.array(place) - np.rint(place)).max() > 1e-6:
            return False
        if image[[int(n) for n in np.rint(place)]] != result[index]:
            return False
    return result.GetNumberOfPixels() == image.GetNumberOfPixels()


@pytest.mark.parametrize("flips", list(product([False, True], repeat=3)), ids=str)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_stored_in_reverse_every_value_stays_in_space(direction: str, flips: Any) -> None:
    image = on_grid(noise((3, 4, 5)), direction)
    values = dict(zip(("flip_x", "flip_y", "flip_z"), flips, strict=True))
    result = run("flip", image, **values, mode="restore")
    axes = tuple(2 - k for k, one in enumerate(flips) if one)
    assert np.array_equal(pixels(result), np.flip(pixels(image), axes))
    assert same_in_space(result, image)


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_mirrored_the_grid_stays_and_the_values_move(dtype: str) -> None:
    said: list[str] = []
    image = on_grid(noise((3, 4, 5), dtype), "oblique")
    result = run("flip", image, Context(remark=said.append))
    assert geometry(result) == geometry(image) and np.array_equal(pixels(result), pixels(image)[:, :, ::-1])
    assert said == ["This is a mirror image now: of a patient, left and right are swapped."]
    said.clear()
    run("flip", image, Context(remark=said.append), flip_y=True)
    assert said == ["The picture is turned by half a turn: of a patient, left and right, front and back are swapped."]
    said.clear()
    run("flip", sitk.DICOMOrient(image, "PIR"), Context(remark=said.append), flip_x=False, flip_y=True)
    assert said == ["This is a mirror image now: of a patient, head and feet are swapped."]
    run("flip", image, Context(remark=said.append), mode="restore")
    assert len(said) == 1


def test_flips_of_planes_and_colour() -> None:
    colour = on_grid(noise((4, 5, 3), "uint8"), colour=True)
    assert np.array_equal(pixels(run("flip", colour, flip_y=True)), pixels(colour)[::-1, ::-1])
    plane = on_grid(noise((4, 5)))
    result = run("flip", plane, flip_z=True, mode="restore")
    assert np.array_equal(pixels(result), pixels(plane)[:, ::-1]) and same_in_space(result, plane)


@pytest.mark.parametrize("letters", ALL_48)
def test_all_orientations_are_nibabels_and_stay_in_space(letters: str) -> None:
    assert len(ALL_48) == 48
    for direction in DIRECTIONS:
        image = on_grid(noise((3, 4, 5)), direction)
        result = run("reorient", image, letters=letters)
        assert same_in_space(result, image)
        affine = np.eye(4)
        affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
        affine[:3, 3] = image.GetOrigin()
        affine = np.diag([-1, -1, 1, 1]) @ affine  # nibabel's world is RAS
        ours = nib.Nifti1Image(pixels(image).transpose(2, 1, 0), affine)
        change = nib.orientations.ornt_transform(
            nib.orientations.io_orientation(affine), nib.orientations.axcodes2ornt(letters)
        )
        exact = ours.as_reoriented(change)
        assert np.array_equal(np.asarray(exact.dataobj).transpose(2, 1, 0), pixels(result))
        steps = np.reshape(result.GetDirection(), (3, 3)) * result.GetSpacing()
        assert np.allclose(exact.affine[:3, :3], np.diag([-1, -1, 1]) @ steps, atol=1e-9)
        assert np.allclose(exact.affine[:3, 3], np.array(result.GetOrigin()) * (-1, -1, 1), atol=1e-9)


def test_planar_images_are_reoriented_in_their_plane() -> None:
    for image in (on_grid(noise((4, 5))), on_grid(noise((4, 5, 3), "uint8"), colour=True)):
        result = run("reorient", image, letters="ARI")
        assert result.GetDimension() == 2 and same_in_space(result, image)
        assert np.array_equal(pixels(result), np.swapaxes(pixels(image)[::-1, ::-1], 0, 1))
    with pytest.raises(Refused, match="keeps its plane"):
        run("reorient", on_grid(noise((4, 5))), letters="LSP")


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("angle", [31.7, -118.3])
def test_in_a_plane_it_is_scipys_rotate(angle: float, order: int) -> None:
    from scipy import ndimage

    array = noise((30, 33), "float64")
    how = ("nearest", "linear")[order]
    result = pixels(run("rotate", on_grid(array, spacing=(0.7, 0.7)), angle=angle, interpolation=how))
    exact = ndimage.rotate(array, -angle, order=order, reshape=False)
    y, x = np.ogrid[:30, :33]
    inner = (y - 14.5) ** 2 + (x - 16) ** 2 < 14**2  # both treat the border in their own way
    assert np.isclose(result, exact, atol=1e-6)[inner].all()


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("axis", ["x", "y", "z", "left", "back", "head"])
@pytest.mark.parametrize("interpolation", ["linear", "bspline"])
def test_a_ramp_turns_with_the_picture(interpolation: str, axis: str, direction: str) -> None:
    base = on_grid(np.zeros((20, 40, 44)), direction)
    steps = np.reshape(base.GetDirection(), (3, 3)) * base.GetSpacing()
    size = np.array(base.GetSize())
    index = np.stack(np.meshgrid(*(np.arange(n) for n in size), indexing="ij"), -1) - (size - 1) / 2
    places = np.einsum("ij,xyzj->zyxi", steps, index)
    slope = np.array([1.0, 2.0, 0.7])
    image = sitk.GetImageFromArray(places @ slope)
    image.CopyInformation(base)
    angle = np.radians(13.0)
    about = {"left": (1, 0, 0), "back": (0, 1, 0), "head": (0, 0, 1)}.get(axis)
    u = np.array(about) if about else np.reshape(base.GetDirection(), (3, 3))[:, "xyz".index(axis)]
    cross = np.cross(np.eye(3), u)
    turn = np.cos(angle) * np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * np.outer(u, u)
    assert np.allclose(turn @ u, u) and np.trace(turn) == pytest.approx(1 + 2 * np.cos(angle))
    result = run("rotate", image, angle=13.0, axis=axis, interpolation=interpolation, background=-1e4)
    assert geometry(result) == geometry(image)
    exact = places @ (turn @ slope)  # the value at p came from the turned-back place
    middle = (slice(7, 13), slice(13, 27), slice(15, 29))
    assert np.abs(pixels(result) - exact)[middle].max() < (0.02 if interpolation == "bspline" else 1e-3)


def test_positive_angles_turn_clockwise_on_an_axial_slice() -> None:
    array = np.zeros((3, 21, 21), np.uint8)
    array[:, 10, 18] = 200  # to the patient's left: on the right of the screen
    for axis in ("z", "head"):
        turned = pixels(run("rotate", on_grid(array, spacing=(1, 1, 1)), angle=90.0, axis=axis))
        assert turned[1, 18, 10] == 200 and turned[1].sum() == 200  # at the bottom
    plane = pixels(run("rotate", on_grid(array[0], spacing=(1, 1)), angle=90.0))
    assert plane[18, 10] == 200


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_growing_cuts_no_corner_off_and_back_again_is_the_same(direction: str) -> None:
    array = np.full((6, 10, 12), 100, np.int16)
    image = on_grid(array, direction)
    result = run("rotate", image, angle=35.0, axis="head", grow=True, background=-1000.0, interpolation="nearest")
    middle = [one.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in one.GetSize()])
              for one in (image, result)]  # fmt: skip
    assert middle[0] == pytest.approx(middle[1], abs=1e-9) and result.GetSpacing() == image.GetSpacing()
    volume = (pixels(result) == 100).sum() / array.size
    assert volume == pytest.approx(1, abs=0.03)
    assert (pixels(result)[:, :, [0, -1]] == -1000).mean() > 0.8
    none = run("rotate", image, angle=0.0, grow=True)
    assert none.GetSize() == image.GetSize() and np.array_equal(pixels(none), array)


@pytest.mark.parametrize("shape", [(2, 9, 8), (7, 2, 8), (7, 9, 2), (2, 2, 2), (9, 2)], ids=str)
@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_splines_of_two_voxels_are_those_of_scipy(shape: tuple[int, ...], dtype: str) -> None:
    image = on_grid(noise(shape, dtype), spacing=(1.0, 1.0, 1.0))
    made = get("geometry.rotate").run(Context(), image, axis="z", angle=30.0, interpolation="bspline", background=-7.0)
    middle = (np.array(image.GetSize()) - 1) / 2
    turn = np.deg2rad(30.0)
    y, x = (index - at for index, at in zip(np.indices(shape)[-2:], middle[1::-1], strict=True))
    places = np.indices(shape).astype(float)
    for sign in (1, -1):
        places[-1] = np.cos(turn) * x + sign * np.sin(turn) * y + middle[0]
        places[-2] = np.cos(turn) * y - sign * np.sin(turn) * x + middle[1]
        wanted = ndimage.map_coordinates(pixels(image).astype(float), places, order=3, mode="mirror")
        inside = ((places > -0.49) & (places < np.reshape(shape, (-1, *(1,) * len(shape))) - 0.51)).all(axis=0)
        outside = ((places < -0.51) | (places > np.reshape(shape, (-1, *(1,) * len(shape))) - 0.49)).any(axis=0)
        if np.allclose(pixels(made)[inside], wanted[inside], rtol=1e-3, atol=1.0):
            assert (pixels(made)[outside] == -7).all()
            return
    pytest.fail("neither sense of rotation gives these values")
