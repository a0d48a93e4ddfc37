"""What painting costs on a large map: bytes of the history, and no look at the voxels far from the brush."""

from __future__ import annotations

import time

import numpy as np
import pytest

import phantoms
from pellucid.history.history import History
from pellucid.history.stroke import Stroke
from pellucid.model.document import Document
from pellucid.model.layer import LabelLayer, blank_labels
from pellucid.model.slicing import plane_frame
from pellucid.model.view import Plane

LARGE = phantoms.grid((512, 512, 600), (1.0, 1.0, 1.0))


@pytest.mark.parametrize("ball", [False, True])
def test_a_hundred_strokes_cost_less_than_20_mb_of_history(ball: bool) -> None:
    layer, frame = LabelLayer("Labels", blank_labels(LARGE)), plane_frame(LARGE, Plane.AXIAL)
    history, rng = History(Document(), budget_bytes=1 << 40), np.random.default_rng(1)
    for n in range(100):
        z = int(rng.integers(60, 540))
        stroke, place = Stroke(layer, 1 + n % 3, frame, z), np.array([*rng.uniform(80, 430, 2), z])
        for _ in range(8):
            place[:2] = np.clip(place[:2] + rng.uniform(-14, 14, 2), 40, 470)
            stroke.dab(place, 21.0, ball=ball)
        command = stroke.commit()
        assert command is not None
        history.do(command)
    kept = sum(patch.nbytes for step in layer.provenance for patch in step.patches)
    assert len(history.steps) == 100
    assert kept < history.nbytes < 20e6, "the bytes of the hand edits are among those of the history"
    while history.can_undo:
        history.undo()
    assert not layer.labels.array.any()
    assert layer.provenance == ()


def test_a_dab_takes_the_same_on_a_large_map_as_on_a_small_one() -> None:
    """A dab that looked at all voxels would take hundreds of times longer on the large map."""
    times = []
    for size in ((64, 64, 40), (512, 512, 600)):
        grid = phantoms.grid(size, (1.0, 1.0, 1.0))
        frame, index = plane_frame(grid, Plane.AXIAL), size[2] // 2
        stroke = Stroke(LabelLayer("Labels", blank_labels(grid)), 1, frame, index)
        best = float("inf")
        for n in range(12):
            begun = time.thread_time()
            stroke.dab((20.0 + n, 20.0, float(index)), 15.0, ball=True)
            best = min(best, time.thread_time() - begun)
        times.append(best)
    assert times[1] < 20 * times[0]
