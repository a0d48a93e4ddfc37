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


@pytest.mark.hazard("H03")
def test_tilts_from_a_tenth_of_a_degree_are_kept_and_named(hundred: list[FileRecord]) -> None:
    for angle in np.geomspace(0.002, 30, 80):
        drift = np.tan(np.radians(angle)) * np.array([0, 0.6, 0]) + np.tan(np.radians(angle)) * np.array([0.8, 0, 0])
        places = positions(hundred[:20]) + np.arange(20)[:, None] * 2.5 * drift
        records = moved(hundred[:20], places)
        plan = one_plan(records)
        assert place_error(plan, records) <= 0.01
        shift = 19 * 2.5 * np.tan(np.radians(angle))
        assert ("tilt" in codes(plan)) == (shift >= 0.05), f"tilt {angle}"
        assert shift < 0.05 or any(f"{angle:.1f}°" in finding.message for finding in plan.findings)


@pytest.mark.hazard("H04")
def test_a_thousand_shuffles_of_names_and_numbers_give_one_volume(hundred: list[FileRecord]) -> None:
    chance = random.Random(13)
    records = hundred[:12]
    expected = [record.sop_uid for record in records]  # the stack was made along its normal
    grid = one_plan(records).geometry
    for n in range(1000):
        numbers, names = chance.sample(range(1, 500), 12), chance.sample(range(10_000), 12)
        mixed = [
            replace(record, path=f"{name}.dcm", frames=(replace(record.frames[0], instance=number),))
            for record, name, number in zip(records, names, numbers, strict=True)
        ]
        whose = {record.path: record.sop_uid for record in mixed}
        chance.shuffle(mixed)
        plan = one_plan(mixed)
        assert [whose[str(frame.path)] for frame in plan.frames] == expected and plan.geometry == grid, f"shuffle {n}"


@pytest.mark.hazard("H04")
def test_shuffled_files_have_the_same_hash(tmp_path: Path) -> None:
    hashes = set()
    for seed in range(12):
        slices, chance = stack(8)[1], random.Random(seed)
        for ds, number in zip(slices, chance.sample(range(1, 99), 8), strict=True):
            ds.InstanceNumber = number
        chance.shuffle(slices)
        ((plan,),) = (series.volumes for series in built(save(tmp_path / str(seed), slices)))
        hashes.add(volume_hash(plan))
    assert len(hashes) == 1


MARKER = (1, 4, 2)
"""Index of the one bright voxel of the phantom: no two mirror images of it are alike."""


def phantom() -> np.ndarray:
    values = np.zeros((6, 7, 5), np.int16)
    values[MARKER[::-1]] = 1000
    return values


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
    for k in range(2):
        axis = int(np.argmax(np.abs(axes[:, k])))
        assert volume.geometry.letters(volume.geometry.axes[:, k]) == NAMES[axis, int(axes[axis, k])]


def written_and_read(volume: Volume, path: Path) -> Volume:
    if path.suffix != ".dcm":
        export_image((volume,), path)
        (again,) = read_image(path)
        return again
    from pellucid.dicom.read import read_plan

    write_image([volume], path, Request())
    ((plan,),) = (series.volumes for series in built(sorted(path.iterdir())))
    return read_plan(plan)


@pytest.mark.hazard("H05")
@pytest.mark.parametrize("ending", ["nii", "nii.gz", "nrrd", "mha", "dcm"])
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
        if not oblique:
            back = again.geometry
            said = {back.letters(back.axes[:, k]) for k in range(3)}
            assert {letter for letter in said if letter in "LR"} and len(said) == 3, f"orientation {n}"
            z, y, x = np.argwhere(again.array == 1000)[0]
            to_left = back.index_to_world((x + 1, y, z)) - back.index_to_world((x, y, z))
            axis = int(np.argmax(np.abs(to_left)))
            assert back.letters(back.axes[:, 0]) == NAMES[axis, int(np.sign(to_left[axis]))]


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


@pytest.mark.hazard("H08")
@pytest.mark.parametrize("name", ["temporal", "echo time", "trigger"])
def test_two_to_seventy_volumes_at_the_same_positions(hundred: list[FileRecord], name: str) -> None:
    chance = random.Random(name)
    for count in range(2, 71):
        depth = chance.randint(2, 12)
        values = chance.sample([n * 12.5 for n in range(1, 200)], count)
        numbers = chance.sample(range(1, 10_000), count * depth)
        mixed = [
            replace(record, path=f"{number}.dcm", sop_uid=f"1.2.3.{number}",
                    frames=(replace(record.frames[0], instance=number, dimensions={name: value}),))
            for (value, record), number in zip(product(values, hundred[:depth]), numbers, strict=True)
        ]  # fmt: skip
        meant = {record.path: record.frames[0].dimensions[name] for record in mixed}
        chance.shuffle(mixed)
        (series,) = build_series(mixed)
        assert len(series.volumes) == count and "several-volumes" in codes(series), f"{count} × {depth}"
        told = [{meant[str(frame.path)] for frame in plan.frames} for plan in series.volumes]
        assert sorted(told, key=min) == [{value} for value in sorted(values)], f"{count} × {depth}"
        assert name == "echo time" or told == sorted(told, key=min)  # times run forwards
        for plan in series.volumes:
            assert len(plan.frames) == depth and place_error(plan, mixed) <= 0.01
        said = {str(value.tag.keyword) for plan in series.volumes for value in plan.values}
        assert len(said) == 1 and any(said.pop() in finding.message for finding in series.findings)


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
@pytest.mark.parametrize("length", [1.0002, 1.002, 0.98])
def test_axes_of_another_length_than_one_are_said(tmp_path: Path, length: float) -> None:
    """They are unit vectors by definition: their length is not used, and what that moves is said."""
    slices = stack(4, orientation=(length, 0, 0, 0, length, 0), size=(300, 300), spacing=(1.0, 1.0))[1]
    ((plan,),) = (series.volumes for series in built(save(tmp_path, slices)))
    np.testing.assert_allclose(plan.geometry.spacing[:2], (1.0, 1.0))
    assert alarms(plan) == ({"not-orthogonal"} if abs(length - 1) > 1e-3 else {"off-grid"})


@pytest.mark.hazard("H02")
def test_slices_turned_a_little_against_each_other_are_said(tmp_path: Path) -> None:
    """Half a thousandth is no other orientation, but moves the corner of a wide image by a tenth of a millimetre."""
    slices = stack(5, size=(200, 200), spacing=(1.0, 1.0))[1]
    slices[2].ImageOrientationPatient = [1, 5e-4, 0, -5e-4, 1, 0]
    ((plan,),) = (series.volumes for series in built(save(tmp_path, slices)))
    assert alarms(plan) == {"off-grid"} and 0.1 < judged(plan).corner < 0.2
