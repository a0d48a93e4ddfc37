"""A canvas over a real session, shown offscreen with three planes."""

from __future__ import annotations

import pytest

from canvas_bench import Bench
from pellucid.jobs.runner import Runner
from pellucid.model.view import Layout
from pellucid.session import Session
from pellucid.ui.canvas import CanvasArea


@pytest.fixture
def runner(qtbot):
    """The runner of the session; its answers wait until somebody drains it."""
    return Runner()


@pytest.fixture
def bench(qtbot, runner):
    session = Session(jobs=runner)
    area = CanvasArea(session)
    qtbot.addWidget(area)
    qtbot.addWidget(area.information)  # here no dock holds it
    area.resize(802, 802)
    session.view.layout = Layout.QUAD
    session.view.show_crosshair = False
    session.view.show_annotations = False
    area.show()
    qtbot.waitExposed(area)
    yield Bench(session, area)
    area.close()
    session.close()
