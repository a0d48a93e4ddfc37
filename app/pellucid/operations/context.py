"""What an operation may know about its surroundings: progress, cancel, cores, the part that is looked at."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from threading import Lock, Thread
from typing import Any, TypeVar

from pellucid.language import tr

Region = tuple[slice, slice, slice]
T = TypeVar("T")


class _Nothing:
    """Marks the end of the items."""


_NOTHING = _Nothing()


class Refused(Exception):
    """Raised when an operation cannot be done; the text is a sentence for people: what and what to do."""


class Cancelled(Exception):
    """Raised inside an operation that was told to stop."""


def _ignore(fraction: float) -> None:
    """Throw progress away."""


def _unheard(sentence: str) -> None:
    """Throw a remark away."""


def _never() -> bool:
    """Never cancel."""
    return False


def available_cores() -> int:
    """Return the number of processor cores this process may use."""
    try:
        return len(os.sched_getaffinity(0)) or 1
    except AttributeError:  # macOS and Windows
        return os.cpu_count() or 1


@dataclass(frozen=True)
class Context:
    """The surroundings of one run of an operation.

    ``progress`` receives fractions from 0 to 1 (from the thread that runs the operation, except while a
    SimpleITK filter works), ``cancelled`` is asked often and from several threads. ``wanted`` is the region
    (z, y, x) of the output that will be looked at; an operation may leave the rest undefined. ``start`` is the
    place (z, y, x) in the whole image of the first voxel, where only a part of the image is given. ``prepared``
    holds what the operation learned from the whole image when it now sees only a part. ``padding`` is the
    closed range of values that are not part of the image, or None: automatic thresholds leave them out, and
    filters see ``fill`` in their place (the lowest other value when that is None). ``remark`` receives sentences
    about what the user should know of a result that is otherwise fine: values that were cut, voxels left out.
    """

    progress: Callable[[float], None] = _ignore
    cancelled: Callable[[], bool] = _never
    wanted: Region | None = None
    start: tuple[int, int, int] = (0, 0, 0)
    threads: int = field(default_factory=available_cores)
    prepared: Any = None
    padding: tuple[float, float] | None = None
    fill: float | None = None
    remark: Callable[[str], None] = _unheard

    def check(self) -> None:
        """Raise Cancelled when the run was told to stop."""
        if self.cancelled():
            raise Cancelled

    def part(self, start: float, stop: float) -> Context:
        """Return a context whose progress 0 to 1 fills ``start`` to ``stop`` of this one."""
        return replace(self, progress=lambda fraction: self.progress(start + (stop - start) * fraction))

    def region(self, shape: tuple[int, ...]) -> Region:
        """Return the wanted region of an array (z, y, x[, c]), clipped to the array, without None."""
        wanted = self.wanted or (slice(None),) * 3
        z, y, x = (slice(*w.indices(n)[:2]) for w, n in zip(wanted, shape[:3], strict=True))
        return z, y, x

    def each(self, work: Callable[[T], None], items: Iterable[T]) -> None:
        """Do ``work`` on every item, several at once; report progress and stop early when cancelled.

        The items must be independent and small enough that one takes well under 200 ms.
        """
        todo = list(items)
        pending, lock = iter(todo), Lock()
        failures: list[BaseException] = []
        done: list[None] = []

        def take_one() -> bool:
            with lock:
                item = next(pending, _NOTHING)
            if isinstance(item, _Nothing) or failures:
                return False
            self.check()
            work(item)
            done.append(None)
            return True

        def help_out() -> None:
            try:
                while take_one():
                    pass
            except BaseException as error:
                failures.append(error)

        helpers = [Thread(target=help_out, daemon=True) for _ in range(min(self.threads, len(todo)) - 1)]
        for helper in helpers:
            helper.start()
        try:
            while take_one():
                self.progress(len(done) / len(todo))
        except BaseException as error:
            failures.append(error)
        for helper in helpers:
            helper.join()
        if failures:
            raise failures[0]
        self.progress(1.0)

    def execute(self, filter: Any, *images: Any) -> Any:
        """Run a SimpleITK filter object with progress and abort and return its image.

        Raises Cancelled when told to stop, Refused when the filter fails.
        """
        import SimpleITK as sitk

        self.check()

        furthest = 0.0

        def report() -> None:
            nonlocal furthest
            if self.cancelled():
                filter.Abort()
                return
            furthest = min(1.0, max(furthest, float(filter.GetProgress())))
            self.progress(furthest)

        filter.SetNumberOfThreads(self.threads)
        command = filter.AddCommand(sitk.sitkProgressEvent, report)
        try:
            result = filter.Execute(*images)
        except RuntimeError as error:
            self.check()
            reason = str(error).strip().splitlines()[-1].rpartition("): ")[2].strip()
            raise Refused(
                tr("{filter} cannot work on this image: {reason}", filter=filter.GetName(), reason=reason)
            ) from error
        finally:
            del command
            filter.RemoveAllCommands()
        self.check()
        return result
