"""A batch from beginning to end: what is left to do, handed out, kept, and reported."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pellucid import language
from pellucid.files.safe_write import sentence
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.recipes.batch.attempts import Attempts
from pellucid.recipes.batch.executors import Cluster, Executor, Local
from pellucid.recipes.batch.items import Item, stamp
from pellucid.recipes.batch.journal import GOOD, Entry, Journal
from pellucid.recipes.batch.names import names
from pellucid.recipes.batch.reports import write_answers, write_report
from pellucid.recipes.batch.task import Options, Outcome, Task, check_pattern, ending, filled
from pellucid.recipes.needs import ANSWERS, answer_kind, check, check_named
from pellucid.recipes.recipe import Recipe

_log = logging.getLogger(__name__)
_GRACE_SECONDS = 5.0
Hear = Callable[[Entry, int, int], None]


class Stopped(Exception):
    """Raised inside a batch that was told to stop."""


@dataclass(frozen=True)
class Order:
    """What is asked for: a recipe, where the results go, how, and who does it.

    ``workers`` None takes one per core, or all of the cluster at the address ``scheduler``; with ``resume`` what an
    earlier run finished is left alone.
    """

    recipe: Recipe
    out: Path
    options: Options = field(default_factory=Options)
    workers: int | None = None
    scheduler: str = ""
    resume: bool = False
    report: Path | None = None

    def check(self) -> None:
        """Raise Refused for what can be known before anything is read."""
        check(self.recipe)
        check_named(self.recipe, dict(self.options.named))
        for _, pattern in self.options.named:
            check_pattern(pattern)

    @property
    def digest(self) -> str:
        """Return what tells this recipe, taken in this way, from another one."""
        steps = [step.model_dump(mode="json") for step in self.recipe.steps if step.enabled]
        how = {key: value for key, value in asdict(self.options).items() if key != "timeout"}
        return hashlib.sha256(json.dumps([steps, how], sort_keys=True).encode()).hexdigest()


class Batch:
    """One run over items; made and run in any one thread, ``stop`` may come from another."""

    def __init__(self, order: Order, items: Sequence[Item]) -> None:
        order.check()
        if not items:
            raise Refused(tr("There is no image to work on."))
        self.order, self.items = order, tuple(items)
        self.journal = Journal(order.out)
        self.entries: dict[str, Entry] = {}
        self._attempts = Attempts(order.out)
        self._executor: Executor | None = None
        self._stopped = threading.Event()

    def run(self, hear: Hear = lambda entry, done, total: None) -> tuple[Entry, ...]:
        """Work on what is left to do and return how every item went, in their order.

        ``hear`` gets each entry with the number of items done and of all; those done before come first. Told to stop
        it returns what is done. The report is written in any case.
        """
        tasks = self._begin(hear)
        try:
            if tasks:
                self._hand_out(tasks, hear)
        except Stopped:
            pass
        finally:
            self._end()
        return self.results

    @property
    def results(self) -> tuple[Entry, ...]:
        """Return how the items went so far, in the order of the items."""
        return tuple(self.entries[item.id] for item in self.items if item.id in self.entries)

    @property
    def stopped(self) -> bool:
        """Return whether it was told to stop."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Stop soon: what is being worked on is given up; callable from any thread."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._attempts.stop()
        timer = threading.Timer(_GRACE_SECONDS, self._close_executor)
        timer.daemon = True
        timer.start()

    # ---------------------------------------------------------------- parts of a run

    def _begin(self, hear: Hear) -> list[Task]:
        """Return what is left to do; what was done before is heard of first."""
        out = self.order.out
        try:
            out.mkdir(parents=True, exist_ok=True)
            if self.journal.exists() and not self.order.resume:
                raise Refused(
                    tr(
                        "“{folder}” holds the results of an earlier batch. Go on with it (--resume), or choose "
                        "another folder.",
                        folder=out,
                    )
                )
            before = self.journal.latest()
            called = names(self.items, {id: entry.name for id, entry in before.items()})
            tasks = [self._task(item, called[item.id]) for item in self.items]
            if not self.journal.exists():
                self._spare(tasks)
            self.journal.start()
            self._attempts.prepare()
        except OSError as error:
            raise Refused(sentence(out, error)) from error
        left = [task for task in tasks if not self._is_done(task, before.get(task.item.id))]
        todo = {task.item.id for task in left}
        for item in self.items:
            if item.id not in todo:
                self._keep(before[item.id], hear)
        return left

    def _spare(self, tasks: Sequence[Task]) -> None:
        """Raise Refused when a result would replace a file that no batch made."""
        for task in tasks:
            name = f"{task.name}{ending(task)}"
            if (self.order.out / name).exists():
                raise Refused(tr("“{name}” is there already. Choose another name for the folder.", name=name))

    def _task(self, item: Item, name: str) -> Task:
        order = self.order
        further = [Path(filled(pattern, item)) for _, pattern in order.options.named]
        return Task(
            item,
            name,
            stamp((*item.files, *further)),
            order.recipe.to_json(),
            order.digest,
            answer_kind(order.recipe) in ANSWERS,
            str(order.out.absolute()),
            order.options,
            _spoken(),
        )

    def _is_done(self, task: Task, before: Entry | None) -> bool:
        """Return whether an item was finished with the same recipe and input, and its result is still there."""
        return (
            before is not None
            and before.state in GOOD
            and (before.recipe, before.input, before.name) == (task.recipe_digest, task.input, task.name)
            and (self.order.out / before.output).is_file()
        )

    def _hand_out(self, tasks: list[Task], hear: Hear) -> None:
        from pellucid.operations.context import available_cores

        order = self.order
        if order.scheduler:
            self._executor = Cluster(order.scheduler, order.workers)
        else:
            count = min(order.workers or available_cores(), len(tasks))
            self._executor = Local(count, order.options.timeout)
        self._check()
        self._executor.run(tasks, lambda outcome: self._take(outcome, hear))

    def _take(self, outcome: Outcome, hear: Hear) -> None:
        """Keep what a worker said."""
        if outcome.where:
            _log.error("an item of a batch failed with %s\n%s", outcome.kind, outcome.where)
        if outcome.entry is not None:
            self.journal.add(outcome.entry)
            self._keep(outcome.entry, hear)
        self._check()

    def _keep(self, entry: Entry, hear: Hear) -> None:
        self.entries[entry.item] = entry
        hear(entry, len(self.entries), len(self.items))

    def _check(self) -> None:
        if self._stopped.is_set():
            raise Stopped

    def _end(self) -> None:
        """End the workers, close the journal, and write what people read; also after Ctrl+C."""
        self._attempts.stop()
        self._close_executor()
        self._attempts.remove()
        self.journal.close()
        order, results = self.order, self.results
        if order.report is not None:
            write_report(results, order.report)
        if answer_kind(order.recipe) in ANSWERS:
            write_answers(results, order.out, parquet=order.report is not None and order.report.suffix == ".parquet")

    def _close_executor(self) -> None:
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.close()


def _spoken() -> tuple[str, str] | None:
    source = language.source()
    return None if source is None else (str(source[0]), source[1])
