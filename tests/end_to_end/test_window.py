"""What the window shows while somebody works with it, on small files made here."""

from __future__ import annotations

import re
import threading

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from PySide6.QtCore import QModelIndex, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from hands import User
from pellucid.model.view import Plane
from pellucid.ui.docks.study_delegate import NODE_ROLE
from pellucid.ui.forms.operation_form import OperationForm

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def user(qtbot):
    user = User(qtbot)
    yield user
    user.leave()


@pytest.fixture
def ramp(tmp_path):
    """A volume whose value is 10 times its slice number, on 1.5 × 1.5 × 3 mm."""
    array = np.repeat(np.arange(20, dtype=np.int16) * 10, 40 * 48).reshape(20, 40, 48)
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((1.5, 1.5, 3.0))
    sitk.WriteImage(image, tmp_path / "ramp.nii.gz")
    return tmp_path / "ramp.nii.gz"


def opened(user, path):
    user.drop(path)
    user.wait(lambda: bool(user.session.document.images) and user.session.loading.job is None)
    user.rest()
    return user.session.document.active_image


def hover(user, plane):
    target = user.pane(plane).viewport()
    for offset in (QPoint(5, 5), QPoint(0, 0)):
        QTest.mouseMove(target, QPoint(target.width() // 2, target.height() // 2) - offset)
    QApplication.processEvents()


def test_status_bar_follows_the_slice_under_a_resting_mouse(user, ramp):
    opened(user, ramp)
    hover(user, Plane.AXIAL)
    status, planes = user.window.status, user.window.canvas
    for _ in range(3):
        user.wheel(Plane.AXIAL, -1)
        QApplication.processEvents()
        index = dict(planes.visible_slices())[2]
        assert status.values.text().endswith(f" {10 * index}")
        assert status.voxel.text().endswith(f", {index}")


def test_status_bar_tells_the_zoom_of_the_pane_under_the_mouse(user, ramp):
    opened(user, ramp)
    hover(user, Plane.AXIAL)
    camera = user.pane(Plane.AXIAL).camera
    before = user.window.status.zoom.text()
    assert before == f"{camera.percent:.0f} %"
    target = user.pane(Plane.AXIAL).viewport()
    where = QPointF(target.width() / 2, target.height() / 2)
    turn = QWheelEvent(where, target.mapToGlobal(where), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton, CTRL,
                       Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    QApplication.sendEvent(target, turn)
    QApplication.processEvents()
    assert user.window.status.zoom.text() == f"{camera.percent:.0f} %" != before


def test_limits_and_preview_leave_with_the_panel_that_is_behind_another_tab(user, ramp):
    layer = opened(user, ramp)
    user.tab("Segment")
    user.rest()
    user.window.segment.choose("threshold.range")
    user.rest()
    limits = user.window.histogram.plot.limits
    assert limits.isVisible() and layer.preview is not None
    user.tab("History")
    user.rest()
    assert not limits.isVisible() and layer.preview is None
    user.tab("Segment")
    user.rest()
    assert limits.isVisible() and layer.preview is not None


def test_dragged_limits_reach_only_the_form_they_belong_to(user, ramp):
    opened(user, ramp)
    for tab, panel, operation in (("Filters", user.window.filters, "intensity.clamp"),
                                  ("Segment", user.window.segment, "threshold.range")):  # fmt: skip
        user.tab(tab)
        user.rest()
        panel.choose(operation)
        user.rest()
    kept = user.window.filters.form.values()
    user.window.histogram.plot.limits.setRegion((31.0, 77.0))
    user.rest()
    assert user.window.segment.form.limits() == (31.0, 77.0)
    assert user.window.filters.form.values() == kept
    user.tab("Filters")
    user.rest()
    assert user.window.histogram.plot.limits.isVisible()
    assert user.window.histogram.plot.limits.getRegion() == user.window.filters.form.limits()


def test_every_volume_of_a_series_can_be_dragged_onto_the_image(user, data_dir):
    opened(user, data_dir / "ct_odd_geometry" / "sliceorientation")
    tree = user.window.studies.tree

    def volumes():
        return [i for i in all_rows(tree) if i.data(NODE_ROLE).kind == "volume"]

    user.wait(lambda: len(volumes()) == 2)
    rows = volumes()
    titles = [i.data(NODE_ROLE).title for i in rows]
    assert titles == ["orientation 1", "orientation 2"]
    for row, title in zip(rows[::-1], titles[::-1], strict=True):
        drop(user.window.canvas, tree.model().mimeData([row]))
        user.rest()
        assert user.session.document.active_image.name.endswith(title)


def test_a_series_without_an_image_is_refused_with_its_reason(user, data_dir):
    user.drop(data_dir / "bad_files")
    user.wait(lambda: not user.session.library.scanning)
    user.rest()
    bare = next(series for series in user.session.library.series if not series.volumes)
    user.session.loading.load(bare)
    user.rest()
    assert bare.findings[0].message in user.window.notices.text


def test_window_is_locked_for_colours(user, tmp_path):
    picture = np.zeros((30, 40, 3), np.uint8)
    picture[:, :, 0] = 200
    sitk.WriteImage(sitk.GetImageFromArray(picture, isVector=True), tmp_path / "red.png")
    opened(user, tmp_path / "red.png")
    histogram = user.window.histogram
    assert not any(user.find(name, histogram).isEnabled() for name in ("Level", "Width", "Min", "Max", "Reset"))
    assert not histogram.plot.region.movable


def test_another_operation_takes_the_fields_of_the_last_one_away(user, ramp):
    opened(user, ramp)
    user.rest()
    for operation in ("smoothing.gaussian", "intensity.equalize"):
        user.window.filters.choose(operation)
        user.rest()
    shown = [form for form in user.window.filters.findChildren(OperationForm) if form.isVisible()]
    assert shown == [user.window.filters.form]


def test_first_slice_comes_before_the_series_is_complete_also_in_place_of_another(user, ramp, data_dir):
    opened(user, ramp)
    session, canvas = user.session, user.window.canvas
    seen, before = [], session.document.layers

    def look(layer):
        if layer is not None:
            canvas.first.pane.flush()
            picture = canvas.first.pane.grab().toImage()
            middle = picture.pixelColor(picture.width() // 2, picture.height() // 2).lightness()
            loading = session.loading.job is not None
            seen.append((loading, canvas.first.isVisible(), session.document.layers == before, middle))

    session.first_slice.connect(look)
    session.open([data_dir / "ct_pet_acrin042" / "CT"])
    user.rest()
    key = session.library.key(session.library.series[0])
    session.loading.load_key(key)
    user.wait(lambda: session.loading.job is None)
    assert [entry[:3] for entry in seen] == [(True, True, True)]
    assert 60 < seen[0][3] < 255  # tissue, not black
    user.wait(lambda: not canvas.first.isVisible())
    assert canvas.first.layer is None
    assert session.document.active_image.geometry.size == (512, 512, 101)
    session.undo()
    assert session.document.layers == before


def test_wheel_and_keys_step_the_frames_of_a_cine(user, data_dir):
    layer = opened(user, data_dir / "cine" / "xa_96frames_jpeg_baseline.dcm")
    assert len(layer.frames) == 96
    user.rest(0.4)
    tree = user.window.studies.tree
    assert "96 frames" in next(i.data(NODE_ROLE) for i in all_rows(tree) if i.data(NODE_ROLE).kind == "series").detail
    user.wheel(Plane.ACQUIRED, -3)
    assert layer.frame == 3
    user.point_at(Plane.ACQUIRED)
    for key, frame in ((Qt.Key.Key_Up, 2), (Qt.Key.Key_End, 95), (Qt.Key.Key_Down, 95), (Qt.Key.Key_Home, 0)):
        user.press(key)
        assert layer.frame == frame


def test_a_label_map_from_a_file_becomes_labels_and_back(user, data_dir):
    files = [data_dir / "seg_gt_nifti" / name for name in ("example_ct_sm.nii.gz", "example_seg.nii.gz")]
    user.drop(*(next((data_dir / "seg_gt_nifti").rglob(file.name)) for file in files))
    user.wait(lambda: len(user.session.document.images) == 2)
    user.rest()
    image = user.session.document.active_image
    assert image.name == "example_seg.nii.gz"
    truth = image.volume.array.copy()
    user.window.layers.use_as_labels(image)
    user.wait(lambda: user.session.document.active_labels is not None)
    layer = user.session.document.active_labels
    assert np.array_equal(layer.labels.array, truth)
    assert [row.value for row in layer.labels.labels] == [int(v) for v in np.unique(truth) if v]
    assert image not in user.session.document
    user.session.undo()
    assert user.session.document.active_labels is None and image in user.session.document
    user.window.layers.use_as_labels(user.session.document.images[0])
    user.wait(lambda: "not labels" in user.window.notices.text)


def test_what_a_second_folder_held_is_brought_into_view(user, data_dir):
    for name in ("ct_odd_geometry", "geometry_nifti_ref", "mr_t1_3d"):
        user.session.open([data_dir / name])
        user.rest(0.5)
    tree = user.window.studies.tree
    new = user.session.library.key(user.session.library.series[-1])
    row = next(i for i in all_rows(tree) if i.data(NODE_ROLE).item == new)
    assert tree.viewport().rect().intersects(tree.visualRect(row))
    assert tree.verticalScrollBar().value() > 0


def test_progress_in_the_status_bar_leaves_the_name_of_the_work_free(user, ramp):
    opened(user, ramp)
    bar, hold = user.window.jobs_bar, threading.Event()
    user.session.jobs.edit("Something that takes its time", lambda _job: hold.wait(120))
    user.wait(bar.isVisible)
    user.wait(lambda: not bar.layout().sizeHint().isEmpty())
    QApplication.processEvents()
    try:
        assert bar.name.geometry().right() < bar.bar.geometry().left()
    finally:
        hold.set()
        user.rest()


def series_of(user, modality):
    return next(series for series in user.session.library.series if series.modality == modality)


def add_as_layer(user, modality):
    tree, key = user.window.studies.tree, user.session.library.key(series_of(user, modality))
    row = next(i for i in all_rows(tree) if i.data(NODE_ROLE).item == key)
    user.window.studies.load(row, replace=False)
    user.rest()
    return user.session.document.active_image


def test_pet_lies_in_its_place_on_the_ct_and_lets_it_show(user, data_dir):
    ct = opened(user, data_dir / "ct_pet_acrin042")
    assert ct.volume.acquisition.modality == "CT"
    pet = add_as_layer(user, "PT")
    assert (pet.opacity, pet.display.colormap, ct.opacity) == (0.5, "PET", 1.0)
    assert not user.window.frames_bar.isVisible()  # one frame of reference
    assert user.session.consenting.question is None and "frame" not in user.window.notices.text
    hover(user, Plane.AXIAL)
    voxel = [int(n) for n in user.window.status.voxel.text().replace("\N{MINUS SIGN}", "-").split(",")]
    world = pet.geometry.index_to_world(voxel)
    x, y, z = (round(float(n)) for n in ct.geometry.world_to_index(world))
    below = ct.volume.array[z, y - 4 : y + 5, x - 4 : x + 5]
    values = user.window.status.values.text().replace("\N{MINUS SIGN}", "-")
    top, bottom = values.split("·")
    activity = float(pet.volume.array[voxel[2], voxel[1], voxel[0]])
    uptake, told = re.search(r"(\S+) SUVbw \((\S+) Bq/ml\)", top).groups()
    assert float(told) == pytest.approx(activity, rel=1e-4)
    header = pydicom.dcmread(next((data_dir / "ct_pet_acrin042" / "PT_AC").glob("*.dcm")), stop_before_pixels=True)
    given = float(header.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose)
    waited = 2 * 3600 + 38 * 60 + 47  # from 07:21:00 to 09:59:47
    assert float(uptake) == pytest.approx(activity * 91_000 / (given * 2 ** (-waited / 6588)), rel=6e-3)
    assert int(bottom.split()[-2]) in below


def test_another_frame_of_reference_is_said(user, data_dir):
    opened(user, data_dir / "ct_pet_acrin042" / "CT")
    user.session.open([data_dir / "mr_t1_3d"])
    user.rest(0.4)
    add_as_layer(user, "MR")
    assert "different frames of reference" in user.window.frames_bar.text
    pane = user.window.canvas.panes[0]
    assert [layer.name for layer in user.session.viewing.layers(pane.state)] == ["CT IMAGES"]


def test_a_small_screen_holds_everything_of_a_time_series_with_labels(user, tmp_path):
    array = np.random.default_rng(3).integers(0, 900, (4, 12, 20, 24)).astype(np.int16)
    sitk.WriteImage(sitk.JoinSeries([sitk.GetImageFromArray(a) for a in array]), tmp_path / "time.nii.gz")
    user.window.resize(1280, 720)
    opened(user, tmp_path / "time.nii.gz")
    user.session.labelling.add_layer()
    user.session.document.active = user.session.document.active_labels
    user.tab("Segment")
    user.rest()
    user.window.segment.choose("threshold.range")
    user.rest()
    assert (user.window.width(), user.window.height()) == (1280, 720)
    assert user.window.canvas.width() >= 640
    for name in ("Level", "Max"):
        field = user.find(name, user.window.histogram)
        assert field.visibleRegion().boundingRect().height() == field.height(), name


def drop(target, mime):
    left, none, copy = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    entering = QDragEnterEvent(QPoint(90, 90), copy, mime, left, none)
    QApplication.sendEvent(target, entering)
    assert entering.isAccepted()
    QApplication.sendEvent(target, QDropEvent(QPointF(90, 90), copy, mime, left, none))


def all_rows(tree, parent=None):
    model = tree.model()
    for n in range(model.rowCount(parent or QModelIndex())):
        index = model.index(n, 0, parent or QModelIndex())
        yield index
        yield from all_rows(tree, index)


def test_the_histogram_of_the_slice_is_that_of_the_pane_under_the_mouse(user, ramp):
    opened(user, ramp)
    hover(user, Plane.AXIAL)
    user.click("Histogram of: Slice")
    user.rest(0.4)
    reading = user.window.histogram.reading
    assert reading.text().startswith("90…90 ") or reading.text().startswith("100…100 ")
    hover(user, Plane.CORONAL)
    user.rest(0.4)
    assert reading.text().startswith("0…190 ")
