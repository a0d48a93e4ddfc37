"""Shared fixtures: no display needed, no user folder touched, real images found or honestly missed."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from functools import wraps
from itertools import count
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from patience import PATIENCE

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_API", "pyside6")

DATA = Path(os.environ.get("PELLUCID_DATA", Path(__file__).parents[1] / ".." / "shared" / "data")).resolve()
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def patient(wait: Callable[..., object]) -> Callable[..., object]:
    """Return a wait of pytest-qt that ends nothing but a hang, whatever a test says; a wait for nothing stays short."""

    @wraps(wait)
    def waits(*arguments: object, timeout: float = 0, **more: object) -> object:
        expected = more.get("raising") is not False
        return wait(*arguments, timeout=max(timeout, PATIENCE * 1000) if expected else timeout, **more)

    return waits


for name in ("waitUntil", "waitSignal", "waitSignals"):
    setattr(QtBot, name, patient(getattr(QtBot, name)))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect without looking for garbage, and never look at what was collected again: it stays for the whole run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Let every other process collect from the end: each half of the asserts is rewritten by one, and read by all."""
    report = yield
    if isinstance(collector, pytest.Session | pytest.Directory) and WORKER % 2:
        report.result.reverse()
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring what was collected from either end into the same order, which all processes have to agree on."""
    items.sort(key=lambda item: item.path)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Delete the windows a test closed: without a running loop Qt keeps them all, and styles them in later tests."""
    yield
    if QApplication.instance() is not None:
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a place that no test had before, again and again; ``mktemp`` would look through all of them each time."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(n) for n in count())


@pytest.fixture(autouse=True)
def private_folders(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Send settings, caches and journals of every test into a folder of its own."""
    home = next(homes)
    monkeypatch.setenv("PELLUCID_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of real images; fail on CI, skip elsewhere, when it is missing."""
    if not (DATA / "INDEX.md").is_file():
        reason = f"the real images are not in {DATA}; set PELLUCID_DATA to the folder that holds INDEX.md"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return DATA
