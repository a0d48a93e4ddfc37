"""What works on voxels takes a layer's own grid, what goes by places takes where it lies: every way to mix them up."""

from __future__ import annotations

import numpy as np
import pytest
from tests.placed_layers import FIXED, OWN, Scene, layer, placement

from pellucid.model.annotations import Annotation, Kind
from pellucid.model.findings import Refused
from pellucid.model.labels import LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.planes import plane_frame
from pellucid.model.statistics import label_statistics
from pellucid.model.view import Plane
from pellucid.session.inputs import check_places


@pytest.fixture(params=["rigid", "bent"])
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(request.param)


@pytest.fixture
def turned() -> Scene:
    return Scene("rigid")


def test_a_label_map_is_never_made_where_registration_put_a_layer(scene: Scene) -> None:
    with pytest.raises(ValueError, match="grid of their own"):
        LabelMap(scene.moving.geometry)


def test_labels_made_from_a_placed_image_are_on_its_own_grid_and_lie_with_it(scene: Scene) -> None:
    session, moving = scene.session, scene.moving
    session.document.remove(scene.labels)
    session.running.apply("threshold.range", {"lower": 0.0, "upper": 5000.0})
    scene.run()
    made = session.document.active_labels
    assert made is not None and made.labels.geometry.same_grid(OWN) and made.placement is moving.placement
    assert np.array_equal(made.labels.array != 0, (moving.volume.array >= 0) & (moving.volume.array <= 5000))
    assert session.labelling.add_layer(moving).placement is moving.placement


def test_an_image_made_from_a_placed_one_lies_with_it(scene: Scene) -> None:
    session, moving = scene.session, scene.moving
    session.running.apply("smoothing.gaussian", {"sigma": 2.0}, as_new_layer=True)
    scene.run()
    made = session.document.active
    assert isinstance(made, ImageLayer) and made is not moving
    assert made.placement is moving.placement and made.volume.geometry.same_grid(OWN)
    session.document.active = moving
    session.running.apply("smoothing.gaussian", {"sigma": 2.0})
    scene.run()
    assert moving.placement is not None and np.array_equal(moving.volume.array, made.volume.array)


def test_a_distance_map_of_placed_labels_lies_with_them(scene: Scene) -> None:
    session = scene.session
    session.document.active = scene.labels
    operations = session.running.operations().values()
    operation = next(one for one in operations if one.inputs == ("mask",) and one.output == "image")
    session.running.apply(operation.id, {})
    scene.run()
    made = session.document.active
    assert isinstance(made, ImageLayer)
    assert made.placement is scene.moving.placement and made.volume.geometry.same_grid(OWN)


def test_layers_that_lie_together_by_a_registration_only_are_not_computed_with(scene: Scene) -> None:
    session = scene.session
    operation = session.running.operations()["geometry.resample_to_image"]
    titles = {choice: title for title, choice in session.running.inputs.choices(operation, operation.ports[1])}
    assert "another place" in titles[scene.fixed.id, 0]
    with pytest.raises(Refused, match="Resample to grid on “moving” first"):
        session.running.apply(operation.id, {}, others=[(scene.fixed.id, 0)])
    session.placing.put(scene.fixed, scene.moving.placement)
    session.running.apply(operation.id, {}, others=[(scene.fixed.id, 0)], as_new_layer=True)
    scene.run()
    assert session.document.active.placement is scene.moving.placement
    with pytest.raises(Refused):
        check_places(scene.moving, layer("elsewhere", OWN))


def test_statistics_read_the_image_where_both_lie(scene: Scene) -> None:
    session, found, placed = scene.session, [], scene.moving.placement
    for image, grid in ((scene.moving, None), (scene.fixed, scene.labels.geometry)):
        session.document.active = scene.labels
        if image is scene.fixed:
            session.document.remove(scene.moving)
        session.labelling.statistics(found.append)
        scene.run()
        row = next(row for row in found[-1] if row.label == 2)
        z, y, x = np.nonzero(scene.labels.labels.array == 2)
        if grid is None:
            expected = image.volume.array[z, y, x]
        else:
            world = placed.to_common(OWN.index_to_world(np.stack([x, y, z], 1)))
            index = np.floor(FIXED.world_to_index(world) + 0.5).astype(int)
            kept = np.all((index >= 0) & (index < FIXED.size), axis=1)
            i, j, k = index[kept].T
            expected = image.volume.array[k, j, i]
        assert row.mean == pytest.approx(float(expected.mean()), abs=1e-6)
        assert row.voxels == len(z) and row.volume_mm3 == pytest.approx(len(z) * OWN.voxel_volume)
        middle = OWN.index_to_world(np.mean([x, y, z], axis=1))
        assert np.abs(np.array(row.centroid) - placed.to_common(middle)).max() < 1e-2


