"""The menu of one pane: what it shows, in which plane, how it is linked, and what keys do."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from pellucid.language import tr
from pellucid.model.layer import ImageLayer
from pellucid.model.view import PaneState, Plane
from pellucid.ui.canvas.corner_texts import PLANE_TITLES
from pellucid.ui.canvas.link_menu import fill_link_menu
from pellucid.ui.canvas.measure_menu import fill_measure_menu
from pellucid.ui.canvas.thickness import fill_slab_menu

if TYPE_CHECKING:
    from pellucid.ui.canvas.canvas_area import CanvasArea
    from pellucid.ui.canvas.slice_view import SliceView

_KEYS = ("view.fit", "view.reset", "view.invert", "view.texts", "view.identity", "labels.show")


def pane_menu(area: CanvasArea, pane: SliceView) -> QMenu:
    """Return the menu of a pane; it is deleted when it closes."""
    menu = QMenu(area)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    fill_measure_menu(menu, pane)
    screen = area.screen_state
    alone = len(area.grid.places()) == 1
    if not alone or screen.maximised is not None or not pane.frame or not pane.frame.geometry.is_planar:
        menu.addAction(tr("All panes") if alone else tr("Maximise"), lambda: area.maximise(pane))
    _fill_shows(menu.addMenu(tr("Show")), pane)
    _fill_planes(menu.addMenu(tr("Plane")), area, pane)
    fill_slab_menu(menu.addMenu(tr("Thick slab")), pane)
    if not alone:
        fill_link_menu(menu.addMenu(tr("Link")), area.session, pane.state)
    menu.addSeparator()
    keys = area.keyboard.key_map
    for action in keys.actions(_KEYS):
        menu.addAction(f"{tr(action.title)}\t{keys.key(action.name)}", partial(action.choose, area, pane))
    return menu


def information_menu(area: CanvasArea, state: PaneState) -> QMenu:
    """Return the menu of the information pane: the planes it can show instead."""
    menu = QMenu(area)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for plane, title in PLANE_TITLES.items():
        menu.addAction(tr(title), partial(_turn, state, plane))
    return menu


def _fill_shows(menu: QMenu, pane: SliceView) -> None:
    """Offer every open image, and all layers at once."""
    viewing, document = pane.session.viewing, pane.session.document
    alone = viewing.is_alone(pane.state)
    group = QActionGroup(menu)
    everything = group.addAction(tr("All layers"))
    everything.triggered.connect(lambda: viewing.show_all(pane.state))
    everything.setCheckable(True)
    everything.setChecked(not alone)
    menu.addAction(everything)
    menu.addSeparator()
    for layer in reversed(document.layers):
        if isinstance(layer, ImageLayer):
            action = group.addAction(layer.name.replace("&", "&&"))
            action.triggered.connect(partial(_show, pane, layer))
            action.setCheckable(True)
            action.setChecked(alone and pane.state.shows == (layer.id,))
            menu.addAction(action)


def _show(pane: SliceView, layer: ImageLayer, _checked: bool = False) -> None:
    pane.session.viewing.put(pane.state, layer)


def _fill_planes(menu: QMenu, area: CanvasArea, pane: SliceView) -> None:
    """Offer the planes and the information; a single picture has only its own plane."""
    state, group = pane.state, QActionGroup(menu)
    planar = pane.frame is not None and pane.frame.geometry.is_planar
    for plane, title in PLANE_TITLES.items():
        action = group.addAction(tr(title))
        action.triggered.connect(partial(_turn, state, plane))
        action.setCheckable(True)
        action.setChecked(pane.plane is plane)
        action.setEnabled(not planar or plane is Plane.ACQUIRED)
        menu.addAction(action)
    menu.addSeparator()
    told = group.addAction(tr("Information"))
    told.setCheckable(True)
    told.setEnabled(len(area.shown_panes()) > 1)
    told.triggered.connect(lambda: setattr(state, "information", True))
    menu.addAction(told)


def _turn(state: PaneState, plane: Plane, _checked: bool = False) -> None:
    state.plane, state.information = plane, False
