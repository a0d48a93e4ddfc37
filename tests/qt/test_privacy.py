"""H33, H34, R-15: a whole session with planted identifiers leaves none behind, and hiding them hides all of them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QPoint, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QTextEdit,
    QWidget,
)

from dicom_making import save, slice_dataset
from pellucid import main
from pellucid.settings import Settings

FAMILY, GIVEN, NUMBER = "Zqfamily", "Zqgiven", "ZQ770815"
HEADERS = {
    "PatientName": f"{FAMILY}^{GIVEN}", "PatientID": NUMBER, "PatientBirthDate": "19310817",
    "OtherPatientNames": "Zqalias^One", "PatientMotherBirthName": "Zqmother", "AccessionNumber": "ZQACC01",
    "ReferringPhysicianName": "Zqreferring", "PerformingPhysicianName": "Zqperforming", "OperatorsName": "Zqoperator",
    "InstitutionName": "Zqhospital", "InstitutionAddress": "Zqstreet 7", "StationName": "ZQSTATION",
    "PatientAddress": "Zqhome 8", "PatientTelephoneNumbers": "ZQ0123", "EthnicGroup": "ZQETHNIC",
    "Occupation": "Zqworker", "AdditionalPatientHistory": "Zqhistory", "PatientComments": "Zqcomment",
    "MedicalRecordLocator": "ZQLOC", "RequestingPhysician": "Zqrequesting", "StudyID": "ZQSTUDY",
    "IssuerOfPatientID": "ZQISSUER", "InsurancePlanIdentification": "ZQPLAN", "MilitaryRank": "ZQRANK",
    "StudyDescription": f"Thorax of {FAMILY}", "SeriesDescription": f"Axial {FAMILY} {NUMBER}",
}  # fmt: skip
FOLDER, FILE, PICTURE = "Zqfolder_Zqpath", "Zqfile_{:03d}.dcm", "Zqpicture_Zqimage.png"
PLANTED = ("zq", "19310817", "1931-08-17")
COUNT = 30


def plant(root: Path) -> Path:
    folder = root / FOLDER
    folder.mkdir(parents=True)
    slices = [
        slice_dataset(np.full((12, 12), n, np.int16), number=n, position=(0, 0, n * 2.0), **HEADERS) for n in range(4)
    ]
    save(folder, slices, FILE.format)
    save(folder, [b_without_pixels()], "Zqbroken_{}.dcm".format)
    from PIL import Image

    Image.fromarray(np.zeros((8, 8), np.uint8)).save(folder / PICTURE)
    assert len(HEADERS) + 4 >= COUNT
    return folder


def b_without_pixels():
    dataset = slice_dataset(np.zeros((4, 4), np.int16), series="1.2.3.77", **HEADERS)
    del dataset.PixelData
    return dataset


@pytest.fixture
def session_of(qtbot, tmp_path, monkeypatch):
    """Return a function that opens a window with settings of its own; the temporary folder is private, too."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    stacks = []

    def start(**settings):
        from pellucid import paths

        chosen = Settings.load(paths.config_dir())
        for name, value in settings.items():
            setattr(chosen, name, value)
        window = main.make_window(chosen)
        qtbot.addWidget(window)
        window.show()
        stacks.append((main.catch_failures(window), window))
        return window

    yield start
    for until, window in stacks:
        until.close()
        window.close_without_asking()


def opened(window, qtbot, folder: Path) -> None:
    window.files.open_paths([str(folder)])
    qtbot.waitUntil(lambda: bool(window.session.document.layers) and not window.session.jobs.running)
    window.session.open([folder / PICTURE])
    qtbot.waitUntil(lambda: bool(window.session.library.images) and not window.session.jobs.running)
    window.session.loading.load(window.session.library.images[0], replace=False)
    qtbot.waitUntil(lambda: len(window.session.document.layers) >= 2 and not window.session.jobs.running)


def traces(folder: Path) -> list[str]:
    found = []
    for path in folder.rglob("*"):
        said = str(path.relative_to(folder)) + (path.read_bytes().decode("latin-1") if path.is_file() else "")
        found += [f"{path.name}: {sign}" for sign in PLANTED if sign in said.lower()]
    return found


@pytest.mark.hazard("H34")
@pytest.mark.hazard("H33")
def test_a_session_with_a_failure_leaves_no_identity_behind(session_of, qtbot, tmp_path, private_folders, capfd):
    window = session_of(keep_recent=False)
    opened(window, qtbot, plant(tmp_path / "in"))
    session = window.session

    def fail() -> None:
        raise ValueError(f"{FAMILY} {NUMBER} {tmp_path / 'in' / FOLDER}")

    QTimer.singleShot(0, fail)
    qtbot.waitUntil(lambda: "ValueError" in window.notices.text)
    session.jobs.query("x", "failing", lambda _job: fail(), lambda _a: None, lambda _s: None)
    qtbot.waitUntil(lambda: not session.jobs.running)
    window.files.copy_picture(layout=True)
    session.close()
    session.settings.save()
    assert list(private_folders.rglob("*")), "nothing was written, so nothing was tested"
    assert traces(private_folders) == [] and traces(tmp_path / "temporary") == []
    said = capfd.readouterr()
    assert not any(sign in (said.out + said.err).lower() for sign in PLANTED)
    assert (private_folders / "log").stat().st_mode & 0o077 == 0 or os.name == "nt"


