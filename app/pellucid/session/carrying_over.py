"""Recipes on their way: from one layer to another, to a file and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer, LabelLayer, Layer, Provenance
from pellucid.model.volume import Volume
from pellucid.recipes import own_steps, together
from pellucid.recipes.recipe import MOST_TITLE, Recipe
from pellucid.recipes.replay import checked, refuse_what_stays
from pellucid.recipes.step_words import name_of
from pellucid.session.answers import place_for
from pellucid.session.chains import Chain, Steps, common_steps
from pellucid.session.inputs import Choice, LabelVoxels, check_places
from pellucid.session.recomputing import Recomputation, StepRefused, kind_after
from pellucid.session.results import FramesPlace, Step
from pellucid.session.step_cache import StepCache
from pellucid.session.text_files import write_in_job

if TYPE_CHECKING:
    from pellucid.session.session import Session


class CarryingOver:
    """Takes the steps of a layer elsewhere."""

    def __init__(self, session: Session, cache: StepCache) -> None:
        self._session = session
        self.cache = cache

    def chain(self, layer: Layer | None = None) -> Chain | None:
        """Return the steps of a layer, the active one unless given; of a label layer those of its active label."""
        layer = layer or self._session.document.active
        return Chain.of(layer) if layer is not None else None

    def of(self, layer: Layer | None = None) -> Recipe:
        """Return the recipe of a layer, of a label layer that of its active label; raise Refused when there is none."""
        chain = self._chain(layer)
        return _recipe(chain.steps, self._session.concealing.nameless(chain.layer.name))

    def of_all_labels(self, layer: Layer | None = None) -> Recipe | None:
        """Return the recipe that makes all labels of a layer at once, None where they were not made together."""
        layer = layer or self._session.document.active
        if not isinstance(layer, LabelLayer) or not (steps := common_steps(layer)):
            return None
        return _recipe(steps, self._session.concealing.nameless(layer.name))

    def apply_to(self, layer: Layer, mapping: Mapping[str, Choice] | None = None) -> Job:
        """Take the steps of the active layer on another one, as one step of that one."""
        return self.run(self.of(), mapping, layer)

    def run(self, recipe: Recipe, mapping: Mapping[str, Choice] | None = None, layer: Layer | None = None) -> Job:
        """Take a recipe on the active image (or label, or a given layer) as one step.

        ``mapping`` says which image or label stands for a name; all others are found by their name.
        """
        session, target, inputs = self._session, layer or self._target_of(recipe), self._session.running.inputs
        if not any(step.enabled for step in recipe.steps):
            raise Refused(tr("The recipe has no steps."))
        if isinstance(target, ImageLayer) and session.loading.is_placeholder(target):
            raise Refused(tr("The series is still being opened."))
        refuse_what_stays(recipe)
        names = {name: inputs.names(target, [choice])[1] for name, choice in (mapping or {}).items()}
        step = as_one(recipe, target, names)
        if isinstance(target, ImageLayer) and any(map(together.works_together, recipe.steps)):
            return self._run_together(recipe, target, step)
        place = place_for(session, target, step, as_new_layer=False)
        base = self._now(target)
        recomputation = Recomputation(self.cache, self.named(step.made, target))
        remarks: list[str] = []
        session.running.clear_preview()

        def work(job: Job) -> None:
            taken = replace(recomputation, progress=job.report, cancelled=job.cancelled, remark=remarks.append)
            place.prepare(taken.answer(base if isinstance(base, Volume) else base.volume, step.made))

        return self._edit(target, step.title, work, place, remarks)

    def _run_together(self, recipe: Recipe, target: ImageLayer, step: Step) -> Job:
        """Take a recipe of which a step works on all frames together."""
        from pellucid.recipes.frames import take_all

        session, remarks, frames = self._session, list[str](), target.frames
        place = FramesPlace(session, target, step, as_new_layer=False)
        taken = recipe.model_copy(update={"steps": Recipe.of(step.made).steps})
        further = self.named(step.made, target)
        named = {name: one if isinstance(one, Volume) else one.volume for name, one in further.items()}
        session.running.clear_preview()

        def work(job: Job) -> None:
            place.prepare(take_all(taken, frames, named, cancelled=job.cancelled, remark=remarks.append,
                                   progress=job.report))  # fmt: skip

        return self._edit(target, step.title, work, place, remarks)

    def _edit(self, target: ImageLayer | LabelLayer, title: str, work: Callable[[Job], None], place: Any,
              remarks: list[str]) -> Job:  # fmt: skip
        """Start work in the background; it ends in one step where the layer is still there, and in its remarks."""

        def done(_nothing: None) -> None:
            if target in self._session.document:
                place.commit()
            for sentence in dict.fromkeys(remarks):
                self._session.notice.emit(sentence, "info")

        return self._session.running.edit(title, work, done, self._tell)

    def missing(self, recipe: Recipe) -> tuple[str, ...]:
        """Return the names of further inputs of a recipe that are neither open nor made by it."""
        made = {step.name for step in recipe.steps if step.enabled}
        known = self._session.running.inputs.by_name().keys() | made
        wanted = (name for step in recipe.steps if step.enabled for name in step.inputs[1:])
        return tuple(dict.fromkeys(name for name in wanted if name not in known))

    def save(self, path: Path, recipe: Recipe | None = None) -> Job:
        """Write a recipe as JSON, that of the active layer unless given."""
        return self.write(path, self.nameless(recipe or self.of()).to_json())

    def nameless(self, recipe: Recipe) -> Recipe:
        """Return a recipe for others; what names the patient is covered in the names of images, alike everywhere."""
        hidden = self._session.concealing.nameless
        steps = tuple(step.model_copy(update={"name": hidden(step.name), "inputs": tuple(map(hidden, step.inputs))})
                      for step in recipe.steps)  # fmt: skip
        return recipe.model_copy(update={"steps": steps, "title": hidden(recipe.title)})

    def write(self, path: Path, text: str) -> Job:
        """Write a recipe or a script in the background; a failure becomes a notice."""
        return write_in_job(self._session, path, lambda: text, tr("{name} was saved.", name=path.name))

    def load(self, path: Path, then: Callable[[Recipe], None]) -> Job:
        """Read a recipe in the background and hand it over."""

        def work(_job: Job) -> Recipe:
            try:
                return Recipe.from_json(path.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError) as error:
                raise Refused(tr("The recipe {name} cannot be read.", name=path.name)) from error

        return self._session.jobs.load(tr("Opening {name}", name=path.name), work, then, self._tell)

    def unit(self, chain: Chain) -> str:
        """Return the unit of the values that the steps of a chain began with."""
        layer = self._session.document.find(chain.start.layer) if chain.start is not None else chain.layer
        return layer.volume.unit if isinstance(layer, ImageLayer) else ""

    def named(self, steps: Steps, layer: Layer) -> dict[str, Volume | LabelVoxels]:
        """Return the further inputs of steps of a layer as they are now.

        Raises StepRefused when one is not open or lies elsewhere.
        """
        inputs, found = self._session.running.inputs, {}
        choices, made = inputs.by_name(), {step.name for step in steps}
        for n, step in enumerate(steps):
            for name in step.inputs[1:] if step.enabled else ():
                taken = inputs.taken(choices[name]) if name in choices else None
                if taken is not None:
                    self._check_place(layer, choices[name], n)
                    found[name] = taken
                elif name not in made:
                    raise StepRefused(
                        tr("Step {number} needs “{name}”, which is not open. Choose another input for it.",
                           number=n + 1, name=name), n)  # fmt: skip
        return found

    def _check_place(self, layer: Layer, choice: Choice, n: int) -> None:
        other = self._session.document.find(choice[0])
        try:
            if other is not None:
                check_places(layer, other)
        except Refused as refusal:
            raise StepRefused(str(refusal), n) from refusal

    def _chain(self, layer: Layer | None = None, *, open_at: int | None = None) -> Chain:
        chain = self.chain(layer)
        if chain is None:
            raise Refused(tr("Open an image first."))
        if open_at is not None and not chain.first_open <= open_at < len(chain.steps):
            raise Refused(tr("This step cannot be taken again."))
        return chain

    def _target_of(self, recipe: Recipe) -> Layer:
        from pellucid.operations.operation import registry

        first = next((step for step in recipe.steps if step.enabled), None)
        operation = registry().get(first.operation) if first is not None else None
        document = self._session.document
        labels = operation is not None and operation.inputs[0] != "image"
        target = document.active_labels if labels else document.active_image
        if target is None:
            raise Refused(tr("This recipe works on a label. Make one first.") if labels else tr("Open an image first."))
        return target

    def _now(self, layer: Layer) -> Volume | LabelVoxels:
        label = layer.active_label if isinstance(layer, LabelLayer) else 0
        taken = self._session.running.inputs.taken((layer.id, label))
        assert taken is not None
        return taken

    def _tell(self, sentence: str) -> None:
        self._session.notice.emit(sentence, "error")


def _recipe(steps: Steps, title: str) -> Recipe:
    """Return steps as a recipe; one goes on from the one before it even where a further input has the same name."""
    recipe = Recipe.of(steps)
    further = {name for step in recipe.steps for name in step.inputs[1:]} - {step.name for step in recipe.steps}
    own = tuple(
        step.model_copy(update={"inputs": ("", *step.inputs[1:])}) if further & set(step.inputs[:1]) else step
        for step in recipe.steps
    )
    return recipe.model_copy(update={"steps": own, "title": title[:MOST_TITLE]})


def planned(step: Provenance) -> Provenance:
    """Return a step with all its parameters, checked; raise Refused when one is wrong."""
    if together.works_together(step):
        return replace(step, parameters=together.checked(step.operation, step.parameters))
    if own_steps.find(step.operation) is not None:
        return step
    return replace(step, parameters=checked(step.operation, step.parameters)[1])


def as_one(recipe: Recipe, layer: Layer, names: Mapping[str, str]) -> Step:
    """Return all steps of a recipe as one step on a layer; ``names`` are the inputs that stand for those it names."""
    from pellucid.operations.operation import registry

    known = registry()
    results = {step.name for step in recipe.steps if step.name}
    made, keeps, same = [], True, True
    for step in recipe.steps:
        first = step.inputs[0] if step.inputs[:1] and step.inputs[0] in results else layer.name
        inputs = (first, *(names.get(name, name) for name in step.inputs[1:]))
        made.append(planned(Provenance(step.operation, dict(step.parameters), inputs, enabled=step.enabled,
                                       name=step.name)))  # fmt: skip
        operation = known[step.operation].settled(step.parameters) if step.operation in known else None
        own = own_steps.find(step.operation)
        keeps &= not step.enabled or (operation.keeps_window if operation else own is None or own.keeps_window)
        same &= not step.enabled or (operation.same_grid if operation else own is None or own.same_grid)
    kind = kind_after(made, 0, "mask" if isinstance(layer, LabelLayer) else "image")
    unit = layer.volume.unit if isinstance(layer, ImageLayer) else ""
    name = recipe.title or " + ".join(name_of(step, unit) for step in made if step.enabled)
    title = tr("Recipe {name} on {layer}", name=name, layer=layer.name)
    return Step(kind, name, title, tuple(made), keeps, same)
