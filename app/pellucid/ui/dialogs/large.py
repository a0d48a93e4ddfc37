"""What to open of an image that is larger than memory allows: all of it more coarsely, or a part."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QLabel, QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.model.reduction import Extent, Reduction, TooLarge, amount, fitting, middle
from pellucid.ui import theme
from pellucid.ui.docks.parts import dim, push_button, row, section, titled
from pellucid.ui.forms.controls import NumberBox, Segmented
from pellucid.ui.forms.numbers import Bounds

COARSE, PART = "coarse", "part"


class LargeDialog(QDialog):
    """Asks for a factor and for first and last column, row, slice and frame; says at once what that needs."""

    chosen = Signal(object)
    """Emitted with the Reduction that is to be opened."""

    def __init__(self, refusal: TooLarge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Larger than memory"))
        self.setMinimumWidth(480)
        self.whole, self.allowed = refusal.extent, refusal.allowed
        self._make_controls()
        self._lay_out(refusal)
        self._propose(COARSE)

    @property
    def reduction(self) -> Reduction:
        """Return what is chosen."""
        ends = [(int(low.value()), int(high.value())) for low, high in self.ranges]
        first = [low - 1 for low, _ in ends]
        count = [max(high - low + 1, 1) for low, high in ends]
        lengths = (*self.whole.size, self.whole.frames)
        all_ = [n == length for n, length in zip(count, lengths, strict=True)]
        return Reduction(
            int(self.factor.value()),
            (first[0], first[1], first[2]),
            None if all(all_[:3]) else (count[0], count[1], count[2]),
            first[3],
            None if all_[3] else count[3],
        )

    def _make_controls(self) -> None:
        self.kind = Segmented(((tr("All of it, down-sampled"), COARSE), (tr("A part at full detail"), PART)))
        self.kind.setAccessibleName(tr("What to open"))
        self.kind.chosen.connect(self._propose)
        self.factor = NumberBox(Bounds(1, 64, whole=True))
        self.factor.setAccessibleName(tr("Voxels that become one along each axis"))
        self.factor.set_tip(tr("2: blocks of 2 × 2 × 2 voxels become one voxel with their mean"))
        self.ranges: list[tuple[NumberBox, NumberBox]] = []
        for names, length in zip(_ENDS, (*self.whole.size, self.whole.frames), strict=True):
            ends = NumberBox(Bounds(1, length, whole=True)), NumberBox(Bounds(1, length, whole=True))
            for box, name in zip(ends, names, strict=True):
                box.setAccessibleName(tr(name))
            self.ranges.append(ends)
        for box in (self.factor, *(box for ends in self.ranges for box in ends)):
            box.edited.connect(lambda _value: self._tell())
            box.invalid.connect(self._forbid)
        self.result_line = QLabel(wordWrap=True)
        self.result_line.setAccessibleName(tr("What will be opened"))
        self.go = push_button(tr("Open"), self.accept, kind="primary")
        self.cancel = push_button(tr("Cancel"), self.reject)

    def _lay_out(self, refusal: TooLarge) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        column.addWidget(section(tr("Larger than memory")))
        said = QLabel(tr("{name} is {image} and needs {amount} of memory.", name=refusal.name, image=self.whole.text,
                         amount=amount(self.whole.nbytes)), wordWrap=True)  # fmt: skip
        said.setTextFormat(Qt.TextFormat.PlainText)
        column.addWidget(said)
        free, allowed = amount(refusal.free), amount(self.allowed)
        column.addWidget(
            dim(tr("{free} is free, of which {allowed} may be used for one image.", free=free, allowed=allowed))
        )
        column.addWidget(self.kind)
        column.addWidget(titled(self._rows()))
        column.addSpacing(theme.GRID)
        column.addWidget(self.result_line)
        column.addSpacing(theme.SECTION_GAP)
        column.addWidget(row(QWidget(), self.cancel, self.go, spacing=theme.MARGIN, stretch=0))
        self.go.setDefault(True)

    def _rows(self) -> list[tuple[str, QWidget]]:
        """Return the form: the size of a block, and a range for each axis along which there is a choice."""
        mean = dim(tr("voxels along each axis become one, with their mean"), wrap=False)
        rows = [(tr("Block"), row(self.factor, mean, spacing=theme.MARGIN))]
        for name, ends, length in zip(_NAMES, self.ranges, (*self.whole.size, self.whole.frames), strict=True):
            if length > 1:
                to, of = dim(tr("to"), wrap=False), dim(tr("of {length:,}", length=length), wrap=False)
                rows.append((tr(name), row(ends[0], to, ends[1], of, spacing=theme.MARGIN)))
        return rows

    def _propose(self, kind: str) -> None:
        """Fill the form with the best of a kind that fits."""
        whole = self.whole
        wanted = middle(whole, self.allowed) if kind == PART else fitting(whole, self.allowed) or Reduction(64)
        (x, y, z), (nx, ny, nz) = wanted.box(whole.size)
        kept = wanted.frame_range(whole.frames)
        ends = ((x, nx), (y, ny), (z, nz), (kept.start, len(kept)))
        self.factor.set_value(wanted.factor)
        for (first, last), (start, count) in zip(self.ranges, ends, strict=True):
            first.set_value(start + 1)
            last.set_value(start + count)
        self._tell()

    def _tell(self) -> None:
        """Say what would be opened and whether it fits."""
        if any(low.value() > high.value() for low, high in self.ranges):
            self._forbid(tr("The first of a range lies behind its last."))
            return
        left: Extent = self.reduction.extent(self.whole)
        fits = left.nbytes <= self.allowed
        needs = amount(left.nbytes)
        if fits:
            self._say(tr("Opens {image}: {needs}.", image=left.text, needs=needs), fits=True)
        else:
            self._forbid(
                tr(
                    "{image} needs {needs}, more than may be used. Take larger blocks or a smaller part.",
                    image=left.text,
                    needs=needs,
                )
            )

    def _forbid(self, why: str) -> None:
        self._say(why, fits=False)

    def _say(self, text: str, fits: bool) -> None:
        colors = theme.colors()
        self.result_line.setText(text)
        self.result_line.setStyleSheet(f"color: {colors.good if fits else colors.danger};")
        self.go.setEnabled(fits)
        self.go.setToolTip("" if fits else text)

    def accept(self) -> None:
        """Hand over what is chosen."""
        super().accept()
        self.chosen.emit(self.reduction)


_NAMES = (mark("Columns"), mark("Rows"), mark("Slices"), mark("Frames"))
_ENDS = (
    (mark("First column"), mark("Last column")),
    (mark("First row"), mark("Last row")),
    (mark("First slice"), mark("Last slice")),
    (mark("First frame"), mark("Last frame")),
)
