"""The form of one stage of a registration: only what applies to its transform, metric and optimiser is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QWidget

from pellucid.language import mark, tr
from pellucid.operations.engines.registration.plans import Stage
from pellucid.session import registration_words as words
from pellucid.ui import theme
from pellucid.ui.docks.parts import described, row
from pellucid.ui.forms.controls import Choice, NumberBox, TextLine
from pellucid.ui.forms.numbers import Bounds, format_number

Applies = Callable[[Stage], bool]
_STEPPING = ("regular_step", "gradient_descent", "line_search", "conjugate_gradient", "one_plus_one", "amoeba",
             "powell", "exhaustive")  # fmt: skip


def _always(_stage: Stage) -> bool:
    return True


def _demons(stage: Stage) -> bool:
    return stage.transform == "demons"


def _metric(*names: str) -> Applies:
    return lambda stage: not _demons(stage) and stage.metric in names


def _optimised(*names: str) -> Applies:
    return lambda stage: not _demons(stage) and (not names or stage.optimiser in names)


@dataclass(frozen=True)
class Row:
    """One setting: its name in a stage, title, what its tooltip says, unit, and for which stages it means something.

    ``words`` makes it a choice, ``bounds`` a number, ``switch`` a box to tick; a list of numbers has none of them.
    """

    name: str
    title: str
    tip: str
    applies: Applies = _always
    words: Mapping[str, str] | None = None
    bounds: Bounds | None = None
    unit: str = ""
    step: float = 1.0
    switch: str = ""


ROWS: tuple[Row, ...] = (
    Row("transform", mark("Transform"), mark("How the image may move: from a shift to bending every voxel"),
        words=words.TRANSFORMS),
    Row("variant", mark("Demons"), mark("Which forces drive the demons; diffeomorphic ones do not fold"), _demons,
        words.VARIANTS),
    Row("metric", mark("Metric"), mark("How alike the images are: correlation for one modality, mutual information "
                                       "for two"), _optimised(), words.METRICS),
    Row("bins", mark("Bins"), mark("Grey levels of the joint histogram"), _metric("mattes", "joint"),
        bounds=Bounds(4, 256, whole=True)),
    Row("radius", mark("Radius"), mark("Half the side of the neighbourhood that is correlated"), _metric("ants"),
        bounds=Bounds(1, 16, whole=True), unit=mark("voxels")),
    Row("optimiser", mark("Optimiser"), mark("How the best transform is searched"), _optimised(), words.OPTIMISERS),
    Row("iterations", mark("Iterations"), mark("At most so many on each level"),
        bounds=Bounds(1, 100_000, whole=True), step=10),
    Row("step", mark("First step"), mark("How far the first step goes, in voxels of the level"),
        _optimised(*_STEPPING), bounds=Bounds(0.001, 1000), unit=mark("voxels"), step=0.1),
    Row("least_step", mark("Least step"), mark("Steps shorter than this end a level"),
        _optimised("regular_step", "powell", "amoeba"), bounds=Bounds(1e-9, 100), unit=mark("voxels"), step=0.001),
    Row("tolerance", mark("Tolerance"), mark("A change of the metric smaller than this ends a level"),
        _optimised("lbfgs2", "lbfgsb", "powell", "amoeba", "gradient_descent", "line_search", "conjugate_gradient",
                   "one_plus_one"), bounds=Bounds(1e-15, 1), step=1e-6),
    Row("sampling", mark("Sampling"), mark("Which voxels are looked at"), _optimised(), words.SAMPLINGS),
    Row("share", mark("Share"), mark("How much of the voxels is looked at; of small images all"),
        lambda stage: not _demons(stage) and stage.sampling != "all", bounds=Bounds(0.01, 100), unit="%"),
    Row("shrink", mark("Shrink"), mark("How much coarser each level of the pyramid is, the coarsest first: 4, 2, 1")),
    Row("smooth", mark("Smoothing"), mark("Width of the Gaussian on each level, in voxels of the full image: 2, 1, 0"),
        unit=mark("voxels")),
    Row("interpolator", mark("Interpolation"), mark("How values between voxels are found"), _optimised(),
        words.INTERPOLATORS),
    Row("scales", mark("Scales"), mark("How turns are weighed against shifts"), _optimised(), words.SCALES),
    Row("mesh", mark("Control points"), mark("Distance of the control points on the last level"),
        lambda stage: stage.transform == "bspline", bounds=Bounds(0.001, 10_000), unit=mark("mm")),
    Row("order", mark("Spline order"), mark("Order of the B-spline"), lambda stage: stage.transform == "bspline",
        bounds=Bounds(1, 3, whole=True)),
    Row("refine", mark("Refine"), mark("Begin with few control points and double them from level to level"),
        lambda stage: stage.transform == "bspline", switch=mark("From coarse to fine")),
    Row("field_sigma", mark("Smooth field"), mark("Width of the Gaussian over all displacements: stiffer"), _demons,
        bounds=Bounds(0, 100), unit=mark("voxels"), step=0.1),
    Row("update_sigma", mark("Smooth update"), mark("Width of the Gaussian over each update: more fluid"), _demons,
        bounds=Bounds(0, 100), unit=mark("voxels"), step=0.1),
    Row("match", mark("Histograms"), mark("Demons compare values: make those of the moving image like the fixed one's"),
        _demons, switch=mark("Match first")),
)  # fmt: skip


class StageForm(QWidget):
    """Shows one stage; what cannot be used turns red, says why, and is not passed on."""

    edited = Signal(object)
    """Emitted with the stage as the user changed it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stage = Stage(transform="rigid")
        self.controls: dict[str, Any] = {}
        self._lines: dict[str, tuple[QLabel, QWidget]] = {}
        self._units: dict[str, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.SECTION_GAP)
        grid.setVerticalSpacing(theme.GRID)
        grid.setColumnStretch(1, 1)
        for n, setting in enumerate(ROWS):
            control = self.controls[setting.name] = self._control(setting)
            title = QLabel(tr(setting.title))
            title.setBuddy(control)
            held = self._with_unit(setting, control)
            grid.addWidget(title, n, 0)
            grid.addWidget(held, n, 1)
            self._lines[setting.name] = title, held
        self.show_stage(self._stage)

    def _control(self, setting: Row) -> Any:
        name, tip = tr(setting.title), tr(setting.tip)
        if setting.words is not None:
            choice = Choice([(tr(title), value) for value, title in setting.words.items()])
            choice.chosen.connect(partial(self._set, setting.name))
            return described(choice, name, tip)
        if setting.switch:
            switch = QCheckBox(tr(setting.switch))
            switch.toggled.connect(partial(self._set, setting.name))
            return described(switch, name, tip)
        if setting.bounds is not None:
            number = NumberBox(setting.bounds, setting.step, tr(setting.unit))
            number.setAccessibleName(name)
            number.set_tip(tip)
            number.edited.connect(partial(self._set, setting.name))
            return number
        line = TextLine()
        line.textEdited.connect(partial(self._set, setting.name))
        return described(line, name, tip)

    def _with_unit(self, setting: Row, control: QWidget) -> QWidget:
        if not setting.unit:
            return row(control) if isinstance(control, NumberBox) else control
        unit = self._units[setting.name] = QLabel(tr(setting.unit))
        unit.setProperty("dim", True)
        return row(control, unit, stretch=-1 if isinstance(control, NumberBox) else 0)

    def show_stage(self, stage: Stage) -> None:
        """Show a stage without telling anybody."""
        self._stage = stage
        for setting in ROWS:
            control, value = self.controls[setting.name], getattr(stage, setting.name)
            if isinstance(control, QCheckBox):
                control.blockSignals(True)
                control.setChecked(value)
                control.blockSignals(False)
            elif isinstance(control, (Choice, NumberBox)):
                control.set_value(_shown(setting.name, value))
            elif not control.hasFocus():
                control.setText(", ".join(map(format_number, value)))
                self._mark(control, setting, "")
        self._show_lines()

    def set_lengths(self, *, known: bool) -> None:
        """Say px where no lengths are known."""
        for name, label in self._units.items():
            if next(setting.unit for setting in ROWS if setting.name == name) == "mm":
                label.setText(tr("mm") if known else tr("px"))

    def _show_lines(self) -> None:
        for setting in ROWS:
            for widget in self._lines[setting.name]:
                widget.setVisible(setting.applies(self._stage))

    def _set(self, name: str, value: Any) -> None:
        setting, control = next(one for one in ROWS if one.name == name), self.controls[name]
        value = value / 100 if name == "share" else int(value) if setting.bounds and setting.bounds.whole else value
        try:
            stage = Stage.model_validate(self._stage.model_dump() | {name: value})
        except ValidationError as error:
            self._mark(control, setting, _complaint(name, error))
            return
        self._mark(control, setting, "")
        if stage != self._stage:
            self._stage = stage
            self._show_lines()
            self.edited.emit(stage)

    def _mark(self, control: Any, setting: Row, complaint: str) -> None:
        if isinstance(control, TextLine) and not isinstance(control, NumberBox):
            control.setToolTip(complaint or tr(setting.tip))
            control.setProperty("wrong", bool(complaint))
            control.style().unpolish(control)
            control.style().polish(control)
        elif isinstance(control, NumberBox):
            control.mark(complaint)


def _shown(name: str, value: Any) -> Any:
    return 100 * value if name == "share" else value


def _complaint(name: str, error: ValidationError) -> str:
    if name in ("shrink", "smooth"):
        return tr("Write numbers with commas between them, the coarsest level first, such as 4, 2, 1.")
    return str(error.errors()[0]["msg"])
