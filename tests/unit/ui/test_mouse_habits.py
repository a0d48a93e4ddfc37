"""Three mouse schemes, the user's own, and the words said about them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pellucid.model.view import Tool
from pellucid.settings import Settings
from pellucid.ui.mouse_habits import (
    NAPARI,
    RADIOLOGY,
    SCHEMES,
    SLICER,
    Wheel,
    does,
    habits_of,
    hint,
    keep,
    mouse_sheet,
    rest_words,
    scheme_of,
)


def test_new_settings_are_the_radiology_scheme():
    assert scheme_of(habits_of(Settings())) is RADIOLOGY


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.title)
def test_a_scheme_survives_the_settings_file(scheme, tmp_path):
    settings = Settings.load(tmp_path)
    keep(settings, scheme.habits)
    settings.save()
    assert habits_of(Settings.load(tmp_path)) == scheme.habits


def test_the_schemes_differ_as_the_viewers_do():
    assert [s.habits.left for s in SCHEMES] == [Tool.WINDOW, Tool.CROSSHAIR, Tool.PAN]
    assert [s.habits.wheel for s in SCHEMES] == [Wheel.SLICES, Wheel.SLICES, Wheel.ZOOM]
    assert [s.habits.shift_crosshair for s in SCHEMES] == [False, True, False]


def test_changed_habits_are_no_scheme():
    assert scheme_of(replace(RADIOLOGY.habits, right=None)) is None


def test_nothing_is_kept_as_nothing():
    settings = Settings()
    keep(settings, replace(RADIOLOGY.habits, right=None, middle=None))
    assert (settings.right_tool, settings.middle_tool) == ("nothing", "nothing")
    assert habits_of(settings).right is None


def test_wrong_values_in_the_file_fall_back_one_by_one(tmp_path):
    (tmp_path / "settings.json").write_text('{"wheel": "sideways", "right_tool": "window"}', encoding="utf-8")
    habits = habits_of(Settings.load(tmp_path))
    assert (habits.wheel, habits.right) == (Wheel.SLICES, Tool.WINDOW)


def test_the_hint_tells_every_button():
    assert hint(Tool.WINDOW, RADIOLOGY.habits) == (
        "Left: window level  ·  Right: zoom  ·  Middle: pan  ·  Wheel: slices  ·  Ctrl+wheel: zoom"
    )
    said = hint(Tool.BRUSH, NAPARI.habits)
    assert "Left: paint" in said and "Ctrl: erase" in said and "Wheel: zoom" in said and "Ctrl+wheel: slices" in said
    assert "Shift+move: crosshair" in hint(Tool.CROSSHAIR, SLICER.habits)
    assert "Right: menu" in hint(Tool.PAN, replace(RADIOLOGY.habits, right=None))


@pytest.mark.parametrize("tool", Tool)
def test_every_tool_has_words(tool):
    assert does(tool) and hint(tool, RADIOLOGY.habits).startswith("Left: ")
    assert "right click: menu" in rest_words(tool, RADIOLOGY.habits)


def test_the_sheet_tells_the_direction_of_brightness_and_the_scheme():
    rows = dict(mouse_sheet(SLICER.habits, up_is_brighter=True))
    assert "up is brighter" in rows["Window level"] and rows["Take the crosshair along"] == "Move with Shift held"
    assert dict(mouse_sheet(NAPARI.habits, up_is_brighter=False))["Wheel: zoom"] == "Wheel"
