"""Landmarks: pairs, fits that place the moving image, tables; real histology against scikit-image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from skimage import transform as sk
from tests.unit.model.test_placement import rigid, smooth_image
from tests.unit.session.test_hand_placing import sitting

from pellucid.files.landmark_tables import read_landmarks
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.findings import Refused
from pellucid.model.geometry import Floats, Geometry
from pellucid.model.landmark_pairs import LANDMARK, LEFT_OUT, Pair, free_name, pairs_of
from pellucid.model.layer import ImageLayer
from pellucid.model.rigid_parts import shift
from pellucid.model.volume import Volume, geometry_of
from pellucid.operations.engines.registration.landmark_fits import distances, fit, left_out, residuals
from pellucid.operations.engines.registration.splitting import Domain
from pellucid.session.landmark_files import landmark_rows, load_landmarks, save_landmarks
from pellucid.session.session import Session


def point(layer: str, name: str, place: tuple[float, float, float] = (0, 0, 0), text: str = "") -> Annotation:
    return Annotation(Kind.POINT, (place,), layer=layer, name=name, text=text)


def set_pairs(session: Session, fixed: Floats, moving: Floats) -> None:
    """Set landmarks by places in the common world and in the own world of the moving image."""
    images = session.document.images
    for n, (one, other) in enumerate(zip(fixed, moving, strict=True), 1):
        placement = images[1].placement
        there = other if placement is None else placement.to_common(other)
        session.landmarks.add(point(images[0].id, str(n), tuple(one)))
        session.landmarks.add(point(images[1].id, str(n), tuple(there)))


def test_points_of_equal_names_are_pairs() -> None:
    drawn = [point("f", "b"), point("m", "a"), point("f", ""), point("x", "a"), point("f", "a", text=LEFT_OUT),
             point("f", "b"), Annotation(Kind.TEXT, ((0, 0, 0),), layer="m", name="b")]  # fmt: skip
    (a,) = pairs_of(drawn, "f", "m")
    assert (a.fixed, a.moving) == (drawn[4], drawn[1])
    assert a.is_complete and not a.is_used
    drawn[0] = point("f", "b", text=LANDMARK)
    b, again = pairs_of(drawn, "f", "m")
    assert again == a
    assert (b.name, b.fixed, b.moving) == ("b", drawn[0], None)
    assert not b.is_complete and b.is_wanted and not b.is_used
    assert free_name(["1", "3", "x"]) == "2"
    assert Pair("p").points == ()


@pytest.mark.parametrize("kind", ["rigid", "affine", "thin_plate"])
def test_a_fit_puts_the_moving_image_where_its_landmarks_meet(kind: str) -> None:
    """The transform is known: landmarks at random places and where it takes them."""
    image = smooth_image()
    session, layer = sitting(image, image)
    places = geometry_of(image).index_to_world(np.random.default_rng(0).uniform(3, 20, (8, 3)))
    there = np.array([rigid().TransformPoint(p) for p in places.tolist()])
    session.hand_placing.nudge(shift([9.0, 0, 0]))
    set_pairs(session, places, there)
    session.landmarks.kind = kind  # type: ignore[assignment]
    session.landmarks.place()
    session.jobs.drain()
    np.testing.assert_allclose(layer.placement.to_own(places), there, atol=0.02)  # type: ignore[union-attr]
    steps = session.history.steps
    assert steps[-1].startswith("Place moving by 8 landmarks (")
    assert ("RMS" in steps[-1]) == (kind != "thin_plate")
    for pair in session.landmarks.pairs():
        assert np.linalg.norm(np.array(pair.fixed.points[0]) - pair.moving.points[0]) < 0.02  # type: ignore[union-attr]
    session.undo()
    np.testing.assert_allclose(layer.placement.matrix[:3, 3], [-9, 0, 0])  # type: ignore[union-attr]


def test_distances_follow_a_point_under_the_hand_and_one_left_out_does_not_count() -> None:
    session, _ = sitting()
    rng = np.random.default_rng(3)
    places = rng.uniform(0, 50, (6, 3))
    moved = places.copy()
    moved[4] += [6.0, 0, 0]
    set_pairs(session, places, moved)
    session.landmarks.kind = "rigid"
    fit = session.landmarks.fit()
    assert fit.worst == "5" and fit.rms > 1 and fit.predicted["5"] > fit.away["5"]
    assert fit.predicted_rms is not None and fit.predicted_rms > fit.rms
    told: list[float] = []
    session.landmarks.changed.connect(lambda: told.append(session.landmarks.fit().rms))
    wrong = session.landmarks.pairs()[4].moving
    assert wrong is not None
    session.measuring.draft = Annotation(Kind.POINT, (tuple(places[4]),), layer=wrong.layer, name="5", id=wrong.id)
    assert told[-1] < 1e-9
    session.measuring.draft = None
    assert told[-1] == pytest.approx(fit.rms)
    session.landmarks.set_used(session.landmarks.pairs()[4], False)
    assert session.landmarks.fit().rms < 1e-9
    assert session.landmarks.fit().away["5"] == pytest.approx(6.0)
    assert session.history.steps[-1] == "Leave landmark 5 out"
    session.undo()
    assert session.landmarks.fit().rms == pytest.approx(fit.rms)


@pytest.mark.parametrize("kind", ["rigid", "affine", "thin_plate"])
def test_many_pairs_are_left_out_in_the_background_with_the_same_answer(kind: str) -> None:
    session, _ = sitting()
    rng = np.random.default_rng(4)
    places = rng.uniform(0, 50, (40, 3))
    moved = places + rng.normal(0, 1, places.shape)
    set_pairs(session, places, moved)
    session.jobs.drain()
    asked: list[str] = []
    query = session.jobs.query
    session.jobs.query = lambda key, *args, **ways: (asked.append(key), query(key, *args, **ways))[1]  # type: ignore
    session.landmarks.kind = kind  # type: ignore[assignment]
    fit = session.landmarks.fit()
    assert len(fit.away) == 40 and not fit.problem
    if kind != "rigid":  # this one is known already
        assert asked == ["landmarks left out"] and fit.predicted_rms is None
    session.jobs.drain()
    after = session.landmarks.fit()
    assert list(after.predicted.values()) == pytest.approx(left_out(kind, places, moved, False))  # type: ignore
    assert after.worst and len(asked) <= 1


def test_the_residuals_of_a_spline_are_those_of_what_it_does() -> None:
    rng = np.random.default_rng(4)
    places = rng.uniform(0, 50, (12, 3))
    moved = places + rng.normal(0, 2, places.shape)
    used = places[:9], moved[:9]
    domain = Domain(np.full(3, -5.0), np.eye(3), np.full(3, 60.0), np.ones(3))
    sampled = residuals(fit("thin_plate", *used, False, domain=domain), places, moved)
    found = distances("thin_plate", used, (places, moved), False)
    np.testing.assert_allclose(found[:9], 0, atol=1e-9)
    np.testing.assert_allclose(found, sampled, atol=0.2)


def test_a_placement_says_in_few_words_how_it_came_about() -> None:
    session, layer = sitting()
    set_pairs(session, np.eye(3) * 9, np.eye(3) * 9)
    session.landmarks.place()
    assert layer.placement is not None and layer.placement.title == "3 landmarks, Rigid"
    session.hand_placing.nudge(shift([1.0, 0, 0]))
    assert layer.placement.title == "By hand"


def test_landmarks_are_renamed_and_deleted_as_steps() -> None:
    session, _ = sitting()
    set_pairs(session, np.eye(3), np.eye(3))
    first = session.landmarks.pairs()[0]
    session.landmarks.rename(first, "apex")
    assert [pair.name for pair in session.landmarks.pairs()] == ["apex", "2", "3"]
    with pytest.raises(Refused, match="already"):
        session.landmarks.rename(session.landmarks.pairs()[0], "2")
    session.landmarks.remove(session.landmarks.pairs()[:2])
    assert [pair.name for pair in session.landmarks.pairs()] == ["3"]
    session.undo()
    session.undo()
    assert [pair.name for pair in session.landmarks.pairs()] == ["1", "2", "3"]


def test_says_what_is_missing_for_a_fit() -> None:
    session, _ = sitting()
    with pytest.raises(Refused, match="Set landmarks first"):
        session.landmarks.place()
    set_pairs(session, np.eye(3)[:2], np.eye(3)[:2])
    assert "at least 3 pairs" in session.landmarks.fit().problem
    with pytest.raises(Refused, match="at least 3 pairs"):
        session.landmarks.place()


def test_slices_anywhere_in_space_are_placed_in_their_plane() -> None:
    turn = sitk.VersorTransform((0.2, 0.5, 0.1), 0.3)
    flat = sitk.Image([40, 30, 1], sitk.sitkFloat32)
    flat.SetDirection(turn.GetMatrix())
    session, layer = sitting(flat, flat)
    own = geometry_of(flat)
    index = np.array([[5.0, 5, 0], [30, 6, 0], [18, 25, 0], [10, 20, 0], [33, 21, 0]])
    fixed = own.index_to_world(index)
    for kind in ("rigid", "affine", "thin_plate"):
        session.landmarks.remove(session.landmarks.pairs())
        moving = own.index_to_world(index + [4, -3, 0] + ([[0, 0, 0]] * 4 + [[2, 1, 0]] if kind == "thin_plate" else 0))
        set_pairs(session, fixed, moving)
        session.landmarks.kind = kind  # type: ignore[assignment]
        session.landmarks.place()
        session.jobs.drain()
        assert layer.placement is not None
        np.testing.assert_allclose(layer.placement.to_own(fixed), moving, atol=0.05)
        normal = layer.geometry.straight.axes[:, 2]
        assert abs(normal @ own.axes[:, 2]) == pytest.approx(1, abs=1e-6)


# -------------------------------------------------------------------- tables


def picture(path: Path) -> ImageLayer:
    image = sitk.VectorIndexSelectionCast(sitk.ReadImage(str(path)), 0)
    image.SetSpacing((1.0, 1.0))  # of a picture that knows no lengths
    geometry = geometry_of(image)
    return ImageLayer(path.stem, (Volume(image, geometry),))


@pytest.fixture
def histology(data_dir: Path) -> tuple[Session, Path]:
    folder = data_dir / "registration_2d" / "histology_lesions"
    session = Session()
    for stain in ("HE", "proSPC"):
        session.document.insert(len(session.document), picture(folder / f"Izd2-29-041-w35_{stain}.jpg"))
    session.document.active = session.document.images[1]
    return session, folder


@pytest.mark.parametrize(("kind", "bound"), [("similarity", 0.11), ("affine", 0.10), ("thin_plate", 0.10)])
def test_even_landmarks_of_histology_bring_odd_ones_together(
    histology: tuple[Session, Path], kind: str, bound: float
) -> None:
    session, folder = histology
    for side, stain in (("fixed", "HE"), ("moving", "proSPC")):
        assert load_landmarks(session, folder / f"Izd2-29-041-w35_{stain}.csv", side) == 78  # type: ignore[arg-type]
    assert len(session.history.steps) == 2
    pairs = session.landmarks.pairs()
    assert len(pairs) == 78 and all(pair.is_complete for pair in pairs)
    assert pairs[0].fixed.points[0] == (59.0, 72.0, 0.0)  # type: ignore[union-attr]
    odd = pairs[1::2]
    before = _apart(odd)
    for pair in odd:
        session.landmarks.set_used(pair, False)
    session.landmarks.kind = kind  # type: ignore[assignment]
    session.landmarks.place()
    session.jobs.drain()
    after = _apart([pair for pair in session.landmarks.pairs() if not pair.is_used])
    assert after < bound * before
    away = session.landmarks.fit().away
    reported = np.mean([away[pair.name] for pair in odd])
    if kind != "thin_plate":
        expected = _by_scikit_image(kind, pairs)
        assert reported == pytest.approx(expected, rel=1e-6)
    assert session.document.images[1].placement.transform.GetDimension() == 2  # type: ignore[union-attr]


def _apart(pairs: tuple[Pair, ...] | list[Pair]) -> float:
    ways = [np.subtract(pair.fixed.points[0], pair.moving.points[0]) for pair in pairs]  # type: ignore[union-attr]
    return float(np.linalg.norm(ways, axis=1).mean())


def _by_scikit_image(kind: str, pairs: tuple[Pair, ...]) -> float:
    fixed = np.array([pair.fixed.points[0][:2] for pair in pairs])  # type: ignore[union-attr]
    moving = np.array([pair.moving.points[0][:2] for pair in pairs])  # type: ignore[union-attr]
    if kind == "affine":
        known = np.column_stack([fixed, np.ones(len(fixed))])
        found = known @ np.linalg.lstsq(known[::2], moving[::2], rcond=None)[0]
    else:
        found = sk.estimate_transform(kind, fixed[::2], moving[::2])(fixed)
    return float(np.linalg.norm(found - moving, axis=1)[1::2].mean())


def test_a_table_that_was_written_is_read_back(tmp_path: Path) -> None:
    session, layer = sitting()
    session.hand_placing.nudge(shift([1.0, 2, 3]))
    places = np.random.default_rng(1).uniform(0, 30, (5, 3))
    set_pairs(session, places, places + 4)
    session.landmarks.set_used(session.landmarks.pairs()[2], False)
    columns, rows = landmark_rows(session)
    assert columns[:4] == ["name", "fixed_x_mm", "fixed_y_mm", "fixed_z_mm"]
    assert rows[2][7] == 0
    save_landmarks(session, tmp_path / "landmarks.csv")
    session.jobs.drain()
    before = session.landmarks.pairs()
    session.landmarks.remove(before)
    load_landmarks(session, tmp_path / "landmarks.csv", "fixed")
    for one, other in zip(before, session.landmarks.pairs(), strict=True):
        assert one.name == other.name
        np.testing.assert_allclose([p.points[0] for p in one.points], [p.points[0] for p in other.points], atol=1e-5)
    assert layer.placement is not None


def test_points_of_other_names_are_paired_by_row(tmp_path: Path) -> None:
    session, _ = sitting()
    (tmp_path / "f.csv").write_text("label;x;y;z\nF-1;1;2;3\nF-2;4;5;6\n")
    (tmp_path / "m.csv").write_text("label\tx\ty\tz\nM-1\t1\t2\t3\nM-2\t4\t5\t6\n")
    load_landmarks(session, tmp_path / "f.csv", "fixed")
    load_landmarks(session, tmp_path / "m.csv", "moving")
    assert [(pair.name, pair.is_complete) for pair in session.landmarks.pairs()] == [("F-1", True), ("F-2", True)]


@pytest.mark.parametrize(("system", "sign"), [("LPS", 1), ("RAS", -1), ("0", -1), ("1", 1)])
def test_fiducials_of_slicer_say_how_they_lie(tmp_path: Path, system: str, sign: int) -> None:
    (tmp_path / "f.fcsv").write_text(
        f"# Markups fiducial file version = 4.11\n# CoordinateSystem = {system}\n"
        "# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID\n"
        "1,10.5,-20,30,0,0,0,1,1,1,0,AC,,\n"
    )
    table = read_landmarks(tmp_path / "f.fcsv")
    assert table.names == ("AC",) and table.unit == "mm"
    np.testing.assert_allclose(table.points[""], [[sign * 10.5, sign * -20, 30]])


def test_pixels_and_millimetres_are_told_apart(tmp_path: Path) -> None:
    session, layer = sitting()
    (tmp_path / "m.csv").write_text("X,Y,Z\n1,2,3\n")
    own: Geometry = layer.volume.geometry
    for unit, expected in (("px", own.index_to_world([1, 2, 3])), ("mm", [1, 2, 3]), ("", [1, 2, 3])):
        load_landmarks(session, tmp_path / "m.csv", "moving", unit)
        (pair,) = session.landmarks.pairs()
        np.testing.assert_allclose(pair.moving.points[0], expected)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "said"),
    [("a,b\n1,2\n", "no columns X and Y"), ("x,y\n1,two\n", "Line 2 .* “two” is no number"), ("", "no columns"),
     ("x_mm,y_px\n1,2\n", "otherwise than the rest"), ("x,y\n", "no landmarks")],
)  # fmt: skip
def test_says_what_is_wrong_with_a_table(tmp_path: Path, text: str, said: str) -> None:
    session, _ = sitting()
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(Refused, match=said):
        load_landmarks(session, tmp_path / "t.csv", "fixed")
    with pytest.raises(Refused, match="cannot be read"):
        load_landmarks(session, tmp_path / "none.csv", "fixed")
