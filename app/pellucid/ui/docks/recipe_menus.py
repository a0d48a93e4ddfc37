"""The menus of the recipe: of one step, and of the recipe as a whole; files and other layers are asked for here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu

from pellucid.language import mark, tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer, Layer
from pellucid.recipes.recipe import Recipe
from pellucid.ui import theme

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.docks.recipe import RecipePanel

FILTER = mark("Recipe (*.json)")


class RecipeMenus:
    """Makes the menus of one panel and does what they say."""

    def __init__(self, session: Session, panel: RecipePanel) -> None:
        self._session, self._panel = session, panel

    def of_step(self, n: int) -> QMenu:
        """Return the menu of a step."""
        panel, recipes = self._panel, self._session.recipes
        row, count = panel.list.row_at(n), panel.list.count()
        menu = QMenu(panel)
        menu.addAction(theme.icon("playlist-plus"), tr("Insert before…"), partial(panel.ask_step, n))
        menu.addAction(theme.icon("playlist-plus"), tr("Insert after…"), partial(panel.ask_step, n + 1))
        menu.addSeparator()
        switch = tr("Switch off") if row.enabled else tr("Switch on")
        self._add(menu, switch, lambda: recipes.set_enabled(n, not row.enabled), row.can_switch)
        self._add(menu, tr("Move up"), lambda: recipes.move(n, n - 1), row.can_switch and n > 0)
        self._add(menu, tr("Move down"), lambda: recipes.move(n, n + 1), row.can_switch and n < count - 1)
        self._add(menu, tr("Branch from here"), lambda: recipes.branch(n, {}), row.kind in ("image", "mask"))
        self._add(menu, tr("Remove"), lambda: recipes.remove(n), row.can_switch)
        menu.addSeparator()
        menu.addAction(theme.icon("language-python"), tr("Copy as Python"), lambda: self.copy_python(n))
        return menu

    def more(self) -> QMenu:
        """Return the menu of the whole recipe."""
        menu, document = QMenu(self._panel), self._session.document
        chain = self._session.recipes.chain()
        steps = chain is not None and bool(chain.steps)
        menu.addAction(tr("Save recipe…"), lambda: self.save()).setEnabled(steps)
        if (together := self._session.recipes.of_all_labels()) is not None:
            menu.addAction(tr("Save recipe of all labels…"), partial(self.save, together))
        menu.addAction(tr("Load a recipe…"), self.load).setEnabled(document.active_image is not None)
        apply = menu.addMenu(tr("Apply to"))
        for layer in reversed(document.layers):
            if layer is not document.active and isinstance(layer, ImageLayer):
                apply.addAction(layer.name, partial(self.apply_to, layer))
        apply.setEnabled(steps and not apply.isEmpty())
        menu.addSeparator()
        menu.addAction(theme.icon("language-python"), tr("Copy all as Python"), self.copy_python).setEnabled(steps)
        return menu

    def _add(self, menu: QMenu, title: str, action: Callable[[], object], enabled: bool) -> None:
        menu.addAction(title, partial(self._panel.attempt, action)).setEnabled(enabled)

    # ---------------------------------------------------------------- actions

    def apply_to(self, layer: Layer) -> None:
        """Take the steps on another layer, asking for inputs that are not open."""
        self._panel.attempt(lambda: self.run(self._session.recipes.of(), layer))

    def run(self, recipe: Recipe, layer: Layer | None = None) -> None:
        """Take a recipe on the active image or another layer, asking for inputs that are not open."""
        recipes, panel = self._session.recipes, self._panel
        missing = recipes.missing(recipe)
        if not missing:
            recipes.run(recipe, {}, layer)
            return
        from pellucid.ui.dialogs.map_inputs import MapInputsDialog

        choices = self._session.running.inputs.by_name()
        if not choices:
            raise Refused(tr("The recipe needs “{name}”. Open it first.", name=missing[0]))
        dialog = MapInputsDialog(missing, choices, panel)
        dialog.accepted.connect(lambda: panel.attempt(lambda: recipes.run(recipe, dialog.mapping(), layer)))
        dialog.open()

    def save(self, recipe: Recipe | None = None) -> None:
        """Ask for a file and write a recipe, that of the active image or label unless given."""
        recipes, settings = self._session.recipes, self._session.settings
        chain = recipes.chain()
        name = self._session.concealing.nameless(chain.layer.name) if chain is not None else tr("Recipe")
        start = str(Path(settings.last_folder or Path.home()) / f"{plain_name(name)}.json")
        path, _ = QFileDialog.getSaveFileName(self._panel, tr("Save recipe"), start, tr(FILTER))
        if path:
            whole = Path(path) if Path(path).suffix else Path(f"{path}.json")
            self._panel.attempt(lambda: recipes.save(whole, recipe))

    def load(self) -> None:
        """Ask for a file and take its recipe on the active layer."""
        folder = self._session.settings.last_folder
        path, _ = QFileDialog.getOpenFileName(self._panel, tr("Load a recipe"), folder, tr(FILTER))
        if path:
            self._session.recipes.load(Path(path), lambda recipe: self._panel.attempt(lambda: self.run(recipe)))

    def copy_python(self, n: int | None = None) -> None:
        """Put the lines of a step, or of all of them, on the clipboard."""
        from pellucid.recipes.python_code import script, step_code

        recipes = self._session.recipes
        chain = recipes.chain()
        if chain is None:
            return

        def copy() -> None:
            recipe, start = recipes.nameless(recipes.of()), recipes.script_start(chain)
            text = script(recipe, start) if n is None else step_code(recipe, n, start)
            QGuiApplication.clipboard().setText(text)
            self._panel.say(tr("The Python code was copied."), "good")

        self._panel.attempt(copy)


def plain_name(name: str) -> str:
    """Return a name that every file system takes."""
    kept = "".join(c if c.isalnum() or c in " -_.()" else "_" for c in name).strip(" .")
    return kept or tr("Recipe")
