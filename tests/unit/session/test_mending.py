"""Findings and what can be done about them: explicit steps that undo exactly, and marks of what is not known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dicom_making import CORONAL, save, slice_dataset, stack
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.findings import Refused
from pellucid.model.gaps import ACROSS
from pellucid.model.layer import ImageLayer
from pellucid.session import Session
from pellucid.session.mending import mend_series, mends, words
from pellucid.session.respacing import set_spacing


def opened(session: Session, folder: Path, slices: list[Dataset], part: int = 0) -> ImageLayer:
    save(folder, slices)
    session.open([folder])
    session.jobs.drain()
    (item,) = session.library.series
    if not session.document.images or part:
        session.loading.load(item, part)
        session.jobs.drain()
    return session.document.images[0]


def placeless() -> list[Dataset]:
    stored = np.random.default_rng(1).integers(0, 99, (6, 8, 7)).astype(np.int16)
    return [slice_dataset(stored[k], position=None, orientation=None, number=k + 1, SliceThickness=2.5, modality="MR")
            for k in range(6)]  # fmt: skip


def gapped() -> list[Dataset]:
    slices = stack(12)[1]
    del slices[5:7]
    return slices


def tilted() -> list[Dataset]:
    return stack(8, drift=(0.0, 2.5 * np.tan(np.radians(15)), 0.0), size=(20, 16))[1]


def length(layer: ImageLayer, first: tuple[float, ...], last: tuple[float, ...]) -> Annotation:
    points = tuple(tuple(float(v) for v in layer.geometry.index_to_world(index)) for index in (first, last))
    return Annotation(Kind.LENGTH, points, normal=(1, 0, 0), right=(0, 1, 0), down=(0, 0, -1), layer=layer.id)


def codes(layer: ImageLayer) -> set[str]:
    return {finding.code for finding in layer.volume.findings}


@pytest.mark.hazard("H01")
def test_a_gap_stays_until_the_user_has_it_filled_and_comes_back_by_undo(session, tmp_path):
    layer = opened(session, tmp_path, gapped())
    before = layer.volume
    (mend,) = mends(session, layer)
    assert mend.words == "Resample to even spacing" and mend.code == "missing-slices" and layer.volume is before
    mend.run()
    session.jobs.drain()
    assert layer.geometry.is_even and layer.geometry.size[2] == 12 and layer.geometry.spacing[2] == pytest.approx(2.5)
    assert "missing-slices" not in codes(layer) and "resampled-even" in codes(layer)
    kept = [k for k in range(12) if k not in (5, 6)]
    np.testing.assert_array_equal(layer.volume.array[kept], before.array)
    session.history.undo()
    assert layer.volume is before


@pytest.mark.hazard("H01")
def test_a_length_across_a_gap_says_so(session, tmp_path):
    layer = opened(session, tmp_path, gapped())
    across = session.measuring.reading(length(layer, (1, 1, 3), (1, 1, 6)))
    beside = session.measuring.reading(length(layer, (1, 1, 0), (1, 1, 4)))
    assert across.measures[0].note == ACROSS and beside.measures[0].note == ""
    assert across.measures[0].value == pytest.approx(5 * 2.5)  # slices 3 to 8 of the twelve


@pytest.mark.hazard("H03")
def test_a_tilt_is_kept_and_straightened_on_request(session, tmp_path):
    layer = opened(session, tmp_path, tilted())
    before = layer.volume
    assert before.geometry.orthonormality_error > 0.1
    (mend,) = mends(session, layer)
    assert mend.words == "Shear-resample"
    mend.run()
    session.jobs.drain()
    session.jobs.drain()
    made = layer.volume
    assert made.geometry.orthonormality_error < 1e-9 and "tilt" not in codes(layer)
    middle = before.geometry.index_to_world((8, 10, 4))
    assert float(made.value_at(middle)) == pytest.approx(float(before.value_at(middle)), abs=1500)
    x, _, z = made.geometry.world_to_index(middle)
    assert z == pytest.approx(4, abs=1e-6) and x == pytest.approx(8, abs=1e-6)
    assert made.array.min() == before.array.min()  # what lies beyond is the lowest value, not 0
    session.history.undo()
    assert layer.volume is before


@pytest.mark.hazard("H43")
def test_without_positions_lengths_are_pixels_until_the_user_says_more(session, tmp_path):
    layer = opened(session, tmp_path, placeless())
    before = layer.volume
    asked = []
    session.spacing_asked.connect(asked.append)
    (mend,) = mends(session, layer)
    mend.run()
    assert mend.words == "Set spacing…" and asked == [layer] and layer.volume is before
    through = length(layer, (1, 1, 0), (1, 1, 4))
    assert session.measuring.reading(through).measures[0].unit == "px" and layer.geometry.is_planar
    assert before.acquisition.extra["slice_thickness"] == "2.5"
    session.measuring.add(through)
    set_spacing(session, layer, (None, None, 3.0))
    session.jobs.drain()
    assert not layer.geometry.is_planar and layer.geometry.spacing == (0.5, 0.8, 3.0)
    (now,) = session.document.annotations
    assert session.measuring.reading(now).measures[0].text == "12.0 mm"
    assert codes(layer) == {"distance-by-hand"} and "set by hand to 3 mm" in layer.volume.findings[0].message
    np.testing.assert_array_equal(layer.volume.array, before.array)
    set_spacing(session, layer, (None, None, 4.0))  # what was stated by hand may be stated again
    session.jobs.drain()
    assert layer.geometry.spacing[2] == 4.0 and len(layer.volume.findings) == 1
    session.history.undo()
    session.history.undo()
    assert layer.volume is before and session.document.annotations[0].points == through.points


@pytest.mark.hazard("H43")
def test_what_the_source_states_is_not_overwritten(session, tmp_path):
    layer = opened(session, tmp_path, placeless())
    with pytest.raises(Refused, match="The source states this spacing"):
        set_spacing(session, layer, (1.0, 1.0, 2.0))
    with pytest.raises(Refused, match="between"):
        set_spacing(session, layer, (None, None, -2.0))
    known = Session()
    try:
        with pytest.raises(Refused, match="known from its source"):
            set_spacing(known, opened(known, tmp_path / "known", stack(4)[1]), (None, None, 2.0))
    finally:
        known.close()


@pytest.mark.hazard("H07")
def test_the_other_volumes_of_a_mixed_series_are_a_click_away(session, tmp_path):
    layer = opened(session, tmp_path, [*stack(4)[1], *stack(3, orientation=CORONAL, seed=1)[1]])
    mend = next(one for one in mends(session, layer) if one.code == "several-orientations")
    mend.run()
    session.jobs.drain()
    assert sorted(one.geometry.size[2] for one in session.document.images) == [3, 4]
    assert not any(one.code == "several-orientations" for one in mends(session, layer))


@pytest.mark.hazard("H09")
def test_the_other_version_of_a_conflicting_copy_is_a_click_away(session, tmp_path):
    stored, slices = stack(4)
    other = slice_dataset(stored[1] + 5, position=slices[1].ImagePositionPatient, number=2)
    other.SOPInstanceUID = slices[1].SOPInstanceUID
    layer = opened(session, tmp_path, [*slices, other])
    assert "conflicting-duplicate" in codes(layer)
    next(one for one in mends(session, layer) if one.code == "conflicting-duplicate").run()
    session.jobs.drain()
    first, second = session.document.images
    assert int(np.abs(first.volume.array.astype(int) - second.volume.array).max()) == 5


def test_a_finding_in_the_list_is_mended_after_opening(session, tmp_path):
    save(tmp_path, gapped())
    session.library.scan([tmp_path], lambda _found: None)
    session.jobs.drain()
    (item,) = session.library.series
    mend_series(session, item, 0, "missing-slices")
    session.jobs.drain()
    session.jobs.drain()
    (layer,) = session.document.images
    assert layer.geometry.is_even and layer.geometry.size[2] == 12
    assert words("missing-slices") == "Resample to even spacing" and words("lossy") == ""


def test_uneven_and_tilted_slices_are_evened_before_they_are_straightened(session, tmp_path):
    slices = tilted()
    del slices[3]
    layer = opened(session, tmp_path, slices)
    assert [mend.words for mend in mends(session, layer)] == ["Resample to even spacing"]
    mends(session, layer)[0].run()
    session.jobs.drain()
    assert [mend.words for mend in mends(session, layer)] == ["Shear-resample"]
