"""Taking away: the dialog and the clipboard in the whole window, judged on the pixels that come out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from canvas_bench import pixels
from hands import User
from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer
from pellucid.model.planes import plane_frame
from pellucid.model.timing import TimeSource, moments_of
from pellucid.model.view import Layout, Plane
from pellucid.model.volume import Acquisition, Volume, image_from_array
from pellucid.ui.canvas.corner_texts import corners
from pellucid.ui.canvas.picturing import Look, Picturing
from pellucid.ui.dialogs.take_away import TakeAwayDialog

CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def user(qtbot):
    user = User(qtbot, (1280, 720))
    yield user
    user.leave()


def series(count=1, slices=6):
    geometry = Geometry((40, 30, slices), (1.0, 1.0, 4.0))
    moments = moments_of(count, durations=[40.0, 80.0] * (count // 2) + [40.0] * (count % 2),
                         durations_source=TimeSource.FRAME_TIME_VECTOR)  # fmt: skip
    frames = []
    for n, moment in enumerate(moments):
        array = np.zeros((slices, 30, 40), np.int16)
        array += (20 * np.arange(slices) + 7 * n)[:, None, None].astype(np.int16)
        who = Acquisition("CT", patient_name="Doe^Jane", patient_id="42", birth_date="19580102",
                          study_date="20200304", study_description="Follow-up", moment=moment)  # fmt: skip
        frames.append(Volume(image_from_array(array, geometry), geometry, "HU", acquisition=who))
    layer = ImageLayer("CT", tuple(frames))
    layer.display.set_limits(0, 255)
    return layer


def show(user, layer, layout=Layout.SINGLE):
    user.session.document.insert(0, layer)
    user.session.view.layout = layout
    user.session.centre_crosshair()
    user.rest()
    user.window.canvas.flush()
    return user.window.canvas.shown_panes()[0]


def open_dialog(user):
    user.press(Qt.Key.Key_E, CONTROL_SHIFT)
    (dialog,) = [w for w in user.window.findChildren(TakeAwayDialog) if w.isVisible()]
    user.wait(lambda: not dialog.preview.pixmap().isNull())
    return dialog


def choose_format(user, dialog, title):
    user.choose("Format", title, dialog)
    dialog.format.chosen.emit(dialog.format.value())


def write(user, dialog, path):
    user.write("File", str(path), dialog)
    user.click("Save", dialog)
    user.wait(lambda: dialog._job is None)
    return dialog.card.lines


def state_of(user):
    view, pane = user.session.view, user.session.view.panes[0]
    layers = [(layer.frame, layer.id) for layer in user.session.document.images]
    fields = (view.crosshair, view.rotation, view.show_annotations, view.show_crosshair, view.hide_identity)
    return fields, layers, (pane.position, pane.scale, pane.centre, pane.slab), user.window.canvas.panes[0].index


# ---------------------------------------------------------------- pictures


def test_identity_is_left_out_unless_asked_for(user):
    pane = show(user, series())
    drawn = Picturing(user.window.canvas)
    without, named = pixels(drawn.picture(Look(pane))), pixels(drawn.picture(Look(pane, identity=True)))
    corner = (slice(4, 60), slice(6, 150))
    assert not np.array_equal(without[corner], named[corner])
    user.session.view.hide_identity = True
    assert np.array_equal(pixels(drawn.picture(Look(pane)))[corner], without[corner])
    user.session.document.images[0].frames = tuple(anonymous(f) for f in user.session.document.images[0].frames)
    user.window.canvas.flush()
    # a picture of somebody without a name is the same but for the words “Identity hidden”
    bare = pixels(drawn.picture(Look(pane, identity=True)))
    rest = (slice(30, -1), slice(1, -1))
    assert np.array_equal(bare[rest], without[rest])


def anonymous(frame):
    from dataclasses import replace

    blank = {"patient_name": "", "patient_id": "", "birth_date": "", "study_date": "", "study_description": ""}
    return replace(frame, acquisition=replace(frame.acquisition, **blank))


def test_without_texts_only_the_letters_stay(user):
    pane = show(user, series(), Layout.QUAD)
    drawn = Picturing(user.window.canvas)
    plain = pixels(drawn.picture(Look(pane, texts=False)))
    texts = pixels(drawn.picture(Look(pane)))
    height, width = plain.shape[:2]
    grey = plain[height // 2 + 40, width // 2 + 40]
    assert np.array_equal(plain[height - 20, 12], plain[height - 20, 40])  # no zoom, no window in the corner
    assert not np.array_equal(texts[height - 40 : height - 2, 4:200], plain[height - 40 : height - 2, 4:200])
    assert np.array_equal(plain[height // 2, width // 2 + 60], grey)  # no crosshair
    letter = plain[height // 2 - 30 : height // 2 + 30, 4:24]
    assert letter.max() > 200


def test_larger_pictures_are_drawn_finer_not_only_larger(user):
    pane = show(user, series())
    drawn = Picturing(user.window.canvas)
    once, four = pixels(drawn.picture(Look(pane))), pixels(drawn.picture(Look(pane, 4)))
    assert four.shape == (4 * once.shape[0], 4 * once.shape[1], 3)
    middle = four.reshape(once.shape[0], 4, once.shape[1], 4, 3).mean(axis=(1, 3))
    assert np.abs(middle - once).mean() < 3  # the same picture
    letters = (slice(4 * 6, 4 * 24), slice(4 * 6, 4 * 120))
    enlarged = np.kron(once[6:24, 6:120, 0], np.ones((4, 4)))
    assert edges(four[letters][..., 0]) > 1.2 * edges(enlarged) / 4  # edges are as steep as at the size drawn


def edges(picture):
    return np.abs(np.diff(picture.astype(float), axis=1)).max(axis=1).mean()


def test_drawing_leaves_everything_as_it_was_and_tells_nobody(user):
    show(user, series(4), Layout.QUAD)
    layer = user.session.document.images[0]
    canvas = user.window.canvas
    canvas.panes[0].camera.pan(30, 10)
    canvas.flush()
    before, shown = state_of(user), [pixels(pane.grab().toImage()) for pane in canvas.shown_panes()]
    told = []
    layer.events.connect(told.append)
    user.session.view.events.connect(told.append)
    canvas.slices_changed.connect(lambda: told.append("slices"))
    from pellucid.session.filming import cine, rotation, scroll

    state = canvas.panes[0].state
    for film in (scroll(user.session, state, range(6), 10), cine(user.session, layer, range(4)),
                 rotation(user.session, state, 5, 12, whole=False)):  # fmt: skip
        for scene in film.scenes:
            Picturing(canvas).picture(Look(None), scene)
    assert told == []
    assert state_of(user) == before
    canvas.flush()
    after = [pixels(pane.grab().toImage()) for pane in canvas.shown_panes()]
    assert all(np.array_equal(old, new) for old, new in zip(shown, after, strict=True))


def test_a_scene_that_fails_leaves_everything_as_it_was(user, monkeypatch):
    show(user, series(4))
    before = state_of(user)
    monkeypatch.setattr(Picturing, "draw", lambda *_: 1 / 0)
    from pellucid.session.filming import scroll

    with pytest.raises(ZeroDivisionError):
        film = scroll(user.session, user.window.canvas.panes[0].state, [5], 10)
        Picturing(user.window.canvas).picture(Look(None), film.scenes[0])
    assert state_of(user) == before


@pytest.mark.parametrize(("key", "layout"), [("pane", False), ("layout", True)])
def test_copies_are_on_the_clipboard(user, key, layout):
    pane = show(user, series(), Layout.QUAD)
    seen = pixels(Picturing(user.window.canvas).picture(Look(None if layout else pane)))
    width = pane.width()
    user.window.actions_table.by_id[f"file.copy_{key}"].trigger()
    copied = QGuiApplication.clipboard().image()
    assert np.array_equal(pixels(copied), seen)
    assert copied.width() >= 2 * width if layout else copied.width() == width
    QGuiApplication.clipboard().clear()


# ---------------------------------------------------------------- the dialog


def test_a_picture_is_saved_as_it_is_seen(user, tmp_path):
    pane = show(user, series())
    seen = pixels(Picturing(user.window.canvas).picture(Look(pane)))
    dialog = open_dialog(user)
    lines = write(user, dialog, tmp_path / "view.png")
    assert lines == ("view.png was read back identical.",)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "view.png")), seen)


def test_the_identity_box_starts_off_and_is_obeyed(user, tmp_path):
    show(user, series())
    dialog = open_dialog(user)
    assert not dialog.identity.isChecked()
    write(user, dialog, tmp_path / "without.png")
    dialog.identity.click()
    write(user, dialog, tmp_path / "named.png")
    without, named = (np.asarray(Image.open(tmp_path / f"{name}.png")) for name in ("without", "named"))
    assert not np.array_equal(without[:60, :150], named[:60, :150])


def test_a_gif_of_a_scroll(user, tmp_path):
    pane = show(user, series())
    dialog = open_dialog(user)
    user.click("Slices", dialog)
    user.type("Last picture", "5", dialog)
    user.type("Every so many", "2", dialog)
    assert dialog.about.text().startswith("3 pictures of ")
    lines = write(user, dialog, tmp_path / "scroll.gif")
    assert "3 pictures in 0.30 s" in lines[0]
    with Image.open(tmp_path / "scroll.gif") as film:
        assert film.n_frames == 3
        assert film.size == (pane.width(), pane.height())
        greys = []
        for n in range(3):
            film.seek(n)
            greys.append(np.asarray(film.convert("RGB"))[pane.height() // 2 + 40, pane.width() // 2 + 30, 0])
    assert greys == pytest.approx([0, 40, 80], abs=4)  # slices 1, 3 and 5


def test_a_webp_of_a_cine_has_the_times_of_the_frames(user, tmp_path):
    show(user, series(4, slices=1))
    dialog = open_dialog(user)
    user.click("Cine", dialog)
    choose_format(user, dialog, "WebP")
    write(user, dialog, tmp_path / "cine.webp")
    with Image.open(tmp_path / "cine.webp") as film:
        times = []
        for n in range(film.n_frames):
            film.seek(n)
            film.load()
            times.append(film.info["duration"])
    assert times == [40, 80, 40, 80]


def test_numbered_pictures_of_all_panes(user, tmp_path):
    show(user, series(), Layout.QUAD)
    dialog = open_dialog(user)
    user.click("Slices", dialog)
    dialog.what.set_value(True)
    dialog.what.chosen.emit(True)
    choose_format(user, dialog, "PNG pictures")
    write(user, dialog, tmp_path / "slices")
    files = sorted((tmp_path / "slices").iterdir())
    assert [file.name for file in files] == [f"slices_{n:03d}.png" for n in range(1, 7)]
    with Image.open(files[0]) as first:
        assert first.size == Picturing(user.window.canvas).size(Look(None))


def test_a_turn_comes_back_to_where_it_began(user, tmp_path):
    layer = series(slices=12)
    pane = show(user, layer, Layout.QUAD)
    from pellucid.session.filming import rotation

    state = user.window.canvas.pane(Plane.CORONAL).state
    film = rotation(user.session, state, 4, 12, whole=False)
    assert len(film) == 4
    user.point_at(Plane.CORONAL)
    dialog = open_dialog(user)
    user.click("Turn", dialog)
    user.type("Pictures of the turn", "8", dialog)
    choose_format(user, dialog, "WebP")
    before = state_of(user)
    lines = write(user, dialog, tmp_path / "turn.webp")
    assert "8 pictures" in lines[0]
    assert state_of(user) == before
    assert pane.isVisible()


def test_cancelling_leaves_no_file_and_the_view_as_it_was(user, tmp_path):
    show(user, series(slices=60))
    before = state_of(user)
    dialog = open_dialog(user)
    user.click("Slices", dialog)
    user.write("File", str(tmp_path / "scroll.gif"), dialog)
    user.click("Save", dialog)
    user.wait(lambda: dialog._maker.drawn > 2)
    user.click("Close", dialog) if dialog.stop.text() == "Close" else dialog.stop.click()
    user.wait(lambda: dialog._job is None)
    assert list(tmp_path.iterdir()) == []
    assert dialog.card.lines == ("Cancelled; nothing was written.",)
    assert state_of(user) == before


def test_what_cannot_be_is_said(user, tmp_path, monkeypatch):
    show(user, series(slices=1))
    dialog = open_dialog(user)
    assert [button.isEnabled() for button in dialog.kind.buttons] == [True, False, False, False]
    assert dialog.kind.buttons[2].toolTip() == "The active image has one frame."
    user.write("File", str(tmp_path / "gone" / "view.png"), dialog)
    assert "does not exist" in dialog.card.lines[0]
    assert not dialog.go.isEnabled()


def test_mp4_is_offered_only_with_ffmpeg(user, monkeypatch):
    from pellucid.files import video

    monkeypatch.setattr(video, "ffmpeg", lambda: None)
    show(user, series())
    dialog = open_dialog(user)
    user.click("Slices", dialog)
    row = [dialog.format.itemText(n) for n in range(dialog.format.count())].index("MP4")
    item = dialog.format.model().item(row)
    assert not item.isEnabled()
    assert item.toolTip() == video.HOW_TO_GET


def test_no_name_of_anybody_is_in_the_file(user, tmp_path):
    show(user, series())
    dialog = open_dialog(user)
    for kind, name in (("Picture", "view.png"), ("Slices", "slices.gif")):
        user.click(kind, dialog)
        assert dialog.path.text().endswith(name)
        write(user, dialog, tmp_path / name)
        assert b"Doe" not in (tmp_path / name).read_bytes()
    QApplication.processEvents()


def ball_at_the_left():
    geometry = Geometry((40, 40, 24), (1.0, 1.0, 2.0), (-19.5, -19.5, -23.0))
    z, y, x = np.mgrid[:24, :40, :40]
    place = geometry.index_to_world(np.stack([x, y, z], axis=-1).reshape(-1, 3)).reshape(24, 40, 40, 3)
    inside = np.linalg.norm(place - (12.0, 0.0, 0.0), axis=-1) < 4  # 12 mm to the patient's left
    layer = ImageLayer("ball", (Volume(image_from_array(255 * inside.astype(np.uint8), geometry), geometry),))
    layer.display.set_limits(0, 255)
    return layer


def test_a_turn_through_the_whole_image_carries_a_ball_round(user, tmp_path):
    show(user, ball_at_the_left(), Layout.QUAD)
    user.session.view.show_crosshair = False
    pane = user.window.canvas.pane(Plane.CORONAL)
    user.point_at(Plane.CORONAL)
    dialog = open_dialog(user)
    user.click("Turn", dialog)
    user.write("Pictures of the turn", "4", dialog)
    dialog.choice.whole.click()
    dialog.texts.click()
    choose_format(user, dialog, "PNG pictures")
    before = state_of(user)
    write(user, dialog, tmp_path / "turn")
    assert state_of(user) == before
    offsets = []
    for file in sorted((tmp_path / "turn").iterdir()):
        with Image.open(file) as image:
            grey = np.asarray(image)[..., 0].astype(float)
        grey = grey[60:-60, 60:-60]
        columns = (grey > 128).sum(axis=0)
        offsets.append((np.arange(len(columns)) * columns).sum() / columns.sum() - (len(columns) - 1) / 2)
    reach = abs(offsets[0])
    assert reach > 20
    assert offsets[0] > 0  # the left of the patient is on the right of the picture
    assert offsets == pytest.approx([reach, 0, -reach, 0], abs=3)
    assert pane.state.slab == 0


def test_texts_in_the_pixels_themselves_are_warned_of(user):
    layer = series()
    who = replace(layer.volume.acquisition, modality="US")
    layer.frames = (replace(layer.volume, acquisition=who),)
    show(user, layer)
    dialog = open_dialog(user)
    assert not dialog.identity.isChecked()
    assert any("name the patient" in line for line in dialog.card.lines)
    dialog.identity.setChecked(True)
    assert not any("name the patient" in line for line in dialog.card.lines)


def test_a_ct_is_not_suspected(user):
    show(user, series())
    assert not any("name the patient" in line for line in open_dialog(user).card.lines)


def test_the_name_of_a_file_does_not_stay_in_pictures_without_identity():
    layer = series()
    layer.name = "Doe_Jane.nii.gz"
    layer.frames = (replace(layer.volume, acquisition=Acquisition()),)
    frame = plane_frame(layer.geometry, Plane.AXIAL)
    told = [corners(layer, frame, 0, 100.0, hide_identity=hidden) for hidden in (False, True)]
    assert [any("Doe" in text for text, _ in each.top_right) for each in told] == [True, False]
