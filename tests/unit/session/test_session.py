"""The session without a window: open, preview, apply, undo, labels, values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer, LabelLayer, Source
from pellucid.model.slicing import plane_frame
from pellucid.model.view import Plane
from pellucid.model.volume import Volume, geometry_of
from pellucid.session import Session
from pellucid.session.opening import Loaded
from pellucid.settings import Settings


@pytest.fixture
def session():
    session = Session()
    yield session
    session.close()


def make_volume(shape=(24, 40, 48), spacing=(1.0, 1.5, 2.0), seed=0) -> Volume:
    array = np.random.default_rng(seed).normal(0, 200, shape).astype(np.int16)
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing)
    image.SetOrigin((-10.0, 5.0, 30.0))
    return Volume(image, geometry_of(image), unit="HU")


def add(session: Session, volume: Volume, name: str = "CT") -> ImageLayer:
    return session.loading.add(Loaded((volume,), (-400.0, 400.0), name, Source()), replace=False)


def visible(layer: ImageLayer) -> tuple[tuple[int, int], ...]:
    return tuple((axis, n // 2) for axis, n in enumerate(layer.geometry.size))


def test_apply_replaces_the_volume_and_undo_brings_the_very_same_back(session):
    volume = make_volume()
    layer = add(session, volume)
    session.running.apply("smoothing.gaussian", {"sigma": 2.0})
    assert session.jobs.drain(120)
    smoothed = layer.volume.array
    sigma = [2.0 / s for s in volume.geometry.spacing[::-1]]
    expected = ndimage.gaussian_filter(volume.array.astype(float), sigma, mode="nearest", truncate=4)
    assert np.abs(smoothed - expected).max() <= 1.0
    assert "Gaussian" in session.history.undo_label
    assert layer.provenance[-1].operation == "smoothing.gaussian"
    session.undo()
    assert layer.volume is volume
    session.redo()
    assert np.array_equal(layer.volume.array, smoothed)


def test_the_preview_shows_what_apply_will_do_and_changes_nothing(session):
    layer = add(session, make_volume())
    session.visible_slices = lambda: visible(layer)
    before, steps = layer.volume, session.history.steps
    session.running.preview("smoothing.gaussian", {"sigma": 2.0})
    assert session.jobs.drain(120)
    preview = layer.preview
    assert layer.volume is before and session.history.steps == steps
    assert set(preview.slices) == set(visible(layer))
    session.running.apply("smoothing.gaussian", {"sigma": 2.0})
    assert session.jobs.drain(120)
    for (axis, index), shown in preview.slices.items():
        assert np.abs(shown.astype(float) - layer.volume.array.take(index, 2 - axis)).max() <= 1
    assert layer.preview is None


def test_apply_as_new_layer_leaves_the_old_one(session):
    layer = add(session, make_volume())
    before = layer.volume
    session.running.apply("intensity.invert", {}, as_new_layer=True)
    assert session.jobs.drain(120)
    assert layer.volume is before
    assert len(session.document.images) == 2
    assert session.document.active is not layer


def test_newer_work_is_never_overwritten(session):
    layer = add(session, make_volume())
    session.running.apply("smoothing.gaussian", {"sigma": 2.0})
    newer = make_volume(seed=5)
    layer.frames = (newer,)
    assert session.jobs.drain(120)
    assert layer.volume is newer
    assert len(session.document.images) == 2


def test_threshold_makes_a_label_and_replaces_it(session):
    layer = add(session, make_volume())
    session.running.apply("threshold.range", {"lower": 0.0, "upper": 100.0})
    assert session.jobs.drain(120)
    (labels,) = session.document.label_layers
    array = layer.volume.array
    assert np.array_equal(labels.labels.array == 1, (array >= 0) & (array <= 100))
    session.running.apply("threshold.range", {"lower": 50.0, "upper": 300.0})
    assert session.jobs.drain(120)
    assert session.document.label_layers == (labels,)
    assert np.array_equal(labels.labels.array == 1, (array >= 50) & (array <= 300))
    session.undo()
    assert np.array_equal(labels.labels.array == 1, (array >= 0) & (array <= 100))
    session.undo()
    assert session.document.label_layers == ()


def test_a_mask_operation_needs_a_label_and_says_so(session):
    add(session, make_volume())
    assert "label" in session.running.why_not("masks.erode")
    with pytest.raises(Refused, match="label"):
        session.running.apply("masks.erode", {"radius": 1.0})


def test_a_locked_label_is_not_overwritten(session):
    layer = add(session, make_volume())
    session.running.apply("threshold.range", {"lower": 0.0, "upper": 100.0})
    assert session.jobs.drain(120)
    (labels,) = session.document.label_layers
    session.labelling.edit_label(labels, 1, locked=True)
    with pytest.raises(Refused, match="locked"):
        session.running.apply("threshold.range", {"lower": 50.0, "upper": 300.0})
    session.undo()
    assert not labels.labels.label(1).locked
    assert layer in session.document


def test_union_of_two_labels_of_one_layer(session):
    layer = add(session, make_volume())
    session.running.apply("threshold.range", {"lower": 0.0, "upper": 100.0})
    assert session.jobs.drain(120)
    (labels,) = session.document.label_layers
    session.labelling.add_label(labels)
    session.running.apply("threshold.range", {"lower": 200.0, "upper": 900.0})
    assert session.jobs.drain(120)
    operation = session.running.operations()["masks.union"]
    ((title, choice),) = session.running.choices(operation.id, operation.ports[1])
    assert "Label 1" in title
    session.running.apply("masks.union", {}, others=(choice,))
    assert session.jobs.drain(120)
    array = layer.volume.array
    expected = ((array >= 0) & (array <= 100)) | ((array >= 200) & (array <= 900))
    assert np.array_equal(labels.labels.array == 2, expected)


def test_a_stroke_is_one_step_and_an_empty_one_none(session):
    layer = add(session, make_volume())
    frame = plane_frame(layer.geometry, Plane.AXIAL)
    steps = len(session.history.steps)
    session.labelling.begin_stroke(frame, 12)
    centre = layer.geometry.index_to_world((20, 20, 12))
    session.labelling.stroke_to(centre)
    session.labelling.stroke_to(centre + np.array([6.0, 0, 0]))
    session.labelling.end_stroke()
    (labels,) = session.document.label_layers
    painted = np.argwhere(labels.labels.array == 1)
    assert len(painted) > 0
    assert set(painted[:, 0]) == {12}
    made = len(session.history.steps)
    assert made == steps + 2  # the label layer and the stroke
    session.labelling.begin_stroke(frame, 12)
    session.labelling.stroke_to(centre)
    session.labelling.end_stroke()
    assert len(session.history.steps) == made


def test_values_of_every_layer_under_the_cursor(session):
    volume = make_volume()
    layer = add(session, volume)
    session.running.apply("threshold.range", {"lower": -2000.0, "upper": 2000.0})
    assert session.jobs.drain(120)
    world = volume.geometry.index_to_world((3, 4, 5))
    rows = dict(session.looking.values_at(world))
    value = int(volume.array[5, 4, 3])
    assert rows["CT"] == f"{value} HU".replace("-", "\N{MINUS SIGN}")
    assert "(1)" in rows["Labels"]
    layer.visible = False
    assert "CT" not in dict(session.looking.values_at(world))


def test_opening_a_path_that_is_gone_says_so(session):
    said = []
    session.notice.connect(lambda text, severity: said.append((text, severity)))
    assert session.open([Path("/nowhere/at/all")]) is None
    assert said and said[0][1] == "error" and "at" not in said[0][0][:2]
    assert "all" in said[0][0]


def test_settings_that_cannot_be_kept_stop_nothing_and_are_said_once(tmp_path):
    (tmp_path / "file").write_text("")
    settings = Settings()
    settings._file = tmp_path / "file" / "settings.json"
    session, said = Session(settings), []
    session.notice.connect(lambda text, severity: said.append((text, severity)))
    assert session.open([tmp_path]) is not None
    session.open([tmp_path])
    session.close()
    (kept,) = [row for row in said if "settings" in row[0]]
    assert kept[1] == "warning"


def test_rename_and_remove_are_steps(session):
    layer = add(session, make_volume())
    session.rename(layer, "  chest ")
    assert layer.name == "chest"
    session.rename(layer, "chest")
    session.remove(layer)
    assert session.document.layers == ()
    session.undo()
    session.undo()
    assert layer.name == "CT"
    assert isinstance(session.document.active, ImageLayer | LabelLayer)


def test_save_and_open_bring_everything_back(session, tmp_path):
    layer = add(session, make_volume(), "chest")
    session.running.apply("threshold.range", {"lower": 0.0, "upper": 100.0})
    assert session.jobs.drain(120)
    (labels,) = session.document.label_layers
    session.labelling.edit_label(labels, 1, name="fat", color="#123456")
    layer.display.set_limits(-50, 77)
    session.view.crosshair = (1.0, 2.0, 40.0)
    assert not session.is_clean
    said = []
    session.saving.save(tmp_path / "work.pellucid", said.append)
    assert session.jobs.drain(120)
    assert said == [True]
    assert session.is_clean
    other = Session()
    other.open([tmp_path / "work.pellucid"])
    assert other.jobs.drain(120)
    again, labels_again = other.document.layers
    assert again.name == "chest" and np.array_equal(again.volume.array, layer.volume.array)
    assert again.geometry.same_grid(layer.geometry) and again.display.limits == (-50, 77)
    assert np.array_equal(labels_again.labels.array, labels.labels.array)
    assert labels_again.labels.label(1).name == "fat"
    assert other.view.crosshair == (1.0, 2.0, 40.0)
    assert other.is_clean and other.title == "work"
    other.close()


def test_just_looking_leaves_nothing_to_save(session):
    add(session, make_volume())
    assert session.is_clean
    session.running.apply("intensity.invert", {})
    assert session.jobs.drain(120)
    assert not session.is_clean
    session.undo()
    assert session.is_clean


def test_otsu_leaves_padding_out(session):
    values = np.concatenate([np.full(4000, -3024), np.arange(-100, -60), np.arange(900, 960)] * 4).astype(np.int16)
    image = sitk.GetImageFromArray(np.resize(values, (8, 40, 50)))
    volume = Volume(image, geometry_of(image), unit="HU", padding=(-3024.0, -2000.0))
    layer = add(session, volume)
    session.running.apply("threshold.otsu", {})
    assert session.jobs.drain(120)
    (labels,) = session.document.label_layers
    assert np.array_equal(labels.labels.array == 1, layer.volume.array >= 900)
    session.undo()
    session.running.apply("threshold.otsu", {"side": "below"})
    assert session.jobs.drain(120)
    (labels,) = session.document.label_layers
    dark = (layer.volume.array >= -100) & (layer.volume.array < 900)
    assert np.array_equal(labels.labels.array == 1, dark)


def test_a_slope_is_not_shown_in_hounsfield_units(session):
    layer = add(session, make_volume())
    session.running.apply("smoothing.median", {})
    assert session.jobs.drain(120)
    assert layer.volume.unit == "HU"
    session.running.apply("edges.gradient_magnitude", {})
    assert session.jobs.drain(120)
    assert layer.volume.unit == ""
    session.undo()
    assert layer.volume.unit == "HU"


def test_steps_are_named_in_words(session):
    add(session, make_volume())
    session.running.apply("threshold.range", {"lower": -50.0, "upper": 100.0})
    assert session.jobs.drain(120)
    assert session.history.undo_label == "Threshold (lower \N{MINUS SIGN}50 HU, upper 100 HU) on CT"
    session.running.apply("masks.fill_holes", {"by_slice": False})
    assert session.jobs.drain(120)
    assert session.history.undo_label == "Fill holes on Labels"


def test_the_window_follows_values_that_mean_something_else_and_comes_back(session):
    layer = add(session, make_volume())
    layer.display.set_limits(-100, 100)
    session.running.apply("intensity.rescale", {"minimum": 0.0, "maximum": 1.0})
    assert session.jobs.drain(120)
    low, high = layer.display.limits
    assert 0 <= low < 0.3 and 0.7 < high <= 1
    session.undo()
    assert layer.display.limits == (-100, 100)


def test_a_label_painted_while_an_operation_ran_is_kept(session):
    layer = add(session, make_volume())
    session.running.apply("threshold.range", {"lower": 0.0, "upper": 100.0})
    assert session.jobs.drain(120)
    (labels,) = session.document.label_layers
    session.running.apply("masks.complement", {})
    frame = plane_frame(layer.geometry, Plane.AXIAL)
    session.labelling.begin_stroke(frame, 3)
    session.labelling.stroke_to(layer.geometry.index_to_world((20, 20, 3)))
    session.labelling.end_stroke()
    painted = labels.labels.array.copy()
    assert session.jobs.drain(120)
    assert np.array_equal(labels.labels.array, painted)
    assert len(session.document.label_layers) == 2
