from __future__ import annotations

import pytest

from pellucid.history.command import Command, Group
from pellucid.history.history import History
from pellucid.model.document import Document


class Add(Command):
    """Add a number to a list; ``size`` is what it claims to hold, ``key`` lets it merge."""

    def __init__(self, trace: list[int], number: int, size: int = 10, key: str = "") -> None:
        self.label = f"add {number}"
        self.trace, self.number, self.size, self.key = trace, number, size, key

    @property
    def nbytes(self) -> int:
        return self.size

    @property
    def is_empty(self) -> bool:
        return self.number == 0

    def do(self, document: Document) -> None:
        if self.number == 13:
            raise ValueError("unlucky")
        self.trace.append(self.number)

    def undo(self, document: Document) -> None:
        assert self.trace.pop() == self.number


class Drag(Command):
    """Set the only number of a list; drags that follow each other merge."""

    label = "drag"

    def __init__(self, state: list[int], before: int, after: int) -> None:
        self.state, self.before, self.after = state, before, after

    @property
    def is_empty(self) -> bool:
        return self.before == self.after

    def do(self, document: Document) -> None:
        self.state[0] = self.after

    def undo(self, document: Document) -> None:
        self.state[0] = self.before

    def merge(self, following: Command) -> Command | None:
        return Drag(self.state, self.before, following.after) if isinstance(following, Drag) else None


@pytest.fixture
def trace() -> list[int]:
    return []


@pytest.fixture
def history() -> History:
    return History(Document(), budget_bytes=1000)


def test_steps_are_taken_back_done_again_and_jumped_to(history: History, trace: list[int]) -> None:
    for n in (1, 2, 3):
        history.do(Add(trace, n))
    assert history.steps == ("add 1", "add 2", "add 3")
    assert (history.position, history.undo_label, history.redo_label) == (3, "add 3", "")
    history.undo()
    assert (trace, history.undo_label, history.redo_label) == ([1, 2], "add 2", "add 3")
    history.jump(0)
    assert (trace, history.can_undo, history.undo_label) == ([], False, "")
    history.jump(3)
    assert (trace, history.can_redo) == ([1, 2, 3], False)
    history.jump(1)
    history.redo()
    assert trace == [1, 2]
    history.do(Add(trace, 9))
    assert history.steps == ("add 1", "add 2", "add 9")


def test_undo_and_redo_at_the_ends_do_nothing(history: History, trace: list[int]) -> None:
    history.undo()
    history.redo()
    assert (trace, history.position) == ([], 0)
    for nowhere in (-1, 1):
        with pytest.raises(IndexError):
            history.jump(nowhere)


def test_a_command_that_raises_leaves_state_and_stack_as_they_were(
    history: History, trace: list[int]
) -> None:
    history.do(Add(trace, 1))
    history.do(Add(trace, 2))
    history.undo()
    with pytest.raises(ValueError, match="unlucky"):
        history.do(Add(trace, 13))
    assert (trace, history.steps, history.position) == ([1], ("add 1", "add 2"), 1)
    history.redo()
    assert trace == [1, 2]


def test_commands_that_change_nothing_are_not_recorded(history: History, trace: list[int]) -> None:
    history.do(Add(trace, 1))
    history.undo()
    history.do(Add(trace, 0))
    assert history.can_redo
    assert history.steps == ("add 1",)


def test_a_group_is_one_step_and_an_inner_group_joins_it(history: History, trace: list[int]) -> None:
    with history.group("both"):
        history.do(Add(trace, 1))
        with history.group("inner"):
            history.do(Add(trace, 2))
        assert not history.can_undo
    assert (history.steps, history.nbytes) == (("both",), 20)
    history.undo()
    assert trace == []
    history.redo()
    assert trace == [1, 2]
    with history.group("nothing"):
        pass
    assert history.steps == ("both",)


def test_a_group_that_fails_is_taken_back_as_a_whole(history: History, trace: list[int]) -> None:
    history.do(Add(trace, 7))
    with pytest.raises(ValueError, match="unlucky"), history.group("both"):
        history.do(Add(trace, 1))
        history.do(Add(trace, 13))
    assert (trace, history.steps, history.is_clean) == ([7], ("add 7",), False)
    with pytest.raises(ValueError, match="unlucky"):
        Group("again", [Add(trace, 1), Add(trace, 13)]).do(Document())
    assert trace == [7]


