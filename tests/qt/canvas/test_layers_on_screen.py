"""Labels, previews, opacity and order, read from the pixels of the panes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from canvas_bench import make_labels, make_layer, make_volume
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label
from pellucid.model.layer import Preview
from pellucid.model.view import Plane
from pellucid.ui.canvas.label_item import Tint, table

SHAPE = (20, 40, 40)


@pytest.fixture
def shown(bench):
    bench.layer = make_layer(np.full(SHAPE, 100, np.int16))
    values = np.zeros(SHAPE)
    values[5:15, 10:30, 10:20] = 1
    values[5:15, 10:30, 25:35] = 2
    bench.labels = make_labels(bench.layer, values)
    bench.labels.display.outline = False
    bench.show(bench.layer, bench.labels)
    return bench


def color_at(bench, x, y, z=9, plane=Plane.AXIAL):
    world = bench.layer.geometry.index_to_world((x, y, z))
    at = bench.pane(plane).widget_at(world)
    return bench.rgb(plane)[round(at.y()), round(at.x())].tolist()


def blend(color, share, grey=100):
    return pytest.approx([share * c + (1 - share) * grey for c in color], abs=1.5)


def test_labels_are_tinted_where_they_are(shown):
    assert color_at(shown, 15, 20) == blend((255, 0, 0), 0.35)
    assert color_at(shown, 30, 20) == blend((0, 0, 255), 0.35)
    assert color_at(shown, 22, 20) == [100, 100, 100]
    assert color_at(shown, 15, 5) == [100, 100, 100]
    assert color_at(shown, 15, 20, 9, Plane.CORONAL) == blend((255, 0, 0), 0.35)


def test_the_edge_of_a_label_lies_between_its_last_voxel_and_the_next(shown):
    pane = shown.pane()
    row = shown.rgb()[pane.height() // 2]
    row[:3] = row[-3:] = 0  # the border
    red = np.flatnonzero(row[:, 0] > row[:, 2] + 20)
    left, right = (pane.widget_at(shown.layer.geometry.index_to_world((x, 20, 9))).x() for x in (9.5, 19.5))
    assert (red[0], red[-1] + 1) == pytest.approx((left, right), abs=1)


def test_strength_visibility_and_table_follow(shown):
    shown.labels.opacity = 0.5
    assert color_at(shown, 15, 20) == blend((255, 0, 0), 0.175)
    shown.labels.opacity = 1.0
    shown.labels.display.fill = 0.8
    assert color_at(shown, 15, 20) == blend((255, 0, 0), 0.8)
    shown.labels.labels.edit_label(1, color="#00ff00")
    assert color_at(shown, 15, 20) == blend((0, 255, 0), 0.8)
    shown.labels.labels.edit_label(1, visible=False)
    assert color_at(shown, 15, 20) == [100, 100, 100]
    assert color_at(shown, 30, 20) == blend((0, 0, 255), 0.8)
    shown.labels.visible = False
    assert color_at(shown, 30, 20) == [100, 100, 100]


def test_painted_voxels_appear_when_the_map_says_so(shown):
    array = shown.labels.labels.array
    array[9, 2:6, 2:6] = 2
    shown.labels.labels.touch((slice(9, 10), slice(2, 6), slice(2, 6)))
    assert color_at(shown, 4, 4) == blend((0, 0, 255), 0.35)


def test_a_map_with_labels_above_255_looks_the_same(shown):
    before = shown.rgb()
    shown.labels.labels.make_room(np.uint16)
    shown.labels.labels.touch(shown.labels.labels.whole())
    np.testing.assert_array_equal(shown.rgb(), before)
    shown.labels.labels.set_label(Label(70, "Near", "#00ff00"))
    shown.labels.labels.set_label(Label(326, "Far, and 70 in eight bits", "#ff00ff"))
    shown.labels.labels.array[9, 2:6, 2:6] = 326
    shown.labels.labels.touch(shown.labels.labels.whole())
    assert color_at(shown, 4, 4) == blend((255, 0, 255), 0.35)
    assert color_at(shown, 15, 20) == blend((255, 0, 0), 0.35)


def test_tables_of_thousands_of_rows_are_those_of_their_rows_after_any_change():
    def fresh(rows, hidden):
        few = [Tint(rows[n : n + 500], 0.4, True, 65_536) for n in range(0, len(rows), 500)]
        whole = table(Tint((), 0.4, True, 65_536)).reshape(32, -1).copy()
        for tint in few:
            values = [row.value for row in tint.labels]
            whole[:, values] = table(tint).reshape(32, -1)[:, values]
        whole[:, [0, *hidden]] = 0
        return whole.reshape(-1)

    rows = tuple(Label(n, "", f"#{n * 5003 % 2**24:06x}", opacity=n % 9 / 9) for n in range(1, 2501))
    for changed, hidden in (
        (rows, ()), ((*rows[:70], replace(rows[70], color="#123456"), *rows[71:]), ()),
        ((*rows, Label(9000, "", "#ff00ff")), (5, 9000)), (rows[:1500], ()), (rows[3:], (4,)),
        (tuple(replace(row, visible=row.value == 77) for row in rows), ()), (rows, ()),
    ):  # fmt: skip
        np.testing.assert_array_equal(table(Tint(changed, 0.4, True, 65_536, hidden=hidden)), fresh(changed, hidden))


@pytest.mark.parametrize("outline", [False, True])
def test_wide_and_narrow_tables_of_colours_agree(outline):
    labels = tuple(
        Label(n, "", f"#{n * 65_793:06x}", opacity=n / 255, visible=n % 7 > 0) for n in range(1, 256)
    )
    narrow, wide = (
        table(Tint(labels[::2], 0.4, outline, entries, hidden=(9,))).reshape(32, -1) for entries in (256, 65_536)
    )
    np.testing.assert_array_equal(wide[:, :256], narrow)


@pytest.mark.parametrize("zoom", [0.6, 1.0, 5.0])
def test_outlines_have_the_same_width_at_any_zoom(shown, zoom):
    shown.labels.display.outline = True
    shown.labels.display.fill = 0.0
    pane = shown.pane()
    pane.camera.zoom(zoom, pane.widget_at(shown.layer.geometry.index_to_world((10, 20, 9))))
    row = shown.rgb()[round(pane.widget_at(shown.layer.geometry.index_to_world((10, 20, 9))).y())]
    red = np.flatnonzero((row[:, 0] > 200) & (row[:, 2] < 60))
    runs = np.split(red, np.flatnonzero(np.diff(red) > 1) + 1)
    assert all(len(run) == 2 for run in runs if run[0] > 4)


def test_no_outline_is_drawn_where_the_view_cuts_a_label_off(shown):
    shown.labels.display.outline = True
    pane = shown.pane()
    pane.camera.zoom(20, pane.widget_at(shown.layer.geometry.index_to_world((15, 20, 9))))
    assert shown.rgb()[pane.height() // 2, 3].tolist() == blend((255, 0, 0), 0.35)


def test_even_labels_have_dashed_outlines(shown):
    shown.labels.display.outline, shown.labels.display.fill = True, 0.0
    pane = shown.pane()
    for value, x, wanted in ((1, 10, (1.0, 1.0)), (2, 25, (0.5, 0.8))):
        column = round(pane.widget_at(shown.layer.geometry.index_to_world((x - 0.5, 20, 9))).x()) + 1
        rows = [round(pane.widget_at(shown.layer.geometry.index_to_world((x, y, 9))).y()) for y in (11, 28)]
        line = shown.rgb()[rows[0] : rows[1], column]
        share = (line[:, 0 if value == 1 else 2] > 200).mean()
        assert wanted[0] <= share <= wanted[1]


def test_opacity_mixes_images_and_order_decides(bench):
    below, above = make_layer(np.full(SHAPE, 200, np.int16)), make_layer(np.full(SHAPE, 100, np.int16))
    above.opacity = 0.25
    bench.layer = below
    bench.show(below, above)
    assert color_at(bench, 15, 20) == pytest.approx([175] * 3, abs=1)
    bench.session.document.move(above, 0)
    assert color_at(bench, 15, 20) == [200] * 3
    below.visible = False
    assert color_at(bench, 15, 20) == pytest.approx([25] * 3, abs=1)


def test_an_image_preview_replaces_only_the_slices_it_covers(shown):
    shown.labels.visible = False
    shown.layer.preview = Preview("Gaussian", {(2, 9): np.full((40, 40), 250, np.int16)})
    assert color_at(shown, 15, 20) == [250] * 3
    assert shown.pane().stack.preview == "Gaussian"
    assert color_at(shown, 15, 20, 9, Plane.CORONAL) == [100] * 3
    assert shown.pane(Plane.CORONAL).stack.preview == ""
    shown.session.view.hide_preview = True
    assert color_at(shown, 15, 20) == [100] * 3
    shown.session.view.hide_preview = False
    shown.pane().step(1)
    assert color_at(shown, 15, 20) == [100] * 3


def test_previews_stand_the_same_way_as_the_image_in_every_plane(bench):
    random = np.random.default_rng(2)
    array = random.integers(0, 256, (18, 22, 26)).astype(np.int16)
    geometry = Geometry((26, 22, 18), (1.0, 1.3, 2.0), (4, 5, 6), (0, -1, 0, 0, 0, -1, 1, 0, 0))
    layer = make_layer(array, geometry)
    bench.show(layer)
    slices = bench.area.visible_slices()
    assert len(slices) == 3
    plain = {plane: bench.rgb(plane) for plane in (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)}
    layer.preview = Preview("Same", {(axis, k): array.take(k, 2 - axis) for axis, k in slices})
    for plane, before in plain.items():
        after = bench.rgb(plane)
        assert bench.pane(plane).stack.preview == "Same"
        middle = slice(after.shape[0] // 3, None)
        inside = (middle, slice(8, -8))
        assert np.array_equal(before[inside][:-8], after[inside][:-8])


def test_a_mask_preview_is_a_tint_over_the_image(shown):
    shown.labels.visible = False
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 10:30] = 1
    shown.layer.preview = Preview("Threshold", {(2, 9): mask}, is_mask=True, color="#00ff00")
    assert color_at(shown, 20, 20) == blend((0, 255, 0), 0.35)
    assert color_at(shown, 5, 5) == [100] * 3
    shown.layer.preview = None
    assert color_at(shown, 20, 20) == [100] * 3


def test_a_label_that_a_preview_stands_for_is_not_drawn_where_the_preview_is(shown):
    mask = np.zeros((40, 40), np.uint8)
    mask[30:38, 2:8] = 1
    preview = Preview("Threshold", {(2, 9): mask}, is_mask=True, color="#00ff00", replaces=(shown.labels.id, 1))
    shown.layer.preview = preview
    assert color_at(shown, 15, 20) == [100] * 3 and color_at(shown, 5, 34) == blend((0, 255, 0), 0.35)
    assert color_at(shown, 30, 20) == blend((0, 0, 255), 0.35)
    assert color_at(shown, 15, 20, 9, Plane.CORONAL) == blend((255, 0, 0), 0.35)
    shown.layer.preview = None
    assert color_at(shown, 15, 20) == blend((255, 0, 0), 0.35)


def test_a_preview_of_the_whole_volume(shown):
    shown.labels.visible = False
    shown.layer.preview = Preview("Otsu", whole=make_volume(np.full(SHAPE, 222, np.int16)))
    for plane in (Plane.AXIAL, Plane.CORONAL):
        assert color_at(shown, 20, 20, 9, plane) == [222] * 3


def test_a_preview_in_another_unit_is_seen_through_a_window_of_its_own(shown):
    shown.labels.visible = False
    share = np.full((40, 40), 0.5, np.float32)
    shown.layer.preview = Preview("Rescale", {(2, 9): share}, limits=(0.0, 1.0))
    assert color_at(shown, 15, 20) == pytest.approx([128] * 3, abs=1)
    assert color_at(shown, 15, 20, 9, Plane.CORONAL) == [100] * 3
    shown.session.view.show_annotations = True
    texts = shown.pane()._picture(shown.pane().frame).corners
    assert "W 1  L 0.5" in [text for text, _colour in texts.bottom_left]
    shown.session.view.show_annotations = False
    shown.layer.preview = None
    assert color_at(shown, 15, 20) == [100] * 3


def test_a_preview_has_a_dashed_border_and_a_badge(shown):
    border = shown.rgb()[0]
    shown.layer.preview = Preview("Gaussian", {(2, 9): np.full((40, 40), 100, np.int16)})
    dashed = shown.rgb()
    assert not np.array_equal(border, dashed[0])
    blue = np.all(np.abs(dashed[0] - [74, 163, 255]) < 12, axis=1)
    assert 0.4 < blue.mean() < 0.95
    badge = np.all(np.abs(dashed[20:60] - [74, 163, 255]) < 3, axis=2)
    assert badge.sum() > 500


def test_interpolation_is_smooth_or_sharp(bench):
    array = np.zeros((4, 8, 8), np.int16)
    array[:, :, 4:] = 200
    layer = make_layer(array)
    bench.layer = layer
    bench.show(layer)
    values = set(np.unique(bench.grey()[150, 10:-20]).tolist())
    assert values <= {0, 200}
    layer.display.interpolate = True
    assert len(np.unique(bench.grey()[150, 10:-20])) > 20


@pytest.mark.parametrize("interpolate", [False, True])
def test_zooming_far_in_colours_only_what_is_seen_and_in_the_right_place(bench, interpolate):
    array = np.tile((np.arange(64) * 4).astype(np.int16), (4, 64, 1))
    layer = make_layer(array)
    layer.display.interpolate = interpolate
    bench.layer = layer
    bench.show(layer)
    pane = bench.pane()
    pane.camera.zoom(8, pane.widget_at(layer.geometry.index_to_world((40, 20, 1))))
    item = pane.stack._items[layer.id]
    grey = bench.grey()
    assert item.qimage.width() < 64
    for x in (38, 40, 41):
        at = pane.widget_at(layer.geometry.index_to_world((x, 20, 1)))
        assert grey[round(at.y()) + 30, round(at.x())] == pytest.approx(4 * x, abs=1)


def test_large_slices_are_averaged_at_rest_and_thinned_while_moving(bench, qtbot):
    random = np.random.default_rng(4)
    noisy = random.choice([0, 200], (3, 2000, 2000)).astype(np.int16)
    layer = make_layer(noisy)
    layer.display.interpolate = True
    bench.show(layer)
    pane = bench.pane(Plane.AXIAL)
    pane.step(-1)
    pane.flush()
    from PySide6.QtWidgets import QWidget

    from canvas_bench import pixels

    moving = pixels(QWidget.grab(pane).toImage())[100:300, 50:-50, 0]
    qtbot.waitUntil(lambda: not pane.stack.is_thinned(), timeout=3000)
    resting = pixels(QWidget.grab(pane).toImage())[100:300, 50:-50, 0]
    assert resting.std() < 0.7 * moving.std()
    assert resting.mean() == pytest.approx(100, abs=4)


def test_a_slice_off_the_view_draws_nothing_and_does_not_fail(shown):
    pane = shown.pane()
    pane.camera.pan(5000, 0)
    assert (shown.grey()[100:200, 20:-20] == 0).all()
    assert np.isfinite(pane.camera.to_plane(QPointF(0, 0))).all()
