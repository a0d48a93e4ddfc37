"""The preferences: few, each with an effect that can be seen at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication, QCheckBox, QDialog, QVBoxLayout, QWidget

from pellucid.language import NAMES, available, mark, tr
from pellucid.model.view import Tool
from pellucid.paths import resources
from pellucid.ui import theme
from pellucid.ui.dialogs.mouse_box import MouseBox
from pellucid.ui.docks.parts import dim, push_button, row, section, titled
from pellucid.ui.forms.controls import Choice, NumberBox, Segmented, translated
from pellucid.ui.forms.numbers import Bounds
from pellucid.ui.mouse_habits import habits_of, keep

if TYPE_CHECKING:
    from pellucid.session import Session

THEMES = ((mark("Dark"), "dark"), (mark("Light"), "light"), (mark("Follow system"), "system"))


def languages() -> tuple[tuple[str, str], ...]:
    """Return (name, code) of the languages there are, each called as it calls itself."""
    codes = available(resources() / "translations")
    named = ((NAMES.get(code) or QLocale(code).nativeLanguageName() or code, code) for code in codes)
    return (tr("Follow system"), "system"), *named


class PreferencesDialog(QDialog):
    """Theme, language, mouse, memory and privacy. A theme is shown while chosen; Cancel brings the old one back."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Preferences"))
        self.setMinimumWidth(500)
        self._session = session
        self._make_controls()
        self._lay_out()
        self._show_settings()

    def _make_controls(self) -> None:
        self.save = push_button(tr("Save"), self.accept, kind="primary")
        self.cancel = push_button(tr("Cancel"), self.reject)
        self.theme = Segmented(translated(THEMES))
        self.theme.setAccessibleName(tr("Theme"))
        self.theme.chosen.connect(self._try_theme)
        self.language = Choice(languages())
        self.language.setAccessibleName(tr("Language"))
        self.language.setToolTip(tr("Takes effect when Pellucid starts again"))
        self.mouse = MouseBox()
        self.up_is_brighter = QCheckBox(tr("Dragging up makes the image brighter"))
        self.up_is_brighter.setToolTip(tr("Off: dragging down makes it brighter, as in most viewers"))
        self.budget = NumberBox(Bounds(16, 1 << 20, whole=True), 256, "MB")
        self.budget.setAccessibleName(tr("Memory of the history in MB"))
        self.budget.set_tip(tr("The oldest steps are forgotten beyond this; five steps are always kept"))
        self.budget.invalid.connect(lambda _why: self.save.setEnabled(False))
        self.budget.edited.connect(lambda _value: self.save.setEnabled(True))
        self.memory = NumberBox(Bounds(10, 95, whole=True), 5, "%")
        self.memory.setAccessibleName(tr("Share of the free memory for one image in percent"))
        self.memory.set_tip(tr("Larger images are offered down-sampled or in part"))
        self.memory.invalid.connect(lambda _why: self.save.setEnabled(False))
        self.memory.edited.connect(lambda _value: self.save.setEnabled(True))
        self.smooth = QCheckBox(tr("Smooth display of new images"))
        self.hanging = QCheckBox(tr("Choose a layout that suits what is opened"))
        self.hanging.setToolTip(tr("Never changes a layout you chose yourself"))
        self.identity = QCheckBox(tr("Hide patient identity at start"))
        self.recent = QCheckBox(tr("Remember what was opened lately"))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        rows = (
            (tr("Theme"), self.theme),
            (tr("Language"), self.language),
            (tr("Display"), self.smooth),
            (tr("History"), row(self.budget, dim(tr("MB of memory for undo"), wrap=False), spacing=theme.MARGIN)),
            (
                tr("Opening"),
                row(self.memory, dim(tr("% of the free memory for one image"), wrap=False), spacing=theme.MARGIN),
            ),
            (tr("Layout"), self.hanging),
            (tr("Privacy"), self.identity),
            ("", self.recent),
        )
        for title, body in (
            (tr("Preferences"), titled(rows)),
            (tr("Mouse on the image"), titled((*self.mouse.rows(), (tr("Window drag"), self.up_is_brighter)))),
        ):
            column.addWidget(section(title))
            column.addWidget(body)
            column.addSpacing(theme.SECTION_GAP)
        column.addWidget(row(QWidget(), self.cancel, self.save, spacing=theme.MARGIN, stretch=0))
        self.save.setDefault(True)

    def _show_settings(self) -> None:
        settings = self._session.settings
        self._theme_before = settings.theme
        self.theme.set_value(settings.theme)
        self.language.set_value(settings.language)
        self.mouse.set_value(habits_of(settings))
        self.up_is_brighter.setChecked(settings.invert_window_vertical)
        self.budget.set_value(settings.history_budget_mb)
        self.memory.set_value(settings.memory_share)
        self.smooth.setChecked(settings.interpolate)
        self.hanging.setChecked(settings.hanging)
        self.identity.setChecked(settings.hide_identity)
        self.recent.setChecked(settings.keep_recent)

    def _try_theme(self, mode: str) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, mode)  # type: ignore[arg-type]

    def accept(self) -> None:
        """Keep the choices and let them take effect."""
        session, settings = self._session, self._session.settings
        settings.theme = self.theme.value()
        self._keep_language()
        self._keep_mouse()
        settings.history_budget_mb = int(self.budget.value())
        settings.memory_share = int(self.memory.value())
        settings.interpolate = self.smooth.isChecked()
        settings.hanging = self.hanging.isChecked()
        settings.hide_identity = self.identity.isChecked()
        settings.keep_recent = self.recent.isChecked()
        if not settings.keep_recent and settings.recent:
            settings.recent = []
            session.recent_changed.emit()
        session.history.budget = settings.history_budget_mb << 20
        session.keep_settings()
        super().accept()

    def _keep_language(self) -> None:
        settings = self._session.settings
        if settings.language != self.language.value():
            settings.language = self.language.value()
            self._session.notice.emit(tr("The language changes when Pellucid starts again."), "info")

    def _keep_mouse(self) -> None:
        session, settings, habits = self._session, self._session.settings, self.mouse.value()
        if settings.left_tool != habits.left.value:
            session.view.tool = Tool(habits.left)
        keep(settings, habits)
        settings.invert_window_vertical = self.up_is_brighter.isChecked()
        session.habits_changed.emit()

    def reject(self) -> None:
        """Bring the theme back that was there before."""
        if self.theme.value() != self._theme_before:
            self._try_theme(self._theme_before)
        super().reject()
