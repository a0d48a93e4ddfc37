"""Layouts chosen by hand, and the planes their panes show."""

from __future__ import annotations

import pytest

from pellucid.model.view import Layout, Plane
from pellucid.session.arranging import LAYOUTS, planes_of


def planes(session):
    return ["information" if pane.information else pane.plane.value for pane in session.view.shown]


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_every_layout_has_a_plane_for_each_pane(layout):
    assert len(planes_of(layout)) == layout.count


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1x3", ["axial", "sagittal", "coronal"]),
        ("2x2", ["axial", "sagittal", "coronal", "information"]),
        ("1x2", ["axial", "axial"]),
        ("4x4", ["axial"] * 16),
    ],
)
def test_a_layout_comes_with_its_planes_whatever_was_before(session, text, shown):
    for before in LAYOUTS:
        session.arranging.choose(before)
        session.arranging.choose(Layout.parse(text))
        assert planes(session) == shown


def test_planes_chosen_by_hand_stay(session):
    session.arranging.choose(Layout.parse("1x2"))
    session.view.panes[1].plane = Plane.CORONAL
    session.arranging.choose(Layout.parse("2x3"))
    assert planes(session)[:2] == ["axial", "coronal"]


def test_one_plane_alone_makes_room_for_three(session):
    session.arranging.choose(Layout.SINGLE)
    session.view.panes[0].plane = Plane.SAGITTAL
    session.arranging.toggle_maximised(session.view.panes[0], session.view)
    assert planes(session) == ["axial", "sagittal", "coronal", "information"]


def test_maximising_and_back_in_three_by_two(session):
    session.arranging.choose(Layout(3, 2))
    session.arranging.toggle_maximised(session.view.panes[4], session.view)
    assert session.view.maximised == 4
    session.arranging.toggle_maximised(session.view.panes[4], session.view)
    assert session.view.maximised is None and session.view.layout == Layout(3, 2)


def test_another_layout_ends_what_is_maximised(session):
    session.arranging.choose(Layout.QUAD)
    session.view.maximised = 2
    session.arranging.choose(Layout(1, 2))
    assert session.view.maximised is None
