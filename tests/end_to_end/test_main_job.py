"""From a folder of real DICOM to an exported mask, by mouse and keyboard, against independent computations."""

from __future__ import annotations

import csv
import io

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from scipy import ndimage

from hands import User
from pace import allowed
from pellucid.model.view import Plane
from pellucid.ui.dialogs.export import ExportDialog

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
pytestmark = pytest.mark.data


@pytest.fixture
def user(qtbot):
    user = User(qtbot)
    yield user
    user.leave()


def hounsfield(folder) -> tuple[np.ndarray, tuple[float, float, float]]:
    """Read the CT with pydicom alone: slices by position, stored values with slope and intercept."""
    slices = sorted((pydicom.dcmread(path) for path in folder.glob("*.dcm")), key=lambda d: d.ImagePositionPatient[2])
    array = np.stack([d.pixel_array * float(d.RescaleSlope) + float(d.RescaleIntercept) for d in slices])
    z = [float(d.ImagePositionPatient[2]) for d in slices]
    dy, dx = (float(s) for s in slices[0].PixelSpacing)
    return array, (dx, dy, (z[-1] - z[0]) / (len(z) - 1))


def test_open_window_smooth_threshold_clean_measure_undo_export(user, data_dir, tmp_path):
    folder = data_dir / "ct_pet_acrin042" / "CT"
    user.drop(folder)
    user.wait(lambda: bool(user.session.document.images) and user.session.loading.job is None)
    user.rest()
    truth, spacing = hounsfield(folder)
    layer = user.session.document.active_image
    assert np.array_equal(layer.volume.array, truth)
    assert layer.geometry.spacing == pytest.approx(spacing, abs=1e-3)

    # look: wheel, keys, window
    before = user.window.canvas.visible_slices()
    user.wheel(Plane.AXIAL, -3)
    moved = dict(user.window.canvas.visible_slices())
    assert abs(moved[2] - dict(before)[2]) == 3
    user.point_at(Plane.AXIAL)
    user.press(Qt.Key.Key_Home)
    assert dict(user.window.canvas.visible_slices())[2] in (0, truth.shape[0] - 1)
    user.press(Qt.Key.Key_End)
    user.press(Qt.Key.Key_1)
    lung = layer.display.limits
    assert lung[0] < -900
    user.drag(Plane.AXIAL, (150, 150), (210, 150))
    assert layer.display.width > lung[1] - lung[0]
    user.press(Qt.Key.Key_0)
    assert layer.display.limits == (-160.0, 240.0)

    # smooth
    user.run("Filters", "gaussian", Sigma="1.5")
    sigma = [1.5 / s for s in spacing[::-1]]
    smooth = ndimage.gaussian_filter(truth, sigma, mode="nearest", truncate=4)
    inside = ~ndimage.binary_dilation(truth < -1024, iterations=10)
    assert np.abs(layer.volume.array - smooth)[inside].max() <= 1.01
    user.press(Qt.Key.Key_Z, CTRL)
    assert np.array_equal(layer.volume.array, truth)

    # threshold, clean
    user.run("Segment", "threshold", Lower="-1000", Upper="-400")
    labels = user.session.document.active_labels
    mask = (truth >= -1000) & (truth <= -400)
    assert np.array_equal(labels.labels.array == 1, mask)
    user.run("Segment", "erode", Radius="2")
    user.run("Segment", "largest")
    parts, _ = ndimage.label(labels_eroded(mask, 2.0, spacing), ndimage.generate_binary_structure(3, 1))
    largest = parts == 1 + np.argmax(np.bincount(parts.ravel())[1:])
    assert np.array_equal(labels.labels.array == 1, largest)

    # statistics, taken from the clipboard
    user.tab("Statistics")
    user.rest(0.6)
    user.click("Copy", user.window.docks["Statistics"])
    (row,) = csv.DictReader(io.StringIO(QApplication.clipboard().text()), delimiter="\t")
    values = truth[largest]
    assert int(row["voxels"]) == int(largest.sum())
    assert float(row["volume_mm3"]) == pytest.approx(largest.sum() * np.prod(spacing), rel=1e-5)
    assert float(row["mean"]) == pytest.approx(values.mean(), rel=1e-9)
    assert float(row["std"]) == pytest.approx(values.std(), rel=1e-9)
    assert float(row["median"]) == pytest.approx(float(np.median(values)))
    middle = np.argwhere(largest).mean(axis=0)[::-1] * spacing + layer.geometry.origin
    assert [float(row[f"centroid_{c}"]) for c in "xyz"] == pytest.approx(middle, abs=0.05)

    # undo everything, redo everything with both keys
    steps = len(user.session.history.steps)
    for _ in range(steps):
        user.press(Qt.Key.Key_Z, CTRL)
    assert user.session.document.layers == ()
    user.press(Qt.Key.Key_Y, CTRL)
    for _ in range(steps):
        user.press(Qt.Key.Key_Z, CTRL | SHIFT)
    assert np.array_equal(user.session.document.active_labels.labels.array == 1, largest)

    # export through the dialog, image and mask
    image_path, mask_path = tmp_path / "ct.nii.gz", tmp_path / "mask.nrrd"
    for target, format_name, path in ((layer.name, "NIfTI", image_path), (labels.name, "NRRD", mask_path)):
        user.window.activateWindow()
        user.rest()
        user.press(Qt.Key.Key_E, CTRL)
        dialog = user.window.findChild(ExportDialog)
        user.choose("What to export", target, dialog)
        user.choose("Format", format_name, dialog)
        user.write("File", str(path), dialog)
        user.click("Export", dialog)
        user.rest()
        user.click("Close", dialog)
        user.rest()
    image, exported = sitk.ReadImage(str(image_path)), sitk.ReadImage(str(mask_path))
    assert np.array_equal(sitk.GetArrayViewFromImage(image), truth)
    assert np.array_equal(sitk.GetArrayViewFromImage(exported) == 1, largest)
    heads = (pydicom.dcmread(path, stop_before_pixels=True) for path in folder.glob("*.dcm"))
    first = min(heads, key=lambda head: head.ImagePositionPatient[2])
    for written in (image, exported):
        assert written.GetOrigin() == pytest.approx([float(c) for c in first.ImagePositionPatient], abs=1e-2)
        assert written.GetSpacing() == pytest.approx(spacing, abs=1e-3)
    assert user.longest_gap < allowed(1.0)


def labels_eroded(mask: np.ndarray, radius: float, spacing: tuple[float, float, float]) -> np.ndarray:
    """Erode by a ball in mm: a voxel stays when no voxel centre within the radius is background."""
    kept = mask.copy()
    reach = [int(radius // s) for s in spacing[::-1]]
    padded = np.pad(mask, [(r, r) for r in reach], mode="edge")
    for shift in np.ndindex(*(2 * r + 1 for r in reach)):
        offset = np.subtract(shift, reach) * spacing[::-1]
        if (offset**2).sum() <= radius**2:
            kept &= padded[tuple(slice(s, s + n) for s, n in zip(shift, mask.shape, strict=True))]
    return kept
