"""Export says what is lost before writing and what was verified after; preferences; themes."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from pellucid.model.view import Plane, Tool
from pellucid.settings import Settings
from pellucid.ui import theme
from pellucid.ui.dialogs.export import NOTHING_LOST, Card, ExportDialog
from pellucid.ui.dialogs.export_targets import file_name, slice_losses, targets, with_extension
from pellucid.ui.dialogs.preferences import PreferencesDialog
from pellucid.ui.dialogs.unsaved import Answer, unsaved_box


@pytest.fixture
def dialog(session, show, tmp_path):
    session.settings.last_folder = str(tmp_path)
    return show(ExportDialog(session), 560, 360)


def choose(dialog, text, extension):
    dialog.what.setCurrentIndex(
        next(n for n in range(dialog.what.count()) if text in dialog.what.itemText(n))
    )
    dialog.what.activated.emit(dialog.what.currentIndex())
    dialog.format.set_value(extension)
    dialog.format.activated.emit(dialog.format.currentIndex())


def test_the_active_layer_comes_first_then_the_others_then_slices(session):
    found = targets(session)
    assert [t.title for t in found[:3]] == ["CT (image)", "Labels (labels)", "PET (image)"]
    assert [t.plane for t in found[3:]] == [
        p for p in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL) for _ in "ab"
    ]


def test_names_and_extensions(session, tmp_path):
    target = targets(session)[0]
    target.layer.name = "a/b: CT?"
    nameless = session.concealing.nameless
    assert file_name(target, ".nii.gz", nameless) == "a_b_ CT.nii.gz"
    assert file_name(target, ".nii.gz", lambda text: text.replace("CT", "•")) == "a_b.nii.gz"
    assert with_extension(tmp_path / "x.nii.gz", ".mha") == tmp_path / "x.mha"
    assert with_extension(tmp_path / "v1.5", ".png") == tmp_path / "v1.5.png"


def test_losses_of_a_slice_name_the_window(session):
    shown = next(t for t in targets(session) if t.as_shown)
    said = slice_losses(shown, ".jpg")
    assert "level −100, width 1800 HU" in said[0] and "lossy" in said[1] and "orientation" in said[2]


def test_nifti_loses_nothing_and_is_verified_after_writing(dialog, session, ct, qtbot, tmp_path):
    import SimpleITK as sitk

    choose(dialog, "CT (image)", ".nii.gz")
    assert dialog.card.lines == (NOTHING_LOST,) and dialog.go.isEnabled()
    assert not dialog.accept_loss.isVisible()
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.folder.isVisible(), timeout=10_000)
    assert dialog.card.lines and dialog.card.lines != (NOTHING_LOST,)
    read = sitk.ReadImage(str(tmp_path / "CT.nii.gz"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(read), ct.volume.array)


def test_losses_are_said_before_anything_is_written(dialog, tmp_path, qtbot):
    choose(dialog, "CT (image)", ".tif")
    assert any("position" in line.lower() for line in dialog.card.lines)
    assert not dialog.go.isEnabled() and "nevertheless" in dialog.go.toolTip()
    assert list(tmp_path.glob("*.tif")) == []
    dialog.accept_loss.click()
    assert dialog.go.isEnabled()
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: (tmp_path / "CT.tif").exists(), timeout=10_000)
    qtbot.waitUntil(lambda: dialog.folder.isVisible())


def test_a_slice_is_written_as_shown(dialog, session, qtbot, tmp_path):
    from PIL import Image

    choose(dialog, "Axial slice of CT, as shown", ".png")
    dialog.accept_loss.click()
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.folder.isVisible(), timeout=10_000)
    with Image.open(tmp_path / "CT axial.png") as picture:
        assert picture.mode == "L" and picture.size[0] / picture.size[1] == pytest.approx(32 / 24, rel=0.05)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Give the file a name."),
        ("/no/such/place/x.nii.gz", "does not exist"),
        ("{t}/x.png", "must end in"),
    ],
)
def test_a_path_that_cannot_be_used_is_refused_at_once(dialog, qtbot, tmp_path, text, why):
    choose(dialog, "CT (image)", ".nii.gz")
    dialog.path.setFocus()
    dialog.path.selectAll()
    qtbot.keyClick(dialog.path, Qt.Key.Key_Delete)
    qtbot.keyClicks(dialog.path, text.format(t=tmp_path))
    assert why in dialog.card.lines[0] and not dialog.go.isEnabled() and why in dialog.go.toolTip()


def test_an_empty_document_has_nothing_to_export(empty_session, show):
    dialog = show(ExportDialog(empty_session))
    assert not dialog.go.isEnabled() and "nothing to export" in dialog.card.lines[0]


# -------------------------------------------------------------------- preferences


def test_preferences_are_kept_and_take_effect(empty_session, show, qtbot, tmp_path):
    dialog = show(PreferencesDialog(empty_session), 480, 340)
    qtbot.mouseClick(dialog.theme.buttons[1], Qt.MouseButton.LeftButton)
    assert not theme.is_dark()
    qtbot.mouseClick(dialog.mouse.scheme.buttons[1], Qt.MouseButton.LeftButton)
    dialog.up_is_brighter.click()
    dialog.budget.setFocus()
    dialog.budget.selectAll()
    qtbot.keyClicks(dialog.budget, "8")
    assert not dialog.save.isEnabled()
    dialog.budget.selectAll()
    qtbot.keyClicks(dialog.budget, "256")
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    kept = Settings.load(tmp_path)
    assert (kept.theme, kept.left_tool, kept.invert_window_vertical, kept.history_budget_mb) == (
        "light", "crosshair", True, 256)  # fmt: skip
    assert empty_session.history.budget == 256 << 20 and empty_session.view.tool == Tool.CROSSHAIR


def test_cancel_brings_the_theme_back(empty_session, show, qtbot):
    dialog = show(PreferencesDialog(empty_session), 480, 340)
    qtbot.mouseClick(dialog.theme.buttons[1], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(dialog.cancel, Qt.MouseButton.LeftButton)
    assert theme.is_dark() and empty_session.settings.theme == "system"


def test_unsaved_work_has_three_answers_and_escape_keeps_working(qtbot):
    box = unsaved_box(None, "Thorax")
    qtbot.addWidget(box)
    answers = [Answer(button.property("answer")) for button in box.buttons()]
    assert set(answers) == set(Answer)
    assert box.escapeButton().property("answer") == "cancel"
    assert box.defaultButton().property("answer") == "save"


# -------------------------------------------------------------------- themes


def test_the_icons_of_a_result_follow_the_theme(qapp, qtbot):
    card = Card()
    qtbot.addWidget(card)
    theme.apply(qapp, "dark")
    card.show_lines(["Written.", "Verified."], "good", "Done")

    def strongest(label):
        image = label.pixmap().toImage()
        pixels = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
        return max(pixels, key=lambda color: color.alpha()).name()

    dark = [strongest(sign) for sign in card.signs]
    theme.apply(qapp, "light")
    light = [strongest(sign) for sign in card.signs]
    theme.apply(qapp, "dark")
    assert (dark, light) == ([theme.DARK.good] * 2, [theme.LIGHT.good] * 2)


@pytest.mark.parametrize("colors", [theme.DARK, theme.LIGHT], ids=["dark", "light"])
def test_every_text_colour_has_enough_contrast_on_every_surface(colors):
    for text in (colors.text, colors.dim, colors.warning, colors.danger, colors.good, colors.accent):
        for surface in (colors.window, colors.panel, colors.raised):
            assert theme.contrast(text, surface) >= 4.5, (text, surface)
    assert theme.contrast(colors.on_accent, colors.accent) >= 4.5


def test_contrast_is_that_of_the_standard():
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_icons_follow_the_theme_and_unknown_names_are_an_error(qapp):
    def brightest(icon):
        image = icon.pixmap(18, 18).toImage()
        pixels = [image.pixelColor(x, y) for x in range(18) for y in range(18)]
        return max(
            (pixel for pixel in pixels if pixel.alpha() > 200), key=lambda p: p.lightness()
        ).lightness()

    icon = theme.icon("eye-outline")
    theme.apply(qapp, "dark")
    dark = brightest(icon)
    theme.apply(qapp, "light")
    assert dark > 180 and brightest(icon) < 90
    with pytest.raises(KeyError):
        theme.icon("no-such-glyph")
