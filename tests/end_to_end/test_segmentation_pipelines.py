"""From an image to a table by mouse, on nuclei and on CT, against masks made by others; headless the same numbers."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from command_line import Run, answer
from hands import User
from pellucid.model.layer import LabelLayer
from pellucid.model.view import Plane
from pellucid.recipes.examples import examples
from pellucid.ui.dialogs.export import ExportDialog
from pellucid.ui.docks.label_model import NAME
from pellucid.ui.docks.study_delegate import NODE_ROLE

pytestmark = [
    pytest.mark.data,
    pytest.mark.qt_log_ignore("This plugin does not support", extend=True),  # menus grab the keyboard
]


@pytest.fixture
def pellucid(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs the command line and wants it to succeed."""

    def run(*arguments: object) -> Any:
        said = answer(capsys, arguments)
        assert said.code == 0, said.err
        return said

    return run


@pytest.fixture
def saves_to(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that says which file the next question for a file is answered with."""
    return lambda path: monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(path), ""))


def open_files(user: User, first: Path, *others: Path) -> None:
    """Drop files one after the other; the last one takes the place of the others, which stay in the studies."""
    for path in (*others, first):
        user.drop(path)
        user.rest()
    assert [layer.name for layer in user.session.document.layers] == [first.name]


def add_as_labels(user: User, name: str) -> None:
    """Add a file of the studies as a layer and use it as labels, by the menus of a right click."""
    tree, layers = user.window.studies.tree, user.window.panel("Layers").list
    user.context_menu(tree, _row(tree.model(), lambda index: index.data(NODE_ROLE).title == name), "Add as a layer")
    user.rest()
    model = layers.model()
    user.context_menu(layers, _row(model, lambda index: model.layer(index.row()).name == name), "Use as labels")
    user.rest()


def _row(model: Any, wanted: Callable[[QModelIndex], bool], parent: QModelIndex | None = None) -> QModelIndex:
    """Return the first row of a model, or below one of its rows, that is wanted."""
    parent = parent or QModelIndex()
    for n in range(model.rowCount(parent)):
        index = model.index(n, 0, parent)
        if wanted(index):
            return index
        below = _row(model, wanted, index)
        if below.isValid():
            return below
    return QModelIndex()


def apply(user: User, *menu: str, how: str = "Apply", **fields: str) -> None:
    """Choose an operation in the menus of the window, set its fields, see its preview and apply it."""
    user.menu(*menu)
    user.rest()
    panel = user.window.filters if menu[0] == "Filters" else user.window.segment
    for name, value in fields.items():
        field = _field(panel, name)
        if value == "tick":
            box = user.find(field, panel)
            QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(10, box.height() // 2))
            assert box.isChecked()
        elif value.startswith("="):
            user.choose(field, value[1:], panel)
        else:
            user.type(field, value, panel)
    user.rest()
    position = user.session.history.position
    user.click(how, panel)
    user.wait(lambda: user.session.history.position != position)
    user.rest()
    assert user.session.history.position == position + 1, f"{menu[-1]} is one step"


def _field(panel: Any, name: str) -> str:
    names = [w.accessibleName() for w in panel.findChildren(QWidget) if w.isVisible()]
    found = [one for one in names if one.split(",")[0] == name.replace("_", " ")]
    assert found, f"there is no {name} among {names}"
    return found[0]


def export(user: User, path: Path, what: str) -> None:
    """Write a layer with the export dialog."""
    user.menu("File", "Export")
    user.rest()
    dialog = user.window.findChildren(ExportDialog)[-1]
    user.choose("What to export", what, dialog)
    user.choose("Format", "NRRD", dialog)
    user.write("File", str(path), dialog)
    if dialog.accept_loss.isVisible():
        dialog.accept_loss.click()
    user.wait(dialog.go.isEnabled)
    dialog.go.click()
    user.wait(path.is_file)
    user.rest()
    user.click("Close", dialog)


def pixels(path: Path) -> Any:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def matched(found: Any, truth: Any) -> int:
    """Return how many objects cover at least half of the union with one that was marked by hand."""
    n, m = int(found.max()), int(truth.max())
    common = np.histogram2d(found.ravel(), truth.ravel(), bins=(range(n + 2), range(m + 2)))[0]
    union = common.sum(1)[:, None] + common.sum(0)[None] - common
    return int((common[1:, 1:] >= 0.5 * union[1:, 1:]).sum())


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table without the names of labels, which files of voxels do not keep."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{key: value for key, value in row.items() if key != "name"} for row in csv.DictReader(file)]


def measured(user: User, path: Path, saves_to: Any, layer: str = "") -> None:
    """Measure a label layer, the active one unless named, and export the table."""
    user.menu("Segment", "Table of objects")
    user.rest()
    if layer:
        user.choose("Label layer that is measured", layer)
    user.click("Measure", user.window.docks["Table"])
    user.rest()
    saves_to(path)
    user.click("Export table")
    user.wait(path.is_file)
    user.rest()


def recipe(user: User, path: Path, saves_to: Any, entry: str = "Save recipe") -> None:
    """Save the recipe of the active layer from the panel."""
    user.tab("Recipe")
    user.rest()
    saves_to(path)
    user.drop_down("Recipe", "More", entry)
    user.wait(path.is_file)
    user.rest()


@pytest.fixture
def nuclei(data_dir: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Return a picture of nuclei, and the map of those marked by hand."""
    folder = data_dir / "nuclei_gt" / "dsb2018" / "3441821e"
    (picture,) = (folder / "images").glob("*.png")
    (tmp_path / "nuclei.png").write_bytes(picture.read_bytes())
    masks = [np.asarray(Image.open(path).convert("L")) > 0 for path in sorted((folder / "masks").glob("*.png"))]
    truth = np.zeros(masks[0].shape, np.uint16)
    for n, mask in enumerate(masks, start=1):
        truth[mask] = n
    Image.fromarray(truth).save(tmp_path / "by-hand.png")
    return tmp_path / "nuclei.png", tmp_path / "by-hand.png"


def test_nuclei_are_split_counted_and_measured(
    user: User, nuclei: tuple[Path, Path], tmp_path: Path, pellucid: Run, saves_to: Any
) -> None:
    image, by_hand = nuclei
    open_files(user, image, by_hand)
    apply(user, "Filters", "Colour", "To grey")
    apply(user, "Filters", "Smoothing", "Median")
    apply(user, "Segment", "Threshold", "Otsu threshold", Select="=Brighter")
    apply(user, "Segment", "Watershed", "Split touching objects", Narrowing="10")
    layer = user.session.document.active
    assert isinstance(layer, LabelLayer) and len(layer.labels.labels) == 26
    measured(user, tmp_path / "window.csv", saves_to)
    assert len(rows(tmp_path / "window.csv")) == 26 and "area_px2" in rows(tmp_path / "window.csv")[0]
    saves_to(tmp_path / "measure.json")
    user.drop_down("Table", "More", "Save as recipe")
    user.wait((tmp_path / "measure.json").is_file)
    user.rest()
    recipe(user, tmp_path / "labels.json", saves_to, "Save recipe of all labels")
    export(user, tmp_path / "found.nrrd", layer.name)
    smooth = user.session.document.images[0]
    export(user, tmp_path / "smooth.nrrd", smooth.name)

    pellucid("run", tmp_path / "labels.json", image, tmp_path / "run.nrrd")
    assert pixels(tmp_path / "run.nrrd").tobytes() == pixels(tmp_path / "found.nrrd").astype(np.uint16).tobytes()
    pellucid("run", tmp_path / "measure.json", image, tmp_path / "run.csv")
    pellucid("batch", tmp_path / "measure.json", image, "--out", tmp_path / "out", "--workers", "1")
    pellucid("features", tmp_path / "run.nrrd", tmp_path / "smooth.nrrd", "--csv", tmp_path / "features.csv")
    wanted = rows(tmp_path / "window.csv")
    assert rows(tmp_path / "run.csv") == rows(tmp_path / "features.csv") == wanted
    batch = rows(tmp_path / "out" / "answers.csv")
    assert [{key: row[key] for key in wanted[0]} for row in batch] == wanted

    truth, found = pixels(by_hand), pixels(tmp_path / "found.nrrd").squeeze()
    said = pellucid("compare", tmp_path / "run.nrrd", by_hand, "--objects", "--json").json()
    assert (said["objects_first"], said["objects_second"]) == (26, 28)
    assert said["true_positives"] == matched(found, truth) == 24
    assert said["f1"] == pytest.approx(2 * 24 / (26 + 28)) and said["f1"] > 0.88
    add_as_labels(user, by_hand.name)
    user.menu("Segment", "Compare masks")
    user.choose("A", f"{layer.name}: all labels")
    user.choose("B", "by-hand.png: all labels")
    user.rest()
    user.wait(lambda: user.session.agreeing.answer is not None)
    line = user.find("Objects of both").text()
    assert line == "Objects: 24 of 28 in B found, 4 missed, 2 in A only · F1 0.889"
    row = compared(user, "Labels: Label 1", "by-hand.png: all labels")
    assert row["dice"] == pytest.approx(2 * ((found > 0) & (truth > 0)).sum() / ((found > 0).sum() + (truth > 0).sum()))
    assert 0.93 < row["dice"] < 0.95


def choose_layer(user: User, name: str) -> None:
    """Click a layer in the list."""
    layers = user.window.panel("Layers").list
    model = layers.model()
    index = _row(model, lambda index: model.layer(index.row()).name == name)
    layers.scrollTo(index)
    QTest.mouseClick(layers.viewport(), Qt.MouseButton.LeftButton, pos=layers.visualRect(index).center())
    user.rest()
    assert user.session.document.active.name == name


def compared(user: User, first: str, second: str) -> dict[str, Any]:
    """Return what the panel says of two labels."""
    user.menu("Segment", "Compare masks")
    user.choose("A", first)
    user.choose("B", second)
    user.rest()
    user.wait(lambda: user.session.agreeing.answer is not None)
    answer = user.session.agreeing.answer
    assert len(answer.rows) == 1
    row = answer.rows[0].row()
    assert user.find("Dice", user.window.docks["Compare masks"]).text() == f"{row['dice']:.4f}"
    return row


def numbers(row: dict[str, Any]) -> dict[str, Any]:
    """Return what of a comparison does not depend on what the labels are called."""
    return {key: value for key, value in row.items() if key not in ("name", "label")}


def lungs(user: User) -> None:
    """Make a mask of the lungs step by step: the body with what it encloses, then the air in it."""
    apply(user, "Segment", "Threshold", "Threshold", Lower="-400", Upper="3000")
    apply(user, "Segment", "Islands", "Keep largest island")
    apply(user, "Segment", "Islands", "Fill holes", Slice_by_slice="tick")
    apply(user, "Segment", "Threshold", "Threshold", how="Apply as new layer", Lower="-950", Upper="-300")
    apply(user, "Segment", "Masks", "Intersection", Other="=Label 1 – Labels")
    apply(user, "Segment", "Morphology", "Open", Radius="3")
    apply(user, "Segment", "Islands", "Remove small islands", Smallest_size="20000")
    apply(user, "Segment", "Morphology", "Close", Radius="8")


def bones(user: User, image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a mask of the bones as another label, by the recipe that is shipped."""
    user.click("New label")
    user.rest()
    choose_layer(user, image)
    path = examples()["bone-mask"]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (str(path), ""))
    user.tab("Recipe")
    user.click("Load a recipe…")
    user.rest()


def rename(user: User, value: int, name: str) -> None:
    """Give a label of the active layer a name in the table."""
    table = user.window.panel("Layers").table
    n = [row.value for row in user.session.document.active.labels.labels].index(value)
    place = table.visualRect(table.model().index(n, NAME)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    editors = [editor for editor in table.viewport().findChildren(QLineEdit) if editor.isVisible()]
    assert len(editors) == 1, [editor.text() for editor in editors]
    QTest.keyClick(editors[0], Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(editors[0], name)
    QTest.keyClick(editors[0], Qt.Key.Key_Return)
    user.rest()
    assert user.session.document.active.labels.labels[n].name == name


def test_ct(
    user: User, data_dir: Path, tmp_path: Path, pellucid: Run, saves_to: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = data_dir / "seg_gt_nifti" / "totalseg"
    image, reference = folder / "example_ct_sm.nii.gz", folder / "example_seg.nii.gz"
    open_files(user, image, reference)
    lungs(user)
    recipe(user, tmp_path / "lungs.json", saves_to)
    bones(user, image.name, monkeypatch)
    choose_layer(user, "Labels")
    recipe(user, tmp_path / "body.json", saves_to)
    add_as_labels(user, reference.name)
    apply(user, "Segment", "Label maps", "Labels to mask", how="Apply as new layer", Labels="10-14")
    choose_layer(user, reference.name)
    apply(user, "Segment", "Label maps", "Labels to mask", how="Apply as new layer", Labels="30-33, 98-113")
    agree = [compared(user, "Labels 2: Label 1", "Labels 3: "), compared(user, "Labels 2: Label 2", "Labels 4: ")]
    assert agree[0]["dice"] == pytest.approx(0.881, abs=1e-3), "3 mm voxels of the lung bases; most lie at a border"
    assert agree[1]["dice"] == pytest.approx(0.853, abs=1e-3), "thin bones; the threshold takes some marrow more"
    choose_layer(user, "Labels 2")
    export(user, tmp_path / "found.nrrd", "Labels 2")
    measured(user, tmp_path / "window.csv", saves_to, "Labels 2")

    pellucid("run", tmp_path / "body.json", image, tmp_path / "body.nrrd")
    body = f"Label 1 – Labels={tmp_path / 'body.nrrd'}"
    pellucid("run", tmp_path / "lungs.json", image, tmp_path / "lungs.nrrd", "--with", body)
    pellucid("run", "bone-mask", image, tmp_path / "bones.nrrd")
    found = pixels(tmp_path / "found.nrrd")
    for n, (name, values) in enumerate((("lungs", "10-14"), ("bones", "30-33, 98-113"))):
        assert ((found == n + 1) == (pixels(tmp_path / f"{name}.nrrd") == 1)).all()
        pellucid("apply", "labels.to_mask", reference, tmp_path / "reference.nrrd", "--values", values)
        (row,) = pellucid("compare", tmp_path / f"{name}.nrrd", tmp_path / "reference.nrrd", "--json").json()
        assert numbers(row) == numbers(agree[n])
    pellucid("features", tmp_path / "found.nrrd", image, "--csv", tmp_path / "features.csv")
    assert rows(tmp_path / "features.csv") == rows(tmp_path / "window.csv") and len(rows(tmp_path / "window.csv")) == 2
    corrected_saved_and_reopened(user, tmp_path, saves_to)


def corrected_saved_and_reopened(user: User, tmp_path: Path, saves_to: Any) -> None:
    """Name the labels, paint a correction, take it back, paint it again, save and open again: all is as it was."""
    layer = user.session.document.active
    rename(user, 1, "Lungs")
    rename(user, 2, "Bones")
    before = layer.labels.array.tobytes()
    user.menu("Tools", "Brush")
    user.rest()
    pane = user.pane(Plane.AXIAL).viewport()
    middle = pane.width() // 2, pane.height() // 2
    user.drag(Plane.AXIAL, middle, (middle[0] + 60, middle[1] + 20))
    user.rest()
    painted = layer.labels.array.tobytes()
    assert painted != before
    user.menu("Edit", "Undo Paint Bones")
    user.rest()
    assert layer.labels.array.tobytes() == before, "undo restores the very bytes"
    user.menu("Edit", "Redo Paint Bones")
    user.rest()
    assert layer.labels.array.tobytes() == painted
    measured(user, tmp_path / "before.csv", saves_to, "Labels 2")
    saves_to(tmp_path / "work.pellucid")
    user.menu("File", "Save work as")
    user.wait(lambda: user.session.is_clean)
    user.rest()
    user.menu("File", "Close everything")
    user.rest()
    assert not user.session.document.layers
    user.drop(tmp_path / "work.pellucid")
    user.wait(lambda: bool(user.session.document.layers))
    user.rest()
    again = next(layer for layer in user.session.document.label_layers if layer.name == "Labels 2")
    assert again.labels.array.tobytes() == painted
    assert [(row.value, row.name) for row in again.labels.labels] == [(1, "Lungs"), (2, "Bones")]
    measured(user, tmp_path / "after.csv", saves_to, "Labels 2")
    assert (tmp_path / "after.csv").read_bytes() == (tmp_path / "before.csv").read_bytes()
