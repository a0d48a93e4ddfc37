"""What a worker does with one item: read it, take the recipe, write the result, and say how it went.

Results are written here and never sent back, so that a batch needs the memory of its workers' items and no more.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid import language
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.recipes.batch.attempts import MOST, Attempts
from pellucid.recipes.batch.items import Item, stem_of
from pellucid.recipes.batch.journal import Entry, State
from pellucid.recipes.recipe import Recipe

if TYPE_CHECKING:
    from pellucid.dicom.child import Pool
    from pellucid.model.volume import Volume

_log = logging.getLogger(__name__)
FIELDS = ("stem", "name", "folder")
SAME = "same"
_FALLBACK = ".nii.gz"


@dataclass(frozen=True)
class Options:
    """How all items are worked on.

    ``format`` is an ending without its dot, or ``"same"``: that of the input. ``named`` are the further images by
    name, as paths in which ``{stem}``, ``{name}`` and ``{folder}`` stand for those of the item.
    """

    format: str = "nii.gz"
    named: tuple[tuple[str, str], ...] = ()
    label: int | None = None
    even: bool = False
    accept_loss: bool = False
    timeout: float | None = None


@dataclass(frozen=True)
class Task:
    """One item, and all a worker anywhere needs to work on it."""

    item: Item
    name: str
    input: str
    recipe: str
    recipe_digest: str
    answers: bool
    out: str
    options: Options
    language: tuple[str, str] | None = None


@dataclass
class Outcome:
    """How it went: the entry for the journal (None: it was stopped), and where in the code it failed."""

    entry: Entry | None
    where: str = ""
    kind: str = ""


@dataclass
class _Run:
    """What is known of the item while it is worked on."""

    task: Task
    attempts: Attempts
    began: float = field(default_factory=time.monotonic)
    said: list[str] = field(default_factory=list)

    @property
    def late(self) -> bool:
        limit = self.task.options.timeout
        return limit is not None and time.monotonic() - self.began > limit

    def cancelled(self) -> bool:
        return self.late or self.attempts.stopped()

    def entry(self, state: State, *sentences: str, output: str = "", attempt: int = 1) -> Outcome:
        task, seconds = self.task, round(time.monotonic() - self.began, 3)
        said = tuple(dict.fromkeys((*self.said, *sentences)))
        return Outcome(
            Entry(task.item.id, state, task.name, output, task.recipe_digest, task.input, seconds, said, attempt)
        )


@cache
def prepare() -> None:
    """Load what takes seconds, once for each worker, so that no item is blamed for it; one thread for each worker."""
    import SimpleITK as sitk

    from pellucid.files import export, images  # noqa: F401
    from pellucid.operations.operation import registry

    registry()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)


def do(task: Task) -> Outcome:
    """Work on one item; never raises: whatever happens is an outcome."""
    prepare()
    if task.language is not None:
        language.use(Path(task.language[0]), task.language[1])
    run = _Run(task, Attempts(Path(task.out)))
    try:
        if run.attempts.stopped():
            return Outcome(None)
        attempt = run.attempts.begin(task.name)
        if attempt > MOST:
            run.attempts.end(task.name)
            return lost(task)
        outcome = _done(run, attempt)
        run.attempts.end(task.name)
    except OSError as error:  # the folder of the results is not what it was
        return _unexpected(run, error, 1)
    return outcome


def lost(task: Task) -> Outcome:
    """Say that the workers of an item ended while it was worked on."""
    said = tr("Its worker ended twice while it was worked on, perhaps for want of memory.")
    return _Run(task, Attempts(Path(task.out))).entry(State.FAILED, said, attempt=MOST)


def _done(run: _Run, attempt: int) -> Outcome:
    from pellucid.dicom.child import Cancelled as NotRead
    from pellucid.operations.context import Cancelled

    try:
        output = _work(run)
    except Refused as refusal:
        return run.entry(State.REFUSED, str(refusal), attempt=attempt)
    except (Cancelled, NotRead):
        if not run.late:
            return Outcome(None)
        said = tr("It took longer than {seconds:g} s and was given up.", seconds=run.task.options.timeout)
        return run.entry(State.FAILED, said, attempt=attempt)
    except MemoryError:
        return run.entry(State.FAILED, tr("It needs more memory than there is."), attempt=attempt)
    except Exception as error:
        return _unexpected(run, error, attempt)
    return run.entry(State.WARNED if run.said else State.DONE, output=output, attempt=attempt)


def _unexpected(run: _Run, error: Exception, attempt: int) -> Outcome:
    """Say that something went wrong; where is for the log, the error's text may quote a patient and is for nobody."""
    kind = type(error).__name__
    outcome = run.entry(State.FAILED, tr("Something went wrong inside Pellucid ({kind}).", kind=kind), attempt=attempt)
    outcome.kind, outcome.where = kind, "".join(traceback.format_tb(error.__traceback__))
    return outcome


