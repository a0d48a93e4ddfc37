"""Whatever comes first, the same is said: a cancel at any moment, a connection that ends before a question is put,
peers that are there before it is told that anybody listens, and news that lie longer than a clock allows."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pydicom
import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE, build_context, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as Find
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelGet as Get
from pynetdicom.sop_class import Verification

from patience import PATIENCE
from pellucid.model.findings import Refused
from pellucid.network import fetching, outside
from pellucid.network.agent import Desk
from pellucid.network.asking import addressed, asked, echo, find
from pellucid.network.dimse import finding, serving
from pellucid.network.dimse.association import associated
from pellucid.network.fetching import fetch
from pellucid.network.listener import Listener
from pellucid.network.nodes import DimseNode, ListenerSettings
from pellucid.network.queries import Query
from pellucid.network.sending import send
from pellucid.network.transfers import Received, What, file_name

NODE = DimseNode(name="Odd", title="ODD", host="127.0.0.1", port=104)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tasks run in this process, which sets pydicom up for them."""
    from pydicom import config

    for mode in ("_reading_validation_mode", "_writing_validation_mode"):
        monkeypatch.setattr(config.settings, mode, getattr(config.settings, mode))


@pytest.fixture
def peer():
    """Return a function that starts a server of pynetdicom and returns its node."""
    servers = []

    def start(*handlers: object) -> DimseNode:
        entity = AE("ODD")
        for kind in (Verification, Find, Get, CTImageStorage):
            entity.add_supported_context(kind, ExplicitVRLittleEndian, scu_role=True, scp_role=True)
        servers.append(entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=list(handlers)))
        return NODE.model_copy(update={"port": servers[-1].server_address[1]})

    yield start
    for server in servers:
        server.shutdown()


def test_what_is_to_happen_at_a_cancel_happens_once_and_elsewhere() -> None:
    done: queue.Queue[tuple[str, int]] = queue.Queue()
    desk = Desk(lambda message: None)
    desk.at_cancel(lambda: done.put(("before", threading.get_ident())))
    desk.cancel()
    desk.cancel()
    desk.at_cancel(lambda: done.put(("after", threading.get_ident())))
    came = [done.get(timeout=PATIENCE), done.get(timeout=PATIENCE)]
    assert {what for what, _ in came} == {"before", "after"} and done.empty()
    assert threading.get_ident() not in {thread for _, thread in came}


class Scripted:
    """An agent that says what it was given to say."""

    def __init__(self, *messages: dict[str, Any] | None) -> None:
        self._messages = iter(messages)
        self.told: list[str] = []

    def begin(self, task: str, payload: dict[str, Any]) -> None:
        self.told.append("task")

    def cancel(self) -> None:
        self.told.append("cancel")

    def next(self) -> dict[str, Any] | None:
        return next(self._messages)


@pytest.mark.parametrize("said", [{"refused": "The connection broke."}, {"error": "RuntimeError"}])
def test_why_a_task_failed_after_it_was_cancelled_is_not_asked(monkeypatch, said) -> None:
    agent, kept = Scripted({"event": {"rows": [{"name": "A"}]}}, said), []
    monkeypatch.setattr(outside, "take", lambda: agent)
    monkeypatch.setattr(outside, "give_back", lambda one, keep: kept.append(keep))
    answer = find(NODE, Query(level="patient"), cancelled=lambda: True)
    assert answer.cancelled and answer.more and [one.name for one in answer.results] == ["A"]
    assert agent.told == ["task", "cancel"] and kept == [True]


def test_an_agent_that_was_ended_while_it_was_idle_is_not_asked(peer) -> None:
    agent = outside.take()
    outside.give_back(agent, keep=True)
    idle = outside.take()
    outside.give_back(idle, keep=True)
    idle._process.process.kill()
    idle._process.process.wait()
    assert echo(peer((evt.EVT_C_ECHO, lambda event: 0)))


def test_an_agent_that_ends_in_the_middle_of_an_echo_is_a_sentence(monkeypatch) -> None:
    def gone() -> None:
        raise outside.Died

    agent = Scripted()
    agent.next = gone
    monkeypatch.setattr(outside, "take", lambda: agent)
    monkeypatch.setattr(outside, "give_back", lambda one, keep: None)
    with pytest.raises(Refused, match="Odd answered something that could not be read"):
        echo(NODE)


def test_a_task_that_is_cancelled_before_it_begins_connects_to_nobody(here, monkeypatch) -> None:
    monkeypatch.setattr(AE, "associate", None)
    desk = Desk(lambda message: None)
    desk.cancel()
    with pytest.raises(Refused):
        finding.find(addressed(NODE, "PELLUCID", "") | {"query": asked(Query())}, desk)


def test_a_connection_that_ended_before_anything_was_asked_broke(peer, here) -> None:
    there: queue.Queue[Association] = queue.Queue()
    payload = addressed(peer((evt.EVT_ESTABLISHED, lambda event: there.put(event.assoc))), "PELLUCID", "")
    desk, wanted = Desk(lambda message: None), [build_context(Verification)]
    with pytest.raises(Refused, match="The connection to Odd broke"), associated(payload, desk, wanted) as link:
        there.get(timeout=PATIENCE).abort()
        link.join(PATIENCE)
        link.send_c_echo()


