"""What else can be done with the table of objects: delete some, a batch, a recipe, an overlap, fewer columns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QFileDialog, QMenu, QToolButton, QWidget

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.operations.object_columns import GROUPS
from pellucid.session.object_overlaps import OverlapTable
from pellucid.ui.docks.object_choice import ObjectChoice
from pellucid.ui.docks.parts import flat_button

if TYPE_CHECKING:
    from pellucid.session import Session


class ObjectMore:
    """The button with three dots and its menu."""

    def __init__(self, session: Session, choice: ObjectChoice, deleting: tuple[Callable[[], None], ...],
                 show_group: Callable[[str, bool], None]) -> None:  # fmt: skip
        self._session, self._choice = session, choice
        self.button = flat_button("dots-vertical", tr("More"))
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = self.menu = QMenu(self.button)
        menu.setToolTipsVisible(True)
        self.delete = menu.addAction(tr("Delete selected objects"), deleting[0])
        self.keep = menu.addAction(tr("Keep only selected objects"), deleting[1])
        menu.addSeparator()
        self.batch = menu.addAction(tr("Batch…"), self._batch)
        self.batch.setToolTip(tr("Make and measure the labels of many images in the same way"))
        self.save = menu.addAction(tr("Save as recipe…"), self._save)
        self.overlap = menu.addMenu(tr("Overlap with"))
        self.overlap.aboutToShow.connect(self._offer_overlaps)
        menu.addSeparator()
        for group, title in GROUPS.items():
            action = QAction(tr("Show {group}", group=tr(title)), menu, checkable=True, checked=True)
            action.toggled.connect(lambda on, group=group: show_group(group, on))
            menu.addAction(action)
        self.button.setMenu(menu)
        session.objects.overlaps.measured.connect(self._show_overlap)

    def allow_deleting(self, allowed: bool) -> None:
        """Offer what needs selected rows, or not."""
        for action in (self.delete, self.keep):
            action.setEnabled(allowed)

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Refused as refusal:
            self._session.notice.emit(str(refusal), "warning")

    def _window(self) -> QWidget:
        """Return the window that dialogs belong to, also while the dock floats."""
        window = self._choice.window()
        parent = window.parentWidget()
        return parent if isinstance(window, QDockWidget) and parent is not None else window

    def _batch(self) -> None:
        """Open the batch dialog with the recipe that makes and measures these labels."""
        from pellucid.ui.dialogs.batch import show_batch

        recipe = self._session.objects.recipe
        self._guarded(lambda: show_batch(self._session, self._window(), recipe(self._choice.asked())))

    def _save(self) -> None:
        def save() -> None:
            text = self._session.objects.recipe(self._choice.asked()).to_json()
            name, _kind = QFileDialog.getSaveFileName(
                self._choice, tr("Save recipe"), "measure.json", tr("Recipe (*.json)")
            )  # fmt: skip
            if name:
                self._session.recipes.write(Path(name), text)

        self._guarded(save)

    def _offer_overlaps(self) -> None:
        """List the other label layers."""
        self.overlap.clear()
        chosen = self._choice.labels.value()
        for layer in self._session.document.label_layers:
            if chosen is not None and layer.id != chosen:
                action = self.overlap.addAction(layer.name.replace("&", "&&"))
                action.triggered.connect(lambda _on=False, other=layer.id: self._measure_overlap(chosen, other))
        if self.overlap.isEmpty():
            self.overlap.addAction(tr("There is no other label layer.")).setEnabled(False)

    def _measure_overlap(self, labels: str, other: str) -> None:
        self._guarded(lambda: self._session.objects.overlaps.measure(labels, other))

    def _show_overlap(self, table: OverlapTable) -> None:
        from pellucid.ui.dialogs.overlap import OverlapDialog

        OverlapDialog(self._session, table, self._window()).show()
