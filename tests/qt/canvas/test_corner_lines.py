"""The titles of oblique planes are read whole in panes where they do not fit on one line."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFont

from pellucid.ui.canvas.corner_texts import SLAB, Corners, paint
from pellucid.ui.canvas.words import Words

TITLE = ("Nearest axial, oblique 4°", "#ffffff")
ABOVE = ("72 / 144", "#ffffff")


class Pen:
    """Stands for Words: seven pixels a letter; notes what is drawn where."""

    height = 14

    def __init__(self):
        self.drawn = {}

    def width(self, text):
        return 7 * len(text)

    def fitted(self, text, limit):
        return text if self.width(text) <= limit else "…"

    def draw(self, _painter, text, _color, _x, y, _side):
        self.drawn[text] = y


@pytest.mark.parametrize(("width", "lines"), [
    (600, ["72 / 144", "Nearest axial, oblique 4°"]),
    (325, ["72 / 144", "Nearest axial", "oblique 4°"]),
])  # fmt: skip
def test_a_wide_title_breaks_at_its_comma(width, lines):
    pen = Pen()
    paint(None, Corners(bottom_right=(TITLE, ABOVE)), pen, width, 400)
    assert sorted(pen.drawn, key=pen.drawn.get) == lines
    assert max(pen.drawn.values()) == 400 - 8 - 14


def test_a_narrow_pane_still_says_that_it_shows_a_slab():
    pen = Pen()
    paint(None, Corners(bottom_right=(("Axial", "#ffffff"), ("MIP 20.0 mm", SLAB), ABOVE)), pen, 180, 400)
    assert "MIP 20.0 mm" in pen.drawn


def test_a_window_that_does_not_fit_is_not_cut_within_a_number(qtbot):
    words = Words(QFont())
    text = "CT W 1735  L \N{MINUS SIGN}132.5 HU"
    shown = {words.fitted(text, limit) for limit in range(words.width(text) + 1)}
    assert text in shown and len(shown) > 5
    numbers = {part.removesuffix("…") for one in shown for part in one.split() if any(map(str.isdigit, part))}
    assert numbers == {"1735", "\N{MINUS SIGN}132.5"}


@pytest.mark.parametrize(("text", "shown"), [
    ("2024-03-01", {"", "…", "2024-03-01"}), ("P1234", {"", "…", "P…", "P1234"}),
    ("3D_T1", {"", "…", "3…", "3D…", "3D_…", "3D_T…", "3D_T1"}),
])  # fmt: skip
def test_a_date_or_number_without_a_space_is_whole_or_not_there(qtbot, text, shown):
    words = Words(QFont())
    assert {words.fitted(text, limit) for limit in range(words.width(text) + 1)} <= shown


def test_a_date_for_which_there_is_no_room_leaves_no_empty_line():
    pen = Pen()
    pen.fitted = lambda text, _room: "" if text == "2024-03-01" else text
    paint(None, Corners(top_right=(("2024-03-01", "#ffffff"), ("Thorax", "#ffffff"))), pen, 400, 400)
    assert pen.drawn == {"Thorax": 8}
