"""What a batch shall do: the recipe, the images, where the results go and who works."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.recipes.examples import examples, read_recipe
from pellucid.recipes.recipe import Recipe
from pellucid.ui import theme
from pellucid.ui.bridge import while_there
from pellucid.ui.dialogs.batch_inputs import InputList
from pellucid.ui.docks.parts import described, dim, push_button, row, section, titled
from pellucid.ui.forms.controls import Choice, NumberBox, TextLine
from pellucid.ui.forms.numbers import Bounds

if TYPE_CHECKING:
    from pellucid.recipes.batch import Order
    from pellucid.session import Session

FORMATS = (("NIfTI (.nii.gz)", "nii.gz"), ("NRRD (.nrrd)", "nrrd"), ("MetaImage (.mha)", "mha"), ("TIFF (.tif)", "tif"))
_FROM_FILE = "from a file"
_MOST_WORKERS = 256


class SetUp(QWidget):
    """The left side of the dialog; ``order`` and ``complaint`` say what was chosen."""

    edited = Signal()
    """Emitted when something else is chosen."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.recipe: Recipe | None = None
        self._patterns: dict[str, TextLine] = {}
        self._make_controls()
        self._lay_out()
        first = self.recipes.value()
        self._choose_recipe(first if isinstance(first, Recipe) else None)

    # ---------------------------------------------------------------- building

    def _make_controls(self) -> None:
        from pellucid.operations.context import available_cores

        self.recipes = Choice(self._offered())
        described(self.recipes, tr("Recipe"), tr("The steps that each image goes through"))
        self.notes = dim()
        self.inputs = InputList(self._session)
        self.out = TextLine(clearButtonEnabled=True)
        described(self.out, tr("Folder of the results"), tr("Where the results go; it is made if need be"))
        self.browse = push_button(tr("Browse…"), self._browse, tip=tr("Choose the folder of the results"))
        self.format = Choice([*FORMATS, (tr("As the input"), "same")])
        described(self.format, tr("Format of the results"))
        self.workers = NumberBox(Bounds(1, _MOST_WORKERS, whole=True), 1.0)
        self.workers.set_value(available_cores())
        described(self.workers, tr("Images at a time"))
        self.workers.set_tip(tr("As many processes work, one image each; each needs the memory of its image"))
        self.scheduler = TextLine(clearButtonEnabled=True, placeholderText="tcp://…")
        cluster = tr("The address of a Dask scheduler whose workers see the same files; empty: this computer")
        described(self.scheduler, tr("Dask cluster"), cluster)
        self.resume = QCheckBox(tr("Go on with an earlier batch"))
        self.resume.setToolTip(tr("Results of the same recipe and an unchanged image are kept, the rest is done"))
        self.accept_loss = QCheckBox(tr("Write what the format cannot keep"))
        self.accept_loss.setToolTip(tr("Else such an image is refused; either way a sentence says what is lost"))
        self.recipes.chosen.connect(self._choose_recipe)
        self.format.chosen.connect(lambda _value: self.edited.emit())
        self.inputs.changed.connect(self._inputs_changed)
        self.out.textEdited.connect(lambda _text: self.edited.emit())
        self.out.editingFinished.connect(lambda: self.inputs.leave_out(self.folder()))
        for field in (self.scheduler.textEdited, self.workers.edited, self.workers.invalid):
            field.connect(lambda _value: self.edited.emit())
        for box in (self.resume, self.accept_loss):
            box.toggled.connect(lambda _on: self.edited.emit())

    def _lay_out(self) -> None:
        self.further = QWidget()
        self._further_column = QVBoxLayout(self.further)
        self._further_column.setContentsMargins(0, 0, 0, 0)
        how = titled([
            (tr("Folder"), row(self.out, self.browse, spacing=theme.MARGIN, stretch=0)),
            (tr("Format"), self.format),
            (tr("At a time"), row(self.workers)),
            (tr("Cluster"), self.scheduler),
        ])  # fmt: skip
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        for part in (section(tr("Recipe")), self.recipes, self.notes, self.further, section(tr("Images"))):
            column.addWidget(part)
        column.addWidget(self.inputs, 1)
        for part in (section(tr("Output")), how, self.resume, self.accept_loss):
            column.addWidget(part)

    def _offered(self) -> list[tuple[str, Any]]:
        """Return the recipes to choose from: that of the active layer, the examples, and that of a file."""
        found: list[tuple[str, Any]] = []
        layer = self._session.document.active
        try:
            recipe = self._session.batching.recipe_of_active()
            found.append((tr("The steps of “{name}”", name=layer.name if layer is not None else ""), recipe))
        except Refused:
            pass
        for path in examples().values():
            try:
                recipe = read_recipe(path)
            except Refused:
                continue
            found.append((tr(recipe.title) or path.stem, recipe))
        return [*found, (tr("From a file…"), _FROM_FILE)]

    # ---------------------------------------------------------------- choosing

    def _choose_recipe(self, chosen: Recipe | str | None) -> None:
        if chosen == _FROM_FILE:
            self._ask_recipe()
            return
        self.recipe = chosen if isinstance(chosen, Recipe) else None
        self._show_recipe()

    def _ask_recipe(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, tr("Open a recipe"), self._session.settings.last_folder, tr("Recipe (*.json)")
        )
        if name:
            self.open_recipe(Path(name))
        elif self.recipe is not None:
            self.recipes.set_value(self.recipe)

    def open_recipe(self, path: Path) -> None:
        """Read the recipe of a file in the background and choose it; a failure is said below the choice."""

        def done(recipe: Recipe) -> None:
            self.offer(recipe, recipe.title or path.stem)

        def failed(sentence: str) -> None:
            self.recipe = None
            self._show_recipe(sentence)

        self._session.jobs.query("batch recipe", tr("Opening {name}", name=path.name),
                                 lambda _job: read_recipe(path), while_there(self, done),
                                 while_there(self, failed))  # fmt: skip

    def offer(self, recipe: Recipe, title: str) -> None:
        """Offer a recipe beside the others, and choose it."""
        self.recipes.set_options([(title, recipe), *self._offered()])
        self._choose_recipe(recipe)

    def _show_recipe(self, trouble: str = "") -> None:
        """Say what the recipe does and ask for the further images it needs."""
        from pellucid.recipes.needs import check, needs

        wanted: dict[str, str] = {}
        said = trouble or (tr(self.recipe.notes) if self.recipe is not None else "")
        if self.recipe is not None:
            try:
                check(self.recipe)
                wanted = needs(self.recipe)
            except Refused as refusal:
                self.recipe, trouble, said = None, str(refusal), str(refusal)
        self.notes.setText(said)
        self.notes.setVisible(bool(said))
        self.notes.setProperty("tone", "danger" if trouble else "")
        self.notes.style().unpolish(self.notes)
        self.notes.style().polish(self.notes)
        self._ask_further(wanted)
        self.edited.emit()

    def _ask_further(self, wanted: dict[str, str]) -> None:
        while (item := self._further_column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._patterns = {}
        for name in wanted:
            line = TextLine(placeholderText="{folder}/{stem}_mask.nii.gz")
            described(line, name, tr("A file, or a pattern: {stem}, {name} and {folder} stand for those of each image",
                                     stem="{stem}", name="{name}", folder="{folder}"))  # fmt: skip
            line.textEdited.connect(lambda _text: self.edited.emit())
            self._patterns[name] = line
        if wanted:
            self._further_column.addWidget(titled(self._patterns.items()))
        self.further.setVisible(bool(wanted))

    def _inputs_changed(self) -> None:
        """Propose a folder for the results beside the first input."""
        if self.inputs.paths and not self.out.text():
            first = self.inputs.paths[0]
            self.out.setText(str(first.parent / f"{first.stem or first.name} results"))
        self.edited.emit()

    def _browse(self) -> None:
        name = QFileDialog.getExistingDirectory(self, tr("Folder of the results"), self.out.text())
        if name:
            self.out.setText(name)
            self.inputs.leave_out(self.folder())
            self.edited.emit()

    # ---------------------------------------------------------------- what was chosen

    def folder(self) -> Path | None:
        """Return the folder of the results, if one is named."""
        text = self.out.text().strip()
        return Path(text).expanduser().absolute() if text else None

    def complaint(self) -> str:
        """Return the sentence that says why it cannot begin, or nothing."""
        if self.recipe is None:
            return tr("Choose a recipe that can be used.")
        if not self.inputs.paths:
            return tr("Add images first.")
        if self.inputs.looking:
            return tr("Still looking for images.")
        if self.inputs.trouble or not self.inputs.cases:
            return self.inputs.trouble or tr("No images were found. Add others.")
        if any(not line.text().strip() for line in self._patterns.values()):
            return tr("Say where the further images of the recipe are.")
        folder = self.folder()
        if folder is None:
            return tr("Choose a folder for the results.")
        if not self.resume.isChecked() and (folder / "journal.jsonl").is_file():
            return tr("“{name}” holds the results of an earlier batch. Go on with it, or choose another folder.",
                      name=folder.name)  # fmt: skip
        return self.workers.complaint()

    def order(self) -> Order:
        """Return what was chosen; raise Refused when it cannot be."""
        from pellucid.recipes.batch import Order
        from pellucid.recipes.batch.task import Options

        folder = self.folder()
        if self.recipe is None or folder is None:
            raise Refused(self.complaint())
        named = tuple((name, line.text().strip()) for name, line in self._patterns.items())
        options = Options(self.format.value(), named, accept_loss=self.accept_loss.isChecked())
        return Order(self.recipe, folder, options, int(self.workers.value()), self.scheduler.text().strip(),
                     self.resume.isChecked())  # fmt: skip
