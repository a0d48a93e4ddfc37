"""Comparing masks without a window: what is proposed, matched by name, and said in px."""

from __future__ import annotations

import numpy as np

from pellucid.history.layers import AddLayer
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.volume import Volume, image_from_array
from pellucid.session import Session
from pellucid.session.agreement_answers import in_numbers_of

GRID = Geometry((9, 8, 7), (1.0, 2.0, 3.0))
UNKNOWN = Geometry((9, 8, 7), known_spacing=(False, False, False))


def layer(name: str, array: np.ndarray, *rows: Label, grid: Geometry = GRID) -> LabelLayer:
    return LabelLayer(name, LabelMap(grid, array.astype(np.uint8), rows or (Label(1, "Liver", "#ff0000"),)))


def ball(shift: int = 0) -> np.ndarray:
    array = np.zeros((7, 8, 9), np.uint8)
    array[2:5, 2:6, 1 + shift : 5 + shift] = 1
    return array


def test_two_layers_are_proposed_and_what_the_user_chose_is_kept() -> None:
    session = Session()
    first, second, third = (layer(name, ball()) for name in "ABC")
    session.history.do(AddLayer(first))
    session.agreeing.propose()
    assert session.agreeing.first is None
    session.history.do(AddLayer(second))
    session.agreeing.propose()
    assert (session.agreeing.first, session.agreeing.second) == ((first.id, 0), (second.id, 0))
    session.agreeing.choose((second.id, 1), (first.id, 1))
    session.history.do(AddLayer(third))
    session.agreeing.propose()
    assert session.agreeing.first == (second.id, 1)
    session.remove(second)
    session.agreeing.propose()
    assert (session.agreeing.first, session.agreeing.second) == ((first.id, 0), (third.id, 0))


def test_two_labels_of_one_layer_are_compared() -> None:
    session = Session()
    array = ball() + 2 * ball(4).astype(np.uint8)
    one = layer("A", array, Label(1, "Left", "#ff0000"), Label(2, "Right", "#00ff00"))
    session.history.do(AddLayer(one))
    session.agreeing.propose()
    session.agreeing.compare()
    session.jobs.drain()
    (row,) = session.agreeing.answer.rows
    assert row.values["dice"] == 0 and row.values["centre_distance"] == 4


def test_labels_of_the_same_name_belong_together_whatever_their_numbers() -> None:
    rows = [Label(1, "Liver", "#1"), Label(2, "Spleen", "#2"), Label(3, "Aorta", "#3")]
    first = LabelMap(GRID, ball(), tuple(rows))
    array = np.zeros((7, 8, 9), np.uint8)
    array[0], array[1], array[2], array[3] = 1, 2, 3, 9
    second = LabelMap(
        GRID, array, (Label(1, "spleen", "#1"), Label(2, "Liver", "#2"), Label(3, "Trachea", "#3"), Label(9, "x", "#9"))
    )
    found = in_numbers_of(first, second)
    named = {label.name: label.value for label in found.labels}
    assert named == {"spleen": 2, "Liver": 1, "Trachea": 3, "x": 9}  # 3 is not claimed by another name
    assert [int(found.array[z, 0, 0]) for z in range(5)] == [2, 1, 3, 9, 0]
    only = LabelMap(GRID, array, (Label(1, "Trachea", "#1"), Label(2, "Liver", "#2")))
    found = in_numbers_of(first, only)
    named = {label.name: label.value for label in found.labels}
    assert named["Liver"] == 1 and named["Trachea"] > 9 and int(found.array[0, 0, 0]) == named["Trachea"]
    assert in_numbers_of(first, first) is first


def test_the_table_of_an_operation_says_px_where_the_spacing_is_not_known() -> None:
    for grid, length, units in ((UNKNOWN, "px", ("px", "px³")), (GRID, "mm", ("mm", "mm³"))):
        session, answers = Session(), []
        image = ImageLayer("CT", (Volume(image_from_array(ball(), grid), grid),))
        one, other = layer("A", ball(), grid=grid), layer("B", ball(2), grid=grid)
        for new in (image, one, other):
            session.history.do(AddLayer(new))
        session.document.active = one
        session.running.answered.connect(answers.append)
        session.running.apply("compare.masks", {}, others=((other.id, 1),))
        session.jobs.drain()
        session.running.preview("compare.masks", {}, ((other.id, 1),))
        session.jobs.drain()
        tables = [table for table in answers if table is not None]
        assert len(tables) == 2
        for table in tables:
            found = {entry.name: entry for entry in table.entries}
            assert (found[f"hausdorff_{length}"].unit, found[f"first_volume_{length}3"].unit) == units
            assert found[f"hausdorff_{length}"].value == 2 and found["dice"].unit == ""
