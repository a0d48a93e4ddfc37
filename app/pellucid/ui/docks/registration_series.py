"""Align a time series or a stack of sections: one button, and the curve of how its pictures had moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.model.findings import Refused
from pellucid.model.histogram import Histogram
from pellucid.model.layer import ImageLayer
from pellucid.session.series_presets import FRAMES, SECTIONS, SeriesPreset
from pellucid.ui import theme
from pellucid.ui.docks.beginnings import from_values
from pellucid.ui.docks.folds import Fold
from pellucid.ui.docks.motion_box import MotionBox
from pellucid.ui.docks.parts import Elided, EmptyState, ProgressBar, allow, described, dim, push_button, row, titled
from pellucid.ui.docks.watching import LayerWatch
from pellucid.ui.forms.controls import Choice
from pellucid.ui.forms.operation_form import OperationForm

if TYPE_CHECKING:
    from pellucid.session import Session

EMPTY = mark("Open a time series or a stack of sections, and its frames or sections can be brought onto each other.")


class SeriesBox(QWidget):
    """Shows and changes what ``session.aligning`` knows of the active image."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._aligning = session, session.aligning
        self._shown: tuple[str, bool] | None = None
        self._watch = LayerWatch(self._layer_changed)
        self._build()
        document = session.document
        for signal in (document.active_changed, document.inserted, document.removed):
            signal.connect(self._follow)
        self._aligning.changed.connect(self._show)
        self._follow()

    def _build(self) -> None:
        self.preset = Choice()
        described(self.preset, tr("Method"), tr("What moved, and how it is compared"))
        self.preset.chosen.connect(self._choose)
        self.subject, self.help = Elided(mode=Qt.TextElideMode.ElideMiddle), dim()
        self.subject.setProperty("dim", True)
        self.form: OperationForm | None = None
        self._touched = False
        self._form_place = QWidget()
        self._form_column = QVBoxLayout(self._form_place)
        self._form_column.setContentsMargins(0, 0, 0, 0)
        self.settings = Fold(tr("Settings"), lambda: self._form_place, tr("What a picture may do, and the reference"))
        self.begin = push_button(tr("Align"), self._begin, kind="primary",
                                 tip=tr("Bring all pictures onto each other; one step that can be undone"))  # fmt: skip
        self.stop = push_button(tr("Cancel"), self._aligning.cancel, glyph="close",
                                tip=tr("Stop, and leave everything as it was"))  # fmt: skip
        self.bar = ProgressBar()
        self.bar.setAccessibleName(tr("Progress of the alignment"))
        self.values = Choice()
        described(self.values, tr("Template of"), tr("What becomes of the values of a voxel over time"))
        self.template = push_button(tr("Template image"), self._make_template, glyph="layers-outline",
                                    tip=tr("Make one image of all frames, as a layer of its own"))  # fmt: skip
        self.motion = MotionBox(self._session)
        self.busy = row(self.bar, self.stop, spacing=theme.MARGIN, stretch=0)
        self.template_row = row(self.values, self.template, spacing=theme.MARGIN, stretch=0)
        self.body = QWidget()
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        for part in (self.subject, titled([(tr("Method"), self.preset)]), self.help, self.settings, self.begin,
                     self.busy, self.template_row, self.motion):  # fmt: skip
            column.addWidget(part)
        self.empty = EmptyState("layers-triple-outline", tr(EMPTY))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.empty)
        outer.addWidget(self.body)

    # ---------------------------------------------------------------- following the session

    def _layer_changed(self, what: str) -> None:
        if what in ("frames", "name"):
            self._follow()
        elif what == "frame":
            self.motion.show_place()

    def _follow(self, *_args: object) -> None:
        layer = self._aligning.layer()
        self._watch.on(layer)
        self.empty.setVisible(layer is None)
        self.body.setVisible(layer is not None)
        if layer is None:
            self._shown = None
            return
        is_stack = self._aligning.is_stack(layer)
        if self._shown != (layer.id, is_stack):
            self._shown = (layer.id, is_stack)
            self._start(layer)
        count = layer.volume.geometry.size[2] if is_stack else len(layer.frames)
        said = tr("“{name}”: a stack of {count} sections.", name=layer.name, count=count)
        self.subject.setText(said if is_stack else tr("“{name}”: {count} frames.", name=layer.name, count=count))
        self.template_row.setVisible(not is_stack)
        self._show()

    def _presets(self) -> dict[str, SeriesPreset]:
        return SECTIONS if self._shown is not None and self._shown[1] else FRAMES

    def _start(self, layer: ImageLayer) -> None:
        """Offer what there is for the kind of image that is active now."""
        presets = self._presets()
        self.preset.set_options([(tr(one.title), name) for name, one in presets.items()])
        if self.form is not None:
            self._form_column.removeWidget(self.form)
            self.form.hide()
            self.form.deleteLater()
        self.form = form = OperationForm(self._aligning.declaration(layer))
        self._touched = False
        form.touched.connect(self._touch)
        self._form_column.addWidget(form)
        self._choose(next(iter(presets)))
        if not self.values.value():
            from pellucid.recipes.own_steps import TEMPLATE
            from pellucid.recipes.together import declaration

            operation = declaration(TEMPLATE)
            assert operation is not None
            (field,) = operation.fields
            titles = zip(field.choice_titles, field.choices, strict=True)
            self.values.set_options([(tr(title), value) for title, value in titles])

        def done(histogram: Histogram) -> None:
            if form is self.form and histogram.total:
                form.set_ranges(histogram.minimum, histogram.maximum, layer.volume.unit)
                if not self._touched:  # what the user says stands, also when what fits the image is known only later
                    form.set_values(from_values(form.operation.fields, layer, histogram))

        if form.follows_image:
            self._session.looking.histogram(layer, "volume", done, "series form")

    def _touch(self) -> None:
        self._touched = True

    def _choose(self, name: str) -> None:
        preset = self._presets()[name]
        self.preset.set_value(name)
        self.help.setText(tr(preset.help))
        if self.form is not None:
            kept = {k: v for k, v in self.form.values().items() if k == "background"}
            declared = {field.name: field.default for field in self.form.operation.fields}
            self.form.set_values(declared | dict(preset.values) | kept)

    def _show(self) -> None:
        running = self._aligning.is_running
        self.begin.setVisible(not running)
        self.busy.setVisible(running)
        if running and self._aligning.job is not None:
            self.bar.setValue(round(self._aligning.job.progress * 1000))
        waiting = tr("Something is being aligned. Wait for it, or cancel it.") if running else ""
        for widget in (self.preset, self.settings, self.values, self.template):
            allow(widget, waiting)
        self.motion.show_motion(self._aligning.motion())

    # ---------------------------------------------------------------- from the user

    def _begin(self) -> None:
        if self.form is None:
            return
        complaint = self.form.check()
        if complaint:
            self._session.notice.emit(complaint, "warning")
            return
        self._ask(lambda values: self._aligning.start(values), self.form.values())

    def _make_template(self) -> None:
        self._ask(lambda values: self._aligning.template(values), {"values": self.values.value()})

    def _ask(self, what: object, values: dict[str, object]) -> None:
        try:
            what(values)  # type: ignore[operator]
        except Refused as refusal:
            self._session.notice.emit(str(refusal), "warning")
