"""Layouts kept under a name, and what survives a restart."""

from __future__ import annotations

import pytest

from pellucid.model.findings import Refused
from pellucid.model.view import Layout, Plane, Projection, Screen
from pellucid.session import Session
from pellucid.settings import Settings


@pytest.fixture
def session(tmp_path):
    session = Session(Settings.load(tmp_path))
    yield session
    session.close()


def arrange(session):
    session.arranging.choose(Layout(2, 3))
    panes = session.view.panes
    panes[1].plane, panes[2].information = Plane.CORONAL, True
    panes[4].slab, panes[4].projection = 12.5, Projection.MEAN
    session.linking.set_group(panes[3], "B")
    session.linking.set_part("A", "zoom", True)
    session.linking.set_part("B", "position", False)


def test_a_layout_survives_a_restart(session, tmp_path):
    arrange(session)
    session.own_layouts.save(" Two rows ", session.view)
    again = Session(Settings.load(tmp_path))
    again.own_layouts.apply("Two rows", again.view)
    panes, view = again.view.panes, again.view
    assert view.layout == Layout(2, 3) and view.link("A").zoom and not view.link("B").position
    assert panes[1].plane is Plane.CORONAL and panes[2].information and panes[3].group == "B"
    assert (panes[4].slab, panes[4].projection) == (12.5, Projection.MEAN)
    assert again.arranging.by_hand
    again.close()


def test_a_layout_can_be_used_in_another_window(session):
    arrange(session)
    session.own_layouts.save("Two rows", session.view)
    screen = Screen()
    session.view.others = (screen,)
    session.own_layouts.apply("Two rows", screen)
    assert screen.layout == Layout(2, 3) and screen.panes[1].plane is Plane.CORONAL


def test_saving_again_replaces_renaming_keeps_and_deleting_forgets(session):
    for name in ("beta", "Alpha", "beta"):
        session.own_layouts.save(name, session.view)
    own = session.own_layouts
    assert [layout.name for layout in own.all()] == ["Alpha", "beta"]
    own.rename("beta", "Aardvark")
    assert [layout.name for layout in own.all()] == ["Aardvark", "Alpha"]
    with pytest.raises(Refused, match="already"):
        own.rename("Alpha", "Aardvark")
    own.delete("Alpha")
    assert [layout.name for layout in own.all()] == ["Aardvark"]
    with pytest.raises(Refused, match="no layout"):
        own.apply("Alpha", session.view)
    with pytest.raises(Refused, match="name"):
        own.save("  ", session.view)


def test_damaged_layouts_do_not_cost_the_other_settings(tmp_path):
    text = '{"theme": "light", "layouts": [{"name": "x", "rows": 9, "columns": 1, "panes": []}]}'
    (tmp_path / "settings.json").write_text(text, encoding="utf-8")
    settings = Settings.load(tmp_path)
    assert settings.layouts == [] and settings.theme == "light"
