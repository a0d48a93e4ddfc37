"""How panes are arranged on a screen: layouts chosen by hand, their planes, and layouts kept under a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.model.view import Layout, PaneState, Plane, Screen

if TYPE_CHECKING:
    from pellucid.session.session import Session

LAYOUTS = tuple(map(Layout.parse, ("1x1", "1x2", "2x1", "2x2", "1x3", "3x1", "2x3", "3x3", "4x4")))
"""The layouts that menus offer."""
_INFORMATION = None
_IN_A_ROW = (Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL)
_PLANES: dict[Layout, tuple[Plane | None, ...]] = {
    Layout(1, 3): _IN_A_ROW,
    Layout(3, 1): _IN_A_ROW,
    Layout.QUAD: (*_IN_A_ROW, _INFORMATION),
}


def planes_of(layout: Layout) -> tuple[Plane | None, ...]:
    """Return the planes the panes of a layout show at first; None stands for the information pane."""
    return _PLANES.get(layout, (Plane.AXIAL,) * layout.count)


class Arranging:
    """Chooses layouts for the screens of a session; nothing here is undoable."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.by_hand = False
        """True once the user chose a layout in this sitting: no rule changes it then."""

    def choose(self, layout: Layout, screen: Screen | None = None) -> None:
        """Choose how the panes of a screen are arranged, as the user does."""
        reference = self._session.document.reference
        screen = screen or self._session.view
        self.by_hand = True
        screen.spread = reference is not None and reference.is_planar
        self.arrange(layout, screen)

    def arrange(self, layout: Layout, screen: Screen) -> None:
        """Arrange panes; those whose planes nobody chose get the planes that go with the layout."""
        before, viewing = screen.layout, self._session.viewing
        untouched = tuple(map(_shown, screen.shown)) == planes_of(before)
        anew = layout in _PLANES if before == Layout.SINGLE else untouched
        screen.maximised = None
        for n, plane in enumerate(planes_of(layout)):
            if anew or n >= before.count:
                pane = screen.panes[n]
                pane.information = plane is _INFORMATION and not viewing.is_alone(pane)
                pane.plane = plane or pane.plane
        screen.layout = layout
        self._session.linking.settle()

    def toggle_maximised(self, pane: PaneState, screen: Screen) -> None:
        """Give the whole screen to one pane, or back to all; a single pane makes room for three planes."""
        if screen.maximised is not None:
            screen.maximised = None
        elif screen.layout == Layout.SINGLE:
            self.arrange(Layout.QUAD, screen)
        else:
            screen.maximised = screen.panes.index(pane)


def _shown(pane: PaneState) -> Plane | None:
    return _INFORMATION if pane.information else pane.plane
