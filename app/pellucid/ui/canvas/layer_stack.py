"""The items of one pane, kept in step with the layers of the document."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import pyqtgraph as pg
from numpy.typing import NDArray

from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label
from pellucid.model.layer import ImageLayer, LabelLayer, Layer, Preview
from pellucid.model.slicing import PlaneFrame, PlaneImage, layer_plane, orient_preview
from pellucid.ui.canvas.label_item import LabelItem, Tint
from pellucid.ui.canvas.layer_item import LayerItem
from pellucid.ui.canvas.lookup import Look, fill_value
from pellucid.ui.canvas.slabs import Slab

_MASK_FILL = 0.35


class LayerStack:
    """Draws the layers of a pane in its plane; the order of layers is the order of items."""

    def __init__(self, box: pg.ViewBox) -> None:
        self._box = box
        self._items: dict[str, LayerItem | LabelItem] = {}
        self._mask = self._add(LabelItem())
        self._mask.setZValue(10_000)
        self._edits = 0
        self._slabs: dict[str, Slab] = {}
        self.shown: dict[str, PlaneImage] = {}
        """What each visible layer shows, by the id of the layer."""
        self.preview = ""
        """The title of the preview that is shown here, or nothing."""

    def labels_changed(self) -> None:
        """Note that voxels of a label layer are not those drawn last."""
        self._edits += 1

    def refresh(
        self, layers: Sequence[Layer], frame: PlaneFrame | None, index: int, *, before: bool, fine: bool
    ) -> None:
        """Show slice ``index`` of a frame; ``before`` leaves previews out, ``fine`` averages large slices."""
        self._keep({layer.id for layer in layers})
        self.shown, self.preview = {}, ""
        self._mask.show_plane(None, None)
        if frame is None:
            return
        for z, layer in enumerate(layers):
            item = self._item(layer)
            item.setZValue(z)
            if not layer.visible or layer.opacity <= 0:
                item.show_plane(None, None)
                continue
            if isinstance(item, LayerItem) and isinstance(layer, ImageLayer):
                item.blend(layer.display.blending, layer.opacity)
                item.fine = fine
                self._show_image(item, layer, frame, index, before)
            elif isinstance(item, LabelItem) and isinstance(layer, LabelLayer):
                item.setOpacity(layer.opacity)
                item.tint = Tint.of(layer)
                plane = self._cut(layer, layer.labels.array, (layer.labels, self._edits), frame, index, 0)
                self._put(item, layer, plane, (frame, self._edits, index))

    def is_thinned(self) -> bool:
        """Return whether a slice is drawn more coarsely than it could be."""
        images = (item for item in self._items.values() if isinstance(item, LayerItem))
        return any(item.thinned and not item.fine for item in images if item.isVisible())

    def _show_image(self, item: LayerItem, layer: ImageLayer, frame: PlaneFrame, index: int, before: bool) -> None:
        volume, preview = layer.volume, layer.preview
        fill = fill_value(volume.dtype)
        plane = self._cut(layer, volume.array, volume, frame, index, fill)
        item.look, item.smooth = Look.of(layer.display), layer.display.interpolate
        item.clear = plane is not None and plane.axis < 0 and not volume.is_colour
        version: tuple[Hashable, ...] = (frame, volume, index)
        if plane is not None and preview is not None and not before:
            previewed = _previewed(preview, plane, frame, index, volume.geometry)
            if previewed is not None and preview.is_mask:
                self._show_mask(preview, previewed, (frame, preview, index))
            elif previewed is not None:
                plane, version = previewed, (*version, preview)
                self.preview = preview.title
        self._put(item, layer, plane, version)

    def _cut(
        self, layer: Layer, array: NDArray[Any], version: Hashable, frame: PlaneFrame, index: int, fill: float
    ) -> PlaneImage | None:
        plane = layer_plane(array, layer.geometry, frame, index, fill=fill)
        if plane is None or plane.axis != 0 or not layer.geometry.is_even:
            return plane
        slab = self._slabs.setdefault(layer.id, Slab())
        pixels = orient_preview(slab.slice(array, version, plane.index), frame, layer.geometry, fill=fill)
        return replace(plane, array=pixels)

    def _show_mask(self, preview: Preview, plane: PlaneImage, version: Hashable) -> None:
        self._mask.tint = Tint((Label(1, preview.title, preview.color),), _MASK_FILL, outline=True)
        self._mask.show_plane(plane, version)
        self.preview = preview.title

    def _put(self, item: LayerItem | LabelItem, layer: Layer, plane: PlaneImage | None, version: Hashable) -> None:
        item.show_plane(plane, version)
        if plane is not None:
            self.shown[layer.id] = plane

    def _item(self, layer: Layer) -> LayerItem | LabelItem:
        item = self._items.get(layer.id)
        if item is None:
            item = self._add(LayerItem() if isinstance(layer, ImageLayer) else LabelItem())
            self._items[layer.id] = item
        return item

    def _add(self, item: Any) -> Any:
        self._box.addItem(item, ignoreBounds=True)
        return item

    def clear(self) -> None:
        """Let go of everything drawn, so that a hidden pane keeps no volume alive."""
        self._keep(set())
        self._mask.forget()
        self.shown, self.preview = {}, ""

    def _keep(self, ids: set[str]) -> None:
        for layer_id in [known for known in self._items if known not in ids]:
            self._box.removeItem(self._items.pop(layer_id))
            self._slabs.pop(layer_id, None)


def _previewed(
    preview: Preview, plane: PlaneImage, frame: PlaneFrame, index: int, geometry: Geometry
) -> PlaneImage | None:
    """Return what a preview shows in place of a slice, or None when it does not reach this slice."""
    if preview.whole is not None:
        whole = preview.whole
        return layer_plane(whole.array, whole.geometry, frame, index, fill=fill_value(whole.dtype))
    pixels: NDArray[Any] | None = preview.slices.get((plane.axis, plane.index))
    if pixels is None:
        return None
    fill = 0 if preview.is_mask else fill_value(pixels.dtype)
    turned = orient_preview(pixels, frame, geometry, fill=fill)
    return PlaneImage(turned, plane.transform, plane.axis, plane.index)
