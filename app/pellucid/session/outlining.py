"""Outlines that are drawn to change labels: what is half drawn, and what it does when it is closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psygnal import Signal

from pellucid.history.changes import Changes
from pellucid.history.outline_fill import OutlineFill
from pellucid.history.outlines import Prism
from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.annotations import Annotation
from pellucid.model.findings import Refused
from pellucid.model.layer import LabelLayer
from pellucid.model.live_wire import load_libraries
from pellucid.model.planes import PlaneFrame
from pellucid.model.shapes import box
from pellucid.model.view import Cut, Depth, Tool
from pellucid.model.volume import Volume
from pellucid.session.wiring import Wire

if TYPE_CHECKING:
    from pellucid.session.session import Session

AT_ONCE = 1_000_000
"""Voxels that are changed while the user waits; more are changed in the background."""


@dataclass(frozen=True)
class Use:
    """What closing an outline does: a ``cut`` of the active label, or painting and erasing like the brush."""

    cut: Cut = Cut.FILL
    depth: Depth = Depth.SLICE
    scissors: bool = False

    @property
    def erases(self) -> bool:
        """Return whether labels are taken away."""
        return self.cut is not Cut.FILL


class Outlining:
    """Everything that is done with outlines on label layers."""

    changed = Signal()
    """Emitted when what is half drawn changed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._draft: Annotation | None = None
        self.wire: Wire | None = None
        """The live wire that is being drawn."""
        session.view.events.tool.connect(self._tool_chosen)
        session.document.removed.connect(self._layer_went)

    @property
    def draft(self) -> Annotation | None:
        """Return the outline that is being drawn; it never becomes an annotation."""
        return self._draft

    @draft.setter
    def draft(self, outline: Annotation | None) -> None:
        before, self._draft = self._draft, outline
        if outline is None:
            self.wire = None
        if outline is not before:
            self.changed.emit()

    def _tool_chosen(self, tool: Tool) -> None:
        self.draft = None
        if tool is Tool.LIVE_WIRE:  # the first click shall not wait for its libraries
            self._session.jobs.query("live wire", tr("Live wire"), lambda _job: load_libraries(), quiet=True)

    def _layer_went(self, _layer: object) -> None:
        self.draft = None

    def begin_wire(self, volume: Volume, frame: PlaneFrame, index: int, outline: Annotation, snap: float) -> Wire:
        """Begin a live wire over an image; ``snap`` mm around the mouse it is drawn to edges."""
        self.wire = Wire(self._session, volume, frame, index, outline, snap)
        return self.wire

    # ---------------------------------------------------------------- what an outline does

    def use(self, *, scissors: bool, inverted: bool = False, through: bool = False) -> Use:
        """Return what an outline begun now does: as the view says, ``inverted`` or ``through`` all slices on demand.

        Inverted, filling erases, erasing fills, and keeping what is inside erases it.
        """
        view = self._session.view
        depth = view.cut_depth if scissors else view.outline_depth
        if through:
            depth = Depth.ALL if depth is not Depth.ALL else Depth.SLICE
        cut = view.cut if scissors else Cut.FILL
        if inverted:
            cut = {Cut.FILL: Cut.ERASE, Cut.ERASE: Cut.FILL, Cut.KEEP: Cut.ERASE}[cut]
        return Use(cut, depth, scissors)

    def close(self, outline: Annotation, use: Use) -> Job | None:
        """Change the labels within an outline as one step: at once, or by the job that is returned.

        An outline without an area changes nothing.
        """
        left, top, right, bottom = box(outline)
        if right <= left or bottom <= top:
            return None
        return self._change(outline, use)

    def fill_region(self, region: Annotation) -> Job | None:
        """Fill a region that was measured with the active label, on its slice, as one step."""
        return self._change(region, Use(), region=True)

    def _change(self, outline: Annotation, use: Use, *, region: bool = False) -> Job | None:
        editing = self._session.editing
        editing.finish()
        layer = editing.layer()
        editing.check(layer)
        name = layer.labels.label(layer.active_label).name
        title = tr("Fill a region with {name}", name=name) if region else _title(use, name, layer.name)
        only = layer.active_label if use.scissors and use.erases else None
        prism = Prism(outline, layer.geometry, use.depth, self._session.view.outline_reach)
        fill = OutlineFill(
            prism, 0 if use.erases else layer.active_label, use.cut is Cut.KEEP, only, editing.limits(layer)
        )
        if fill.voxels <= AT_ONCE:
            self._commit(layer, fill, fill.changes(layer.labels), title)
            return None
        return self._start(layer, fill, title)

    def _start(self, layer: LabelLayer, fill: OutlineFill, title: str) -> Job:
        """Look for the changes in the background, and again where somebody changed the labels meanwhile."""
        session = self._session

        def work(job: Job) -> Changes:
            def tell(share: float) -> None:
                job.check()
                job.report(share)

            return fill.changes(layer.labels, tell)

        def done(found: Changes) -> None:
            session.editing.finish()
            if layer not in session.document:
                return
            if not found.hold_for(layer.labels):
                self._start(layer, fill, title)
                return
            self._commit(layer, fill, found, title)

        return session.running.edit(title, work, done, lambda sentence: session.notice.emit(sentence, "error"))

    def _commit(self, layer: LabelLayer, fill: OutlineFill, found: Changes, title: str) -> None:
        step = found.step(layer, title, fill.value)
        if step is not None:
            self._session.history.do(step)
        else:
            self._session.notice.emit(tr("The outline changes nothing: no voxel in it may change."), "info")


def why_not_fill(session: Session) -> str:
    """Return the sentence that says why regions cannot be filled now, or nothing."""
    layer = session.document.active_labels
    if layer is None:
        return "" if session.document.active_image is not None else tr("Open an image first.")
    try:
        session.editing.check(layer)
    except Refused as reason:
        return str(reason)
    return ""


def _title(use: Use, label: str, layer: str) -> str:
    if not use.scissors:
        return tr("Erase an outline on {name}", name=layer) if use.erases else tr("Outline {name}", name=label)
    if use.cut is Cut.FILL:
        return tr("Scissors: fill {name}", name=label)
    return tr("Scissors: keep {name} inside", name=label) if use.cut is Cut.KEEP else tr("Scissors: cut {name}",
                                                                                        name=label)  # fmt: skip
