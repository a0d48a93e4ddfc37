"""The menu View ▸ Fusion: one image laid over another, how much of each, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.ui.actions.entry import Entry

if TYPE_CHECKING:
    from pellucid.session import Session


def _needs_two(session: Session) -> str:
    several = len(session.document.images) > 1
    return "" if several else tr("Open a second image over the first: Studies, right click, Add as a layer.")


def _needs_fusion(session: Session) -> str:
    return _needs_two(session) or ("" if session.fusing.pair() is not None else tr("No two images lie on each other."))


def _needs_consent(session: Session) -> str:
    return "" if session.view.consented else tr("Nothing is laid over another by consent alone.")


def _needs_withheld(session: Session) -> str:
    panes = [pane for screen in session.view.screens for pane in screen.shown if not pane.information]
    withheld = any(session.consenting.withheld(pane) for pane in panes)
    return "" if withheld else tr("No layer is left out because of its frame of reference.")


ROWS: tuple[Entry, ...] = (
    Entry("fusion.fuse", "View/F&usion", "&Fuse", lambda w: w.session.fusing.fuse(), ("Ctrl+Alt+F",),
          "layers-triple-outline", _needs_two,
          tip="Lay one image over another of the same space: PET in colours, the other half seen through"),
    Entry("fusion.separate", "View/F&usion", "&Side by side", lambda w: w.session.fusing.separate(), (),
          "view-split-vertical", _needs_two, tip="Show each of two images in a pane of its own"),
    Entry("fusion.projection", "View/F&usion", "With &projection", lambda w: w.session.fusing.add_projection(), (),
          "arrow-collapse-all", _needs_two,
          tip="Three fused planes, and beside them the brightest of the upper image"),
    Entry("fusion.more", "View/F&usion", "&More of the upper image", lambda w: w.session.fusing.step(1),
          ("Ctrl+Alt+Right",), why_not=_needs_fusion, separator=True),
    Entry("fusion.less", "View/F&usion", "&Less of the upper image", lambda w: w.session.fusing.step(-1),
          ("Ctrl+Alt+Left",), why_not=_needs_fusion),
    Entry("fusion.ask", "View/F&usion", "&Ask again about layers left out",
          lambda w: w.session.consenting.ask_again(), why_not=_needs_withheld, separator=True,
          tip="Layers of another frame of reference are not laid over others before you say so"),
    Entry("fusion.withdraw", "View/F&usion", "&Take back consent", lambda w: w.session.consenting.withdraw(),
          why_not=_needs_consent, tip="Lay nothing over another any more that was not registered to it"),
)  # fmt: skip
"""``View/Fusion`` is a menu inside the menu View."""
