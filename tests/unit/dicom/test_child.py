from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from decoder_tasks import HANG
from patience import PATIENCE
from pellucid.dicom.channel import Channel, Closed
from pellucid.dicom.child import Cancelled, Pool
from pellucid.model.findings import Refused

ROOT = Path(__file__).parents[3]


@pytest.fixture
def small_pool() -> Iterator[Pool]:
    pool = Pool(workers=1, deadline=PATIENCE, memory_cap_bytes=200 << 20)
    yield pool
    pool.close()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] not in "ZX"
    except OSError:
        return False


def gone(pid: int, seconds: float = PATIENCE) -> bool:
    end = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not alive(pid)


def test_answers_pass_json_and_arrays(pool: Pool) -> None:
    meta, _ = pool.call("decoder_tasks:echo", {"text": "ä", "list": [1, 2.5, None]})
    assert meta["text"] == "ä" and meta["list"] == [1, 2.5, None] and meta["pid"] != os.getpid()
    meta, arrays = pool.call("decoder_tasks:arrays", {})
    assert meta == {"count": 2}
    np.testing.assert_array_equal(arrays[0], np.arange(12).reshape(3, 4))
    assert arrays[0].dtype == np.int16 and arrays[1].shape == (2, 2, 3) and np.all(arrays[1] == 7.5)


def test_arrays_outlive_the_pool() -> None:
    pool = Pool(workers=1)
    (array,) = pool.call("decoder_tasks:large", {"bytes": 10 << 20})[1]
    pool.close()
    assert int(array.sum(dtype=np.int64)) == 10 << 20


@pytest.mark.hazard("H19")
def test_a_crash_is_a_sentence_and_the_next_call_works(small_pool: Pool, tmp_path: Path) -> None:
    file = tmp_path / "bad.dcm"
    file.write_bytes(b"x")
    with pytest.raises(Refused, match=r"bad\.dcm could not be read: it stopped the decoder"):
        small_pool.call("decoder_tasks:crash", {"path": str(file)})
    assert small_pool.call("decoder_tasks:echo", {"n": 1})[0]["n"] == 1


@pytest.mark.hazard("H19")
def test_a_file_that_killed_a_worker_is_quarantined_until_it_changes(small_pool: Pool, tmp_path: Path) -> None:
    file = tmp_path / "bad.dcm"
    file.write_bytes(b"x")
    with pytest.raises(Refused):
        small_pool.call("decoder_tasks:crash", {"path": str(file)})
    with pytest.raises(Refused, match="set aside"):
        small_pool.call("decoder_tasks:echo", {"path": str(file)})
    file.write_bytes(b"better")
    assert small_pool.call("decoder_tasks:echo", {"path": str(file)})[0]["path"] == str(file)


@pytest.mark.hazard("H20")
def test_the_deadline_holds_and_the_worker_is_gone(small_pool: Pool) -> None:
    pid = small_pool.call("decoder_tasks:echo", {})[0]["pid"]
    with pytest.raises(Refused, match=r"x\.dcm could not be read: it took longer than 0\.3 s"):
        small_pool.call("decoder_tasks:hang", {"path": "/nowhere/x.dcm"}, deadline=0.3)
    assert gone(pid)


@pytest.mark.hazard("H20")
@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="the system has no alarm")
def test_a_worker_that_its_alarm_ended_before_anybody_looked_was_late_as_well(small_pool: Pool) -> None:
    with pytest.raises(Refused, match=r"x\.dcm could not be read: it took longer than"):
        small_pool.call("decoder_tasks:overrun", {"path": "/nowhere/x.dcm"})


class Starting:
    """A worker that is not up yet."""

    ready = False

    def wake(self, cancelled: object) -> bool:
        raise Cancelled

    def kill(self) -> None:
        self.ended = True


def test_cancelling_while_workers_start_is_no_failure_to_start_them() -> None:
    pool, worker = Pool(workers=1), Starting()
    pool._starter, pool._idle = threading.current_thread(), [worker]
    for _ in range(5):
        with pytest.raises(Cancelled):
            pool.call("decoder_tasks:echo", {})
        assert pool._idle == [worker] and not hasattr(worker, "ended")
    pool.close()


