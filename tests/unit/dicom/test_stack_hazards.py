"""Hazards of stacks in numbers: gaps, spacings, tilts, orders, orientations, copies (H01–H09, H44, H45).

Files are made and read once; what varies is put into their header records, and the truth is computed here.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset

from dicom_making import AXIAL, normal_of, save, slice_dataset, stack
from pellucid.dicom.headers import read_record
from pellucid.dicom.records import FileRecord
from pellucid.dicom.stack import Series, VolumePlan, build_series
from pellucid.dicom.writing.request import Request
from pellucid.files.dicom_export import write_image
from pellucid.files.export import export_image
from pellucid.files.images import read as read_image
from pellucid.model.geometry import Geometry
from pellucid.model.planes import plane_frame
from pellucid.model.view import Plane
from pellucid.model.volume import Volume, image_from_array
from series_truth import alarms, built, codes, judged, volume_hash

TURNS = [
    np.eye(3)[:, list(order)] * np.array(signs)
    for order in permutations(range(3))
    for signs in product((1, -1), repeat=3)
]
"""The 48 matrices whose columns are the axes of the patient in any order and sense."""
NAMES = {(0, 1): "L", (0, -1): "R", (1, 1): "P", (1, -1): "A", (2, 1): "S", (2, -1): "I"}


@pytest.fixture(scope="module")
def hundred(tmp_path_factory: pytest.TempPathFactory) -> list[FileRecord]:
    paths = save(tmp_path_factory.mktemp("hundred"), stack(100, step=2.5)[1])
    return [record for path in paths if (record := read_record(path)) is not None]


def positions(records: Sequence[FileRecord]) -> np.ndarray:
    return np.array([record.frames[0].position for record in records])


def moved(records: Sequence[FileRecord], places: np.ndarray) -> list[FileRecord]:
    return [
        replace(record, frames=(replace(record.frames[0], position=tuple(place)),))
        for record, place in zip(records, places.tolist(), strict=True)
    ]


def one_plan(records: Sequence[FileRecord]) -> VolumePlan:
    ((plan,),) = (series.volumes for series in build_series(records))
    return plan


def place_error(plan: VolumePlan, records: Sequence[FileRecord]) -> float:
    """Return how far the first pixel of any slice lies from the position in its record."""
    known = {record.path: record.frames[0].position for record in records}
    told = plan.geometry.index_to_world([(0, 0, z) for z in range(len(plan.frames))])
    true = np.array([known[str(frame.path)] for frame in plan.frames])
    return float(np.max(np.linalg.norm(told - true, axis=1)))


@pytest.mark.hazard("H01")
def test_any_dropped_slices_of_a_hundred_are_missed(hundred: list[FileRecord]) -> None:
    chance = random.Random(11)
    drops = [{k} for k in range(1, 99)] + [set(chance.sample(range(100), chance.randint(1, 40))) for _ in range(200)]
    for gone in drops:
        kept = [record for k, record in enumerate(hundred) if k not in gone]
        plan = one_plan(kept)
        assert place_error(plan, kept) <= 0.01
        inner = [k for k in gone if min(set(range(100)) - gone) < k < max(set(range(100)) - gone)]
        assert ("missing-slices" in alarms(plan)) == bool(inner), f"dropped {sorted(gone)}"
        count = "One slice is" if len(inner) == 1 else f"{len(inner)} slices are"
        assert not inner or any(count in finding.message for finding in plan.findings), f"dropped {sorted(gone)}"


@pytest.mark.hazard("H02")
def test_five_hundred_uneven_spacings_keep_true_positions(hundred: list[FileRecord]) -> None:
    rng = np.random.default_rng(12)
    for n in range(500):
        count = int(rng.integers(4, 60))
        steps = rng.uniform(0.3, 9.0, count - 1)
        places = np.array([-50.0, -60, 10]) + np.concatenate([[0], np.cumsum(steps)])[:, None] * np.array([0, 0, 1])
        records = moved(hundred[:count], places)
        plan = one_plan(records)
        assert place_error(plan, records) <= 0.01 and plan.geometry.voxel_volume is None, f"spacing {n}"
        assert alarms(plan) & {"uneven-spacing", "missing-slices"}, f"spacing {n}"


def corner_error(plan: VolumePlan, records: Sequence[FileRecord]) -> float:
    """Return how far a corner pixel of any slice lies from where its record says (PS3.3 C.7.6.2.1.1)."""
    known = {record.path: record for record in records}
    worst = 0.0
    for z, frame in enumerate(plan.frames):
        record = known[str(frame.path)]
        stated, layout = record.frames[0], record.pixels
        assert layout and stated.position and stated.orientation and stated.spacing
        right, down = np.reshape(stated.orientation, (2, 3))
        for y, x in product((0, layout.rows - 1), (0, layout.columns - 1)):
            true = np.array(stated.position) + x * stated.spacing[1] * right + y * stated.spacing[0] * down
            worst = max(worst, float(np.linalg.norm(plan.geometry.index_to_world((x, y, z)) - true)))
    return worst


def laid(
    records: Sequence[FileRecord], axes: np.ndarray, step: np.ndarray, side: int, order: Sequence[int]
) -> list[FileRecord]:
    """Return slices of ``side`` pixels a side in a plane, each a step from the one before, in an order of files."""
    made = []
    for place, (k, record) in enumerate(zip(order, records, strict=True)):
        frame = replace(record.frames[0], orientation=tuple(axes[:, :2].T.ravel().tolist()), spacing=(0.8, 0.7),
                        position=tuple((np.array([-120.0, 80, 900]) + k * step).tolist()))  # fmt: skip
        assert record.pixels is not None
        layout = replace(record.pixels, rows=side, columns=side)
        made.append(replace(record, path=f"{place:02d}.dcm", frames=(frame,), pixels=layout))
    return made


@pytest.mark.hazard("H03")
def test_tilts_of_all_sizes_and_senses_keep_every_corner_of_every_slice(hundred: list[FileRecord]) -> None:
    """In 160 planes, turned in any way, with tilts of 0.1 to 30 degrees and less in any direction; 512 × 512 pixels."""
    rng = np.random.default_rng(3)
    for n, angle in enumerate(np.geomspace(0.002, 30, 160)):
        axes = np.eye(3) if n % 2 else np.linalg.qr(rng.normal(size=(3, 3)))[0]
        axes = axes * [1, 1, np.linalg.det(axes)]
        turn, thick, count = rng.uniform(0, 2 * np.pi), float(rng.uniform(0.6, 5)), int(rng.integers(2, 25))
        aside = axes[:, 0] * np.cos(turn) + axes[:, 1] * np.sin(turn)
        step = thick * (axes[:, 2] + np.tan(np.radians(angle)) * aside)
        records = laid(hundred[:count], axes, step, 512, rng.permutation(count).tolist())
        plan = one_plan(records)
        assert corner_error(plan, records) <= 0.01, f"tilt {angle}"
        shift = (count - 1) * thick * np.tan(np.radians(angle))
        assert abs(shift - 0.05) < 1e-6 or ("tilt" in codes(plan)) == (shift >= 0.05), f"tilt {angle}, {shift} mm"
        assert shift < 0.05 or any(f"{angle:.1f}°" in finding.message for finding in plan.findings)


@pytest.mark.hazard("H03")
@pytest.mark.parametrize("angle", [0.1, 1.7, -12.0, 30.0])
def test_a_tilted_series_of_files_lies_where_its_headers_say(tmp_path: Path, angle: float) -> None:
    """All four corners of all slices, and the values, against pydicom; with a slice missing as well."""
    tilt = 3.0 * np.tan(np.radians(angle))
    for k, plane in enumerate([AXIAL, (0.8, 0.6, 0, -0.48, 0.64, 0.6)]):
        aside = np.array(plane[3:]) * tilt
        slices = stack(11, step=3.0, orientation=plane, drift=aside, size=(40, 30))[1]
        del slices[6 : 6 + k]
        random.Random(k).shuffle(slices)
        ((plan,),) = (series.volumes for series in built(save(tmp_path / str(k), slices)))
        verdict = judged(plan)
        assert verdict.corner <= 1e-3 and verdict.value == 0.0
        assert alarms(plan) == ({"tilt", "missing-slices"} if k else {"tilt"})
        assert any(f"{abs(angle):.1f}°" in finding.message for finding in plan.findings)


SIDES = {Plane.AXIAL: "RLAP", Plane.CORONAL: "RLSI", Plane.SAGITTAL: "APSI"}
"""What stands left, right, at the top and at the bottom of each plane of the screen, however a volume is stored."""
MARKER = (1, 4, 2)
"""Index of the one bright voxel of the phantom: no two mirror images of it are alike."""


def phantom() -> np.ndarray:
    """Return it with a neighbour along each axis, so that its senses are known from values alone."""
    values = np.zeros((6, 7, 5), np.int16)
    values[MARKER[::-1]] = 1000
    for axis in range(3):
        beside = list(MARKER)
        beside[axis] += 1
        values[tuple(beside[::-1])] = 900 + axis
    return values


def check_letters(volume: Volume, turn: np.ndarray) -> None:
    """Check, for all three axes, that the way to a neighbour is called what the stored axis really is."""
    here = np.argwhere(volume.array == 1000)[0][::-1]
    for axis in range(3):
        step = np.argwhere(volume.array == 900 + axis)[0][::-1] - here
        assert np.abs(step).sum() == 1
        (along,) = np.flatnonzero(step)
        told = volume.geometry.letters(volume.geometry.axes[:, along] * step[along])
        world = int(np.argmax(np.abs(turn[:, axis])))
        assert told[0] == NAMES[world, int(turn[world, axis])]
    for plane, sides in SIDES.items():
        seen = plane_frame(volume.geometry, plane).letters()
        assert "".join(letters[0] for letters in seen) == sides


def found_marker(volume: Volume) -> np.ndarray:
    z, y, x = np.argwhere(volume.array == volume.array.max())[0]
    return volume.geometry.index_to_world((x, y, z))


@pytest.mark.hazard("H05")
@pytest.mark.parametrize("turn", range(48))
def test_a_marker_stays_in_its_place_in_all_orders_and_senses_of_axes(tmp_path: Path, turn: int) -> None:
    """As a DICOM series, whose slices may run against the normal."""
    axes = TURNS[turn]
    stored = phantom()
    origin, steps = np.array([12.0, -7.0, 30.0]), np.array([0.5, 0.8, 2.5])
    slices = [
        slice_dataset(stored[k], position=origin + k * 2.5 * axes[:, 2], orientation=[*axes[:, 0], *axes[:, 1]],
                      number=k + 1, intercept=0)
        for k in range(len(stored))
    ]  # fmt: skip
    ((plan,),) = (series.volumes for series in built(save(tmp_path, slices)))
    from pellucid.dicom.read import read_plan

    volume = read_plan(plan)
    expected = origin + axes @ (steps * np.array(MARKER))
    np.testing.assert_allclose(found_marker(volume), expected, atol=1e-3)
    assert judged(plan).corner < 1e-6
    check_letters(volume, axes)


def written_and_read(volume: Volume, path: Path) -> Volume:
    if path.suffix in (".mhd", ".nhdr"):  # read, not written, by Pellucid
        sitk.WriteImage(volume.image, path)
        (again,) = read_image(path)
        return again
    if path.suffix != ".dcm":
        export_image((volume,), path)
        (again,) = read_image(path)
        return again
    from pellucid.dicom.read import read_plan

    write_image([volume], path, Request())
    ((plan,),) = (series.volumes for series in built(sorted(path.iterdir())))
    return read_plan(plan)


@pytest.mark.hazard("H05")
@pytest.mark.parametrize("ending", ["nii", "nii.gz", "nrrd", "mha", "nhdr", "mhd", "dcm"])
@pytest.mark.parametrize("oblique", [False, True])
def test_48_orders_and_senses_survive_every_format_for_volumes(tmp_path: Path, ending: str, oblique: bool) -> None:
    angle = 0.3 if oblique else 0.0
    turned = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    for n, turn in enumerate(TURNS):
        axes = turned @ turn
        geometry = Geometry((5, 7, 6), (0.5, 0.8, 2.5), (12.0, -7.0, 30.0), tuple(axes.ravel().tolist()))
        volume = Volume(image_from_array(phantom(), geometry), geometry)
        again = written_and_read(volume, tmp_path / f"{n}.{ending}")
        expected = np.array([12.0, -7.0, 30.0]) + axes @ (np.array([0.5, 0.8, 2.5]) * MARKER)
        np.testing.assert_allclose(found_marker(again), expected, atol=1e-3, err_msg=f"orientation {n}")
        check_letters(again, turn)


@pytest.mark.hazard("H07")
def test_all_mixes_of_two_to_four_orientations(tmp_path: Path) -> None:
    planes: list[Sequence[float]] = [AXIAL, (1, 0, 0, 0, 0, -1), (0, 1, 0, 0, 0, -1), (0.8, 0.6, 0, -0.48, 0.64, 0.6)]
    from itertools import combinations

    for n, mix in enumerate(chosen for count in (2, 3, 4) for chosen in combinations(planes, count)):
        slices: list[Dataset] = [ds for k, plane in enumerate(mix) for ds in stack(3 + k, orientation=plane, seed=k)[1]]
        random.Random(n).shuffle(slices)
        (series,) = built(save(tmp_path / str(n), slices))
        assert sorted(len(plan.frames) for plan in series.volumes) == [3 + k for k in range(len(mix))]
        assert "several-orientations" in alarms(series)
        assert all(not judged(plan).is_silently_wrong for plan in series.volumes)


@pytest.mark.hazard("H09")
@pytest.mark.parametrize("altered", [False, True])
def test_any_file_that_is_there_twice(tmp_path: Path, altered: bool) -> None:
    """A copy is dropped, and the volume stays as it is; of two versions none is chosen without a word."""
    paths = save(tmp_path, stack(8)[1])
    ((plain,),) = (series.volumes for series in built(paths))
    for k, path in enumerate(paths):
        data = bytearray(path.read_bytes())
        data[-1] ^= 1 if altered else 0
        other = tmp_path / f"other{k}.dcm"
        other.write_bytes(data)
        (series,) = built([*paths, other])
        if altered:
            assert "conflicting-duplicate" in alarms(series) and len(series.volumes) == 2, f"file {k}"
            assert len({volume_hash(plan) for plan in series.volumes}) == 2
        else:
            assert any("One file is an exact copy" in finding.message for finding in series.findings), f"file {k}"
            assert [volume_hash(plan) for plan in series.volumes] == [volume_hash(plain)]
        other.unlink()


@pytest.mark.hazard("H44")
def test_two_to_twenty_series_in_a_folder_are_all_listed(tmp_path: Path) -> None:
    for count in range(2, 21):
        slices = [ds for n in range(count) for ds in stack(2, series=f"1.2.3.{n}", reference=f"1.2.9.{n}")[1]]
        random.Random(count).shuffle(slices)
        found: list[Series] = built(save(tmp_path / str(count), slices))
        assert {series.uid for series in found} == {f"1.2.3.{n}" for n in range(count)}
        assert len({plan.geometry.frame_of_reference for s in found for plan in s.volumes}) == count


@pytest.mark.hazard("H45")
def test_axes_off_square_are_kept_and_warned_above_a_thousandth(hundred: list[FileRecord]) -> None:
    for skew in np.geomspace(1e-4, 0.1, 40):
        orientation = (1.0, 0.0, 0.0, float(skew), float(np.sqrt(1 - skew**2)), 0.0)
        normal = normal_of(orientation)
        records = [
            replace(r, frames=(replace(r.frames[0], orientation=orientation, position=tuple(k * 2.5 * normal)),))
            for k, r in enumerate(hundred[:5])
        ]
        plan = one_plan(records)
        assert ("not-orthogonal" in alarms(plan)) == (skew > 1e-3), f"skew {skew}"
        np.testing.assert_allclose(plan.geometry.axes[:, 1], orientation[3:], atol=1e-9)


@pytest.mark.hazard("H45")
@pytest.mark.parametrize("deviation", [1e-4, 5e-4, 9.9e-4, 1.1e-3, 3e-3, 0.03, 0.1])
@pytest.mark.parametrize("kind", ["right", "down", "both", "oblique"])
def test_deviations_in_files_are_warned_of_above_a_thousandth(tmp_path: Path, kind: str, deviation: float) -> None:
    """Whichever vector leans, to whichever side: every corner stays where its header puts it."""
    lean = deviation * (-1 if kind == "down" else 1)
    right, down = np.eye(3)[0], np.eye(3)[1]
    if kind in ("right", "both"):
        right = np.array([np.sqrt(1 - lean**2), lean, 0])
    if kind in ("down", "oblique"):
        down = np.array([lean, np.sqrt(1 - lean**2), 0])
    if kind == "oblique":
        turn = np.array([[0.8, -0.6, 0], [0.36, 0.48, -0.8], [0.48, 0.64, 0.6]])
        right, down = turn @ right, turn @ down
    axes = tuple(float(f"{v:.12f}") for v in (*right, *down))
    slices = stack(3, orientation=axes, size=(60, 50))[1]
    for ds in slices:
        ds.ImageOrientationPatient = [f"{v:.12f}" for v in axes]
    ((plan,),) = (series.volumes for series in built(save(tmp_path, slices)))
    assert alarms(plan) == ({"not-orthogonal"} if deviation > 1e-3 else frozenset())
    assert judged(plan).corner <= 1e-3


@pytest.mark.hazard("H45")
@pytest.mark.parametrize("length", [1.0002, 1.002, 0.98])
def test_axes_of_another_length_than_one_are_said(tmp_path: Path, length: float) -> None:
    """They are unit vectors by definition: their length is not used, and what that moves is said."""
    slices = stack(4, orientation=(length, 0, 0, 0, length, 0), size=(300, 300), spacing=(1.0, 1.0))[1]
    ((plan,),) = (series.volumes for series in built(save(tmp_path, slices)))
    np.testing.assert_allclose(plan.geometry.spacing[:2], (1.0, 1.0))
    assert alarms(plan) == ({"not-orthogonal"} if abs(length - 1) > 1e-3 else {"off-grid"})


@pytest.mark.hazard("H02")
@pytest.mark.parametrize("odd", [0, 2, 4])
def test_slices_turned_a_little_against_each_other_are_said(tmp_path: Path, odd: int) -> None:
    """Half a thousandth is no other orientation, but moves the corner of a wide image by a tenth of a millimetre.

    The others stay exactly where they are, also where the odd one is the first.
    """
    slices = stack(5, size=(200, 200), spacing=(1.0, 1.0))[1]
    slices[odd].ImageOrientationPatient = [1, 5e-4, 0, -5e-4, 1, 0]
    ((plan,),) = (series.volumes for series in built(save(tmp_path, slices)))
    assert alarms(plan) == {"off-grid"} and 0.1 < judged(plan).corner < 0.2
    np.testing.assert_array_equal(plan.geometry.axes[:, :2], np.eye(3)[:, :2])
