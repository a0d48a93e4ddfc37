"""The question which version of an image is meant: it names them by what differs and opens nothing by itself (H09)."""

from __future__ import annotations

import pydicom
import pytest
from PySide6.QtCore import Qt

from dicom_making import save, stack
from hands import User
from pellucid.ui.dialogs.versions import VersionsDialog


@pytest.fixture
def user(qtbot):
    user = User(qtbot, (1280, 720))
    yield user
    user.leave()


@pytest.fixture
def dialog(user, tmp_path, qtbot):
    save(tmp_path / "original", stack(4, SeriesDescription="Chest")[1])
    other = pydicom.dcmread(tmp_path / "original" / "s0002.dcm")
    other.PixelData = bytes(len(other.PixelData))
    save(tmp_path / "sent again by Doe", [other])
    user.session.open([tmp_path])
    user.rest()
    qtbot.waitUntil(lambda: bool(user.window.findChildren(VersionsDialog)))
    (dialog,) = user.window.findChildren(VersionsDialog)
    return dialog


@pytest.mark.hazard("H09")
def test_nothing_is_chosen_before_the_user_chooses(user, dialog, qtbot):
    assert "“Chest” exists in 2 versions" in dialog.sentence.text() and not user.session.document.layers
    assert [dialog.list.item(n).text().split("\n")[0] for n in range(2)] == [
        "copy 1", "copy 2 – other values than copy 1"]  # fmt: skip
    assert "sent again by Doe" in dialog.list.item(1).text()
    assert not dialog.go.isEnabled() and dialog.go.toolTip() == "Choose a version first."
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.isVisible()
    qtbot.mouseClick(dialog.list.viewport(), Qt.MouseButton.LeftButton,
                     pos=dialog.list.visualItemRect(dialog.list.item(1)).center())  # fmt: skip
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    user.rest()
    (layer,) = user.session.document.images
    assert layer.name == "Chest copy 2"
    assert int(layer.volume.array[2].max()) == -1024


@pytest.mark.hazard("H09")
def test_cancel_opens_nothing_and_all_opens_all(user, dialog, qtbot):
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    user.rest()
    assert not user.session.document.layers
    user.session.view.hide_identity = True
    user.session.loading.load_key("series:1.2.3.1")
    user.rest()
    qtbot.waitUntil(lambda: any(one.isVisible() for one in user.window.findChildren(VersionsDialog)))
    again = next(one for one in user.window.findChildren(VersionsDialog) if one.isVisible())
    assert "Doe" not in again.list.item(1).text() and "••• 2.dcm" in again.list.item(1).text()
    qtbot.mouseClick(again.all, Qt.MouseButton.LeftButton)
    user.rest()
    assert [one.source.detail for one in user.session.document.images] == ["1.2.3.1|0", "1.2.3.1|1"]
