"""Measurements through the session: steps with names, readings that follow the voxels, files, calibration."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from threading import current_thread, main_thread

import numpy as np
import pytest

import phantoms
from pellucid.history.layers import AddLayer, ReplaceVolume
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.findings import Finding, Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer, Provenance, Source
from pellucid.model.reading import read
from pellucid.model.volume import Acquisition
from pellucid.session import Session, measurement_export, measuring
from pellucid.session.calibrating import calibrate, obstacle
from pellucid.session.measurement_export import export, measured

GRID = Geometry((20, 16, 4), (0.5, 0.5, 2.0), (10.0, -4.0, 7.0))
UNKNOWN = Geometry((20, 16, 1), known_spacing=(False, False, False))
PATIENT = Acquisition("CT", "Doe^Jane", "4711", "19580203", series_description="Thorax, 2 mm")


def image(grid: Geometry = GRID, name: str = "CT", **facts) -> ImageLayer:
    values = np.random.default_rng(0).integers(-900, 900, grid.size[::-1]).astype(np.int16)
    return ImageLayer(name, (phantoms.volume(values, grid, unit="HU", acquisition=PATIENT, **facts),))


def box(layer: ImageLayer, first: tuple, last: tuple, kind: Kind = Kind.RECTANGLE) -> Annotation:
    """Return a shape between two voxels."""
    points = layer.geometry.index_to_world([first, last])
    return Annotation(kind, tuple(tuple(map(float, p)) for p in points), layer=layer.id)


@pytest.fixture
def session():
    made = Session()
    yield made
    made.close()


@pytest.fixture
def ct(session):
    layer = image()
    session.history.do(AddLayer(layer))
    return layer


def test_steps_have_names_and_are_taken_back(session, ct):
    line = box(ct, (0, 0, 1), (6, 8, 1), Kind.LENGTH)
    session.measuring.add(line)
    assert session.history.undo_label == "Add length 5.00 mm" and session.measuring.selected == line
    longer = replace(line, points=(line.points[0], box(ct, (0, 0, 1), (12, 16, 1)).points[1]))
    session.measuring.change(longer)
    assert session.history.undo_label == "Change length 10.0 mm"
    session.measuring.rename(longer, "  Aorta ")
    assert session.history.undo_label == "Rename length 10.0 mm" and session.measuring.selected.name == "Aorta"
    session.measuring.remove_selected()
    assert session.history.undo_label == "Delete Aorta 10.0 mm"
    assert session.measuring.selected is None and not session.measuring.remove_selected()
    session.undo()
    session.undo()
    session.undo()
    assert list(session.document.annotations) == [line]
    session.measuring.add(box(ct, (1, 1, 1), (5, 5, 1)))
    session.measuring.remove_all()
    assert len(session.document.annotations) == 0 and session.history.undo_label == "Delete all measurements"
    session.undo()
    assert len(session.document.annotations) == 2
    session.close_all()
    assert len(session.document.annotations) == 0


def test_a_reading_is_counted_once_per_volume_and_again_when_it_changes(session, ct):
    region = box(ct, (2, 3, 1), (5, 7, 1))
    session.measuring.add(region)
    first = session.measuring.reading(region)
    expected = ct.volume.array[1, 3:8, 2:6]
    assert first.statistics[0].voxels == 20 and first.statistics[0].mean == pytest.approx(expected.mean())
    assert session.measuring.reading(region) is first
    doubled = ct.volume.with_image(ct.volume.image * 2)
    session.history.do(ReplaceVolume(ct, (doubled,), (), "Double"))
    assert session.measuring.reading(region).statistics[0].mean == pytest.approx(2 * expected.mean())
    session.undo()
    assert session.measuring.reading(region) is first


def test_large_regions_are_counted_in_the_background(session):
    grid = Geometry((700, 600, 1))
    layer = image(grid)
    session.history.do(AddLayer(layer))
    region = box(layer, (0, 0, 0), (699, 599, 0))
    told = []
    session.measuring.changed.connect(lambda: told.append(session.measuring.reading(region).pending))
    reading = session.measuring.reading(region)
    assert reading.pending and not reading.statistics and reading.measures[0].value == 699 * 599
    session.jobs.drain(120)
    assert told == [False]
    assert session.measuring.reading(region).statistics[0].mean == pytest.approx(layer.volume.array.mean())


def test_a_frame_in_time_keeps_its_own_measurements(session):
    frames = tuple(image().volume for _ in range(3))
    other = frames[0].with_image(frames[0].image + 1000)
    layer = ImageLayer("cine", (frames[0], other, frames[2]))
    session.history.do(AddLayer(layer))
    region = replace(box(layer, (2, 3, 1), (5, 7, 1)), frame=1)
    session.measuring.add(region)
    still = replace(region, frame=0, id="still")
    assert session.measuring.reading(region).statistics[0].mean == pytest.approx(
        session.measuring.reading(still).statistics[0].mean + 1000)  # fmt: skip
    session.measuring.go_to(region)
    assert layer.frame == 1
    assert np.allclose(session.view.crosshair, np.mean(region.points, axis=0))


def test_profiles_share_one_axis_over_all_visible_images(session, ct):
    pet = ImageLayer("PET", (phantoms.volume(np.ones((4, 6, 6)), Geometry((6, 6, 4), (2.0, 2.0, 2.0), GRID.origin)),))
    hidden = image(name="hidden")
    hidden.visible = False
    for layer in (pet, hidden):
        session.history.do(AddLayer(layer))
    got = []
    session.measuring.profiles(box(ct, (0, 0, 1), (6, 8, 1), Kind.LENGTH), got.extend)
    session.jobs.drain(120)
    assert [name for name, _ in got] == ["CT", "PET"]
    assert [profile.distance[-1] for _, profile in got] == pytest.approx([5.0, 5.0])


# ---------------------------------------------------------------- files


def drawn(session, layer):
    for one in (
        box(layer, (0, 0, 1), (6, 8, 1), Kind.LENGTH),
        replace(box(layer, (2, 3, 1), (5, 7, 1)), name="=cmd()"),
        replace(box(layer, (2, 3, 1), (5, 7, 1), Kind.ARROW), text="Nodule; “left”, 2 mm"),
    ):
        session.measuring.add(one)


def test_a_csv_file_has_full_precision_and_no_patient(session, ct, tmp_path):
    drawn(session, ct)
    path = tmp_path / "m.csv"
    export(session, path)
    session.jobs.drain(120)
    text = path.read_text("utf-8")
    assert not any(word in text for word in ("Doe", "Jane", "4711", "1958"))
    line, region, arrow = csv.DictReader(io.StringIO(text))
    assert (float(line["length"]), line["length_unit"], line["series"]) == (5.0, "mm", "Thorax, 2 mm")
    assert line["points_lps_mm"] == "10.0 -4.0 9.0; 13.0 0.0 9.0"
    expected = ct.volume.array[1, 3:8, 2:6].astype(float)
    assert float(region["mean"]) == expected.mean() and float(region["std"]) == pytest.approx(expected.std())
    assert (region["voxels"], region["value_unit"], region["area_unit"], region["slice"]) == ("20", "HU", "mm²", "2")
    assert region["name"] == "'=cmd()" and arrow["text"] == "Nodule; “left”, 2 mm"


def test_a_json_file_says_the_same(session, ct, tmp_path):
    drawn(session, ct)
    path = tmp_path / "m.json"
    export(session, path)
    session.jobs.drain(120)
    data = json.loads(path.read_text("utf-8"))
    assert data["coordinates"] == "LPS, mm" and len(data["measurements"]) == 3
    region = data["measurements"][1]
    assert region["points"] == [list(p) for p in session.document.annotations[1].points]
    assert region["statistics"][0]["voxels"] == 20 and region["measures"][0]["unit"] == "mm²"


def test_colours_have_a_row_for_each_channel_and_nothing_is_no_file(session, tmp_path):
    with pytest.raises(Refused, match="no measurements"):
        export(session, tmp_path / "m.csv")
    layer = ImageLayer("RGB", (phantoms.volume(phantoms.colour(GRID), GRID),))
    session.history.do(AddLayer(layer))
    session.measuring.add(box(layer, (2, 3, 1), (5, 7, 1)))
    session.measuring.add(Annotation(Kind.POINT, (box(layer, (2, 3, 1), (2, 3, 1)).points[0],), layer=layer.id))
    from pellucid.model.measurement_table import to_rows

    rows = to_rows(measured(session)())
    assert [(row["channel"], row["mean"]) for row in rows[:3]] == [("R", 3.5), ("G", 5.0), ("B", 1.0)]
    assert [(row["channel"], row["value"]) for row in rows[3:]] == [("1", 2), ("2", 3), ("3", 1)]


def test_large_regions_are_counted_by_the_job_that_writes_them(session, tmp_path, monkeypatch):
    layer = image()
    session.history.do(AddLayer(layer))
    session.measuring.add(box(layer, (2, 3, 1), (6, 8, 1)))
    threads = []

    def slowly(annotation, volume):
        threads.append(current_thread())
        return read(annotation, volume)

    monkeypatch.setattr(measuring, "AT_ONCE", 0)
    monkeypatch.setattr(measurement_export, "read", slowly)
    export(session, tmp_path / "m.csv")
    copied = []
    measurement_export.copy(session, copied.append)
    session.jobs.drain(120)
    (row,) = csv.DictReader(io.StringIO((tmp_path / "m.csv").read_text(encoding="utf-8")))
    (pasted,) = csv.DictReader(io.StringIO(copied[0]), delimiter="\t")
    inside = layer.volume.array[1, 3:9, 2:7]
    assert row == pasted and int(row["voxels"]) == inside.size and float(row["mean"]) == pytest.approx(inside.mean())
    assert len(threads) == 2 and main_thread() not in threads


# ---------------------------------------------------------------- calibration


def test_a_line_of_known_length_gives_millimetres_and_keeps_everything_on_its_voxels(session):
    layer = image(UNKNOWN, findings=(Finding("unknown-spacing", "No spacing."), Finding("lossy", "Lossy.")))
    layer.source = Source("image", ("/a.png",))
    labels = LabelLayer("Labels", LabelMap(UNKNOWN))
    labels.labels.array[0, 3:6, 4] = 1
    labels.provenance = (Provenance("threshold.range", label=1),)
    stranger = image(UNKNOWN, "another picture")
    stranger.frames = (replace(stranger.volume, acquisition=Acquisition(series_uid="1.2")),)
    for one in (layer, labels, stranger):
        session.history.do(AddLayer(one))
    line, region = box(layer, (1, 2, 0), (7, 10, 0), Kind.LENGTH), box(layer, (2, 3, 0), (5, 7, 0))
    session.measuring.add(region)
    session.measuring.add(line)
    assert session.measuring.title(line) == "length 10.0 px"
    before = (layer.geometry, labels.geometry, tuple(session.document.annotations), layer.frames)
    pixels = session.measuring.reading(region).statistics
    calibrate(session, line, 25.0)
    session.jobs.drain(120)
    assert layer.geometry.spacing == pytest.approx((2.5, 2.5, 1))
    assert layer.geometry.known_spacing == (True, True, False)
    assert labels.geometry.same_grid(layer.geometry) and labels.labels.array.sum() == 3
    assert stranger.geometry == UNKNOWN
    assert session.measuring.title(session.document.annotations[1]) == "length 25.0 mm"
    assert session.measuring.reading(session.document.annotations[0]).statistics == pixels
    assert [finding.code for finding in layer.volume.findings] == ["lossy", "calibrated-by-hand"]
    assert layer.volume.image.GetSpacing()[:2] == pytest.approx((2.5, 2.5))
    assert layer.provenance[-1].operation == "calibrate"  # so that it is saved with the work, not read again
    assert [(step.operation, step.label) for step in labels.provenance] == [("threshold.range", 1), ("calibrate", 1)]
    assert session.history.undo_label == "Calibrate CT with 25 mm"
    session.undo()
    assert len(labels.provenance) == 1
    assert (layer.geometry, labels.geometry, tuple(session.document.annotations), layer.frames) == before
    session.redo()
    calibrate(session, session.document.annotations[1], 50.0)  # what was set by hand may be set again
    session.jobs.drain(120)
    assert layer.geometry.spacing[0] == pytest.approx(5.0)


def test_spacing_of_the_source_is_not_overwritten_and_that_of_the_detector_may_be(session, ct):
    line = box(ct, (0, 0, 1), (6, 8, 1), Kind.LENGTH)
    session.measuring.add(line)
    with pytest.raises(Refused, match="known from its source"):
        calibrate(session, line, 10.0)
    projection = image(replace(GRID, at_detector=True), "projection")
    session.history.do(AddLayer(projection))
    line = box(projection, (0, 0, 1), (6, 8, 1), Kind.LENGTH)
    session.measuring.add(line)
    with pytest.raises(Refused, match="above 0"):
        calibrate(session, line, 0.0)
    calibrate(session, line, 4.0)
    session.jobs.drain(120)
    assert not projection.geometry.at_detector
    assert session.measuring.title(session.document.annotations[-1]) == "length 4.00 mm"
    assert "length" in obstacle(session, box(ct, (0, 0, 1), (3, 3, 1)))
    through = replace(box(image(UNKNOWN), (0, 0, 0), (0, 0, 3), Kind.LENGTH), layer=projection.id)
    assert "leaves the acquired plane" in obstacle(session, through)
