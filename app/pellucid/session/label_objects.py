"""Segmentations and structure sets in a session: opened as label layers on the image that they were made from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pellucid.dicom.kinds import SEGMENTATION, STRUCTURES
from pellucid.dicom.label_objects import LABELS
from pellucid.history.layers import AddLayer
from pellucid.language import tr, tr_count
from pellucid.model.findings import Finding
from pellucid.model.geometry import same_world
from pellucid.model.layer import ImageLayer, LabelLayer, Layer, Source, unique_name
from pellucid.session.offers import WhileOpen
from pellucid.session.opening import title_of

if TYPE_CHECKING:
    from pellucid.dicom.object_labels import ObjectLabels
    from pellucid.dicom.stack import Series
    from pellucid.jobs.job import Job
    from pellucid.model.labels import LabelMap
    from pellucid.session.session import Session

_MOST_SENTENCES = 3
_MOST_OFFERED = 2
"""Series of labels of one image that are offered; all are in the list of studies."""


class LabelObjects:
    """Opens segmentations and structure sets, and offers those that were made from an image that was opened."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._opened: set[str] = set()
        self._offered: dict[str, ImageLayer] = {}
        """By the series of labels: the layer it was offered with last."""
        session.document.inserted.connect(self._came)

    def open(self, series: Series, *, replace: bool = True) -> Job | None:
        """Open a series of such objects as label layers, after the image that they were made from.

        That image is opened first where the library has it: over what is open where both lie in one space, or without
        ``replace``; else instead of it, as a double click on the image would do. Without it the labels lie on a grid of
        their own.
        """
        session = self._session
        self._opened.add(series.uid)
        image = next((one for one in session.library.series if one.uid in series.references and one.volumes), None)
        if image is None or made_from(session, series):
            return self._read(series)
        volume = image.volumes[0].geometry
        alone = replace and not any(same_world(layer.own_geometry, volume) for layer in session.document.images)
        return session.loading.load(image, replace=alone, then=lambda _layer: self._read(series))

    def _came(self, layer: Layer) -> None:
        """Offer what the library has of labels that were made from an image, unless they stood in an offer already.

        An offer that went away with its image, unanswered, is made again when the image comes back.
        """
        if not isinstance(layer, ImageLayer) or layer.source.kind != "dicom":
            return
        uid = layer.source.detail.split("|")[0]
        for one in [one for one in self._session.library.series if self._is_news(one, uid)][:_MOST_OFFERED]:
            self._offered[one.uid] = layer
            self._session.jobs.post(partial(self._offer, one, layer))  # after what the image itself brings about

    def _is_news(self, series: Series, uid: str) -> bool:
        if uid not in series.references or series.content not in LABELS or series.uid in self._opened:
            return False
        before = self._offered.get(series.uid)
        return before is None or before not in self._session.document

    def _offer(self, series: Series, layer: ImageLayer) -> None:
        document = self._session.document
        if layer in document and series.uid not in self._opened:
            self._session.offer.emit(
                tr("“{labels}” holds {parts} of “{image}”.", labels=title_of(series), parts=parts_of(series),
                   image=layer.name), tr("Open as labels"),
                WhileOpen(document, layer, lambda: self.open(series), lambda: series.uid in self._opened),
            )  # fmt: skip

    def _read(self, series: Series) -> Job:
        """Read the labels in the background and add them as one step."""
        session, title = self._session, title_of(series)
        images = made_from(session, series) or _beside(session, series)
        grids = [image.own_geometry for image in images]

        def work(job: Job) -> list[ObjectLabels]:
            from pellucid.dicom.object_labels import label_maps_of

            return [label_maps_of(path, series.content, grids, progress=job.report, cancelled=job.cancelled)
                    for path in series.files]  # fmt: skip

        def done(found: list[ObjectLabels]) -> None:
            _add(session, series, found, [image for image in images if image in session.document])

        return session.jobs.load(tr("Opening {title}", title=title), work, done,
                                 lambda sentence: session.notice.emit(sentence, "error"))  # fmt: skip


