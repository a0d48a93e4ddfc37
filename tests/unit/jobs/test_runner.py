"""Jobs in real threads: order, latest wins, cancel, errors, progress, and nothing left behind."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from threading import Barrier, Event, get_ident

import pytest

from pellucid.jobs import Cancelled, Job, JobState, Runner
from pellucid.model.findings import Refused

TIMEOUT = 120.0


@pytest.fixture
def runner() -> Iterator[Runner]:
    made = Runner()
    yield made
    made.close()


def drain(runner: Runner) -> None:
    assert runner.drain(TIMEOUT), "jobs did not end"


def test_answers_come_back_on_the_thread_that_drains(runner: Runner) -> None:
    seen: list[tuple[int, int]] = []
    job = runner.load("reading", lambda _job: get_ident(), lambda answer: seen.append((answer, get_ident())))
    drain(runner)
    assert job.state is JobState.DONE and job.finished and job.progress == 1.0
    ((worker, main),) = seen
    assert main == get_ident() != worker == job.result


def test_edits_run_one_by_one_in_order(runner: Runner) -> None:
    threads: set[int] = set()
    order: list[int] = []

    def work(number: int) -> int:
        threads.add(get_ident())
        return number

    for n in range(200):
        runner.edit("edit", lambda _job, n=n: work(n), order.append)
    drain(runner)
    assert order == list(range(200)) and len(threads) == 1


def test_loads_run_side_by_side(runner: Runner) -> None:
    barrier = Barrier(3)
    jobs = [runner.load("reading", lambda _job: barrier.wait(TIMEOUT)) for _ in range(3)]
    drain(runner)
    assert [job.state for job in jobs] == [JobState.DONE] * 3


def test_latest_query_of_a_key_wins_and_other_keys_are_left_alone(runner: Runner) -> None:
    started, release, answers = Event(), Event(), []

    def slow(job: Job) -> str:
        started.set()
        release.wait(TIMEOUT)
        return "stale"

    first = runner.query("preview", "preview", slow, answers.append)
    other = runner.query("histogram", "histogram", lambda _job: "other", answers.append)
    assert started.wait(TIMEOUT)
    waiting = runner.query("preview", "preview", lambda _job: "skipped", answers.append)
    latest = runner.query("preview", "preview", lambda _job: "latest", answers.append)
    assert first.cancelled() and first.state is JobState.RUNNING
    release.set()
    drain(runner)
    assert sorted(answers) == ["latest", "other"]
    assert first.state is JobState.CANCELLED and first.result is None
    assert waiting.state is JobState.CANCELLED or waiting.result is None
    assert latest.state is other.state is JobState.DONE


def test_an_answer_that_is_ready_but_not_handed_over_is_dropped_when_a_newer_query_comes(
    runner: Runner,
) -> None:
    answers: list[str] = []
    old = runner.query("k", "query", lambda _job: "old", answers.append)
    assert old.wait(TIMEOUT)
    runner.query("k", "query", lambda _job: "new", answers.append)
    drain(runner)
    assert answers == ["new"] and old.state is JobState.CANCELLED


def test_five_thousand_queries_leave_one_answer(runner: Runner) -> None:
    answers: list[int] = []
    for n in range(5000):
        runner.query("preview", "preview", lambda _job, n=n: n, answers.append)
    drain(runner)
    assert answers == [4999]
    assert runner.running == ()


def test_five_thousand_edits_all_answer(runner: Runner) -> None:
    answers: list[int] = []
    for n in range(5000):
        runner.edit("edit", lambda _job, n=n: n, answers.append)
    drain(runner)
    assert answers == list(range(5000))


def test_a_cancelled_job_that_waits_never_starts(runner: Runner) -> None:
    release, ran, answers = Event(), [], []
    runner.edit("first", lambda _job: release.wait(TIMEOUT))
    second = runner.edit("second", lambda _job: ran.append(1), answers.append)
    second.cancel()
    assert second.state is JobState.CANCELLED and second.finished and second.wait(0)
    assert [job.name for job in runner.running] == ["first"]
    release.set()
    drain(runner)
    assert ran == answers == []


def test_running_work_sees_cancel_and_stops(runner: Runner) -> None:
    started, answers = Event(), []

    def work(job: Job) -> None:
        started.set()
        while True:
            job.check()

    job = runner.edit("long edit", work, answers.append, answers.append)
    assert started.wait(TIMEOUT)
    job.cancel()
    drain(runner)
    assert job.state is JobState.CANCELLED and answers == []


def test_an_error_after_cancel_is_a_cancellation(runner: Runner) -> None:
    started, release, said = Event(), Event(), []

    def work(job: Job) -> None:
        started.set()
        release.wait(TIMEOUT)
        raise RuntimeError("aborted by the library")

    job = runner.load("reading", work, failed=said.append)
    assert started.wait(TIMEOUT)
    job.cancel()
    release.set()
    drain(runner)
    assert job.state is JobState.CANCELLED and said == [] and job.error is None


def test_cancelled_raised_by_the_work_itself_is_no_error(runner: Runner) -> None:
    def work(job: Job) -> None:
        raise Cancelled

    job = runner.edit("edit", work)
    drain(runner)
    assert job.state is JobState.CANCELLED


def test_a_refusal_is_handed_over_as_its_sentence(runner: Runner) -> None:
    def work(job: Job) -> None:
        raise Refused("The image has one slice; choose a 2-D filter.")

    said: list[str] = []
    job = runner.edit("Gaussian", work, failed=said.append)
    drain(runner)
    assert job.state is JobState.FAILED
    assert said == [job.error] == ["The image has one slice; choose a 2-D filter."]


class Panic(BaseException):
    """Stand in for what a Rust codec raises."""


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ValueError("sigma is odd"), "Gaussian failed: sigma is odd"),
        (RuntimeError(), "Gaussian failed: RuntimeError"),
        (Panic("index out of range"), "Gaussian failed: index out of range"),
    ],
)
def test_any_other_error_becomes_a_sentence_and_a_log_without_its_text(
    runner: Runner, caplog: pytest.LogCaptureFixture, error: BaseException, sentence: str
) -> None:
    def work(job: Job) -> None:
        raise error

    said: list[str] = []
    with caplog.at_level(logging.ERROR):
        runner.edit("Gaussian", work, failed=said.append)
        runner.load("Opening Doe^Jane", work, failed=said.append)
        drain(runner)
    assert sentence in said
    assert "Doe" not in caplog.text
    assert type(error).__name__ in caplog.text and "in work" in caplog.text
    if str(error):
        assert str(error) not in caplog.text


def test_lack_of_memory_is_a_sentence(runner: Runner) -> None:
    def work(job: Job) -> None:
        raise MemoryError

    job = runner.edit("Resample", work)
    drain(runner)
    assert job.error is not None and job.error.startswith("Resample needs more memory")


def test_a_refusal_while_the_answer_is_used_is_a_failure_of_the_job(runner: Runner) -> None:
    def done(answer: int) -> None:
        raise Refused("The layer is gone.")

    said: list[str] = []
    job = runner.edit("edit", lambda _job: 1, done, said.append)
    drain(runner)
    assert said == ["The layer is gone."] and job.state is JobState.FAILED


def test_a_mistake_in_a_callback_is_loud_and_leaves_the_runner_working(runner: Runner) -> None:
    def done(answer: int) -> None:
        raise KeyError("a bug")

    runner.edit("edit", lambda _job: 1, done)
    with pytest.raises(KeyError):
        runner.drain(TIMEOUT)
    answers: list[int] = []
    runner.edit("edit", lambda _job: 2, answers.append)
    drain(runner)
    assert answers == [2] and runner.running == ()


def test_progress_is_coalesced_and_signals_come_on_the_draining_thread(runner: Runner) -> None:
    seen: list[tuple[float, int]] = []
    release = Event()

    def work(job: Job) -> None:
        release.wait(TIMEOUT)
        for n in range(200_000):
            job.report(n / 200_000, "smoothing")

    job = runner.edit("edit", work)
    job.changed.connect(lambda: seen.append((job.progress, get_ident())))
    begin = time.monotonic()
    release.set()
    drain(runner)
    # from before: a tick that it was asked for and one that it ran; then the first of the others, and the end
    assert 1 <= len(seen) <= 30 * (time.monotonic() - begin) + 4
    assert seen[-1][0] == 1.0 and job.text == "smoothing"
    assert {thread for _, thread in seen} == {get_ident()}


def test_the_last_report_before_a_long_silence_is_shown(runner: Runner) -> None:
    shown, release = [], Event()

    def work(job: Job) -> None:
        job.report(0.1)
        job.report(0.5)
        release.wait(TIMEOUT)

    job = runner.edit("edit", work)

    def look() -> None:
        shown.append(job.progress)
        if job.progress == 0.5:
            release.set()

    job.changed.connect(look)
    drain(runner)
    assert 0.5 in shown


def test_nonsense_progress_is_tamed(runner: Runner) -> None:
    seen: list[float] = []

    def work(job: Job) -> None:
        for value in (float("nan"), -1.0, 7.0):
            job.report(value)
            seen.append(job.progress)

    runner.edit("edit", work)
    drain(runner)
    assert seen == [0.0, 0.0, 1.0]


def test_changed_tells_of_jobs_that_come_and_go(runner: Runner) -> None:
    counts: list[int] = []
    release = Event()

    def look() -> None:
        counts.append(len(runner.running))
        release.set()

    runner.changed.connect(look)
    runner.edit("edit", lambda _job: release.wait(TIMEOUT))
    drain(runner)
    assert counts[0] == 1 and counts[-1] == 0


def test_what_is_woken_after_close_hands_nothing_over() -> None:
    posted: list[object] = []
    arrived = Event()

    def post(pump: object) -> None:
        posted.append(pump)
        arrived.set()

    runner = Runner(post)
    answers: list[int] = []
    runner.load("reading", lambda _job: 1, answers.append)
    assert arrived.wait(TIMEOUT)
    runner.close()
    for pump in posted:
        pump()  # type: ignore[operator]
    assert posted and answers == []


def test_work_may_post_to_the_main_thread(runner: Runner) -> None:
    seen: list[object] = []

    def work(job: Job) -> str:
        runner.post(lambda: seen.append(get_ident()))
        return "answer"

    runner.load("reading", work, seen.append)
    drain(runner)
    assert seen == [get_ident(), "answer"]


def test_woken_functions_deliver() -> None:
    arrived = Event()
    posted: list[object] = []

    def post(pump: object) -> None:
        posted.append(pump)
        arrived.set()

    runner = Runner(post)
    answers: list[int] = []
    runner.load("reading", lambda _job: 41, answers.append)
    while not answers:
        assert arrived.wait(TIMEOUT)
        arrived.clear()
        while posted:
            posted.pop(0)()  # type: ignore[operator]
    assert answers == [41]
    runner.close()


def test_close_cancels_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    runner = Runner()
    started, answers = Event(), []

    def work(job: Job) -> None:
        started.set()
        while not job.cancelled():
            job.report(0.5)

    jobs = [runner.edit("edit", work, answers.append) for _ in range(3)]
    jobs += [runner.query(n, "query", work, answers.append) for n in range(4)]
    jobs += [runner.load("load", work, answers.append) for _ in range(5)]
    assert started.wait(TIMEOUT)
    runner.close()
    assert set(threading.enumerate()) <= before
    assert {job.state for job in jobs} == {JobState.CANCELLED} and answers == []
    late = runner.edit("late", work)
    assert late.state is JobState.CANCELLED and runner.running == ()
    assert set(threading.enumerate()) <= before


def test_drain_gives_up_after_its_timeout(runner: Runner) -> None:
    release = Event()
    runner.edit("edit", lambda _job: release.wait(TIMEOUT))
    assert runner.drain(0.01) is False
    release.set()
    drain(runner)


def test_a_finished_job_lets_go_of_its_work(runner: Runner) -> None:
    import gc
    import weakref

    class Big:
        pass

    big = Big()
    gone = weakref.ref(big)
    job = runner.edit("edit", lambda _job, big=big: None)
    del big
    drain(runner)
    gc.collect()
    assert gone() is None and job.finished


def test_callbacks_may_start_new_jobs(runner: Runner) -> None:
    answers: list[int] = []

    def again(n: int) -> None:
        answers.append(n)
        if n < 50:
            runner.edit("edit", lambda _job: n + 1, again)

    runner.edit("edit", lambda _job: 0, again)
    drain(runner)
    assert answers == list(range(51))
