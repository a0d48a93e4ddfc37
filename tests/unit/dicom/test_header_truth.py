"""The table of hazards, chapter 3.3: every case in which a series reader was wrong, and its enhanced twin.

Truth comes from the headers through pydicom (``series_truth``), never from the loader.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dicom_making import AXIAL, CORONAL, SAGITTAL, put_pixels, save, slice_dataset, stack
from pellucid.dicom.read import read_plan
from series_truth import alarms, built, judged, twins, volume_hash

SLICES, STEP = 10, 2.5


@dataclass(frozen=True)
class Case:
    """How the files are made; the finding that must be said; into how many slices each volume falls."""

    make: Callable[[], list[Dataset]]
    says: frozenset[str] = frozenset()
    volumes: tuple[int, ...] = (SLICES,)
    series: int = 1


def plain(count: int = SLICES, **more: object) -> list[Dataset]:
    return stack(count, step=STEP, **more)[1]  # type: ignore[arg-type]


def without(count: int, *gone: int) -> list[Dataset]:
    return [ds for k, ds in enumerate(plain(count)) if k not in gone]


def numbers_shuffled() -> list[Dataset]:
    slices = plain()
    numbers = list(range(1, SLICES + 1))
    random.Random(1).shuffle(numbers)
    for ds, number in zip(slices, numbers, strict=True):
        ds.InstanceNumber = number
    return slices


def moved(sideways: float, along: float = 0.0) -> list[Dataset]:
    slices, chance = plain(), np.random.default_rng(7)
    for ds in slices:
        x, y, z = (float(v) for v in ds.ImagePositionPatient)
        a, b = chance.uniform(-sideways, sideways, 2)
        ds.ImagePositionPatient = [f"{v:.9g}" for v in (x + a, y + b, z + chance.uniform(-along, along))]
    return slices


def rescaled(pairs: Callable[[int], tuple[float, float]]) -> list[Dataset]:
    slices = plain()
    for k, ds in enumerate(slices):
        ds.RescaleSlope, ds.RescaleIntercept = pairs(k)
    return slices


def one_changed(**changes: object) -> list[Dataset]:
    slices = plain()
    for keyword, value in changes.items():
        setattr(slices[4], keyword, value)
    return slices


def one_smaller() -> list[Dataset]:
    slices = plain()
    put_pixels(slices[4], np.ones((4, 3), np.int16))
    return slices


def twice(times: int, tagged: bool) -> list[Dataset]:
    both = [*plain(), *plain(seed=1)[: SLICES if times == SLICES else times]]
    for n, ds in enumerate(both):
        if tagged:
            ds.TemporalPositionIdentifier = 1 + n // SLICES
        ds.InstanceNumber = n + 1
    return both


def two_times_five() -> list[Dataset]:
    parts = [plain(5, seed=n) for n in range(2)]
    for n, slices in enumerate(parts, 1):
        for ds in slices:
            ds.TemporalPositionIdentifier = n
    return [ds for slices in parts for ds in slices]


def off_square(degrees: float) -> tuple[float, ...]:
    angle = np.radians(degrees)
    return (1.0, 0.0, 0.0, float(np.sin(angle)), float(np.cos(angle)), 0.0)


SEVERAL = frozenset({"several-volumes"})
CASES: dict[str, Case] = {
    "control": Case(plain),
    "descending": Case(lambda: plain()[::-1]),
    "prone": Case(lambda: plain(orientation=(-1, 0, 0, 0, -1, 0))),
    "oblique": Case(lambda: plain(orientation=(0.8, 0.6, 0, -0.48, 0.64, 0.6))),
    "shuffled numbers": Case(numbers_shuffled),
    "anisotropic pixels": Case(lambda: plain(spacing=(0.4, 1.9))),
    "jitter 0.01 mm": Case(lambda: moved(0.0, 0.005)),
    "1 of 10 missing": Case(lambda: without(10, 4), frozenset({"missing-slices"}), (9,)),
    "3 of 100 missing": Case(lambda: without(100, 20, 50, 51), frozenset({"missing-slices"}), (97,)),
    "5 x 1 mm + 5 x 5 mm": Case(
        lambda: plain(distances=[0, 1, 2, 3, 4, 9, 14, 19, 24, 29]), frozenset({"missing-slices"})
    ),
    "sagittal localiser in series": Case(
        lambda: [*plain(1, orientation=SAGITTAL), *plain()], frozenset({"several-orientations"}), (1, SLICES)
    ),
    "5 axial + 5 coronal": Case(
        lambda: [*plain(5, orientation=AXIAL), *plain(5, orientation=CORONAL)],
        frozenset({"several-orientations"}), (5, 5),
    ),
    "other matrix size": Case(one_smaller, frozenset({"mixed-size", "missing-slices"}), (1, 9)),
    "slope per slice 0.1 to 1": Case(lambda: rescaled(lambda k: (0.1 * (k + 1), 0))),
    "first slope 1, others 0.37": Case(lambda: rescaled(lambda k: (0.37 if k else 1, 0))),
    "first intercept 0, others +40000": Case(lambda: rescaled(lambda k: (1, 40000 if k else 0))),
    "gantry tilt 15 degrees": Case(
        lambda: plain(drift=(0.0, STEP * np.tan(np.radians(15)), 0.0)), frozenset({"tilt"})
    ),
    "each position twice": Case(lambda: twice(SLICES, False), SEVERAL, (SLICES, SLICES)),
    "one position twice": Case(lambda: twice(1, False), SEVERAL, (1, SLICES)),
    "4-D, 2 x 5": Case(two_times_five, frozenset(), (5, 5)),
    "one slice with another pixel spacing": Case(
        lambda: one_changed(PixelSpacing=[1.6, 1.0]), frozenset({"mixed-size", "missing-slices"}), (1, 9)
    ),
    "axes 5 degrees off square": Case(lambda: plain(orientation=off_square(5)), frozenset({"not-orthogonal"})),
    "MONOCHROME1": Case(lambda: plain(photometric="MONOCHROME1")),
    "in-plane jitter 0.3 mm": Case(lambda: moved(0.3), frozenset({"sideways"})),
    "two series in a folder": Case(lambda: [*plain(5), *plain(3, series="1.2.3.2")], frozenset(), (3, 5), 2),
    "two frames of reference": Case(
        lambda: [*plain(5), *plain(5, reference="1.2.3.8")], frozenset({"frame-of-reference"}), (5, 5)
    ),
    "spacing between slices -2.5": Case(lambda: plain(SpacingBetweenSlices=-2.5)),
}  # fmt: skip


def written(case: Case, form: str, folder: Path) -> list[Path]:
    """Write the files of a case under names that say nothing of their order."""
    slices, chance = case.make(), random.Random(5)
    files = twins(slices, chance) if form == "enhanced" else slices
    chance.shuffle(files)
    return save(folder, files)


@pytest.mark.hazard("H01")
@pytest.mark.hazard("H02")
@pytest.mark.hazard("H03")
@pytest.mark.hazard("H04")
@pytest.mark.hazard("H06")
@pytest.mark.hazard("H07")
@pytest.mark.hazard("H08")
@pytest.mark.hazard("H10")
@pytest.mark.hazard("H11")
@pytest.mark.hazard("H13")
@pytest.mark.hazard("H44")
@pytest.mark.hazard("H45")
@pytest.mark.parametrize("form", ["classic", "enhanced"])
@pytest.mark.parametrize("name", CASES)
def test_the_series_lies_where_its_headers_say_and_what_is_odd_is_said(tmp_path: Path, name: str, form: str) -> None:
    case = CASES[name]
    found = built(written(case, form, tmp_path))
    assert len(found) == case.series
    plans = [plan for series in found for plan in series.volumes]
    assert tuple(sorted(len(plan.frames) for plan in plans)) == case.volumes
    for plan in plans:
        verdict = judged(plan)
        assert not verdict.is_silently_wrong, verdict
        assert verdict.corner <= (0.75 if "sideways" in case.says else 0.011)
    said = frozenset[str]().union(*(alarms(plan) for plan in plans), *(alarms(series) for series in found))
    assert said == case.says


ONLY_NUMBERED = {"each position twice", "one position twice"}
"""Which slice belongs to which volume is said by instance numbers alone; frames have none, and are shuffled."""


@pytest.mark.hazard("H11")
@pytest.mark.parametrize("name", [name for name in CASES if name not in ONLY_NUMBERED])
def test_the_enhanced_twin_is_the_same_volume(tmp_path: Path, name: str) -> None:
    found = (built(written(CASES[name], form, tmp_path / form)) for form in ("classic", "enhanced"))
    classic, twin = ([plan for series in one for plan in series.volumes] for one in found)
    assert sorted(map(volume_hash, twin)) == sorted(map(volume_hash, classic))
    if len(classic) == 1:
        assert {f.message for f in twin[0].findings} == {f.message for f in classic[0].findings}


@pytest.mark.hazard("H43")
@pytest.mark.parametrize("form", ["classic", "enhanced"])
def test_without_positions_no_depth_is_made_up(tmp_path: Path, form: str) -> None:
    case = Case(lambda: plain_without_positions())
    (series,) = built(written(case, form, tmp_path))
    read = [read_plan(plan).array for plan in series.volumes]
    stored = stack(SLICES, step=STEP)[0]
    np.testing.assert_array_equal(np.concatenate(read), stored - 1024)
    for plan in series.volumes:
        assert plan.geometry.is_planar and not plan.geometry.oriented
        assert len(plan.frames) == 1 or "no-position" in alarms(plan)


def plain_without_positions() -> list[Dataset]:
    stored = stack(SLICES, step=STEP)[0]
    return [slice_dataset(pixels, position=None, orientation=None, number=k + 1, SliceThickness=2.5, modality="MR")
            for k, pixels in enumerate(stored)]  # fmt: skip
