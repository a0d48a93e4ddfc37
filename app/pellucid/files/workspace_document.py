"""From a document to the plain data that is saved, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_jsonable_python

from pellucid.files.chosen_facts import chosen_facts, with_chosen_facts
from pellucid.files.contour_entries import contours_of, with_contours
from pellucid.files.entries import ArrayEntry
from pellucid.files.manifest import (
    AnnotationEntry,
    CompareEntry,
    ImageEntry,
    LabelEntry,
    LinkEntry,
    Manifest,
    PaneEntry,
    SourceEntry,
    TransferEntry,
    ViewEntry,
    VolumeEntry,
)
from pellucid.files.placement_entries import placement_entry, placement_of
from pellucid.files.raw import IsCancelled, Progress
from pellucid.files.sources import digest, moved, read_source
from pellucid.files.workspace import Arrays, WorkspaceState
from pellucid.language import tr
from pellucid.model.annotations import Annotation
from pellucid.model.compare import Compare
from pellucid.model.display import ImageDisplay, LabelDisplay
from pellucid.model.document import Document
from pellucid.model.findings import Refused
from pellucid.model.label_snapshots import KeptVoxels
from pellucid.model.labels import Code, Label, LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer, Layer, Provenance, Source
from pellucid.model.transfer import Transfer
from pellucid.model.view import Link, PaneState, ViewState
from pellucid.model.volume import Volume, image_from_array

if TYPE_CHECKING:
    from pellucid.dicom.child import Pool

_UNKNOWN = "0" * 64


def capture(document: Document, view: ViewState) -> WorkspaceState:
    """Take what saving needs, on the main thread: volumes are shared, label maps are copied by who reads them first."""
    arrays: dict[str, NDArray[Any] | KeptVoxels] = {}

    def keep(array: NDArray[Any], kept: KeptVoxels | None = None) -> ArrayEntry:
        member = f"arrays/{len(arrays):04d}"
        arrays[member] = array if kept is None else kept
        fields = {"member": member, "dtype": array.dtype.str[1:], "shape": array.shape, "sha256": _UNKNOWN}
        return ArrayEntry.model_validate(fields)

    entries: list[ImageEntry | LabelEntry] = []
    placements = list(dict.fromkeys(layer.placement for layer in document.layers if layer.placement is not None))
    placed = {placement: n for n, placement in enumerate(placements)}
    for layer in document.layers:
        lies = None if layer.placement is None else placed[layer.placement]
        if isinstance(layer, LabelLayer):
            taken = layer.labels.snapshot()
            entry = _label_entry(layer, keep(layer.labels.array, taken.kept), lies)
            entries.append(with_contours(entry, taken.contours, keep))
        else:
            embedded = () if _is_untouched(layer) else layer.frames
            frames = tuple(_volume_entry(v, keep(v.array)) for v in embedded)
            base = () if layer.source.paths else layer.base
            before = tuple(_volume_entry(v, keep(v.array)) for v in base)
            entries.append(_image_entry(layer, frames, before, lies))
    active = document.active.id if document.active is not None else None
    look = ViewEntry(
        crosshair=_finite(view.crosshair, (0.0, 0.0, 0.0)), layout=view.layout,
        plane_mode=view.plane_mode, rotation=view.rotation,
        maximised=view.maximised, panes=tuple(map(_pane_entry, view.panes)), spread=view.spread,
        apart=tuple(layer.id for layer in document.layers if layer.id in view.apart),
        consented=tuple(pair for pair in view.consented if all(document.find(one) is not None for one in pair)),
        links=tuple(map(_link_entry, view.links)), show_crosshair=view.show_crosshair,
        show_annotations=view.show_annotations, color_bar=view.color_bar,
        compare=CompareEntry(**vars(view.compare)) if view.compare is not None else None,
        show_measurements=view.show_measurements,
        neighbour_measurements=view.neighbour_measurements,
    )  # fmt: skip
    drawn = tuple(map(_annotation_entry, document.annotations))
    where = tuple(placement_entry(one, keep, _plain) for one in placements)
    whole = Manifest(layers=tuple(entries), active=active, view=look, annotations=drawn, placements=where)
    return WorkspaceState(whole, Arrays(arrays))


def read_sources(
    state: WorkspaceState,
    *,
    pool: Pool | None = None,
    progress: Progress = lambda _: None,
    cancelled: IsCancelled = lambda: False,
) -> tuple[dict[str, tuple[Volume, ...]], tuple[str, ...]]:
    """Read the images that the saved work only refers to: frames by layer id, and a sentence per trouble."""
    frames: dict[str, tuple[Volume, ...]] = {}
    said: list[str] = []
    wanted = [entry for entry in state.manifest.layers if isinstance(entry, ImageEntry) and not entry.frames]
    for n, entry in enumerate(wanted):
        source = _source(entry.source)

        def share(done: float, before: int = n) -> None:
            progress((before + done) / len(wanted))

        try:
            frames[entry.id] = read_source(source, pool=pool, progress=share, cancelled=cancelled)
        except Refused as refusal:
            said.append(tr("“{name}” could not be read again: {refusal}", name=entry.name, refusal=refusal))
            continue
        if entry.source.sha256 and digest(source.paths) != entry.source.sha256:
            said.append(
                tr("The files of “{name}” have changed since the work was saved. Check what is shown.", name=entry.name)
            )
    return frames, tuple(said)


def relocated(state: WorkspaceState, folder: Path) -> WorkspaceState:
    """Return the work with its missing sources looked up by file name below a folder."""
    gone = {missing.layer_id for missing in state.missing}
    layers, missing = [], []
    for entry in state.manifest.layers:
        if entry.id in gone:
            paths = moved(_source(entry.source), folder).paths
            entry = entry.model_copy(update={"source": entry.source.model_copy(update={"paths": paths})})
            lost = tuple(path for path in paths if not Path(path).is_file())
            missing += [replace(m, paths=lost) for m in state.missing if m.layer_id == entry.id and lost]
        layers.append(entry)
    manifest = state.manifest.model_copy(update={"layers": tuple(layers)})
    return WorkspaceState(manifest, state.arrays, tuple(missing))


def restore(
    state: WorkspaceState, frames: Mapping[str, tuple[Volume, ...]] | None = None
) -> tuple[tuple[Layer, ...], Layer | None]:
    """Make the layers of a saved work, from bottom to top, and say which was active.

    ``frames`` are those of ``read_sources``; an image layer whose frames are nowhere is left out.
    """
    layers: list[Layer] = []
    placements = [placement_of(entry, state.arrays) for entry in state.manifest.placements]
    for entry in state.manifest.layers:
        lies = None if entry.placement is None else placements[entry.placement]
        if isinstance(entry, LabelEntry):
            layers.append(_label_layer(entry, state.arrays))
            layers[-1].placement = lies
            continue
        own = tuple(_volume(frame, state.arrays[frame.array.member]) for frame in entry.frames)
        read = (frames or {}).get(entry.id, ())
        shown = own or tuple(with_chosen_facts(one, entry.suv_kind, entry.windows) for one in read)
        if shown:
            base = tuple(_volume(frame, state.arrays[frame.array.member]) for frame in entry.base)
            layers.append(_image_layer(entry, shown, base))
            layers[-1].placement = lies
    return tuple(layers), next((layer for layer in layers if layer.id == state.manifest.active), None)


def restore_annotations(state: WorkspaceState, document: Document) -> None:
    """Draw again what was drawn on the layers that are there; the document must hold them already."""
    for entry in state.manifest.annotations:
        if document.find(entry.layer) is not None:
            fields = {name: getattr(entry, name) for name in AnnotationEntry.model_fields}
            document.annotations.insert(len(document.annotations), Annotation(**fields))


def restore_view(state: WorkspaceState, view: ViewState) -> None:
    """Look where the user looked when the work was saved."""
    saved = state.manifest.view
    view.layout, view.maximised, view.crosshair = saved.layout, saved.maximised, saved.crosshair
    view.plane_mode, view.rotation = saved.plane_mode, saved.rotation
    view.spread, view.apart, view.consented = saved.spread, saved.apart, saved.consented
    for kept in saved.links:
        link = view.link(kept.name)
        for name in LinkEntry.model_fields:
            setattr(link, name, getattr(kept, name))
    for pane, entry in zip(view.panes, saved.panes, strict=False):
        for name in PaneEntry.model_fields:
            setattr(pane, name, getattr(entry, name))
    view.compare = Compare(**dict(saved.compare)) if saved.compare is not None else None
    view.show_crosshair, view.show_annotations = saved.show_crosshair, saved.show_annotations
    view.color_bar = saved.color_bar
    view.show_measurements = saved.show_measurements
    view.neighbour_measurements = saved.neighbour_measurements


def _annotation_entry(annotation: Annotation) -> AnnotationEntry:
    fields = {name: getattr(annotation, name) for name in AnnotationEntry.model_fields}
    texts = {name: _text(fields[name]) for name in ("name", "text", "frame_of_reference")}
    return AnnotationEntry(**fields | texts)


def _pane_entry(pane: PaneState) -> PaneEntry:
    return PaneEntry(**{name: getattr(pane, name) for name in PaneEntry.model_fields})


def _link_entry(link: Link) -> LinkEntry:
    values = {name: getattr(link, name) for name in LinkEntry.model_fields}
    return LinkEntry(**values | {"point": _finite(link.point, (0.0, 0.0, 0.0))})


def _is_untouched(layer: ImageLayer) -> bool:
    return layer.source.kind != "none" and bool(layer.source.paths) and not layer.provenance


def _finite(numbers: Iterable[float], instead: Any) -> Any:
    kept = tuple(float(n) for n in numbers)
    return kept if all(np.isfinite(kept)) else instead


def _common(layer: Layer) -> dict[str, Any]:
    paths = tuple(map(_text, layer.source.paths))
    source = {"kind": layer.source.kind, "paths": paths, "detail": _text(layer.source.detail),
              "reduction": layer.source.reduction}  # fmt: skip
    return {
        "id": layer.id, "name": _text(layer.name), "visible": layer.visible, "opacity": layer.opacity,
        "source": SourceEntry.model_validate(source), "provenance": tuple(map(_plain, layer.provenance)),
    }  # fmt: skip


def _text(text: str) -> str:
    """Return text that UTF-8 can hold: a file name may carry bytes that are no text."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _plain(step: Provenance) -> Provenance:
    """Return a step whose parameters are what JSON gives back."""
    values = to_jsonable_python(step.parameters, inf_nan_mode="constants", fallback=str)
    return replace(step, parameters=values, inputs=tuple(map(_text, step.inputs)))


