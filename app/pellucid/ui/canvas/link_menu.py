"""The menu that links panes: the group of a pane, and what the panes of that group do together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from pellucid.language import mark, tr
from pellucid.model.view import GROUPS, PaneState
from pellucid.session.linking import Part
from pellucid.ui.theme import icon

if TYPE_CHECKING:
    from pellucid.session import Session

PARTS: tuple[tuple[Part, str, str], ...] = (
    ("position", mark("Position"), "crosshairs"),
    ("zoom", mark("Zoom and pan"), "magnify"),
    ("window", mark("Window level"), "circle-half-full"),
)
"""What can be linked: its name, words for people, and its icon."""


def fill_link_menu(menu: QMenu, session: Session, pane: PaneState) -> None:
    """Offer the groups for a pane, and the parts its group links."""
    linking = session.linking
    menu.setToolTipsVisible(True)
    groups = QActionGroup(menu)
    for name, title in (("", tr("No group")), *((name, tr("Group {name}", name=name)) for name in GROUPS)):
        action = groups.addAction(title)
        action.setCheckable(True)
        action.setChecked(pane.group == name)
        action.triggered.connect(lambda _on, name=name: linking.set_group(pane, name))
        menu.addAction(action)
    menu.addSeparator()
    link = linking.link(pane)
    for part, title, picture in PARTS:
        action = menu.addAction(icon(picture), tr(title))
        action.setCheckable(True)
        action.setEnabled(link is not None)
        action.setToolTip("" if link is not None else tr("Choose a group first."))
        action.setChecked(link is not None and bool(getattr(link, part)))
        action.triggered.connect(lambda on, part=part: linking.set_part(pane.group, part, on, pane))
    if linking.state(pane).note:
        menu.addSeparator()
        menu.addAction(linking.state(pane).note.capitalize()).setEnabled(False)
        tie = menu.addAction(tr("Go along by the present offset"))
        tie.setToolTip(tr("Nothing says that both lie in one place: the series moves by the same steps as the others"))
        tie.setCheckable(True)
        tie.setChecked(pane.tied)
        tie.triggered.connect(lambda on: linking.tie(pane, on))
