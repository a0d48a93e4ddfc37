"""The active image as a volume: brought to a size that can be drawn, dressed with a preset, following the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.model.layer import ImageLayer
from pellucid.model.volume import Volume
from pellucid.session.solids import Block, ask_block
from pellucid.ui.forms.numbers import short_number
from pellucid.ui.three_d.presets import PRESETS, Preset, placed

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.three_d.studio import Studio


class Density:
    """Keeps the volume on the stage true to the active image; ``tell`` hears what should be said of it."""

    def __init__(
        self, session: Session, studio: Studio, tell: Callable[[str], None], draw: Callable[[], None]
    ) -> None:
        self._session, self._studio, self._tell, self._draw = session, studio, tell, draw
        self.preset: Preset | None = None
        self.strength, self.shift = 1.0, 0.0
        self._made: tuple[Volume, Block] | None = None
        self._is_on = False

    def presets(self) -> list[tuple[Preset, str]]:
        """Return all presets, each with the sentence why it cannot be used now, or an empty text."""
        image = self._session.document.active_image
        unit = image.volume.unit if image is not None else ""
        said = tr("For CT in Hounsfield units (HU).")
        return [(preset, said if preset.hounsfield and unit not in ("HU", "") else "") for preset in PRESETS]

    def refresh(self) -> None:
        """Show the active image with the preset, or nothing."""
        image = self._session.document.active_image
        if image is None or (self._made is not None and self._made[0] is not image.placed):
            self._made = None
        if self.preset is None or image is None or not image.visible:
            self._tell("")
            self._put(None)
        elif self._made is not None:
            self._show(self._made[1])
        else:
            self._ask(image)

    def dress(self) -> None:
        """Draw the volume with preset, opacity, shift and window as they are now."""
        image = self._session.document.active_image
        if self.preset is not None and image is not None and self._is_on:
            preset, strength = placed(self.preset, image.display.limits, self.shift), self.strength
            self._studio.do(lambda parts: parts.volume.dress(preset, strength))
            self._draw()

    def window_changed(self) -> None:
        """Dress the volume again where the preset follows the window."""
        if self.preset is not None and not self.preset.hounsfield:
            self.dress()

    def _ask(self, image: ImageLayer) -> None:
        volume = image.placed

        def done(block: Block) -> None:
            active = self._session.document.active_image
            if active is not None and active.placed is volume:
                self._made = volume, block
                self.refresh()

        def failed(sentence: str) -> None:
            self._tell(sentence)
            self._put(None)

        self._tell(tr("The volume is being prepared…"))
        ask_block(self._session, image, done, failed)

    def _show(self, block: Block) -> None:
        self._tell(_size_note(block))
        self._put(block)
        self.dress()

    def _put(self, block: Block | None) -> None:
        self._is_on = block is not None
        self._studio.do(lambda parts: parts.volume.put(block))
        self._draw()


def _size_note(block: Block) -> str:
    """Say that the volume was made smaller, or nothing."""
    if max(block.factors) == 1:
        return ""
    size = " × ".join(str(n) for n in block.array.shape[::-1])
    by = " × ".join(short_number(float(n)) for n in block.factors)
    return tr("The volume is drawn from {size} voxels: blocks of {by} were averaged.", size=size, by=by)