def test_statistics_without_a_transform_are_those_they_were() -> None:
    scene, found = Scene(), []
    scene.session.labelling.statistics(found.append)
    scene.run()
    assert found[0] == label_statistics(scene.moving.volume, scene.labels.labels)


def test_a_region_reads_the_voxels_it_is_drawn_on(scene: Scene) -> None:
    session, moving = scene.session, scene.moving
    middle = moving.geometry.index_to_world(scene.voxel)
    frame = plane_frame(FIXED, Plane.AXIAL)
    right, down = np.array(frame.right), np.array(frame.down)
    corners = (tuple(middle - 3 * right - 3 * down), tuple(middle + 3 * right + 3 * down))
    region = Annotation(Kind.RECTANGLE, corners, tuple(frame.normal), tuple(right), tuple(down), layer=moving.id)
    reading = session.measuring.reading(region)
    steps = np.arange(-3, 3.01, 0.25)
    places = np.array([middle + a * right + b * down for a in steps for b in steps])
    index = np.floor(moving.geometry.world_to_index(places) + 0.5).astype(int)
    seen = moving.volume.array[index[:, 2], index[:, 1], index[:, 0]]
    assert reading.statistics[0].mean == pytest.approx(seen.mean(), abs=60)
    assert reading.unit == "HU" and reading.step is not None
    point = Annotation(Kind.POINT, (tuple(middle),), layer=moving.id)
    x, y, z = scene.voxel
    assert session.measuring.reading(point).value == moving.volume.array[z, y, x]


def test_a_region_on_the_slices_of_a_turned_layer_counts_its_voxels_once(turned: Scene) -> None:
    moving = turned.moving
    frame = plane_frame(moving.geometry, Plane.ACQUIRED)
    a, b = (moving.geometry.index_to_world(corner) for corner in ((5, 5, 7), (10, 9, 7)))
    region = Annotation(Kind.RECTANGLE, (tuple(a), tuple(b)), tuple(frame.normal), tuple(frame.right),
                        tuple(frame.down), layer=moving.id)  # fmt: skip
    row = turned.session.measuring.reading(region).statistics[0]
    assert row.voxels == 6 * 5
    assert row.mean == pytest.approx(moving.volume.array[7, 5:10, 5:11].mean())


def test_profiles_follow_the_line_through_the_placed_image(scene: Scene) -> None:
    moving, found = scene.moving, []
    ends = moving.geometry.index_to_world([[4, 9, 7], [18, 9, 7]])
    right = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    normal = np.cross(right, (0.3, 0.4, 0.5))
    normal /= np.linalg.norm(normal)
    line = Annotation(Kind.LENGTH, tuple(map(tuple, ends)), tuple(normal), tuple(right),
                      tuple(np.cross(normal, right)), layer=moving.id)  # fmt: skip
    scene.session.measuring.profiles(line, found.append)
    scene.run()
    profile = dict(found[0])["moving"]
    assert profile.values[0, 0] == pytest.approx(moving.volume.array[7, 9, 4], abs=30)
    assert profile.values[-1, 0] == pytest.approx(moving.volume.array[7, 9, 18], abs=30)


def test_time_curves_are_read_where_the_series_lies() -> None:
    scene = Scene("bent", frames=3)
    session, found = scene.session, []
    session.view.crosshair = tuple(scene.moving.geometry.index_to_world(scene.voxel))
    session.curving.of_points(found.append)
    session.curving.of_labels(found.append)
    scene.run()
    x, y, z = scene.voxel
    by_name = {curve.name: curve for curve in (*found[0], *found[1])}
    assert by_name["Crosshair"].mean.tolist() == [frame.array[z, y, x] for frame in scene.moving.frames]
    held = scene.labels.labels.array == 2
    assert by_name["two"].mean == pytest.approx([frame.array[held].mean() for frame in scene.moving.frames])


def test_the_brush_paints_the_voxel_under_the_mouse(turned: Scene) -> None:
    session, labels = turned.session, turned.labels
    session.document.active = labels
    labels.labels.array[:] = 0
    session.view.brush_diameter = 0.5
    frame = plane_frame(FIXED, Plane.AXIAL)
    place = turned.moving.geometry.index_to_world(turned.voxel)
    session.labelling.begin_stroke(frame, frame.slice_index(place))
    session.labelling.stroke_to(place)
    session.labelling.end_stroke()
    x, y, z = turned.voxel
    assert labels.labels.array[z, y, x] == 2 and int((labels.labels.array == 2).sum()) <= 4
    assert labels.value_at(place) == 2