def _work(run: _Run) -> str:
    """Write the result of an item and return the name of its file."""
    from pellucid.recipes import frames

    task, options = run.task, run.task.options
    if task.item.refusal:
        raise Refused(task.item.refusal)
    recipe = Recipe.from_json(task.recipe)
    images = _read(task.item, run.cancelled)
    frames.heed(images, run.said.append)
    if options.even:
        from pellucid.files.evening import evened

        images = tuple(evened(volume) for volume in images)
    given = frames.starts(recipe, images, task.item.path.name, options.label, run.said.append)
    named = frames.handed(recipe, named_images(options, task.item), options.label, run.said.append)
    results = frames.take_all(
        recipe, given, named, cancelled=run.cancelled, remark=run.said.append, threads=1
    )
    path = Path(task.out) / f"{task.name}{ending(task)}"
    run.said.extend(frames.write(results, path, accept_loss=options.accept_loss))
    return path.name


def ending(task: Task) -> str:
    """Return what the name of the result ends in: rows for points and tables, else the format asked for."""
    if task.answers:
        return ".csv"
    if task.options.format != SAME:
        return f".{task.options.format}"
    name = task.item.path.name.lower()
    kept = (".nii.gz", ".nii", ".nrrd", ".mha", ".tiff", ".tif", ".png")
    return next((e for e in kept if not task.item.plans and name.endswith(e)), _FALLBACK)


def _read(item: Item, cancelled: Callable[[], bool]) -> tuple[Volume, ...]:
    if item.plans:
        from pellucid.dicom.read import read_sequence

        return read_sequence(item.plans, pool=_pool(), cancelled=cancelled)
    if not item.path.is_file():
        raise Refused(tr("There is no file “{name}” any more.", name=item.path.name))
    from pellucid.files.images import read

    return read(item.path, pool=_pool(), cancelled=cancelled)


@cache
def _pool() -> Pool:
    """Return the decoders of this worker: one is enough for one item at a time."""
    from pellucid.dicom.child import Pool

    return Pool(workers=1)


def named_images(options: Options, item: Item) -> dict[str, tuple[str, Any]]:
    """Return the file and the frames of each further image of an item, by name."""
    found = {}
    for name, pattern in options.named:
        path = Path(filled(pattern, item))
        if not path.is_file():
            raise Refused(tr("There is no “{file}” for “{name}”.", file=path.name, name=name))
        found[name] = (path.name, _shared(path, path.stat().st_mtime_ns) if path == Path(pattern) else _plain(path))
    return found


@lru_cache(maxsize=4)
def _shared(path: Path, _changed: int) -> tuple[Volume, ...]:
    """Read a file that all items need; it is kept."""
    return _plain(path)


def _plain(path: Path) -> tuple[Volume, ...]:
    from pellucid.files.images import read

    return read(path, pool=_pool())


def filled(pattern: str, item: Item) -> str:
    """Return the path of a further image for an item."""
    if "{" not in pattern:
        return pattern
    stem = stem_of(item.path) if not item.plans else item.path.name
    return pattern.format(stem=stem, name=item.path.name, folder=str(item.folder))


def check_pattern(pattern: str) -> None:
    """Raise Refused for a pattern that names something else than what there is."""
    from string import Formatter

    with suppress(ValueError):
        parts = list(Formatter().parse(pattern))
        if all(name is None or (name in FIELDS and not spec and not how) for _, name, spec, how in parts):
            return
    known = ", ".join(f"{{{name}}}" for name in FIELDS)
    raise Refused(tr("“{pattern}” cannot be filled in; there are only {known}.", pattern=pattern, known=known))
