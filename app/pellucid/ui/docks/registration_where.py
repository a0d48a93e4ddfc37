"""Where a registration begins and where it looks: the start, a mask for each image, the random seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.session.registration_words import PLACED, STARTS
from pellucid.ui import theme
from pellucid.ui.docks.parts import allow, described, dim, titled
from pellucid.ui.forms.controls import Choice, NumberBox
from pellucid.ui.forms.numbers import Bounds

if TYPE_CHECKING:
    from pellucid.session import Session

NO_LABELS = mark("No label was drawn on this image.")


class WhereBox(QWidget):
    """Shows and changes what ``registering.choosing`` knows of start, masks and seed."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choosing = session.registering.choosing
        self.start, self.fixed_mask, self.moving_mask = Choice(), Choice(), Choice()
        described(self.start, tr("Start"), tr("Where the search begins"))
        described(self.fixed_mask, tr("Mask of the fixed image"), tr("Only what lies in this label counts"))
        described(self.moving_mask, tr("Mask of the moving image"), tr("Only what lies in this label counts"))
        self.seed = NumberBox(Bounds(1, 2**31 - 1, whole=True))
        seed = tr("The number that sampled voxels are drawn from: the same number gives the same result")
        described(self.seed, tr("Random seed"), seed)
        self.seed.set_tip(seed)
        rows = ((tr("Start"), self.start), (tr("Fixed mask"), self.fixed_mask),
                (tr("Moving mask"), self.moving_mask), (tr("Seed"), self.seed))  # fmt: skip
        self.note = dim()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(titled(rows))
        column.addWidget(self.note)
        self.start.chosen.connect(lambda start: self._choosing.choose(start=start))
        self.fixed_mask.chosen.connect(lambda mask: self._choosing.choose(fixed_mask=mask))
        self.moving_mask.chosen.connect(lambda mask: self._choosing.choose(moving_mask=mask))
        self.seed.edited.connect(lambda seed: self._choosing.choose(seed=int(seed)))
        session.registering.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        choosing, now = self._choosing, self._choosing.setup
        moving = choosing.moving
        plan = choosing.preset_plan
        options = [(tr("By the method: {start}", start=tr(STARTS[plan.start])), "")]
        if moving is not None and moving.placement is not None:
            options.append((tr("Where it lies now"), PLACED))
        self.start.set_options([*options, *((tr(title), start) for start, title in STARTS.items())])
        self.start.set_value(choosing.start)
        for control, image, mask in ((self.fixed_mask, choosing.fixed, now.fixed_mask),
                                     (self.moving_mask, moving, now.moving_mask)):  # fmt: skip
            masks = choosing.masks(image)
            control.set_options([(tr("None"), None), *masks])
            control.set_value(mask)
            allow(control, "" if masks else tr(NO_LABELS))
        if not self.seed.hasFocus():
            self.seed.set_value(now.seed)
        placed = choosing.start == PLACED
        self.note.setText(tr("It goes on from where “{name}” was put.", name=moving.name) if placed and moving else "")
        self.note.setVisible(bool(self.note.text()))