def texts(widget: QWidget) -> list[tuple[str, str]]:
    """Return every text of a widget and of what it holds, with where it is."""
    found = []
    for one in [widget, *widget.findChildren(QWidget)]:
        where = f"{type(one).__name__} {one.objectName()}"
        said = [one.windowTitle(), one.toolTip(), one.accessibleName(), one.accessibleDescription(), one.statusTip()]
        if isinstance(one, QLabel | QAbstractButton | QLineEdit):
            said.append(one.text())
        if isinstance(one, QTextEdit):
            said += [one.toPlainText(), one.toHtml()]
        if isinstance(one, QComboBox):
            said += [one.itemText(n) for n in range(one.count())]
        if isinstance(one, QAbstractItemView) and one.model() is not None:
            said += items(one.model())
        found += [(where, text) for text in said if text]
    found += [("action", text) for action in widget.findChildren(QAction) for text in (action.text(), action.toolTip())]
    return found


def items(model, parent=None) -> list[str]:
    parent, roles, found = parent or QModelIndex(), Qt.ItemDataRole, []
    for row in range(model.rowCount(parent)):
        for column in range(1 if isinstance(model, QAbstractListModel) else model.columnCount(parent)):
            index = model.index(row, column, parent)
            found += [str(index.data(role) or "") for role in (
                roles.DisplayRole, roles.ToolTipRole, roles.AccessibleTextRole, roles.StatusTipRole)]  # fmt: skip
        found += items(model, model.index(row, 0, parent))
    return found


def leaks(window) -> list[tuple[str, str]]:
    """Return every text that tells who it is; what is to be deleted is gone for the user, and may wait for a loop."""
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return [(where, text) for where, text in texts(window) if any(sign in text.lower() for sign in PLANTED)]


def rest_the_mouse(window, qtbot) -> None:
    """Point at the middle of a pane, so that the line below tells the name of a layer."""
    pane = window.canvas.shown_panes()[0]
    QTest.mouseMove(pane.viewport(), QPoint(3, 3))
    QTest.mouseMove(pane.viewport(), pane.viewport().rect().center())
    qtbot.waitUntil(lambda: PICTURE in window.status.values.text() and PICTURE in window.status.values.toolTip())


@pytest.mark.hazard("H34")
@pytest.mark.parametrize("mouse", ["rests", "left"])
def test_one_key_hides_identity_everywhere(session_of, qtbot, tmp_path, mouse):
    window = session_of()
    opened(window, qtbot, plant(tmp_path / "in"))
    session = window.session
    for dock in window.findChildren(QWidget):
        if dock.metaObject().className() == "QDockWidget":
            dock.show()
    QApplication.processEvents()
    session.offer.emit(f"“{FAMILY}” has labels.", f"Open {GIVEN}", lambda: None)  # stands while the key is pressed
    session.notice.emit(f"{FAMILY}, {GIVEN} was read.", "warning")
    rest_the_mouse(window, qtbot)
    if mouse == "left":
        pane = window.canvas.shown_panes()[0]
        QApplication.sendEvent(pane, QEvent(QEvent.Type.Leave))
        assert window.status.values.text() == ""
    assert len(leaks(window)) > 10, "the walk finds nothing, so it could not find a leak"
    real = [layer.name for layer in session.document.layers]
    window.actions_table.by_id["view.identity"].trigger()
    assert session.view.hide_identity and FAMILY not in window.notices.text
    session.notice.emit(f"{FOLDER} {FAMILY}, {GIVEN} was not read.", "warning")
    window.files.fill_recent(QMenu(window))

    def nothing_tells() -> None:
        assert [job.name for job in session.jobs.running] == []
        assert leaks(window) == []

    qtbot.waitUntil(nothing_tells)
    for pane in window.canvas.shown_panes():
        picture = pane._picture(pane.frame)
        assert not any(sign in str(picture.corners).lower() for sign in PLANTED)
    session.view.hide_identity = False
    assert [layer.name for layer in session.document.layers] == real


@pytest.mark.hazard("H34")
def test_a_work_saved_while_identity_is_hidden_keeps_the_real_names(session_of, qtbot, tmp_path):
    window = session_of()
    opened(window, qtbot, plant(tmp_path / "in"))
    session = window.session
    real = [layer.name for layer in session.document.layers]
    session.view.hide_identity = True
    assert [layer.name for layer in session.document.layers] != real
    session.saving.save(tmp_path / "work.pellucid")
    qtbot.waitUntil(lambda: (tmp_path / "work.pellucid").exists() and not session.jobs.running)
    session.view.hide_identity = False
    session.open([tmp_path / "work.pellucid"])
    qtbot.waitUntil(lambda: not session.jobs.running and len(session.document.layers) == 2)
    assert [layer.name for layer in session.document.layers] == real
