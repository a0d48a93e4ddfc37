"""The items of one pane, kept in step with the layers of the document."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from PySide6.QtWidgets import QGraphicsView

from pellucid.model.compare import CompareMode
from pellucid.model.display import Blending
from pellucid.model.labels import Box, Label, LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer, Layer, Preview
from pellucid.model.slicing import PlaneImage, orient_preview
from pellucid.model.transfer import STRAIGHT
from pellucid.ui.canvas.agreement_legend import AGREEMENT_FILL, agreement_labels
from pellucid.ui.canvas.contour_lines import DrawnLabels, drawn_labels
from pellucid.ui.canvas.cutting import Cutter, Section
from pellucid.ui.canvas.drawing import Work
from pellucid.ui.canvas.joint_item import JointItem, Side
from pellucid.ui.canvas.label_item import LabelItem, Tint
from pellucid.ui.canvas.layer_item import LayerItem
from pellucid.ui.canvas.lookup import Look, fill_value
from pellucid.ui.canvas.sheet import Sheet

if TYPE_CHECKING:
    from pellucid.session.agreement_answers import AgreementMap
    from pellucid.session.comparing import Held
    from pellucid.ui.canvas.comparison import Comparison

_MASK_FILL = 0.35
_JOINED = (CompareMode.DIFFERENCE, CompareMode.RED_GREEN)


def _as_always(_labels: LabelLayer) -> str:
    return ""


@dataclass(frozen=True, eq=False)
class _Place:
    """How layers are cut, and whether they are shown as they were."""

    section: Section
    before: bool
    held: Held | None


class LayerStack:
    """Draws the layers of a pane in its plane; the order of layers is the order of items."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._items: dict[str, LayerItem | LabelItem] = {}
        self._mask = self._add(LabelItem())
        self._mask.setZValue(10_000)
        self._agreement = self._add(LabelItem())
        self._agreement.setZValue(9_000)
        self._agreement_cutter = Cutter()
        self._joint: JointItem = self._add(JointItem())
        self._joint.setZValue(-1)
        self._joint.forget()
        self._edits = 0
        self._limits: tuple[float, float] | None = None
        self._cutters: dict[str, Cutter] = {}
        self._maps: dict[str, LabelMap] = {}
        self._preview_cutter = Cutter()
        self.shown: dict[str, PlaneImage] = {}
        """What each visible layer shows, by the id of the layer."""
        self.drawn: list[DrawnLabels] = []
        """The label layers whose contours are drawn."""
        self.fills = False
        """Whether an image that is alone is drawn in full: in a pane of its own there is nothing to let through."""
        self.preview = ""
        """The title of the preview that is shown here, or nothing."""
        self.limits: tuple[float, float] | None = None
        """The window of that preview where it is not that of its layer."""
        self.withheld = False
        """Whether there is a preview that cannot be shown here: it is made of slices, and this is none."""

    def labels_changed(self, box: Box) -> None:
        """Note that the voxels of a box of some label layer are not those drawn last."""
        self._edits += 1
        for layer_id, labels in self._maps.items():  # reading a box anew of labels that did not change does no harm
            self._cutters[layer_id].follow(labels, self._edits - 1, self._edits, box)

    def refresh(
        self,
        layers: Sequence[Layer],
        section: Section | None,
        *,
        before: bool,
        fine: bool,
        held: Held | None = None,
        comparison: Comparison | None = None,
        agreement: AgreementMap | None = None,
        outlined: Callable[[LabelLayer], str] = _as_always,
    ) -> None:
        """Show a section of the layers; ``before`` leaves previews out, ``fine`` averages large slices.

        ``held`` replaces a layer by what it was, or leaves it out; ``comparison`` shows two images against each other
        and no other image. ``agreement`` is drawn instead of the labels it stands for. ``outlined`` tells of which
        image (``"fixed"`` or ``"moving"``) labels are drawn as outlines alone.
        """
        self._keep({layer.id for layer in layers})
        self.shown, self.drawn, self.preview, self.limits, self.withheld = {}, [], "", None, False
        self._mask.show_plane(None, None)
        self._show_agreement(agreement, layers, section)
        if section is None:
            self._joint.forget()
            return
        place = _Place(section, before, held)
        replaced = {} if before else _replaced(layers)
        alone = sum(isinstance(layer, ImageLayer) and layer.visible for layer in layers) == 1
        pair = comparison.layers if comparison is not None else None
        if comparison is None or comparison.mode not in _JOINED:
            self._joint.forget()
        for z, layer in enumerate(layers):
            item = self._item(layer)
            item.setZValue(z)
            if isinstance(item, LayerItem) and pair is not None:
                item.show_plane(None, None)
                continue
            left_out = held is not None and held.volume is None and held.layer is layer
            if not layer.visible or layer.opacity <= 0 or left_out:
                item.show_plane(None, None)
                continue
            if isinstance(item, LayerItem) and isinstance(layer, ImageLayer):
                item.blend(layer.display.blending, 1.0 if alone and self.fills else layer.opacity)
                item.fine, item.region = fine, None
                self._show_image(item, layer, place)
            elif isinstance(item, LabelItem) and isinstance(layer, LabelLayer):
                stood_for = agreement.hides(layer) if agreement is not None else ()
                if 0 in stood_for:
                    item.show_plane(None, None)
                    continue
                item.setOpacity(layer.opacity)
                self._maps[layer.id] = layer.labels
                item.tint = Tint.of(layer, *stood_for, *((replaced.get(layer.id, 0),) if self.preview else ()))
                if side := outlined(layer):
                    item.tint = item.tint.outlined(dashed=side == "moving")
                voxels, version = layer.labels.array, (layer.labels, self._edits)
                geometry = layer.geometry if held is None else held.geometry(layer)
                if (drawn := drawn_labels(layer, geometry, item.tint, section, fine=fine)) is not None:
                    self.drawn.append(drawn)
                    item.tint = drawn.rest
                plane = self._cutters[layer.id].cut(voxels, version, geometry, section, fill=0, labels=True)
                made = plane if plane is not None and plane.axis < 0 else None
                self._put(item, layer, plane, (section.frame, geometry, self._edits, section.index, made))
        if comparison is not None and pair is not None:
            self._compare(comparison, pair, place, fine=fine)

    def _compare(
        self, comparison: Comparison, pair: tuple[ImageLayer, ImageLayer], place: _Place, *, fine: bool
    ) -> None:
        if comparison.mode in _JOINED and comparison.compare is not None:
            sides = [Side(layer, *found) for layer in pair if (found := self._image_plane(layer, place)) is not None]
            self.shown |= {side.layer.id: side.plane for side in sides}
            if len(sides) == 2 and comparison.shows(second=True):
                self._joint.show_sides(sides[0], sides[1], comparison.compare)
                return
            self._joint.forget()
        for second, layer in enumerate(pair):
            item = self._item(layer)
            assert isinstance(item, LayerItem)
            if not comparison.shows(bool(second)) or (second and comparison.mode in _JOINED):
                item.show_plane(None, None)
                continue
            item.blend(Blending.OVER, 1.0)
            item.fine, item.region = fine, partial(comparison.region, bool(second))
            self._show_image(item, layer, place)

    def pictures(self, view: QGraphicsView) -> list[Work]:
        """Return the work of making the pictures that will be painted and are not there yet."""
        made = (item.picture(view) for item in (*self._items.values(), self._mask, self._agreement))
        return [work for work in made if work is not None]

    def is_thinned(self) -> bool:
        """Return whether a slice is drawn more coarsely than it could be."""
        images = (item for item in self._items.values() if isinstance(item, LayerItem))
        return any(item.thinned and not item.fine for item in images if item.isVisible()) or not all(
            drawn.fine for drawn in self.drawn
        )

    def is_coarse(self) -> bool:
        """Return whether a resampled plane or slab could be finer."""
        own = (self._preview_cutter, self._agreement_cutter)
        return any(cutter.coarse for cutter in (*self._cutters.values(), *own))

    def _show_image(self, item: LayerItem, layer: ImageLayer, place: _Place) -> None:
        item.look, item.smooth = Look.of_layer(layer), layer.display.interpolate
        item.channel = layer.display.channel
        found = self._image_plane(layer, place)
        plane, version = found if found is not None else (None, None)
        if plane is not None and self._limits is not None:
            self.limits = low, high = self._limits
            item.look = replace(item.look, low=low, high=high, transfer=STRAIGHT)
        item.clear = plane is not None and plane.axis < 0 and not layer.volume.is_colour
        self._put(item, layer, plane, version)

    def _image_plane(self, layer: ImageLayer, place: _Place) -> tuple[PlaneImage, Hashable] | None:
        """Return what a layer shows, previewed or as it was, and the version of it; None where the plane misses it."""
        section, held, smooth = place.section, place.held, layer.display.interpolate
        volume, preview, self._limits = layer.placed, layer.preview, None
        if held is not None and held.layer is layer and (was := held.placed) is not None:
            volume, preview = was, None
        fill, cutter = fill_value(volume.dtype), self._cutters[layer.id]
        plane = cutter.cut(volume.array, volume, volume.geometry, section, fill=fill, smooth=smooth)
        version: tuple[Hashable, ...] = (section.frame, volume, section.index)
        if plane is None:
            return None
        if preview is not None and not place.before:
            previewed = self._previewed(preview, plane, section, layer, smooth)
            self.withheld = previewed is None and plane.axis < 0
            if previewed is not None and preview.is_mask:
                self._show_mask(preview, previewed, (section.frame, preview, section.index))
            elif previewed is not None:
                plane, version = previewed, (*version, preview)
                self.preview, self._limits = preview.title, preview.limits
        computed = plane if plane.axis < 0 else None  # no voxels of the volume, but made for this place and zoom
        return plane, (version, computed)

    def _show_mask(self, preview: Preview, plane: PlaneImage, version: Hashable) -> None:
        rows = () if preview.is_labels else (Label(1, preview.title, preview.color),)
        entries = 256 if plane.array.dtype.itemsize == 1 else 65_536
        self._mask.tint = Tint(rows, _MASK_FILL, outline=True, entries=entries)
        self._mask.show_plane(plane, version)
        self.preview = preview.title

    def _show_agreement(self, agreement: AgreementMap | None, layers: Sequence[Layer], section: Section | None) -> None:
        here = {layer.id for layer in layers}
        if agreement is None or section is None or not any(layer_id in here for layer_id, _value in agreement.sides):
            self._agreement.show_plane(None, None)
            return
        self._agreement.tint = Tint(agreement_labels(), AGREEMENT_FILL, outline=True)
        values = agreement.values
        plane = self._agreement_cutter.cut(values, agreement, agreement.geometry, section, fill=0, labels=True)
        made = plane if plane is not None and plane.axis < 0 else None
        self._agreement.show_plane(
            plane.for_window() if plane is not None else None, (section.frame, agreement, section.index, made)
        )

    def _put(self, item: LayerItem | LabelItem, layer: Layer, plane: PlaneImage | None, version: Hashable) -> None:
        if plane is None:
            item.show_plane(None, None)
            return
        self.shown[layer.id] = plane
        item.show_plane(plane.for_window(), version)

    def _item(self, layer: Layer) -> LayerItem | LabelItem:
        item = self._items.get(layer.id)
        if item is None:
            item = self._add(LayerItem() if isinstance(layer, ImageLayer) else LabelItem())
            self._items[layer.id] = item
            self._cutters[layer.id] = Cutter()
        return item

    def _add(self, item: Any) -> Any:
        self._sheet.add(item)
        return item

    def clear(self) -> None:
        """Let go of everything drawn, so that a hidden pane keeps no volume alive."""
        self._keep(set())
        self._mask.forget()
        self._agreement.forget()
        self._joint.forget()
        self.shown, self.drawn, self.preview, self.limits, self.withheld = {}, [], "", None, False

    def _keep(self, ids: set[str]) -> None:
        for layer_id in [known for known in self._items if known not in ids]:
            self._sheet.remove(self._items.pop(layer_id))
            self._cutters.pop(layer_id)
            self._maps.pop(layer_id, None)

    def _previewed(
        self, preview: Preview, plane: PlaneImage, section: Section, layer: ImageLayer, smooth: bool
    ) -> PlaneImage | None:
        """Return what a preview shows in place of a slice, or None when it does not reach this slice."""
        if preview.whole is not None:
            whole = layer.where_it_lies(preview.whole)
            fill = fill_value(whole.dtype)
            return self._preview_cutter.cut(whole.array, whole, whole.geometry, section, fill=fill, smooth=smooth)
        pixels: NDArray[Any] | None = preview.slices.get((plane.axis, plane.index))
        if pixels is None:
            return None
        fill = 0 if preview.is_mask else fill_value(pixels.dtype)
        turned = orient_preview(pixels, section.frame, layer.geometry, fill=fill)
        return PlaneImage(turned, plane.transform, plane.axis, plane.index)


def _replaced(layers: Sequence[Layer]) -> dict[str, int]:
    """Return the labels, by the ids of their layers, that a preview of some images stands for."""
    previews = (layer.preview for layer in layers if isinstance(layer, ImageLayer))
    return dict(preview.replaces for preview in previews if preview is not None and preview.replaces is not None)
