"""The study browser, used as somebody does: add a folder, type, press Enter, drag, remove, delete."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from PySide6.QtCore import QFile, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QFileDialog, QLineEdit

from hands import User
from pellucid.ui.browser.deleting import DeleteDialog, disposer
from pellucid.ui.browser.study_rows import DATE, FILES, NAME
from pellucid.ui.browser.window import BrowserWindow
from pellucid.ui.canvas.drops import ITEM_MIME
from pellucid.ui.docks.study_nodes import tree
from study_making import make_people

pytestmark = pytest.mark.qt_log_ignore("does not support", extend=True)


class Browsing(User):
    """Somebody in front of the study browser."""

    def show(self) -> BrowserWindow:
        self.menu("File", "Study browser")
        self.wait(lambda: self.window.findChild(BrowserWindow) is not None)
        self.browser = self.window.findChild(BrowserWindow)
        self.page = self.browser.index
        self.rest()
        return self.browser

    def add(self, folder: Path) -> None:
        """Add a folder with the button of the empty state; the dialog is answered by the fixture."""
        assert folder.is_dir()
        self.click("Add a folder…", self.browser)
        self.rest(0.4)

    def search(self, text: str) -> None:
        self.write("Search studies", text, self.browser)
        self.rest()

    def shown(self) -> list[str]:
        """Return the names of what is unfolded, from above."""
        tree, found = self.page.tree, []
        index = tree.model().index(0, 0)
        while index.isValid():
            found.append(index.data())
            index = tree.indexBelow(index)
        return found

    def row(self, name: str, column: int = NAME):
        tree = self.page.tree
        index = tree.model().index(0, 0)
        while index.isValid():
            if index.data() == name:
                return index.siblingAtColumn(column)
            index = tree.indexBelow(index)
        raise AssertionError(f"no row {name!r} in {self.shown()}")

    def click_row(self, name: str, *, twice: bool = False) -> None:
        tree = self.page.tree
        tree.scrollTo(self.row(name))
        place = tree.visualRect(self.row(name)).center()
        QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
        if twice:
            QTest.mouseDClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
        QApplication.processEvents()

    def unfold(self, name: str) -> None:
        self.click_row(name)
        QTest.keyClick(self.page.tree, Qt.Key.Key_Right)
        self.rest()


@pytest.fixture
def archive(tmp_path: Path, monkeypatch) -> Path:
    folder = tmp_path / "archive"
    make_people(folder)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    return folder


@pytest.fixture
def user(qtbot):
    user = Browsing(qtbot, (1280, 800))
    user.show()
    yield user
    user.leave()


@pytest.fixture
def filled(user, archive):
    user.add(archive)
    return user


def test_nothing_is_kept_before_a_folder_is_added(user, private_folders):
    assert user.page.stack.currentWidget() is user.page.off
    assert not (private_folders / "data" / "studies").exists()
    assert not user.page.search.isEnabled()


def test_a_folder_is_added_and_its_studies_appear_newest_first(filled):
    assert filled.shown() == ["Doe, Jane", "Thorax staging", "Thorax", "Müller, Jörg", "Knee left", "Søren, Åge",
                              "Study without a description"]  # fmt: skip
    assert filled.find("How many studies", filled.browser).text() == "4 studies"
    assert filled.page.folders.list.item(0).text().startswith("archive\n15 files")


def test_typing_finds_and_enter_opens(filled):
    filled.search("kne")
    assert filled.shown() == ["Müller, Jörg", "Knee left"]
    QTest.keyClick(filled.page.search.field, Qt.Key.Key_Return)
    filled.rest()
    assert [layer.name for layer in filled.session.document.layers] == ["t2_tse_sag"]
    assert "1.2.2.0.1" in {series.uid for series in filled.session.library.series}


def test_down_goes_to_the_list_and_enter_opens_there(filled):
    filled.search("doe")
    QTest.keyClick(filled.page.search.field, Qt.Key.Key_Down)
    assert filled.page.tree.hasFocus()
    filled.unfold("Thorax")
    QTest.keyClick(filled.page.tree, Qt.Key.Key_Down)
    assert filled.page.tree.chosen()[0].texts[NAME] == "Lung 2 mm"
    QTest.keyClick(filled.page.tree, Qt.Key.Key_Return)
    filled.rest()
    assert [layer.name for layer in filled.session.document.layers] == ["Lung 2 mm"]


def test_a_double_click_opens_and_a_button_adds_a_layer(filled):
    filled.unfold("Thorax staging")
    filled.click_row("Lung 1 mm", twice=True)
    filled.rest()
    filled.click_row("PET AC")
    filled.click("Add as a layer", filled.browser)
    filled.rest()
    assert [layer.name for layer in filled.session.document.layers] == ["Lung 1 mm", "PET AC"]


def test_a_series_is_dragged_onto_the_panes(filled):
    filled.unfold("Knee left")
    model = filled.page.tree.studies
    mime = model.mimeData([filled.row("t2_tse_sag")])
    assert model.flags(filled.row("t2_tse_sag")) & Qt.ItemFlag.ItemIsDragEnabled
    assert not model.flags(filled.row("Knee left")) & Qt.ItemFlag.ItemIsDragEnabled
    canvas = filled.window.canvas
    for expected in (["t2_tse_sag"], ["t2_tse_sag", "Lung 2 mm"]):
        event = QDropEvent(QPointF(100, 100), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
                           Qt.KeyboardModifier.NoModifier)  # fmt: skip
        canvas.dropEvent(event)
        filled.rest()
        assert sorted(layer.name for layer in filled.session.document.layers) == sorted(expected)
        if len(expected) == 1:
            filled.unfold("Thorax")
            mime = QMimeData()
            mime.setData(ITEM_MIME, filled.page.tree.studies.row(filled.row("Lung 2 mm")).key.encode())


def test_filters_narrow_and_the_empty_answer_leads_back(filled):
    filled.choose("Modality", "MR", filled.browser)
    filled.rest()
    assert filled.shown() == ["Müller, Jörg", "Knee left"]
    filled.choose("Time", "Today", filled.browser)
    filled.rest()
    assert filled.page.stack.currentWidget() is filled.page.nothing
    filled.click("Show all studies", filled.browser)
    filled.rest()
    assert len(filled.shown()) == 7


@pytest.mark.parametrize(
    ("column", "first"), [(NAME, "Doe, Jane"), (DATE, "Søren, Åge"), (FILES, "Müller, Jörg")]
)
def test_columns_sort(filled, column, first):
    header = filled.page.tree.header()
    place = header.sectionViewportPosition(column) + header.sectionSize(column) // 2
    downwards = set()
    for _ in range(2):
        where = QPoint(place, header.height() // 2)
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=where)
        values = [row.values[column] for row in filled.page.tree.studies.rows]
        down = header.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
        assert values == sorted(values, reverse=down) and header.sortIndicatorSection() == column
        downwards.add(down)
        assert down or filled.shown()[0] == first
    assert downwards == {True, False}


@pytest.mark.hazard("H34")
def test_hidden_identity_is_hidden_here_too(filled):
    filled.unfold("Thorax staging")
    filled.session.view.hide_identity = True
    filled.rest(0.5)
    tree, texts = filled.page.tree, []
    index = tree.model().index(0, 0)
    while index.isValid():
        roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
        texts += [str(index.siblingAtColumn(n).data(role)) for n in range(5) for role in roles]
        texts.append(tree.studies.row(index).detail)
        index = tree.indexBelow(index)
    folder = filled.page.folders.list.item(0)
    said = " ".join([*texts, folder.text(), folder.toolTip()])
    assert "Patient 1" in said and "Thorax staging" in said
    for planted in ("Doe", "Jane", "P-1042", "Müller", "77/3", "2024", "A07", "B 99", "archive"):
        assert planted not in said


@pytest.mark.hazard("H36")
def test_pictures_that_may_show_text_are_hidden_with_the_identity(filled):
    filled.session.view.hide_identity = True
    filled.rest(0.5)
    filled.unfold("Study without a description")  # an ultrasound
    filled.unfold("Knee left")
    studies = [study for patient in filled.page.tree.studies.rows for study in patient.children]
    rows = {row.texts[NAME]: row.pictured for study in studies for row in study.children or ()}
    assert rows == {"Lever": False, "t2_tse_sag": True}


@pytest.mark.hazard("H36")
def test_the_list_of_what_was_opened_covers_such_pictures_too(user, archive):
    user.session.open([archive])
    user.wait(lambda: user.session.library.series and not user.session.jobs.running)
    library = user.session.library

    def covered(*, hidden: bool) -> dict[str, bool]:
        nodes = list(tree(library.series, hide_identity=hidden))
        for node in nodes:
            nodes += node.children
        return {node.title: node.covered for node in nodes if node.kind == "series"}

    assert not any(covered(hidden=False).values())
    assert {title for title, is_covered in covered(hidden=True).items() if is_covered} == {"Lever"}


@pytest.mark.hazard("H36")
def test_the_picture_of_a_file_that_was_changed_is_drawn_anew(filled, archive):
    """A thumbnail must not show what was taken out of the file since, nor that of a series that had its number."""
    filled.unfold("Knee left")
    filled.rest(0.5)
    tree = filled.page.tree
    key = tree.chosen()[0].children[0].key
    assert np.unique(filled.session.studies.pictures.picture(key)).size == 1
    assert key in tree.paint_rows.thumbnails._pictures
    for path in (archive / "2" / "0").iterdir():
        slices = dcmread(path)
        slices.PixelData = np.arange(30, dtype=np.int16).tobytes()
        slices.save_as(path)
    filled.session.studies.update_all()
    pictures, drawn = filled.session.studies.pictures, tree.paint_rows.thumbnails._pictures
    filled.wait(lambda: (made := pictures.picture(key)) is not None and np.unique(made).size > 1)
    filled.wait(lambda: key in drawn and drawn[key].pixelColor(25, 0) != drawn[key].pixelColor(25, 95))


def test_thumbnails_come_and_are_kept_only_if_wanted(filled):
    store, tree = filled.session.studies.store, filled.page.tree
    filled.unfold("Knee left")
    filled.rest(0.5)
    key = tree.chosen()[0].children[0].key
    assert max(filled.session.studies.pictures.picture(key).shape) == 96
    assert store.ask("SELECT count(*) FROM pictures") == [(1,)]
    filled.click("Keep thumbnails", filled.browser)
    filled.rest()
    assert store.ask("SELECT count(*) FROM pictures") == [(0,)] and not filled.session.settings.keep_thumbnails
    filled.unfold("Thorax")
    filled.rest(0.5)
    assert store.ask("SELECT count(*) FROM pictures") == [(0,)]


def test_removing_from_the_list_leaves_the_files(filled, archive):
    before = sorted(archive.rglob("*"))
    tree = filled.page.tree
    filled.click_row("Doe, Jane")
    filled.context_menu(tree, filled.row("Doe, Jane"), "Remove from the list")
    filled.rest(0.5)
    assert "Doe, Jane" not in filled.shown() and sorted(archive.rglob("*")) == before
    filled.click_row("Knee left")
    QTest.keyClick(tree, Qt.Key.Key_Delete)
    filled.rest(0.5)
    assert "Knee left" not in filled.shown() and sorted(archive.rglob("*")) == before
    filled.click("Update folders", filled.browser)
    filled.rest(0.5)
    assert "Doe, Jane" in filled.shown()


def test_deleting_files_takes_a_second_step(filled, archive, monkeypatch, tmp_path):
    trash = tmp_path / "trash"
    trash.mkdir()
    monkeypatch.setattr(QFile, "moveToTrash", lambda path: (bool(shutil.move(path, trash)), ""))
    tree = filled.page.tree

    def ask() -> DeleteDialog:
        filled.click_row("Knee left")
        filled.context_menu(tree, filled.row("Knee left"), "Delete files")
        filled.wait(lambda: any(d.isVisible() for d in filled.page.findChildren(DeleteDialog)))
        return next(d for d in filled.page.findChildren(DeleteDialog) if d.isVisible())

    dialog = ask()
    assert dialog.question.text().startswith("Delete 3 files")
    QTest.keyClick(dialog, Qt.Key.Key_Return)  # the safe answer is the one at hand
    filled.rest()
    assert len(list(archive.rglob("*.dcm"))) == 15
    with monkeypatch.context() as without:
        without.setattr(QFile, "moveToTrash", lambda _path: (False, ""))
        filled.click("Delete 3 files", ask())
        filled.rest(0.5)
    said = filled.browser.notices.text  # the main window, which says it too, lies below
    assert said.startswith("No file was deleted. 3 files were left: each could not be moved to the trash")
    assert len(list(archive.rglob("*.dcm"))) == 15 and filled.browser.notices.isVisible()
    dialog = ask()
    filled.click("Delete 3 files", dialog)
    filled.rest(0.5)
    assert filled.browser.notices.text == "3 files were deleted."
    assert len(list(archive.rglob("*.dcm"))) == 12 and len(list(trash.iterdir())) == 3
    assert "Knee left" not in filled.shown()


def test_without_a_trash_files_stay_unless_it_was_agreed_to(tmp_path, monkeypatch):
    monkeypatch.setattr(QFile, "moveToTrash", lambda _path: (False, ""))
    file = tmp_path / "a"
    file.touch()
    assert not disposer(for_good=False)(file) and file.exists()
    assert disposer(for_good=True)(file) and not file.exists()


def test_a_folder_that_is_not_connected_is_said_and_stays(filled, archive, tmp_path):
    filled.unfold("Thorax")
    shutil.move(archive, tmp_path / "unplugged")
    filled.click("Update folders", filled.browser)
    filled.rest(0.5)
    assert "cannot be reached" in filled.page.folders.list.item(0).text()
    assert len(filled.shown()) == 8  # and what was unfolded stays so
    rows = [filled.page.tree.studies.row(filled.row(name)) for name in ("Thorax", "Lung 2 mm")]
    assert all(row.sign == "offline" and "cannot be reached" in row.detail for row in rows)
    filled.click_row("Knee left", twice=True)
    filled.rest()
    assert not filled.session.document.layers and "Connect its drive" in filled.browser.notices.text


def test_taking_the_last_folder_out_leaves_no_trace(filled, archive, private_folders):
    folders = filled.page.folders
    folders.list.setCurrentRow(0)
    assert filled.find("Remove folder", filled.browser).isEnabled()
    folders.list.setFocus()
    QTest.keyClick(folders.list, Qt.Key.Key_Delete)
    filled.rest(0.5)
    assert filled.page.stack.currentWidget() is filled.page.off
    assert list((private_folders / "data" / "studies").iterdir()) == []
    assert len(list(archive.rglob("*.dcm"))) == 15


def test_what_is_unfolded_chosen_and_typed_stays_while_more_is_found(filled, archive):
    filled.unfold("Thorax")
    filled.click_row("Lung 2 mm")
    make_people(archive / "more", slices=2)
    filled.click("Update folders", filled.browser)
    filled.rest(0.6)
    assert "Lung 2 mm" in filled.shown()


def test_it_closes_and_comes_back_as_it_was(filled):
    filled.search("doe")
    QTest.keyClick(filled.page.search.field, Qt.Key.Key_Escape)
    filled.wait(lambda: not filled.browser.isVisible())
    filled.show()
    assert filled.page.search.field.text() == "doe" and len(filled.window.findChildren(BrowserWindow)) == 1


def test_every_control_has_a_name_and_a_tip(filled):
    for kind in (QAbstractButton, QComboBox, QLineEdit):
        for widget in filled.page.findChildren(kind):
            if widget.isVisible():
                assert widget.accessibleName() or getattr(widget, "text", str)(), widget


@pytest.mark.hazard("H34")
def test_a_description_that_names_the_patient_is_covered(user, archive, private_folders):
    for path in (archive / "0").rglob("*.dcm"):
        header = dcmread(path)
        header.StudyDescription, header.SeriesDescription = "Staging of Jane P-1042", "Chest Doe 2024-03-01"
        header.save_as(path)
    user.add(archive)
    user.session.view.hide_identity = True
    user.rest(0.5)
    user.unfold("Staging of ••• •••")
    assert "Chest ••• •••" in user.shown()
    user.session.view.hide_identity = False
    user.rest(0.5)
    assert "Staging of Jane P-1042" in user.shown()


def test_the_tags_of_a_series_are_shown_without_opening_it(filled):
    filled.unfold("Knee left")
    filled.click_row("t2_tse_sag")
    filled.page.show_tags()
    panel = filled.window.panel("Tags")
    filled.wait(lambda: panel is not None or filled.window.panel("Tags") is not None)
    panel = filled.window.panel("Tags")
    filled.wait(lambda: panel.model.rowCount() > 10)
    assert panel.here.choice.currentText() == "t2_tse_sag" and not filled.session.document.layers
    filled.session.view.hide_identity = True
    assert "Müller" not in panel.here.choice.currentText()
