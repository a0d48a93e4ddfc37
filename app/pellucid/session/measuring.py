"""Measurements: drawn, changed and removed as steps, and read on the images they measure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from psygnal import Signal

from pellucid.history.annotations import AddAnnotation, ChangeAnnotation, RemoveAnnotation
from pellucid.jobs.job import Job
from pellucid.language import mark, quoted, tr
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.geometry import Geometry
from pellucid.model.histogram import Histogram
from pellucid.model.layer import ImageLayer, Layer
from pellucid.model.profiles import Profile, line_profile
from pellucid.model.reading import Reading, read, read_shape
from pellucid.model.regions import region_histogram, region_size
from pellucid.model.shapes import outline, to_world, vector
from pellucid.model.volume import Volume
from pellucid.session.facing import face

if TYPE_CHECKING:
    from pellucid.session.session import Session

TITLES: dict[Kind, str] = {
    Kind.LENGTH: mark("length"),
    Kind.POLYLINE: mark("polyline"),
    Kind.ANGLE: mark("angle"),
    Kind.COBB: mark("Cobb angle"),
    Kind.RECTANGLE: mark("rectangle"),
    Kind.ELLIPSE: mark("ellipse"),
    Kind.POLYGON: mark("polygon"),
    Kind.FREEHAND: mark("freehand region"),
    Kind.POINT: mark("point"),
    Kind.ARROW: mark("arrow"),
    Kind.TEXT: mark("text"),
}
"""The kinds as they stand in a sentence."""
KINDS: dict[Kind, str] = {
    Kind.LENGTH: mark("Length"),
    Kind.POLYLINE: mark("Polyline"),
    Kind.ANGLE: mark("Angle"),
    Kind.COBB: mark("Cobb angle"),
    Kind.RECTANGLE: mark("Rectangle"),
    Kind.ELLIPSE: mark("Ellipse"),
    Kind.POLYGON: mark("Polygon"),
    Kind.FREEHAND: mark("Freehand region"),
    Kind.POINT: mark("Point"),
    Kind.ARROW: mark("Arrow"),
    Kind.TEXT: mark("Text"),
}
"""The kinds by themselves."""
AT_ONCE = 300_000
"""Voxels of a region that are counted while the user waits; more are counted in the background."""


class Measuring:
    """Everything the user does to annotations, and what they say."""

    changed = Signal()
    """Emitted when something is to be drawn or told otherwise: a reading came, the selection or a drag changed."""
    selected_changed = Signal()

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: WeakKeyDictionary[Volume, dict[str, tuple[Annotation, Reading]]] = WeakKeyDictionary()
        self._counting: dict[str, tuple[Annotation, Job]] = {}
        self._selected: str | None = None
        self._draft: Annotation | None = None
        session.document.annotations.removed.connect(self._gone)
        session.view.events.tool.connect(self._tool_chosen)

    # ---------------------------------------------------------------- what is under way

    @property
    def selected(self) -> Annotation | None:
        """Return the annotation the user has chosen."""
        return self._session.document.annotations.find(self._selected) if self._selected else None

    def select(self, annotation: Annotation | None) -> None:
        """Choose an annotation, or none."""
        wanted = None if annotation is None else annotation.id
        if wanted != self._selected:
            self._selected = wanted
            self.selected_changed.emit()
            self.changed.emit()

    @property
    def draft(self) -> Annotation | None:
        """Return what is being drawn, or the version of an annotation that is being dragged."""
        return self._draft

    @draft.setter
    def draft(self, annotation: Annotation | None) -> None:
        before, self._draft = self._draft, annotation
        if before is not None and annotation is None and self._session.document.annotations.find(before.id) is None:
            self._forget(before)
        if annotation != before:
            self.changed.emit()

    def shown(self, annotation: Annotation) -> Annotation:
        """Return the version to be drawn: the one under the hand while it is dragged."""
        draft = self._draft
        return draft if draft is not None and draft.id == annotation.id else annotation

    def _tool_chosen(self, _tool: object) -> None:
        self.draft = None

    def _gone(self, annotation: Annotation) -> None:
        if annotation.id == self._selected:
            self.select(None)
        self._forget(annotation)

    def _forget(self, annotation: Annotation) -> None:
        for known in self._known.values():
            known.pop(annotation.id, None)

    # ---------------------------------------------------------------- steps

    def add(self, annotation: Annotation) -> None:
        """Keep what was drawn as one step and select it."""
        self._session.history.do(AddAnnotation(annotation, tr("Add {title}", title=self.title(annotation))))
        self.select(annotation)

    def change(self, after: Annotation, *, merge_key: str = "") -> None:
        """Put another version of an annotation in its place as one step; one that is gone stays gone."""
        before = self._session.document.annotations.find(after.id)
        if before is None or before == after:
            return
        if before.points == after.points:
            title = tr("Rename {title}", title=self.title(before))
        else:
            title = tr("Change {title}", title=self.title(after))
        self._session.history.do(ChangeAnnotation(before, after, title, merge_key=merge_key))

    def rename(self, annotation: Annotation, words: str) -> None:
        """Give an annotation a name, or a text or arrow its words."""
        now, words = self._session.document.annotations.find(annotation.id), words.strip()
        if now is None:
            return
        if now.kind is Kind.TEXT and not words:
            self.remove(now)
            return
        self.change(replace(now, text=words) if now.kind in (Kind.TEXT, Kind.ARROW) else replace(now, name=words))

    def remove(self, annotation: Annotation) -> None:
        """Remove an annotation as one step."""
        if self._session.document.annotations.find(annotation.id) is not None:
            self._session.history.do(RemoveAnnotation(annotation, tr("Delete {title}", title=self.title(annotation))))

    def remove_selected(self) -> bool:
        """Remove the chosen annotation; return whether there was one."""
        chosen = self.selected
        if chosen is not None:
            self.remove(chosen)
        return chosen is not None

    def remove_all(self) -> None:
        """Remove every annotation as one step."""
        with self._session.history.group(tr("Delete all measurements")):
            for annotation in self._session.document.annotations:
                self.remove(annotation)

    def title(self, annotation: Annotation) -> str:
        """Return an annotation in words: ``length 32.1 mm``."""
        words = annotation.name or tr(TITLES[annotation.kind])
        geometry = self.geometry(annotation)
        if annotation.kind in (Kind.TEXT, Kind.ARROW):
            return f"{words} {quoted(annotation.text)}" if annotation.text else words
        measures = read_shape(annotation, geometry).measures if geometry is not None else ()
        return f"{words} {measures[0].text}" if measures else words

    # ---------------------------------------------------------------- readings

    def layer(self, annotation: Annotation) -> Layer | None:
        """Return the layer an annotation measures."""
        return self._session.document.find(annotation.layer)

    def geometry(self, annotation: Annotation) -> Geometry | None:
        """Return the grid of the layer an annotation measures."""
        layer = self.layer(annotation)
        return layer.geometry if layer is not None else None

    def volume(self, annotation: Annotation) -> Volume | None:
        """Return the image in time that an annotation measures, where it lies."""
        layer = self.layer(annotation)
        if not isinstance(layer, ImageLayer):
            return None
        return layer.where_it_lies(layer.frames[min(annotation.frame, len(layer.frames) - 1)])

    def reading(self, annotation: Annotation) -> Reading:
        """Return what an annotation says; a large region is counted in the background and told by ``changed``."""
        volume, geometry = self.volume(annotation), self.geometry(annotation)
        if geometry is None:
            return Reading()
        return read_shape(annotation, geometry) if volume is None else self._read(annotation, volume, annotation.layer)

    def fused_readings(self, annotation: Annotation) -> list[tuple[ImageLayer, Reading]]:
        """Return what a region or a point says about the images that are fused with the one it was drawn on."""
        layer = self.layer(annotation)
        if not isinstance(layer, ImageLayer) or not (annotation.is_region or annotation.kind is Kind.POINT):
            return []
        others = self._session.fusing.fused_with(layer)
        return [(other, self._read(annotation, other.placed, other.id)) for other in others]

    def _read(self, annotation: Annotation, volume: Volume, layer_id: str) -> Reading:
        geometry = volume.geometry
        known = self._known.setdefault(volume, {})
        held = known.get(annotation.id)
        if held is not None and held[0] == annotation:
            return held[1]
        if annotation.is_region and region_size(annotation, geometry) > AT_ONCE:
            self._count(annotation, volume, layer_id)
            return read_shape(annotation, geometry, pending=True)
        reading = read(annotation, volume)
        known[annotation.id] = (annotation, reading)
        return reading

    def _count(self, annotation: Annotation, volume: Volume, layer_id: str) -> None:
        key = f"{annotation.id} {layer_id}"
        asked = self._counting.get(key)
        if asked is not None and asked[0] == annotation and not asked[1].finished:
            return

        def done(reading: Reading) -> None:
            self._known.setdefault(volume, {})[annotation.id] = (annotation, reading)
            self._counting.pop(key, None)
            self.changed.emit()

        def work(_job: Job) -> Reading:
            return read(annotation, volume)

        job = self._session.jobs.query(f"region {key}", tr("Statistics of a region"), work, done)
        self._counting[key] = (annotation, job)

    def profiles(self, annotation: Annotation, done: Callable[[list[tuple[str, Profile]]], None]) -> Job:
        """Compute the values of every visible image along a line, in the background: (layer name, profile)."""
        geometry = self.geometry(annotation)
        line = to_world(annotation, outline(annotation))
        layers = [layer for layer in self._session.document.images if layer.visible or layer.id == annotation.layer]
        volumes = [(layer.name, layer.placed) for layer in layers]

        def work(_job: Job) -> list[tuple[str, Profile]]:
            return [(name, line_profile(volume, line, geometry)) for name, volume in volumes]

        return self._session.jobs.query("profile", tr("Line profile"), work, done)

    def histogram(self, annotation: Annotation, done: Callable[[Histogram], None]) -> Job | None:
        """Count the values under a region in the background."""
        volume = self.volume(annotation)
        if volume is None:
            return None

        def work(_job: Job) -> Histogram:
            return region_histogram(annotation, volume)

        return self._session.jobs.query("region histogram", tr("Histogram of a region"), work, done)

    # ---------------------------------------------------------------- places

    def go_to(self, annotation: Annotation) -> None:
        """Bring the panes to an annotation, turned so that it is seen, and its layer to its frame in time."""
        layer = self.layer(annotation)
        if isinstance(layer, ImageLayer) and layer.frame != annotation.frame:
            layer.frame = min(annotation.frame, len(layer.frames) - 1)
        points = to_world(annotation, outline(annotation))
        middle = vector((points.min(axis=0) + points.max(axis=0)) / 2)
        viewing = self._session.viewing
        self._session.view.crosshair = middle
        for pane in viewing.panes():
            if layer in viewing.layers(pane) and viewing.position(pane) != middle:
                viewing.move_to(pane, middle)
        if layer is not None:
            face(self._session, layer, annotation.normal, middle)

    def slice_text(self, annotation: Annotation, layer: Layer | None = None) -> str:
        """Return where an annotation lies: the slice of its layer, or another, counted from 1, or ``oblique``."""
        geometry = self.geometry(annotation) if layer is None else layer.geometry
        if geometry is None:
            return ""
        index = geometry.world_to_index(annotation.points[0])
        along = [abs(sum(a * b for a, b in zip(annotation.normal, geometry.axes[:, n], strict=True))) for n in range(3)]
        axis = along.index(max(along))
        if any(share > 1e-4 for n, share in enumerate(along) if n != axis):
            return "oblique"
        number = int(index[axis] + 0.5) + 1
        return str(number) if axis == 2 else f"{'xy'[axis]} {number}"