def test_a_connection_that_another_thread_closed_has_ended() -> None:
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    channel.close()
    for action in (lambda: channel.wait(0.0), channel.receive, lambda: channel.send({})):
        with pytest.raises(Closed):
            action()
    theirs.close()


@pytest.mark.hazard("H21")
@pytest.mark.hazard("H22")
def test_memory_is_capped(small_pool: Pool) -> None:
    with pytest.raises(Refused, match=r"needs more than 0\.2 GB of memory"):
        small_pool.call("decoder_tasks:grow", {"path": "/nowhere/bomb.dcm"})
    assert small_pool.call("decoder_tasks:echo", {"n": 2})[0]["n"] == 2


@pytest.mark.hazard("H20")
def test_cancel_is_answered_at_once(small_pool: Pool) -> None:
    small_pool.call("decoder_tasks:echo", {})
    asked = count()
    with pytest.raises(Cancelled):
        small_pool.call("decoder_tasks:hang", {}, deadline=HANG, cancelled=lambda: next(asked) > 3)


def test_errors_are_sentences_without_the_raw_text(pool: Pool) -> None:
    with pytest.raises(Refused, match=r"^a sentence$"):
        pool.call("decoder_tasks:refuse", {})
    for task in ("fail", "panic"):
        with pytest.raises(Refused, match=r"a\.dcm could not be read") as caught:
            pool.call(f"decoder_tasks:{task}", {"path": "/x/a.dcm"})
        assert "Doe" not in str(caught.value)
    assert pool.call("decoder_tasks:echo", {"n": 3})[0]["n"] == 3


def test_calls_from_several_threads_run_in_several_workers(pool: Pool) -> None:
    found: dict[int, int] = {}

    def ask(n: int) -> None:
        found[n] = pool.call("decoder_tasks:echo", {"n": n})[0]["n"]

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: n for n in range(40)}


@pytest.mark.hazard("H19")
def test_a_worker_that_died_idle_does_not_blame_the_file(small_pool: Pool) -> None:
    pid = small_pool.call("decoder_tasks:echo", {})[0]["pid"]
    for other in small_pool.pids:
        os.kill(other, 9)
    assert gone(pid)
    assert small_pool.call("decoder_tasks:echo", {"path": "/x/y.dcm"})[0]["pid"] != pid


def test_workers_import_no_qt(pool: Pool) -> None:
    assert pool.call("decoder_tasks:imported", {})[0]["modules"] == []


def test_workers_die_with_the_program_and_leave_nothing(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, threading, time\n"
        "from pellucid.dicom.child import Pool\n"
        "pool = Pool()\n"
        "held = pool.call('decoder_tasks:large', {'bytes': 1 << 20})\n"
        "threading.Thread(target=lambda: pool.call('decoder_tasks:hang', {}), daemon=True).start()\n"
        "while len(pool.pids) < 2: time.sleep(0.01)\n"
        "print(*pool.pids)\n"
        "maps = [pathlib.Path(f'/proc/{pid}/maps').read_text() for pid in (os.getpid(), *pool.pids)]\n"
        "print('memory with a name' if any('/dev/shm/' in text for text in maps) else 'none', flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'app'}{os.pathsep}{ROOT / 'tests'}"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    first, second = done.stdout.splitlines()
    pids = [int(word) for word in first.split()]
    assert len(pids) >= 2 and second == "none" and done.stderr == ""
    assert all(gone(pid) for pid in pids)


def test_a_program_that_ends_normally_is_silent(tmp_path: Path) -> None:
    program = (
        "from pellucid.dicom.child import default_pool\n"
        "print(default_pool().call('decoder_tasks:echo', {'n': 5})[0]['n'])\n"
    )
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'app'}{os.pathsep}{ROOT / 'tests'}"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], env=environment, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr, done.returncode) == ("5\n", "", 0)
