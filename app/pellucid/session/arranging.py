"""How panes are arranged on a screen: layouts chosen by hand, their planes, and rules for what is opened."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from pellucid.dicom.stack import VolumePlan, sequences
from pellucid.dicom.versions import needs_choice
from pellucid.model.geometry import IDENTITY, Geometry, same_world
from pellucid.model.layer import ImageLayer
from pellucid.model.view import Layout, PaneState, Plane, Screen
from pellucid.session.hanging import Candidate, Hung, hang_image, hang_study
from pellucid.session.loading import Place

if TYPE_CHECKING:
    from pellucid.dicom.stack import Series
    from pellucid.session.session import Session

    _Part = tuple[Series, int, tuple[VolumePlan, ...]]

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
        self._hung: tuple[Plane | None, ...] = ()

    def choose(self, layout: Layout, screen: Screen | None = None) -> None:
        """Choose how the panes of a screen are arranged, as the user does."""
        screen = screen or self._session.view
        self.by_hand = screen.spread = True
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

    # ---------------------------------------------------------------- rules for what is opened

    @property
    def _ruled(self) -> bool:
        return self._session.settings.hanging and not self.by_hand

    def hang(self, layer: ImageLayer, before: Geometry | None = None) -> None:
        """Arrange the main screen as suits the one image that was opened, unless the user chose a layout.

        It is seen straight and slice by slice unless it lies in the world of the image that was shown ``before``.
        """
        if before is None or not same_world(before, layer.geometry):
            self._straighten()
        self._unhang()
        rule = hang_image(_facts_of(layer)) if self._ruled else None
        if rule is not None:
            view = self._session.view
            view.spread = False
            self.arrange(rule.layout, view)
            if rule.plane is not None:
                view.panes[0].plane = rule.plane

    def open_study(self, series: Sequence[Series], *, at_once: bool = False) -> bool:
        """Open the images of a study that a rule hangs beside each other; return False where none does."""
        parts, hung = self._find(series, at_once)
        if hung is None:
            return False
        panes, opened = self._session.view.panes, dict[int, ImageLayer]()
        for n, number in enumerate(hung.images):
            one, part, _ = parts[number]
            own = next(pane for pane, (_, shown) in zip(panes, hung.panes, strict=False) if number in shown)
            self._session.loading.load(
                one, part, replace=n == 0, place=None if hung.shared else Place(own),
                then=partial(self._hang_one, hung, number, opened),
            )  # fmt: skip
        return True

    def _straighten(self) -> None:
        view = self._session.view
        view.rotation = IDENTITY
        for pane in self._session.viewing.panes():
            pane.slab = 0.0

    def _unhang(self) -> None:
        """Give panes the planes of their layout again where a study that is gone had set them."""
        view, hung = self._session.view, self._hung
        self._hung = ()
        if hung and tuple(map(_shown, view.panes[: len(hung)])) == hung:
            for pane, plane in zip(view.panes, planes_of(view.layout), strict=False):
                pane.information, pane.plane = plane is _INFORMATION, plane or pane.plane

    def beside(self, opened: Series, study: Sequence[Series]) -> Series | None:
        """Return the series of a study that a rule would hang beside the one that was opened."""
        parts, hung = self._find(study, at_once=False)
        together = [parts[n][0] for n in hung.images] if hung is not None else []
        return next((one for one in together if one is not opened), None) if opened in together else None

    def _find(self, series: Sequence[Series], at_once: bool) -> tuple[list[_Part], Hung | None]:
        """Return the images of some series and how they hang; a layout chosen by hand stands until it is asked for.

        Series of which the user must choose a version are none of them.
        """
        parts = [(one, n, plans) for one in series if not needs_choice(one) for n, plans in enumerate(sequences(one))]
        wanted = self._ruled if at_once else self._session.settings.hanging
        return parts, hang_study([_facts(plans) for *_, plans in parts], at_once=at_once) if wanted else None

    def _hang_one(self, hung: Hung, number: int, opened: dict[int, ImageLayer], layer: ImageLayer) -> None:
        """Show an image of a study in its panes, now that it is open."""
        session, opened[number] = self._session, layer
        if len(opened) == 1:
            self.arrange(hung.layout, session.view)
        for pane, (plane, shown) in zip(session.view.panes, hung.panes, strict=False):
            pane.plane, pane.information = plane, False
            if number in shown:
                pane.shows = tuple(opened[n].id for n in shown if n in opened)
        self._hung = tuple(plane for plane, _ in hung.panes)
        session.linking.settle()
        session.document.active = opened.get(hung.images[0], layer)


def _facts(plans: Sequence[VolumePlan]) -> Candidate:
    """Return what a header tells of an image that is not opened yet."""
    grid, acquisition = plans[0].geometry, plans[0].acquisition
    return Candidate(
        acquisition.modality, grid.is_planar, len(plans), math.prod(grid.size), grid.frame_of_reference,
        acquisition.extra.get("laterality", ""), acquisition.extra.get("view", ""),
    )  # fmt: skip


def _facts_of(layer: ImageLayer) -> Candidate:
    grid = layer.geometry
    return Candidate(layer.volume.acquisition.modality, grid.is_planar, len(layer.frames), math.prod(grid.size))


def _shown(pane: PaneState) -> Plane | None:
    return _INFORMATION if pane.information else pane.plane