def test_nothing_moves_while_a_group_is_open(history: History, trace: list[int]) -> None:
    history.do(Add(trace, 1))
    with history.group("open"):
        history.undo()
        with pytest.raises(RuntimeError):
            history.jump(0)
    assert trace == [1]


def test_the_oldest_steps_go_when_the_budget_is_used_up(trace: list[int]) -> None:
    history = History(Document(), budget_bytes=100, minimum_steps=3)
    for n in range(21, 41):
        history.do(Add(trace, n, size=10))
    assert (history.nbytes, len(history.steps), history.steps[0]) == (100, 10, "add 31")
    history.jump(0)
    assert trace == list(range(21, 31))
    history.jump(10)
    assert trace == list(range(21, 41))


def test_a_few_steps_stay_whatever_they_hold(trace: list[int]) -> None:
    history = History(Document(), budget_bytes=100, minimum_steps=3)
    for n in range(1, 6):
        history.do(Add(trace, n, size=1000))
    assert history.steps == ("add 3", "add 4", "add 5")


def test_a_smaller_budget_takes_effect_at_once_and_never_touches_undone_steps(trace: list[int]) -> None:
    history = History(Document(), budget_bytes=100, minimum_steps=1)
    for n in range(1, 6):
        history.do(Add(trace, n))
    history.jump(2)
    history.budget = 10
    assert (history.steps, history.position) == (("add 3", "add 4", "add 5"), 0)
    history.jump(3)
    assert trace == [1, 2, 3, 4, 5]


def test_steps_of_a_drag_merge_and_a_drag_back_leaves_nothing(history: History) -> None:
    state = [0]
    for before, after in ((0, 1), (1, 2), (2, 5)):
        history.do(Drag(state, before, after))
    assert history.steps == ("drag",)
    history.undo()
    assert state == [0]
    history.redo()
    history.do(Drag(state, 5, 0))
    assert (state, history.steps, history.is_clean) == ([0], (), True)


def test_a_saved_state_is_never_merged_away(history: History) -> None:
    state = [0]
    history.do(Drag(state, 0, 1))
    history.mark_clean()
    history.do(Drag(state, 1, 2))
    assert (len(history.steps), history.is_clean) == (2, False)
    history.undo()
    assert (state, history.is_clean) == ([1], True)


def test_the_clean_mark_follows_the_position(history: History, trace: list[int]) -> None:
    assert history.is_clean
    history.do(Add(trace, 1))
    assert not history.is_clean
    history.mark_clean()
    history.do(Add(trace, 2))
    history.undo()
    assert history.is_clean
    history.undo()
    assert not history.is_clean
    history.redo()
    assert history.is_clean


def test_a_saved_state_that_was_overwritten_is_never_clean_again(history: History, trace: list[int]) -> None:
    history.do(Add(trace, 1))
    history.do(Add(trace, 2))
    history.mark_clean()
    history.jump(1)
    history.do(Add(trace, 3))
    for position in (2, 1, 0):
        history.jump(position)
        assert not history.is_clean
    history.mark_clean()
    assert history.is_clean


def test_a_saved_state_that_was_forgotten_is_never_clean_again(trace: list[int]) -> None:
    history = History(Document(), budget_bytes=30, minimum_steps=1)
    history.do(Add(trace, 1))
    for n in range(2, 8):  # the clean start is evicted on the way
        history.do(Add(trace, n))
    for position in (0, 1, 2, 3):
        history.jump(position)
        assert not history.is_clean


def test_forgetting_all_steps_keeps_the_document_and_whether_it_is_clean(
    history: History, trace: list[int]
) -> None:
    history.do(Add(trace, 1))
    history.clear()
    assert (trace, history.steps, history.is_clean) == ([1], (), False)
    history.mark_clean()
    history.clear()
    assert history.is_clean


def test_listeners_hear_of_every_change_and_may_not_interfere(history: History, trace: list[int]) -> None:
    told: list[int] = []
    history.changed.connect(lambda: told.append(history.position))
    history.do(Add(trace, 1))
    history.undo()
    history.mark_clean()
    assert told == [1, 0, 0]

    class Meddler(Add):
        def do(self, document: Document) -> None:
            history.undo()

    history.redo()
    with pytest.raises(RuntimeError, match="listener"):
        history.do(Meddler(trace, 5))
    assert (trace, history.steps) == ([1], ("add 1",))
