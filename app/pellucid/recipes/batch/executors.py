"""Hand tasks to workers through Dask: to processes of this computer, or to a cluster by its address.

Here Dask's scheduler for processes drives processes of our own, that talk through pipes: a LocalCluster would listen
on a port, behind which any user of a shared computer could run code as this one, and it would need the whole of
``distributed``. A cluster is somebody's own network; there ``distributed`` knows best who lives and who has room.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from itertools import islice
from typing import Any, Protocol

from pellucid import __version__
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.recipes.batch.processes import Died, Processes
from pellucid.recipes.batch.task import Outcome, Task, do, lost, prepare

Hear = Callable[[Outcome], None]
_PATIENCE = 30.0
"""Seconds a task may take beyond its limit before its process is ended: it could not be told to stop."""
_CONNECT_SECONDS = 10.0


class Executor(Protocol):
    """Whoever does tasks: never more of them at once than there are workers."""

    def run(self, tasks: Sequence[Task], hear: Hear) -> None:
        """Do all tasks; ``hear`` gets each outcome as it comes, in this thread, and may raise to have it end."""

    def close(self) -> None:
        """End what still runs."""


class Local:
    """Processes of this computer under Dask's scheduler."""

    def __init__(self, workers: int, timeout: float | None = None) -> None:
        self.processes = Processes(workers, None if timeout is None else timeout + _PATIENCE, prepare)

    def run(self, tasks: Sequence[Task], hear: Hear) -> None:
        """Do all tasks; raises Refused when the processes cannot work at all."""
        from dask.multiprocessing import get

        last = len(tasks)  # Dask begins with the key that is sorted last
        graph = {f"item-{last - n:09}": (do, task) for n, task in enumerate(tasks)}
        heard = (None, None, None, lambda key, outcome, *_: hear(outcome), None)
        try:
            get(graph, list(graph), pool=self.processes, chunksize=1, optimize_graph=False, callbacks=[heard])
        except Died as error:
            raise Refused(tr("The processes of the batch end as soon as they begin. Is there memory left?")) from error
        except CancelledError:
            return  # closed from another thread: whatever was not heard of is left for another time

    def close(self) -> None:
        """End the processes."""
        self.processes.shutdown()


class Cluster:
    """A Dask cluster, by the address of its scheduler."""

    def __init__(self, address: str, workers: int | None = None) -> None:
        self._client = _connected(address)
        try:
            there = sum(self._client.nthreads().values())
            self.most = min(workers or there, there)
            if not there:
                raise Refused(tr("The scheduler “{address}” has no workers. Start some first.", address=address))
            self._check(address)
        except BaseException:
            self._client.close()
            raise

    def run(self, tasks: Sequence[Task], hear: Hear) -> None:
        """Do all tasks: a new one is handed out when one is done."""
        from distributed import as_completed

        waiting = iter(tasks)
        begun: dict[Any, Task] = {}
        first = [self._submit(task, begun) for task in islice(waiting, self.most)]
        running = as_completed(first, loop=self._client.loop)
        for future in running:
            task = begun.pop(future.key)
            hear(_outcome(future, task))
            future.release()
            for following in islice(waiting, 1):
                running.add(self._submit(following, begun))

    def close(self) -> None:
        """Leave the cluster as it was; what still runs there hears that it shall stop."""
        self._client.close()

    def _submit(self, task: Task, begun: dict[Any, Task]) -> Any:
        future = self._client.submit(do, task, pure=False)
        begun[future.key] = task
        return future

    def _check(self, address: str) -> None:
        """See whether the workers have this version of the program."""
        try:
            said = self._client.submit(version, pure=False).result(timeout=_CONNECT_SECONDS)
        except Exception as error:
            said = type(error).__name__
        if said != __version__:
            raise Refused(
                tr(
                    "The workers of “{address}” cannot run this Pellucid ({ours}; there: {theirs}). Install the same "
                    "version on them.",
                    address=address,
                    ours=__version__,
                    theirs=said,
                )
            )


def version() -> str:
    """Return which program a worker has."""
    return __version__


def _outcome(future: Any, task: Task) -> Outcome:
    """Return what a worker said, or that the cluster gave the item up."""
    outcome: Outcome = future.result() if future.status == "finished" else lost(task)
    return outcome


def _connected(address: str) -> Any:
    """Return a client of a scheduler; raise Refused with what to do when there is none."""
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        raise Refused(
            tr("A cluster needs the package “distributed”: install Pellucid with its extra “cluster”.")
        ) from error
    quiet = {"distributed.admin.log-length": 0, "distributed.comm.timeouts.connect": _CONNECT_SECONDS}
    try:
        with dask.config.set(quiet):
            return Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise Refused(
            tr("The scheduler “{address}” does not answer. Check its address, and whether it runs.", address=address)
        ) from error

