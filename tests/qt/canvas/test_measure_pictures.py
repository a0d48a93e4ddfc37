"""Measurements in pictures that are taken away: seen with the texts, gone without, never with handles."""

from __future__ import annotations

import numpy as np
import pytest

from canvas_bench import make_layer, pixels
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.view import Layout
from pellucid.ui.canvas.picturing import Look, Picturing


@pytest.fixture
def drawn(bench):
    layer = make_layer(np.zeros((4, 40, 40), np.int16))
    bench.session.view.layout = Layout.SINGLE
    bench.show(layer)
    pane = bench.pane()
    ends = tuple(tuple(map(float, pane.frame.world_at(u, 20, pane.index))) for u in (5, 35))
    bench.session.measuring.add(Annotation(Kind.LENGTH, ends, layer=layer.id))
    bench.area.flush()
    return bench


def marks(bench, texts: bool) -> tuple[int, int]:
    """Return how many pixels are yellow, and how many as white as a handle."""
    rgb = pixels(Picturing(bench.area).picture(Look(bench.pane(), 1, texts, False)))
    yellow = (rgb[..., 0] > 120) & (rgb[..., 1] > 90) & (rgb[..., 2] < 100)
    middle = rgb[390:412, 80:720]
    return int(yellow.sum()), int((middle.min(axis=2) > 250).sum())


def test_measurements_go_with_the_texts_and_handles_never(drawn):
    assert drawn.session.measuring.selected is not None
    on_screen = drawn.rgb()[390:412, 80:720]
    assert (on_screen.min(axis=2) > 250).sum() > 20  # the handles
    seen, handles = marks(drawn, texts=True)
    assert seen > 300 and handles == 0
    assert marks(drawn, texts=False) == (0, 0)
    assert drawn.session.view.show_measurements
