"""The brush has a size that can be used on a body as on a micrograph."""

from __future__ import annotations

import pytest

from pellucid.model.brush_sizes import brush_limits, fitting_brush, resized_brush
from pellucid.model.geometry import Geometry

CHEST = Geometry((512, 512, 300), (0.7, 0.7, 1.0))
MICROGRAPH = Geometry((1024, 768, 1), (0.0005, 0.0005, 1.0))
PIXELS = Geometry((640, 480, 1), known_spacing=(False, False, False))
DOT = Geometry((1, 1, 1))


def test_the_limits_are_those_of_a_body_unless_the_grid_asks_for_others():
    assert brush_limits(None) == brush_limits(CHEST) == brush_limits(DOT) == (0.5, 200.0)
    assert brush_limits(MICROGRAPH) == (0.0005, pytest.approx(0.512))
    assert brush_limits(PIXELS) == (0.5, 200.0)


@pytest.mark.parametrize(
    ("diameter", "grid", "fits"),
    [(10, CHEST, 10), (100, CHEST, 100), (10, PIXELS, 10), (10, None, 10), (10, DOT, 10), (10, MICROGRAPH, 0.01),
     (0.05, MICROGRAPH, 0.05), (0.01, CHEST, 10)],
)  # fmt: skip
def test_only_a_size_that_cannot_be_used_is_changed(diameter, grid, fits):
    assert fitting_brush(diameter, grid) == fits


@pytest.mark.parametrize(("grid", "start"), [(CHEST, 10.0), (MICROGRAPH, 0.01), (None, 10.0), (PIXELS, 3.0)])
def test_steps_change_the_size_each_time_until_the_limit_and_hardly_drift(grid, start):
    smallest, largest = brush_limits(grid)
    for step, end in ((1, largest), (-1, smallest)):
        size, steps = start, 0
        while size != end:
            after = resized_brush(size, step, grid)
            assert (after > size) if step > 0 else (after < size)
            size, steps = after, steps + 1
        assert 10 < steps < 80 and resized_brush(size, step, grid) == pytest.approx(end)
    assert resized_brush(resized_brush(start, 1, grid), -1, grid) == pytest.approx(start, rel=0.1)