def _image_entry(
    layer: ImageLayer, frames: tuple[VolumeEntry, ...], base: tuple[VolumeEntry, ...], lies: int | None
) -> ImageEntry:
    display = layer.display
    level, width = _finite((display.level, display.width), (0.5, 1.0))
    return ImageEntry(
        **_common(layer), placement=lies, frame=layer.frame, level=level, width=width, colormap=display.colormap,
        invert=display.invert, interpolate=display.interpolate, blending=display.blending,
        channel=display.channel, frames=frames, base=base, transfer=_transfer_entry(display.transfer),
        first_transfer=_transfer_entry(layer.first_transfer),
        first_limits=_finite(layer.first_limits, None) if layer.first_limits is not None else None,
        **({} if frames else chosen_facts(layer)),
    )  # fmt: skip


def _transfer_entry(curve: Transfer) -> TransferEntry:
    return TransferEntry(kind=curve.kind, gamma=curve.gamma, points=curve.points, table=curve.table)


def _transfer(entry: TransferEntry) -> Transfer:
    return Transfer(entry.kind, entry.gamma, entry.points, entry.table)


def _volume_entry(volume: Volume, array: ArrayEntry) -> VolumeEntry:
    return VolumeEntry(
        geometry=volume.geometry, array=array, unit=volume.unit, padding=volume.padding,
        acquisition=volume.acquisition, findings=volume.findings,
    )  # fmt: skip