def test_that_it_listens_is_the_first_thing_a_listener_tells(here, tmp_path, monkeypatch) -> None:
    told: list[dict[str, Any]] = []
    desk = Desk(told.append)
    desk.cancel()
    came = lambda poll_interval: desk.report(note="Somebody came.")  # noqa: E731
    busy = SimpleNamespace(serve_forever=came, shutdown=lambda: None)
    monkeypatch.setattr(serving, "bound", lambda *_: busy)
    at_once = lambda target, kwargs, daemon: SimpleNamespace(start=lambda: target(**kwargs))  # noqa: E731
    monkeypatch.setattr(serving, "threading", SimpleNamespace(Thread=at_once))
    settings = ListenerSettings().model_dump(mode="json")
    serving.serve({"settings": settings, "own_title": "US", "callers": ["A"], "folder": str(tmp_path)}, desk)
    assert [list(message["event"]) for message in told] == [["listening"], ["note"]]


class Slow:
    """A listener that hands on what it was told of only after its second pause."""

    running = True

    def __init__(self, hand_on: Any) -> None:
        self._hand_on, self._asked = hand_on, 0

    @property
    def pauses(self) -> int:
        self._asked += 1
        if self._asked == 5:
            self._hand_on()
        return max(0, self._asked - 5)


@pytest.mark.parametrize("listed", [True, False])
def test_what_the_listener_was_told_of_is_waited_for_whatever_the_clock_says(tmp_path, monkeypatch, listed) -> None:
    """As on a machine that stands still for a while."""
    clock = iter(range(0, 10**6, 100))
    monkeypatch.setattr(fetching, "time", SimpleNamespace(monotonic=lambda: next(clock), sleep=lambda _: None))
    transfer = fetching._Transfer(NODE, What("1.2.3"), tmp_path, None)
    if listed:
        transfer.heed({"expected": ["1.2.3.1.1"], "files": []})
    came = tmp_path / "came"
    came.write_bytes(b"x")
    received = Received(came, "ODD", "1.2.3.1.1", "1.2.3.1", "1.2.3", 1)
    fetching._await_arrivals(transfer, 1, Slow(lambda: transfer.arrived(received)))
    assert not transfer.lacks(1) and (tmp_path / file_name("1.2.3.1.1")).is_file()


def test_nobody_takes_any_more_when_the_block_that_takes_has_ended(tmp_path) -> None:
    listener = Listener(ListenerSettings(), callers=("A",), folder=tmp_path)
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()
    received = Received(tmp_path / "x", "A", "1", "1", "1", 1)

    def take(_received: Received) -> bool:
        begun.set()
        assert go_on.wait(PATIENCE)
        return True

    def ask() -> None:
        with listener.taking(take):
            assert begun.wait(PATIENCE)
        ended.set()

    threads = [threading.Thread(target=ask), threading.Thread(target=listener._hand_on, args=(received,))]
    threads[0].start()
    while not listener._takers:
        pass
    threads[1].start()
    assert begun.wait(PATIENCE) and not ended.wait(0.01)
    go_on.set()
    for thread in threads:
        thread.join()
    assert ended.is_set()


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """Return what a server waits for that goes no further; it happens when the test is over."""
    event = threading.Event()
    yield event
    event.set()


def test_cancelling_a_fetch_that_goes_no_further_keeps_what_came(peer, study, tmp_path, never) -> None:
    files = [pydicom.dcmread(file) for file in study(4)]

    def listed(event: evt.Event) -> Iterator[object]:
        for one in files:
            found = pydicom.Dataset()
            found.StudyInstanceUID, found.SeriesInstanceUID = "1.2.3", "1.2.3.1"
            found.SOPInstanceUID, found.SOPClassUID = one.SOPInstanceUID, CTImageStorage
            yield 0xFF00, found

    def get(event: evt.Event) -> Iterator[object]:
        yield len(files)
        yield 0xFF00, files[0]
        yield 0xFF00, files[1]
        never.wait(PATIENCE)

    stop = threading.Event()
    node = peer((evt.EVT_C_FIND, listed), (evt.EVT_C_GET, get))
    result = fetch(node, What("1.2.3"), tmp_path / "out", progress=lambda p: p.done and stop.set(),
                   cancelled=stop.is_set)  # fmt: skip
    assert result.cancelled and not result.complete and not result.sentence
    assert 1 <= len(result.files) <= 2 and result.missing == 4 - len(result.files)


def test_cancelling_a_sending_that_goes_no_further_says_what_was_sent(peer, study, never) -> None:
    stored: list[object] = []

    def store(event: evt.Event) -> int:
        stored.append(event)
        if len(stored) > 2:
            never.wait(PATIENCE)
        return 0

    stop = threading.Event()
    result = send(peer((evt.EVT_C_STORE, store)), study(5), progress=lambda p: p.done > 1 and stop.set(),
                  cancelled=stop.is_set)  # fmt: skip
    assert result.cancelled and result.sent == 2 and not result.failed


def test_cancelling_a_sending_over_the_web(odd, study, never, monkeypatch) -> None:
    asked: list[str] = []

    def answer(method: str, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        asked.append(path)
        if len(asked) > 1:
            never.wait(PATIENCE)
        return 200, {}, b"{}"

    stop = threading.Event()
    result = send(odd(answer), study(30), progress=lambda p: stop.set(), cancelled=stop.is_set)
    assert result.cancelled and result.sent == 25 and not result.failed
