"""Layers with a transform in the window: the badge, what the list and the panes say, the menu, the small dialogs."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMenu

from pellucid.model.planes import plane_frame
from pellucid.model.view import Plane
from pellucid.session.placements import linear_placement, placement_of
from pellucid.ui.canvas.corner_texts import corners
from pellucid.ui.canvas.information_pane import rows
from pellucid.ui.dialogs.export import ExportDialog
from pellucid.ui.dialogs.harden import HardenDialog
from pellucid.ui.docks.layer_delegate import badge_rect
from pellucid.ui.docks.layers import LayersPanel
from pellucid.ui.docks.seed_link import SeedLink
from pellucid.ui.transforming import transform_menu

pytestmark = pytest.mark.qt_log_ignore("does not support", extend=True)


def shifted(onto, by=(3.0, 4.0, 0.0), title="By hand"):
    matrix = np.eye(4)
    matrix[:3, 3] = by
    return linear_placement(matrix, onto, title)


@pytest.fixture
def pet(session):
    return session.document.layers[1]


@pytest.fixture
def moved(session, ct, pet):
    """The PET is moved by hand; the labels stay with the CT's voxels, which are the PET's too."""
    session.placing.put(pet, shifted(ct.volume.geometry))
    return pet


def bend(session, layer, onto):
    image = sitk.Image(onto.size, sitk.sitkUInt8)
    image.SetSpacing(onto.spacing)
    spline = sitk.BSplineTransformInitializer(image, [2, 2, 2], 3)
    spline.SetParameters(np.random.default_rng(0).normal(0, 2, len(spline.GetParameters())).tolist())
    session.placing.put(layer, placement_of(spline, onto, layer.own_geometry, "Spline"))


def actions(menu):
    return {action.objectName() or action.text(): action for action in menu.actions()}


def test_the_list_shows_and_says_which_layers_are_moved(session, ct, moved, show):
    panel = show(LayersPanel(session))
    index = panel.model.index(panel.model.row(moved))
    assert "Transform: By hand: moved 5.0 mm" in index.data(Qt.ItemDataRole.ToolTipRole)
    assert "moved 5.0 mm" in index.data(Qt.ItemDataRole.AccessibleTextRole)
    other = panel.model.index(panel.model.row(ct)).data(Qt.ItemDataRole.ToolTipRole)
    assert "Transform" not in other

    def badge():
        panel.list.viewport().repaint()
        return panel.list.viewport().grab(badge_rect(panel.list.visualRect(index))).toImage()

    with_badge = badge()
    session.placing.reset(moved)
    assert badge() != with_badge
    session.history.undo()
    assert badge() == with_badge
    bend(session, moved, ct.volume.geometry)
    assert badge() != with_badge, "what is bent has another colour"


def test_the_corner_and_the_information_say_what_moved_an_image(session, ct, moved):
    frame = plane_frame(ct.volume.geometry, Plane.AXIAL)
    texts = [text for text, _color in corners(moved, frame, 4, 100.0, hide_identity=False).top_right]
    assert "Moved: By hand" in texts
    hidden = [text for text, _color in corners(moved, frame, 4, 100.0, hide_identity=True).top_right]
    assert "Moved" in hidden and not any("By hand" in text for text in hidden)
    assert not any("Moved" in text for text, _c in corners(ct, frame, 4, 100.0, hide_identity=False).top_right)
    assert dict(rows(moved))["Transform"] == "By hand: moved 5.0 mm" and "Transform" not in dict(rows(ct))
    bend(session, moved, ct.volume.geometry)
    assert "Bent: Spline" in [t for t, _c in corners(moved, frame, 4, 100.0, hide_identity=False).top_right]


def test_the_menu_offers_what_can_be_done(session, ct, moved, show, qtbot):
    panel = show(LayersPanel(session))
    without, with_one = (actions(transform_menu(session, layer, panel)) for layer in (ct, moved))
    assert [name for name, action in without.items() if action.isEnabled()] == ["load"]
    assert "has no transform" in without["harden"].toolTip()
    assert all(with_one[name].isEnabled() for name in ("harden", "invert", "swap", "reset", "load", "join", "save"))
    assert [one.text() for one in with_one["&Copy to"].menu().actions()] == ["CT"]
    with_one["&Copy to"].menu().actions()[0].trigger()
    assert ct.placement is moved.placement
    session.history.undo()
    with_one["reset"].trigger()
    assert moved.placement is None
    session.history.undo()
    with_one["invert"].trigger()
    qtbot.waitUntil(lambda: moved.placement.title == "Inverse of By hand")


def test_the_context_menu_of_the_list_has_it(session, moved, show, qtbot):
    panel = show(LayersPanel(session))
    panel._menu(panel.list.visualRect(panel.model.index(panel.model.row(moved))).center())
    menu = next(menu for menu in panel.findChildren(QMenu) if any(a.text() == "Transform" for a in menu.actions()))
    assert next(a for a in menu.actions() if a.text() == "Transform").menu() is not None
    menu.close()


def test_the_dialog_resamples_onto_the_chosen_grid(session, ct, moved, show, qtbot):
    dialog = HardenDialog(session, moved)
    qtbot.addWidget(dialog)
    dialog.show()
    titles = [dialog.grid.itemText(n) for n in range(dialog.grid.count())]
    assert titles == ["CT", "A grid of its own (1.5 × 1.5 × 3 mm)"]
    before = moved.volume.array.copy()
    dialog.way.set_value("nearest")
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: moved.placement is None)
    assert np.array_equal(moved.volume.array[:, :-3, :-2], before[:, 3:, 2:])
    session.history.undo()
    assert moved.placement is not None and np.array_equal(moved.volume.array, before)


def test_the_dialog_says_why_it_cannot_be_done(session, ct, moved, qtbot):
    dialog = HardenDialog(session, moved)
    qtbot.addWidget(dialog)
    dialog.show()
    session.placing.reset(moved)
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert dialog.isVisible() and "has no transform" in dialog.complaint.text()


def test_a_transform_is_saved_and_loaded_by_the_menu(session, moved, show, qtbot, tmp_path, monkeypatch):
    panel, path = show(LayersPanel(session)), tmp_path / "hand.tfm"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (str(path), ""))
    actions(transform_menu(session, moved, panel))["save"].trigger()
    qtbot.waitUntil(path.exists, timeout=10000)
    session.placing.reset(moved)
    actions(transform_menu(session, moved, panel))["load"].trigger()
    qtbot.waitUntil(lambda: moved.placement is not None, timeout=10000)
    assert moved.placement.title == "hand.tfm" and np.allclose(moved.placement.matrix[:3, 3], (3, 4, 0))


def test_the_export_dialog_says_that_it_is_written_where_it_lies(session, ct, moved, qtbot):
    session.document.active = moved
    dialog = ExportDialog(session)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.where.isVisible() and "moved 5.0 mm" in dialog.where.text()
    session.document.active = ct
    dialog = ExportDialog(session)
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.where.isVisible()
    bend(session, moved, ct.volume.geometry)
    session.document.active = moved
    dialog = ExportDialog(session)
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.go.isEnabled() and "Resample to grid" in dialog.card.lines[0]


class Field:
    """Stands for the seeds of a form: places of the image's own world."""

    def __init__(self, places):
        self.places, self.title, self.is_placing = places, "Seeds", False

    def take(self, places):
        self.places = places


def test_seeds_are_shown_where_the_image_lies_and_kept_where_its_voxels_are(session, moved):
    session.document.active = moved
    link, field = SeedLink(session), Field(((10.0, 12.0, 9.0), (20.0, 12.0, 9.0)))
    link._fields = {"seeds": field}
    link.show(True)
    (group,) = session.seeding.shown.groups
    assert group.places == ((7.0, 8.0, 9.0), (17.0, 8.0, 9.0))
    session.seeding.set_places("seeds", (group.places[0], (18.5, 9.0, 9.0)))
    assert field.places == ((10.0, 12.0, 9.0), (21.5, 13.0, 9.0))
    session.view.crosshair = (5.0, 5.0, 9.0)
    link._add_at_crosshair(field)
    assert field.places[-1] == (8.0, 9.0, 9.0)
    link._visit(field.places[0])
    assert session.view.crosshair == (7.0, 8.0, 9.0)