def _label_entry(layer: LabelLayer, array: ArrayEntry, lies: int | None) -> LabelEntry:
    rows = tuple(map(_label, layer.labels.labels))
    return LabelEntry(
        **_common(layer), placement=lies, active_label=layer.active_label, fill=layer.display.fill,
        outline=layer.display.outline, filled=layer.display.filled, outline_width=layer.display.outline_width,
        as_drawn=layer.display.as_drawn, geometry=layer.labels.geometry, array=array, labels=rows,
        made_for=layer.made_for,
    )  # fmt: skip


def _label(row: Label) -> Label:
    code = row.code and Code(*map(_text, (row.code.scheme, row.code.value, row.code.meaning)))
    return replace(row, name=_text(row.name), notes=_text(row.notes), code=code)


def _source(entry: SourceEntry) -> Source:
    return Source(entry.kind, entry.paths, entry.detail, entry.reduction)


def _volume(entry: VolumeEntry, array: NDArray[Any]) -> Volume:
    image = image_from_array(array, entry.geometry, colour=array.ndim == 4)
    return Volume(image, entry.geometry, entry.unit, entry.padding, entry.acquisition, entry.findings)


def _image_layer(entry: ImageEntry, frames: tuple[Volume, ...], base: tuple[Volume, ...]) -> ImageLayer:
    display = ImageDisplay(entry.level, entry.width, entry.colormap, entry.invert, entry.interpolate)
    display.blending, display.channel = entry.blending, entry.channel
    display.transfer = _transfer(entry.transfer)
    return ImageLayer(
        entry.name, frames, min(entry.frame, len(frames) - 1), entry.visible, entry.opacity,
        source=_source(entry.source), provenance=entry.provenance, display=display,
        first_limits=entry.first_limits, first_transfer=_transfer(entry.first_transfer), id=entry.id, base=base,
    )  # fmt: skip


def _label_layer(entry: LabelEntry, arrays: Mapping[str, NDArray[Any]]) -> LabelLayer:
    labels = LabelMap(entry.geometry, arrays[entry.array.member], entry.labels, contours_of(entry, arrays))
    look = LabelDisplay(entry.fill, entry.outline, entry.filled, entry.outline_width, entry.as_drawn)
    return LabelLayer(
        entry.name, labels, entry.active_label, entry.visible, entry.opacity, _source(entry.source),
        entry.provenance, look, entry.id, made_for=entry.made_for,
    )  # fmt: skip