def open_as_labels(session: Session, series: Series, *, replace: bool = True) -> Job | None:
    """Open a series of segmentations or structure sets as label layers; without ``replace`` nothing is closed."""
    return session.label_objects.open(series, replace=replace)


def parts_of(series: Series) -> str:
    """Return how many segments or structures a series holds, in words."""
    count = len(series.contents)
    if series.content == SEGMENTATION:
        return tr_count("{count} segment", "{count} segments", count)
    return tr_count("{count} structure", "{count} structures", count)


def made_from(session: Session, series: Series) -> list[ImageLayer]:
    """Return the open images that a series of labels says it was made from."""
    return [one for one in _open_images(session) if one.source.kind == "dicom" and
            one.source.detail.split("|")[0] in series.references]  # fmt: skip


def _beside(session: Session, series: Series) -> list[ImageLayer]:
    """Return the open images that state the frame of reference of a series of labels."""
    frame = series.frame_of_reference
    return [one for one in _open_images(session) if frame and one.own_geometry.frame_of_reference == frame]


def _open_images(session: Session) -> list[ImageLayer]:
    return [one for one in session.document.images if not session.loading.is_placeholder(one)]


def _add(session: Session, series: Series, found: list[ObjectLabels], images: list[ImageLayer]) -> None:
    """Put label maps into the document; the first layer becomes the active one."""
    title = title_of(series)
    maps = [labels for one in found for labels in one.maps]
    was_clean = session.is_clean and session.saving.path is None
    layers: list[LabelLayer] = []
    with session.history.group(tr("Open {name} as labels", name=title)):
        for n, labels in enumerate(maps, start=1):
            name = title if len(maps) == 1 else tr("{name} ({n} of {count})", name=title, n=n, count=len(maps))
            layers.append(_layer(session, labels, name, images, Source(detail=f"{series.uid}|labels")))
            layers[-1].display.filled = series.content != STRUCTURES
            session.history.do(AddLayer(layers[-1]))
    if was_clean:
        session.history.mark_clean()
    if len(session.document) == len(layers):
        session.centre_crosshair()
    session.document.active = layers[0]
    findings = [finding for one in found for finding in one.findings]
    _say(session, [*findings, *map(_as_shown, maps[:1])] if series.content == STRUCTURES else findings)


def _as_shown(labels: LabelMap) -> Finding:
    """Say where what is shown is what was drawn: labels are voxels, contours are not."""
    if labels.geometry.size[2] > 1:
        said = tr("Structures are shown as they were drawn, in the planes they were drawn in; across these, and once a "
                  "label is changed, as outlines of its voxels, up to half a voxel beside.")  # fmt: skip
    else:
        said = tr("Structures are shown as they were drawn; once a label is changed, as outlines of its voxels, up to "
                  "half a voxel beside.")  # fmt: skip
    return Finding("as-voxels", said, "info")


def _layer(session: Session, labels: LabelMap, name: str, images: list[ImageLayer], source: Source) -> LabelLayer:
    """Return a layer of labels that goes with the image whose voxels it has, or that lies in its space."""
    image = next((one for one in images if one.own_geometry is labels.geometry), None)
    near = image or next((one for one in images if same_world(one.own_geometry, labels.geometry)), None)
    layer = LabelLayer(
        unique_name(name, {other.name for other in session.document.layers}), labels,
        placement=near.placement if near is not None else None, source=source,
        made_for=image.id if image is not None else "",
    )  # fmt: skip
    if labels.labels:
        layer.active_label = labels.labels[0].value
    return layer


def _say(session: Session, findings: list[Finding]) -> None:
    """Say what the user should know of the labels, the worst first, in one notice."""
    ordered = sorted(dict.fromkeys(findings), key=lambda finding: finding.severity == "info")
    if not ordered:
        return
    said = " ".join(finding.message for finding in ordered[:_MOST_SENTENCES])
    if len(ordered) > _MOST_SENTENCES:
        said += " " + tr("There is more to say: {count} further remarks.", count=len(ordered) - _MOST_SENTENCES)
    session.notice.emit(said, "info" if ordered[0].severity == "info" else "warning")
