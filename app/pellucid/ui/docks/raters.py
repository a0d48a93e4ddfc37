"""Several raters of the same thing: which labels they are, Dice of each with each, and the consensus of all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.session.agreement_answers import Raters, Side
from pellucid.ui import theme
from pellucid.ui.docks.dice_matrix import DiceMatrix
from pellucid.ui.docks.parts import allow, dim, push_button, tell

if TYPE_CHECKING:
    from pellucid.session import Session

_ROLE = Qt.ItemDataRole.UserRole
_FEWEST, _MOST, _ROWS = 3, 16, 6


class RatersPage(QWidget):
    """Ticks for the labels, a matrix that chooses the pair to be looked at, a button for STAPLE."""

    pair_chosen = Signal(object, object)
    """Emitted with the two sides of a cell of the matrix."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._known: set[Side] = set()
        self.list = QListWidget()
        self.list.setProperty("frame", True)
        self.list.setAccessibleName(tr("Raters"))
        self.list.setToolTip(tr("Tick the labels that show the same thing, one for each rater"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.itemChanged.connect(lambda _item: self.refresh())
        self.said = dim()
        self.matrix = DiceMatrix(tr("Dice of each rater with each"))
        self.matrix.chosen.connect(self._chosen)
        self.matrix.hide()
        self.trust = dim()
        self.trust.setToolTip(
            tr("What STAPLE estimates: sensitivity is the share of the consensus that a rater marked, specificity the "
               "share of the rest that was left out")
        )  # fmt: skip
        self.staple = push_button(
            tr("Make consensus (STAPLE)"), self._staple, glyph="account-group-outline",
            tip=tr("Adds a label layer with the most likely mask: each rater counts as far as the others confirm"),
        )  # fmt: skip
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        for part in (self.list, self.said, self.matrix, self.staple, self.trust):
            column.addWidget(part)
        column.addStretch(1)

    def offer(self) -> None:
        """List the labels there are now; new ones are ticked while they are few."""
        choices = list(self._session.agreeing.choices(whole=False))
        ticked = set(self.sides())
        self.list.blockSignals(True)
        self.list.clear()
        for title, side in choices:
            item = QListWidgetItem(title)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            on = side in ticked or (side not in self._known and len(choices) <= _ROWS)
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
            item.setData(_ROLE, side)
            item.setToolTip(title)
            item.setSizeHint(QSize(0, theme.CONTROL_HEIGHT))
            self.list.addItem(item)
        self._known = {side for _title, side in choices}
        self.list.blockSignals(False)
        self.list.setFixedHeight(theme.CONTROL_HEIGHT * min(max(len(choices), _FEWEST), _ROWS) + theme.MARGIN)

    def sides(self) -> tuple[Side, ...]:
        """Return the labels that are ticked, in their order."""
        items = [self.list.item(n) for n in range(self.list.count())]
        found = [item.data(_ROLE) for item in items if item.checkState() == Qt.CheckState.Checked]
        return tuple((str(layer), int(value)) for layer, value in found)

    def refresh(self) -> None:
        """Compare the ticked labels with each other, in the background."""
        sides = self.sides()
        problem = ""
        if len(sides) < _FEWEST:
            problem = tr("Tick at least three labels; for two of them use the page “Two masks”.")
        elif len(sides) > _MOST:
            problem = tr("Tick at most {most} labels.", most=_MOST)
        tell(self.said, problem)
        allow(self.staple, problem)
        if problem:
            self._show(None)
        else:
            self._session.agreeing.raters(sides, partial(self._take, sides), partial(self._failed, sides))

    def _take(self, sides: tuple[Side, ...], found: Raters) -> None:
        if sides == self.sides():  # ticks may have changed to what cannot be compared
            self._show(found)

    def _failed(self, sides: tuple[Side, ...], sentence: str) -> None:
        if sides == self.sides():
            tell(self.said, sentence, "warning")
            allow(self.staple, sentence)
            self._show(None)

    def _show(self, found: Raters | None) -> None:
        self.matrix.setVisible(found is not None)
        self.trust.setVisible(found is not None)
        if found is None:
            return
        agreeing = self._session.agreeing
        self.matrix.show_dice([agreeing.title(side) for side in found.sides], found.dice)
        shares = zip(found.sensitivity, found.specificity, strict=True)
        lines = [
            tr("{number}: sensitivity {hit}, specificity {right}", number=n, hit=_share(hit), right=_share(right))
            for n, (hit, right) in enumerate(shares, start=1)
        ]
        self.trust.setText("\n".join(lines))

    def _chosen(self, first: int, second: int) -> None:
        sides = self.sides()
        if max(first, second) < len(sides):
            self.pair_chosen.emit(sides[first], sides[second])

    def _staple(self) -> None:
        self._session.agreeing.staple(self.sides())


def _share(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"