def test_bent_labels_are_not_painted_on_but_say_what_to_do() -> None:
    scene = Scene("bent")
    scene.session.document.active = scene.labels
    frame = plane_frame(FIXED, Plane.AXIAL)
    with pytest.raises(Refused, match="Resample to grid on it first"):
        scene.session.labelling.begin_stroke(frame, 9)


def test_painting_in_a_range_looks_at_the_image_where_it_lies(turned: Scene) -> None:
    """The fixed image is active: the limit reads it where the voxel of the labels lies."""
    session, labels = turned.session, turned.labels
    session.document.active = labels
    session.view.paint_range = (0.0, 1e6)
    box = (slice(0, 14), slice(0, 20), slice(0, 24))
    limits = session.editing.limits(labels)
    x, y, z = np.meshgrid(np.arange(24), np.arange(20), np.arange(14), indexing="ij")
    image = session.document.active_image
    assert image is not None
    expected = np.zeros((14, 20, 24), bool)
    for i, j, k in zip(x.ravel(), y.ravel(), z.ravel(), strict=True):
        value = image.placed.value_at(labels.geometry.index_to_world([i, j, k]))
        expected[k, j, i] = value is not None and 0 <= value <= 1e6
    assert np.array_equal(limits(box), expected) and expected.any() and not expected.all()


def test_points_that_an_operation_finds_lie_on_the_placed_image(scene: Scene) -> None:
    session = scene.session
    finders = [one for one in session.running.operations().values() if one.output == "points" and len(one.ports) == 1]
    session.running.apply(finders[0].id, {})
    scene.run()
    found = [one for one in session.document.annotations if one.name != "P"]
    assert found
    for one in found[:5]:
        own = scene.moving.placement.to_own(np.mean(one.points, axis=0))
        assert OWN.contains(OWN.world_to_index(own))


def test_the_preview_of_a_turned_image_is_of_the_whole(scene: Scene) -> None:
    session, moving, states = scene.session, scene.moving, []
    session.preview_state.connect(states.append)
    session.running.preview("smoothing.gaussian", {"sigma": 2.0})
    scene.run()
    assert states[-1] == "shown" and moving.preview.whole.geometry.same_grid(OWN)
    session.running.preview("threshold.range", {"lower": 0.0, "upper": 5000.0})
    scene.run()
    assert moving.preview.is_mask and moving.preview.whole is not None


def test_splitting_channels_and_merging_keeps_the_place() -> None:
    scene = Scene("rigid", frames=3)
    session = scene.session
    session.channels.split(scene.moving)
    scene.run()
    parts = [image for image in session.document.images if image not in (scene.fixed, scene.moving)]
    assert len(parts) == 3 and all(part.placement is scene.moving.placement for part in parts)
    session.channels.merge(parts)
    scene.run()
    assert session.document.active.placement is scene.moving.placement
    session.placing.put(parts[0], None)
    with pytest.raises(Refused):
        session.channels.merge(parts)


def test_only_labels_on_the_same_voxels_follow(scene: Scene) -> None:
    other = LabelLayer("other", LabelMap(FIXED))
    scene.session.document.insert(3, other)
    assert scene.session.placing.followers(scene.moving) == (scene.labels,)
    assert scene.session.placing.owner(scene.labels) is scene.moving
    again = placement()
    scene.session.placing.put(scene.moving, again)
    assert scene.labels.placement is again and other.placement is None


def test_surfaces_lie_where_the_labels_lie(scene: Scene) -> None:
    from pellucid.session.solids import ask_solids

    found = []
    ask_solids(scene.session, scene.labels, {}, lambda made, _left: found.append(made), pytest.fail)
    scene.run()
    middle = found[0][2].points.mean(axis=0)
    z, y, x = np.nonzero(scene.labels.labels.array == 2)
    expected = scene.moving.geometry.index_to_world(np.stack([x, y, z], 1)).mean(axis=0)
    assert np.abs(middle - expected).max() < 0.6


def test_a_bent_volume_is_not_drawn_in_3d_but_says_what_to_do() -> None:
    from pellucid.session.solids import ask_block

    scene, said = Scene("bent"), []
    ask_block(scene.session, scene.moving, lambda _block: said.append("drawn"), said.append)
    scene.run()
    assert "Resample to grid" in said[0]


def test_a_placed_line_does_not_calibrate(turned: Scene) -> None:
    from pellucid.session.calibrating import obstacle

    line = Annotation(Kind.LENGTH, ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0)), layer=turned.moving.id)
    assert "Reset its transform" in obstacle(turned.session, line)
